"""
One requirements file, line by line, in pip's own format: requests, includes, and faults with their place.

Lines are joined and cleaned as pip does it, so that a file means the same here and there. What an index cannot offer, options
that change which files are meant, and environment variables are refused.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urljoin, urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from pypi_subset.errors import Fault
from pypi_subset.model.distributions import DIGITS, digest
from pypi_subset.model.requests import Request
from pypi_subset.requirements.encodings import UnreadableText, by_comment
from pypi_subset.requirements.lines.environment import ENDINGS, read_environment
from pypi_subset.requirements.lines.options import ABOUT_SET, INCLUDES, options_in, refusal, without_users
from pypi_subset.requirements.reach import NOWHERE, Reach
from pypi_subset.requirements.source import Notice
from pypi_subset.requirements.toml import LONG_NUMBER
from pypi_subset.support import bounds, files
from pypi_subset.support.text import depth, has_long_number, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pypi_subset.model.requests import Document

#: What pip replaces by an environment variable.
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
#: A URL or a path: a slash, a backslash or a colon before anything that could end a project's name.
_PLACE = re.compile(r"\.|[^\s;@<>=!~\[\]]*[/\\:]")
_ARCHIVE = re.compile(r"[^\s;@\[]*\.(zip|whl|tar(\.(gz|bz2|xz|lz|lzma))?|tgz|tbz|txz|tlz)(?=[\s;@\[]|$)", re.IGNORECASE)

#: A line of ``conda list --export``, and what writes lines of pip for an environment of conda.
_CONDA = re.compile(r"@EXPLICIT|[\w.-]+=[^=]", re.ASCII)
_LIST = "; `python -m pip list --format=freeze` writes such lines"
#: What mends a line that names a directory; uv's export writes the project itself as one.
_NO_FOLDER = "name the project and a version, or export with --no-emit-project"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """
    A line as pip sees it: several joined by backslashes, no comment; *raw* is what was typed.

    :param base: the URL of the document that has the line, ``""`` for a file.
    """

    path: Path
    number: int
    text: str
    raw: str
    base: str = ""

    def fault(self, what: str, next_step: str = "", excerpt: tuple[str, ...] = ()) -> Fault:
        """Return a fault at this line."""
        return Fault(what=what, path=self.path, line=self.number, next_step=next_step, excerpt=excerpt)


@dataclass(frozen=True, kw_only=True, slots=True)
class Include:
    """
    A line with ``-r`` or ``-c``; *path* is normalized, so that one file has one.

    :param url: where the document is, ``""`` for a file. *document* is what was found there.
    """

    path: Path
    line: Line
    constraint: bool
    url: str = ""
    document: Document | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A line with an option that concerns the whole set: ``--pre`` or ``--require-hashes``."""

    name: str
    line: Line


#: What a line may be.
Entry: TypeAlias = Request | Include | Setting | Notice


def read_file(path: Path, reach: Reach = NOWHERE, document: Document | None = None) -> Iterator[Entry | Fault]:
    """
    Yield the entries of the file at *path*, line by line.

    :param reach: what pip is configured for.
    :param document: what was found at a URL; it is read in the place of the file.
    """
    data = document.data if document else files.read_input(path)
    if path.suffix in ENDINGS and not document:
        yield from _of_environment(path, data, reach)
        return
    try:
        lines = _join(by_comment(data))
    except UnreadableText as error:
        step = error.next_step + ", or name its encoding in a first line '# -*- coding: … -*-'" * error.named
        yield Fault(what=error.what, path=path, line=error.line, next_step=step)
        return
    for count, (number, raw) in enumerate(lines):
        if count >= bounds.MOST_REQUESTS or len(raw) > bounds.LONGEST_LINE:
            many = f"more than {bounds.MOST_REQUESTS:,} lines"
            what = many if count >= bounds.MOST_REQUESTS else f"a line of more than {bounds.LONGEST_LINE:,} characters"
            yield Fault(what=what, path=path, line=number, next_step="divide the file")
            return
        bare = _without_comment(raw).strip()
        if bare:
            line = Line(path=path, number=number, text=bare, raw=raw, base=document.url if document else "")
            yield from _read(line, reach)


