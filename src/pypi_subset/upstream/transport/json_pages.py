"""The entries of a page in JSON (PEP 691), without reading all of them at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from pypi_subset.support import bounds
from pypi_subset.support.text import values

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Document(msgspec.Struct):
    """A page whose files are not read yet: as values they take several times its bytes."""

    files: list[msgspec.Raw]
    project_status: Any = msgspec.field(name="project-status", default=None)


def entries_of(text: str) -> tuple[Iterator[Any], object]:
    """
    Return the entries of a page in JSON, each read when its turn comes, and what the page says of the project.

    :raises ValueError: it is no JSON, or has too many values or files.
    :raises KeyError: it has no files.
    """
    # A value of two characters may take fifty bytes in memory.
    require_few(values(text), bounds.MOST_VALUES, "values")
    try:
        page = msgspec.json.decode(text, type=_Document)
    except (msgspec.DecodeError, UnicodeEncodeError):
        # It is no page; or has halves of surrogate pairs, or numbers that are none, which are read all the same.
        document = json.loads(text)
        require_few(len(document["files"]), bounds.MOST_LINKS, "files")
        return iter(document["files"]), document.get("project-status")
    require_few(len(page.files), bounds.MOST_LINKS, "files")
    return map(_value, page.files), page.project_status


def _value(raw: msgspec.Raw) -> Any:
    """Return one value of JSON."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return json.loads(bytes(raw))


def require_few(count: int, most: int, what: str) -> None:
    """
    Return if *count* is at most *most*.

    :raises ValueError: it is more; *what* names the things.
    """
    if count > most:
        msg = f"it has more than {most:,} {what}"
        raise ValueError(msg)
