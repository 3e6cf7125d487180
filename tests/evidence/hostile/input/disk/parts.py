"""Attacks of another user, who knows where the part of a file will be written."""

from __future__ import annotations

import contextlib
import functools
import os
from typing import IO, TYPE_CHECKING
from unittest import mock

from pypi_subset.support import files
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.transport.unfinished import PART, Unfinished
from tests.evidence.hostile.input.attack import InputAttack, both, lasts, setting
from tests.support.servers.hostile import head, sending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.evidence.hostile.input.attack import Attempt, Door


def _planted(plant: str, write: Callable[[Path], object], part_of: Callable[[Path], Path]) -> Attempt:
    """Return an attempt of another user, who knows where a part will be written."""

    def attempt(folder: Path) -> bool:
        victim, path = folder / "victim", folder / "shared" / "file"
        victim.write_bytes(b"precious")
        path.parent.mkdir()
        part = part_of(path)
        if plant == "pipe":
            os.mkfifo(part)
            return lasts(functools.partial(write, path), 5)
        part.symlink_to(victim) if plant == "link" else part.hardlink_to(victim)
        write(path)
        return victim.read_bytes() != b"precious"

    return attempt


def _fetched(path: Path) -> None:
    """Fetch a file to *path*."""
    with sending(lambda _: [head(200), b"new"]) as url:
        Fetcher(read_network()).save(url, path)


@contextlib.contextmanager
def _plain_part(path: Path) -> Iterator[IO[bytes]]:
    """Open a part as any file is opened."""
    with files.part_of(path).open("wb") as stream:
        yield stream
    files.part_of(path).replace(path)


def _plain_unfinished(one: Unfinished) -> IO[bytes]:
    """Open what another run left as any file is opened, after reading it."""
    part = one._part  # noqa: SLF001 - what stands there is the attack
    if part.exists():
        part.read_bytes()
    return part.open("w+b")


_PLAIN_PART: Door = both(
    setting(files, new_part=_plain_part),
    lambda: mock.patch.object(Unfinished, "_opened", _plain_unfinished),
)


_WRITES: Mapping[str, tuple[Callable[[Path], object], Callable[[Path], Path]]] = {
    "written": (lambda path: files.write(path, b"new"), files.part_of),
    "fetched": (_fetched, lambda path: path.with_name(f".{path.name}{PART}")),
}


ATTACKS = [
    InputAttack(
        name=f"{plant}-in-place-of-a-{how}-part", kind="files", attempt=_planted(plant, *how_to), door=_PLAIN_PART
    )
    for how, how_to in _WRITES.items()
    for plant in ("link", "name", "pipe")
]