def _of_environment(path: Path, data: bytes, reach: Reach) -> Iterator[Entry | Fault]:
    """Yield the entries of the pip part of a conda environment."""
    for count, one in enumerate(read_environment(path, data)):
        if count >= bounds.MOST_REQUESTS:
            what = f"more than {bounds.MOST_REQUESTS:,} lines"
            yield Fault(what=what, path=path, next_step="divide the file")
            return
        if not isinstance(one, tuple):
            yield one
        elif bare := _without_comment(one[1]).strip():
            yield from _read(Line(path=path, number=one[0], text=bare, raw=one[1]), reach)


def _read(line: Line, reach: Reach) -> Iterator[Entry | Fault]:
    # An option that is refused is so for what it is, whatever its value.
    bare = replace(line, text=without_users(line.text))
    found = None if line.text.startswith(("-e", "--editable")) else _unusable(bare)
    yield from [found] if found else _entries(line, reach)


def _without_comment(line: str) -> str:
    """Return *line* up to its comment: a number sign at the beginning or behind a blank, as pip has it."""
    position = line.find("#")
    while position > 0 and not line[position - 1].isspace():
        position = line.find("#", position + 1)
    return line if position < 0 else line[:position]


def _join(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with the number of their first part; a backslash at the end joins, a comment ends the joining."""
    first, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        first = first or number
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            parts.append(line.strip("\\"))
            continue
        # The blank lets the comment be seen as one behind what came before.
        yield first, "".join([*parts, f" {line}" if comment and parts else line])
        first, parts = 0, []
    if parts:
        yield first, "".join(parts)


def _entries(line: Line, reach: Reach) -> Iterator[Entry | Fault]:
    """Yield what a line says: pip splits it before the first word that starts with a dash."""
    words = line.text.split(" ")
    cut = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    text = " ".join(words[:cut]).strip()
    try:
        options = list(options_in(shlex.split(" ".join(words[cut:]))))
    except ValueError as error:
        yield line.fault(f"options cannot be read: {error}", "close the quotation")
        return
    for name, value in options:
        if found := refusal(name, value, os.fspath(line.path.parent), reach):
            yield line.fault(*found)
            return
    if text:
        yield _hashed(line, text, options)
    elif {name for name, _ in options} & {*INCLUDES, "--hash"}:
        yield _include(line, options)
    else:
        yield from (Setting(name=name, line=line) for name, _ in options if name in ABOUT_SET)


def _unusable(line: Line) -> Fault | None:
    """Return why *line* is not read at all: it has a variable, or a number that `int` refuses; ``None`` if it is read."""
    if _VARIABLE.search(line.text):
        return _variable(line)
    return line.fault(LONG_NUMBER, "write a shorter one") if has_long_number(line.text) else None


def _variable(line: Line) -> Fault:
    """Return why a variable is not taken: its value, perhaps a password, would stand in locks and in the published site."""
    names = ", ".join(f"${{{name}}}" for name in dict.fromkeys(_VARIABLE.findall(line.text)))
    step = "write the value itself, or let a program of yours write this file"
    return line.fault(f"{names} is refused: the value of an environment variable would be published", step)


def _include(line: Line, options: Sequence[tuple[str, str]]) -> Include | Fault:
    if any(name == "--hash" for name, _ in options):
        return line.fault("--hash without a requirement", "put it behind the requirement that it is for")
    if any(name not in INCLUDES for name, _ in options):
        return line.fault("-r and -c need a line of their own", "start a new line")
    if len(options) > 1:
        return line.fault("two files on one line, of which pip reads the first", "give each a line of its own")
    name, value = options[0]
    if not value:
        return line.fault(f"{name} names no file", "write the file's path behind it")
    if line.base or re.match(r"[a-z][a-z0-9+.-]+:", value, re.IGNORECASE):
        return _at_url(line, name, value)
    path = Path(os.path.normpath(line.path.parent / value))
    return Include(path=path, line=line, constraint=name == "--constraint")


def _at_url(line: Line, name: str, value: str) -> Include | Fault:
    """Return the include of a document at a URL; as in pip, a path in such a document starts at its URL."""
    try:
        url = urljoin(line.base, value)
        parts = urlsplit(url)
    except ValueError:
        return line.fault(f"{name} of a URL that is none", "correct the URL")
    if parts.scheme not in {"https", "http"} or not parts.hostname or printable(url) != url:
        return line.fault(f"{name} of a URL that is not one of https", "name the path of a file, or an https URL")
    if "@" in parts.netloc or parts.query or parts.fragment:
        step = "copy the file into the directory and name its path"
        return line.fault(f"{name} of a URL with a user, a query or a fragment, which would be published", step)
    return Include(path=Path(), line=line, constraint=name == "--constraint", url=url)


def _hashed(line: Line, text: str, options: Sequence[tuple[str, str]]) -> Request | Fault:
    for name, _ in options:
        if name != "--hash":
            what = "-r and -c need a line of their own" if name in INCLUDES else "only --hash may follow a requirement"
            return line.fault(what, "start a new line")
    hashes = [value.lower() for _, value in options]
    for value in hashes:
        if not is_hash(value):
            return line.fault(f"{value!r} is no hash", f"write --hash=sha256: and {DIGITS['sha256']} digits 0-9 a-f")
    return read_requirement(line, text, hashes)


def is_hash(value: str) -> bool:
    """Whether pip takes *value*, in small letters, behind ``--hash``."""
    algorithm, _, text = value.partition(":")
    try:
        return algorithm in DIGITS and digest(text, algorithm) == text
    except ValueError:
        return False


def read_requirement(line: Line, text: str, hashes: Iterable[str] = ()) -> Request | Fault:
    """Return the requirement *text*, which stands in *line*, if an index can offer it."""
    # A document in TOML and a lock have no other door.
    if found := _unusable(replace(line, text=text)):
        return found
    # In TOML a string may have lines: what follows one would be an option to pip.
    if printable(tabless := text.replace("\t", " ")) != tabless:
        return line.fault("the requirement holds a character that is not seen", "write it in visible characters")
    if depth(text) > bounds.DEEPEST:
        return line.fault(f"more than {bounds.DEEPEST} brackets within each other", "write it with fewer")
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        return _direct(line) if _PLACE.match(text) else _malformed(line, text, str(error))
    if requirement.url or _ARCHIVE.match(text):
        # conda's builds of projects, and directories, are such lines in `pip freeze`.
        return _direct(line, _LIST if (requirement.url or "").startswith("file:") else "")
    return Request(requirement=requirement, path=line.path, line=line.number, hashes=tuple(hashes))


def _direct(line: Line, more: str = "") -> Fault:
    """Return why a URL or a path is not taken; it is not shown, there may be a password in it. *more* adds to the step."""
    step = "name the project and a version" if "://" in line.text or _ARCHIVE.match(line.text) else _NO_FOLDER
    return line.fault("a URL or a path is refused: an index offers releases", step + more)


def _malformed(line: Line, text: str, message: str) -> Fault:
    """Return what packaging says about *text*, with its caret under the line as it was typed."""
    what, *_, caret = message.splitlines()
    raw = line.raw.rstrip().expandtabs(1)
    excerpt = (raw, " " * raw.index(text) + caret.removeprefix("    ")) if text in raw else (raw,)
    step = f"write NAME==VERSION{_LIST}" if _CONDA.match(text) else ""
    return line.fault(f"malformed requirement: {what[:1].lower()}{what[1:]}", step, excerpt)
