"""Other files: what ``[[files]]`` asks for, what a site carries, and which paths below ``files/`` every system can hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.model.paths import DEVICE, OTHERS, OTHERS_PAGE, PYTHON_DOWNLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Characters of a path below a site, and its parts: every importer of a bundle takes these.
_LONGEST, _MOST_PARTS = 240, 12
#: A part of a path. Of other characters, a shell, a URL or a file system may make something else.
_PART = re.compile(r"[A-Za-z0-9._+!-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherFile:
    """
    One entry of ``[[files]]``.

    :param to: path below ``files/``, with slashes.
    :param sha256: the hash that the file must have.
    :param source: the file on this machine, ``None`` if it is at *url*.
    :param url: its address, empty if it is on this machine.
    :param document: the document with the entry.
    :param line: the line of the entry.
    :param number: which entry of the document it is, from 1.
    """

    to: str
    sha256: str
    source: Path | None = None
    url: str = ""
    document: Path | None = None
    line: int | None = None
    number: int = 0

    @property
    def named(self) -> str:
        """How messages name the entry."""
        return entry_name(self.number, self.to)

    @property
    def path(self) -> str:
        """Its path below the site."""
        return f"{OTHERS}/{self.to}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedFile:
    """
    One other file with its bytes.

    :param path: below the site.
    :param size: bytes.
    :param url: where it is from, empty for a file of this machine.
    :param place: the copy in the packages directory.
    """

    path: str
    sha256: str
    size: int
    url: str
    place: Path


def entry_name(number: int, to: str) -> str:
    """Return how messages name an entry: by its place among the tables, and by where its file goes."""
    return f"[[files]] {number} (to = {to!r})" if to else f"[[files]] {number}"


def fault_of(to: str) -> tuple[str, str]:
    """Return why *to* is no path below ``files/``, and the next step; two empty texts if it is one."""
    return next(_faults_of(to), ("", ""))


def _faults_of(to: str) -> Iterator[tuple[str, str]]:
    parts = to.split("/")
    if "\\" in to or not all(parts) or {".", ".."} & {*parts}:
        yield "is no path below files/", 'write one with slashes, as in to = "models/small.onnx"'
    if bad := sorted({sign for sign in to if sign != "/" and not _PART.fullmatch(sign)}):
        yield f"has {bad[0]!r}, which not every system can hold", "use letters, digits, and . _ + ! - alone"
    for part in parts:
        if part.startswith("."):
            yield f"has the hidden part {part!r}", "drop the dot: web servers do not hand out hidden files"
        if part.startswith("-") or part.endswith("."):
            yield f"has the part {part!r}", "let no part begin with a hyphen or end with a dot"
        if DEVICE.fullmatch(part):
            yield f"has the part {part!r}, a device on Windows", "give it another name"
    if len(f"{OTHERS}/{to}") > _LONGEST or len(parts) >= _MOST_PARTS:
        yield "is too long", f"use at most {_LONGEST - len(OTHERS) - 1} characters and {_MOST_PARTS - 1} parts"
    if what := _clash_of(f"{OTHERS}/{to}".lower()):
        yield what, "give it another name"


def _clash_of(own: str) -> str:
    """Return how the path *own*, in lower case, meets a file that mirror writes; ``""`` if it does not."""
    if own in {OTHERS_PAGE, PYTHON_DOWNLOADS}:
        return "is a file that mirror writes"
    if own.startswith((f"{OTHERS_PAGE}/", f"{PYTHON_DOWNLOADS}/")):
        return "is below a file that mirror writes"
    return "is the directory of a file that mirror writes" if PYTHON_DOWNLOADS.startswith(f"{own}/") else ""


def is_other(path: str) -> bool:
    """Whether *path*, below a site, may be that of another file."""
    top, _, to = path.partition("/")
    return top == OTHERS and fault_of(to) == ("", "")
