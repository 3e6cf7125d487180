"""What the inventory has read of files that did not change since: thousands of mutants change one file each."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from pypi_subset.proof.access import page_links
from pypi_subset.proof.cases import lock_reader
from pypi_subset.proof.inventory import index_pages
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Everything by which the inventory reads a file; the manifest, which is one, is read again each time.
READERS: tuple[tuple[Any, str], ...] = (
    (files, "sha256_of"),
    (index_pages, "metadata_in"),
    (page_links, "links"),
    (lock_reader, "read"),
    (lock_reader, "made_for"),
)


@contextlib.contextmanager
def remembering() -> Iterator[None]:
    """Let what was read of a file be known as long as inode, size and both times of the file stay the same."""
    before = [(module, name, getattr(module, name)) for module, name in READERS]
    for module, name, reader in before:
        setattr(module, name, _remembered(reader))
    try:
        yield
    finally:
        for module, name, reader in before:
            setattr(module, name, reader)


def _remembered(reader: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[object, Any] = {}

    def read(path: Path, *rest: Any) -> Any:
        try:
            facts = path.stat()
        except OSError:
            return reader(path, *rest)
        key = (str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, *map(str, rest))
        if key not in known:
            known[key] = reader(path, *rest)
        value = known[key]
        # The inventory takes what it has found out of a page's links.
        return dict(value) if isinstance(value, dict) else value

    return read
