"""Compares two directory trees byte for byte, with a short list of numbers that may differ."""

from __future__ import annotations

import difflib
import itertools
import json
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

#: Lines of a unified diff, and characters of each, that a difference shows.
LINES, WIDTH = 12, 200

_SPACE = " \t\n\r"
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Allowed:
    """
    One schema number that may differ.

    :param path: the file, relative to the site.
    :param pointer: the place in its JSON document, as object keys separated by ``/`` (RFC 6901, without arrays and escapes).
    :param before: the JSON text at that place in the old site.
    :param after: the JSON text at that place in the new site.
    """

    path: str
    pointer: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One path that differs, what differs, and the first lines of a diff if both are text."""

    path: str
    what: str
    excerpt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    The result for two trees.

    :param files: number of files that both trees have with the same mode and the same bytes.
    :param allowed: files that differ in listed schema numbers only.
    :param differences: everything else, sorted by path.
    """

    files: int
    allowed: tuple[str, ...]
    differences: tuple[Difference, ...]


def compare(before: Path, after: Path, allowed: Sequence[Allowed] = ()) -> Comparison:
    """Compare the trees *before* and *after*: paths, types, modes, link targets and bytes."""
    old, new = dict(_entries(before)), dict(_entries(after))
    files, numbered, differences = 0, [], []
    for path in sorted(old.keys() | new.keys()):
        rows = [row for row in allowed if row.path == path]
        found = _difference(path, old, new, rows)
        if found is not None:
            differences.append(found)
        elif old[path].is_file() and not old[path].is_symlink():
            same = old[path].read_bytes() == new[path].read_bytes()
            files += same
            numbered += [] if same else [path]
    return Comparison(files=files, allowed=tuple(numbered), differences=tuple(differences))


def span(text: str, pointer: str) -> tuple[int, int] | None:
    """Return start and end of the value at *pointer* in the JSON document *text*; ``None`` if there is none."""
    start = _skip(text, 0)
    for key in pointer.split("/")[1:]:
        found = dict(_members(text, start)).get(key)
        if found is None:
            return None
        start = found
    return start, _DECODER.raw_decode(text, start)[1]


def _entries(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the relative path of everything below *root*, hidden files and directories too."""
    for path in root.rglob("*"):
        yield path.relative_to(root).as_posix(), path


def _difference(
    path: str, old: Mapping[str, Path], new: Mapping[str, Path], rows: Sequence[Allowed]
) -> Difference | None:
    if path not in new:
        return Difference(path, "missing after")
    if path not in old:
        return Difference(path, "additional after")
    modes = [sides[path].lstat().st_mode for sides in (old, new)]
    if modes[0] != modes[1]:
        return Difference(path, "mode {} before, {} after".format(*map(stat.filemode, modes)))
    if stat.S_ISLNK(modes[0]):
        targets = [sides[path].readlink() for sides in (old, new)]
        return (
            None if targets[0] == targets[1] else Difference(path, f"links to {targets[0]} before, {targets[1]} after")
        )
    if stat.S_ISDIR(modes[0]):
        return None
    return _content(path, old[path].read_bytes(), new[path].read_bytes(), rows)


def _content(path: str, old: bytes, new: bytes, rows: Sequence[Allowed]) -> Difference | None:
    """Return how the bytes differ; those that *rows* allow are put in their place first."""
    if old == new:
        return None
    try:
        before, after = old.decode(), new.decode()
    except UnicodeDecodeError:
        return Difference(path, f"{len(old)} bytes before, {len(new)} other bytes after")
    for row in rows:
        before = _renumbered(before, row)
    if before == after:
        return None
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=1)
    return Difference(path, "other text after", tuple(line[:WIDTH] for line in itertools.islice(lines, LINES)))


def _renumbered(text: str, row: Allowed) -> str:
    """Return *text* with the new number where *row* says that the old one stands; unchanged if it does not."""
    found = span(text, row.pointer)
    if found is None or text[slice(*found)] != row.before:
        return text
    return text[: found[0]] + row.after + text[found[1] :]


def _members(text: str, start: int) -> Iterator[tuple[str, int]]:
    """Yield each key of the JSON object at *start* with the start of its value; nothing if it is no object."""
    if text[start] != "{":
        return
    at = _skip(text, start + 1)
    while text[at] == '"':
        key, at = _DECODER.raw_decode(text, at)
        value = _skip(text, _skip(text, at) + 1)
        yield key, value
        at = _skip(text, _DECODER.raw_decode(text, value)[1])
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    """Return the position of the first character from *at* that is no white space."""
    while text[at] in _SPACE:
        at += 1
    return at
