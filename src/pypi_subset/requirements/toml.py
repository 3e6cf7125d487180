"""TOML documents whose faults carry their line."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.errors import Fault
from pypi_subset.model.paths import DEVICE
from pypi_subset.support import bounds
from pypi_subset.support.text import depth, has_long_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

#: How sets, targets, sources and channels may be called: safe in a file name, and without the ``--`` that parts two names.
NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
#: Characters of a name: a file is named after a set and a target, and most systems allow 255 bytes.
LONGEST = 100
#: Characters of a name that is proposed.
SHORTER = 40
#: What is wrong with a number that `int` would refuse.
LONG_NUMBER = f"a number of more than {bounds.LONGEST_NUMBER} digits"

_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]")
#: A part of a dotted key, between two others.
_PART = re.compile(r"\s*[\"']?[\w-]+[\"']?\s*", re.ASCII)
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


#: Lines below its key that an item of a list is looked for in, to name its line.
_SEARCHED = 10_000
#: Characters and names up to which a name that is like another one is looked for.
_LIKENESS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A number with a point, as it was written: as a `float`, 3.10 would be 3.1."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """
    The document in ``subset.toml``, or another one in TOML.

    :param places: line of each table and key, as far as a search through the text can tell.
    :param readable: whether there was a document at all; where not, nothing is missing from it.
    """

    path: Path
    lines: tuple[str, ...] = ()
    document: Mapping[str, object]
    places: Mapping[tuple[str, ...], int]
    readable: bool = True

    def fault(self, what: str, *keys: str, next_step: str = "", item: str | None = None) -> Fault:
        """Return a fault at the line of *keys*, or of the nearest table around; of *item* in a list below that."""
        return Fault(what=what, path=self.path, line=self.line(*keys, item=item), next_step=next_step)

    def line(self, *keys: str, item: str | None = None) -> int | None:
        """Return the line of *keys*, or of the nearest table around; of the string *item* in a list below that."""
        known = (keys[:length] for length in range(len(keys), 0, -1))
        line = next((self.places[key] for key in known if key in self.places), None)
        if line is None or item is None:
            return line
        # In double quotes, TOML writes a quotation mark and a backslash behind a backslash.
        escaped = item.replace("\\", "\\\\").replace('"', '\\"')
        spelt = (f'"{escaped}"', f"'{item}'")
        below = range(line, min(line + _SEARCHED, len(self.lines)) + 1)
        return next((number for number in below if any(one in self.lines[number - 1] for one in spelt)), line)

    def table(self, name: str, faults: list[Fault]) -> dict[str, object]:
        """Return the table *name*, empty where there is none."""
        value = self.document.get(name, {})
        if isinstance(value, dict):
            return value
        faults.append(self.fault(f"{name!r} must be a table", name, next_step=f"write [{name}] on a line of its own"))
        return {}


def parse_toml(path: Path, text: str) -> Settings | Fault:
    """Return the document in *text*, which stands in the file at *path*, or what is wrong with it."""
    for number, line in enumerate(text.split("\n"), start=1):
        if _is_deep(line):
            what = f"more than {bounds.DEEPEST} parts or brackets within each other"
            return Fault(what=what, path=path, line=number, next_step="write it with fewer")
    try:
        document = tomllib.loads(text, parse_float=lambda literal: Number(text=literal))
    except RecursionError:
        return Fault(what="not TOML: lists and tables are nested too deeply", path=path)
    except ValueError as error:
        return _toml_fault(path, text, str(error))
    lines = tuple(text.split("\n"))
    if has_long_number(document):
        first = next((number for number, line in enumerate(lines, start=1) if has_long_number(line)), None)
        return Fault(what=LONG_NUMBER, path=path, line=first, next_step="write a shorter one")
    return Settings(path=path, lines=lines, document=document, places=_places(lines))


def _is_deep(line: str) -> bool:
    """Whether a line has a key of very many parts, or very many brackets within each other, as a marker may have."""
    if line.count("(") > bounds.DEEPEST and depth(line) > bounds.DEEPEST:
        return True
    parts = 0
    for part in line.split(".") if line.count(".") >= bounds.DEEPEST else ():
        parts = parts + 1 if _PART.fullmatch(part) else 0
        if parts > bounds.DEEPEST:
            return True
    return False


def _toml_fault(path: Path, text: str, message: str) -> Fault:
    """Return what the TOML parser said, with a caret under the column that it named."""
    match = re.fullmatch(r"(.*) \(at line ([0-9]+), column ([0-9]+)\)", message, re.DOTALL)
    if match is None:
        return Fault(what=f"not TOML: {message}", path=path)
    shown = text.split("\n")[int(match[2]) - 1].rstrip()
    if "\r" in shown:
        what = "a line ends with CR alone, which TOML does not allow"
        return Fault(
            what=what, path=path, line=int(match[2]), next_step="save it with LF, or CR and LF, behind each line"
        )
    step = "put versions in quotes" if re.search(r"=\s*[0-9]+(\.[0-9]+){2}", shown) else ""
    excerpt = (shown, " " * (int(match[3]) - 1) + "^")
    return Fault(what=f"not TOML: {match[1]}", path=path, line=int(match[2]), excerpt=excerpt, next_step=step)


def _places(lines: Iterable[str]) -> dict[tuple[str, ...], int]:
    """Return the line of each table and key, and for what stands nowhere itself, of the first line below it."""
    places: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(lines, start=1):
        if match := _HEADER.match(line):
            path = table = _split_key(match[1])
        elif match := _KEY.match(line):
            path = (*table, *_split_key(match[1]))
        else:
            continue
        for length in range(1, len(path) + 1):
            places.setdefault(path[:length], number)
    return places


def _split_key(key: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in key.split("."))


def unknown_keys(
    settings: Settings, table: Mapping[str, object], known: Collection[str], *keys: str
) -> Iterator[Fault]:
    """Yield a fault for each key of *table* that is not among the *known*."""
    for key in table:
        if key not in known:
            yield settings.fault(f"unknown key {key!r}", *keys, key, next_step=nearest(key, known, "known here"))


def nearest(word: str, known: Collection[str], otherwise: str) -> str:
    """Return a next step: the nearest of the *known*, or all of them behind the word *otherwise*."""
    few = len(word) <= _LIKENESS and len(known) <= _LIKENESS
    near = difflib.get_close_matches(word, known, n=1) if few else []
    if near:
        return f"did you mean {near[0]!r}?"
    shown = ", ".join([*known][:_LIKENESS]) or "nothing"
    return f"{otherwise}: {shown}{', …' if len(known) > _LIKENESS else ''}"


def not_text(key: str, value: object) -> tuple[str, str]:
    """Return what is wrong with a *value* that should be a string, and the mend."""
    if isinstance(value, Number):
        read = f", {float(value.text)} to TOML" if str(float(value.text)) != value.text else ""
        return f"{key} is the number {value.text}{read}", f'quote it: "{value.text}"'
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{key} is the number {value}", f'quote it: "{value}"'
    return f"{key} must be a string", f'write {key} = "…"'


def is_name(name: str) -> bool:
    """Return whether a set or a target may be called *name*: files on each system are named after it."""
    return bool(NAME.fullmatch(name)) and len(name) <= LONGEST and not DEVICE.fullmatch(name)


def name_fault(name: str) -> tuple[str, str]:
    """Return what is wrong with *name*, and a name that would be good."""
    better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "base"
    if DEVICE.fullmatch(better):
        better = f"{better}-1"
    if len(name) > LONGEST:
        return f"{name!r} has {len(name)} characters, a name has at most {LONGEST}", better[:SHORTER].rstrip("-")
    if DEVICE.fullmatch(name):
        return f"{name!r} is a device on Windows, where no file has that name", better
    return f"{name!r} is no name: lower-case letters, digits, and single - or _ between them", better
