"""The one reader of METADATA outside the proof (core metadata specification), on `email`, as pip reads it."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from packaging.version import InvalidVersion, Version

from pypi_subset.distributions import filenames
from pypi_subset.errors import BadDistribution
from pypi_subset.support import bounds
from pypi_subset.support.text import depth, has_long_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.requirements import Requirement
    from packaging.utils import NormalizedName

#: The major version of core metadata that this tool reads; the specification has readers refuse a higher one.
METADATA_MAJOR = 2

#: The usual form of METADATA: these three fields first, each once. It is checked without the parser of mail headers.
_USUAL = re.compile(rb"Metadata-Version: 2\.[0-9]+\nName: ([\w.-]+)\nVersion: ([\w.!+-]+)(?:\n(?![ \t])|\Z)")
#: The fields, up to the first line that is none (RFC 5322).
_HEAD = re.compile(rb"(?:(?:[!-9;-~]*:|[ \t]|From )[^\n]*+(?:\n|\Z))*+")
#: A line that begins a field.
_FIELD = re.compile(rb"^[^\s:]*:", re.MULTILINE)
_REQUIRES_PYTHON = re.compile(rb"^Requires-Python:(.*(?:\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
_AGAIN = re.compile(rb"^(?:Metadata-Version|Name|Version)[ \t]*:", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependencies:
    """Requires-Dist, Provides-Extra and Requires-Python (``""`` without any) of METADATA, as written."""

    requires: tuple[str, ...]
    extras: tuple[str, ...]
    requires_python: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Licensing:
    """
    License-Expression, License (``""`` without them) and classifiers of METADATA, as written.

    :param repeated: whether it has License-Expression or License more than once: each of them may be the one that holds.
    """

    expression: str = ""
    text: str = ""
    classifiers: tuple[str, ...] = ()
    repeated: bool = False


def licensing_of(metadata: bytes) -> Licensing:
    """Return what *metadata* says about the licence."""
    expressions, texts = _values(metadata, "license-expression"), _values(metadata, "license")
    return Licensing(
        expression=next(iter(expressions), ""),
        text=next(iter(texts), ""),
        classifiers=_values(metadata, "classifier"),
        repeated=len(expressions) > 1 or len(texts) > 1,
    )


@functools.cache
def dependencies_of(metadata: bytes) -> Dependencies:
    """Return what *metadata* says about dependencies."""
    return Dependencies(
        requires=_values(metadata, "requires-dist"),
        extras=_values(metadata, "provides-extra"),
        requires_python=next(iter(_values(metadata, "requires-python")), ""),
    )


def requires_python_of(metadata: bytes) -> str | None:
    """Return Requires-Python of *metadata*, ``None`` without any; far faster than `dependencies_of`."""
    paragraph = without_description(metadata)
    found = _REQUIRES_PYTHON.search(paragraph)
    # Behind a line that is no field there are none.
    if found is None or len(_HEAD.match(paragraph, 0, found.start())[0]) < found.start():  # type: ignore[index] # it may match nothing
        return None
    return found[1].decode(errors="replace").strip()


@functools.lru_cache(maxsize=1 << 16)
def parse_requirement(text: str) -> Requirement:
    """
    Return the requirement *text*, parsed once for all callers, who must not change it.

    :raises InvalidRequirement: *text* does not follow the grammar of dependency specifiers (PEP 508).
    """
    # An index of wheels parses none, and the grammar takes long to load.
    from packaging.requirements import Requirement  # noqa: PLC0415

    return Requirement(text)


def check_metadata(metadata: bytes, filename: str) -> None:
    """
    Compare *metadata* with the file name of its wheel.

    Names are compared as in PEP 503, versions as in PEP 440, because old wheels spell both in many ways. A field that
    occurs twice must agree twice.

    :raises BadDistribution: another project or version, a form that only later tools can read, or not UTF-8.
    """
    (project, version), spelt = parsed(filename), filename.split("-", 2)[1]
    if not is_text(metadata):
        refuse(filename, "cannot be read: its METADATA is not UTF-8")
    head = without_description(metadata)
    if head.count(b":") > bounds.MOST_FIELDS and any(itertools.islice(_FIELD.finditer(head), bounds.MOST_FIELDS, None)):
        refuse(filename, f"cannot be read: its METADATA has more than {bounds.MOST_FIELDS} fields")
    if metadata.count(b"(") > bounds.DEEPEST and any(
        depth(line.decode()) > bounds.DEEPEST for line in head.splitlines() if line.lower().startswith(b"requires-dist")
    ):
        refuse(filename, f"cannot be read: its METADATA has more than {bounds.DEEPEST} brackets within each other")
    if len(head) > bounds.LONGEST_NUMBER and has_long_number(head.decode()):
        refuse(filename, f"cannot be read: its METADATA has a number of more than {bounds.LONGEST_NUMBER} digits")
    usual = _USUAL.match(head)
    if (
        usual is not None
        and usual[2].decode() == spelt
        and filenames.normalized(usual[1].decode()) == project
        and not _AGAIN.search(head, usual.end())
    ):
        return
    for wrong in _wrong(metadata, project, version, spelt):
        what = "contradicts its name" if wrong.startswith("is of") else "cannot be read"
        refuse(filename, f"{what}: its METADATA {wrong}")


def parsed(filename: str) -> tuple[NormalizedName, Version]:
    """
    Return project and version from the name of a distribution.

    :raises BadDistribution: it is not the name of a distribution.
    """
    try:
        return filenames.parse(filename)[:2]
    except filenames.INVALID as error:
        raise BadDistribution(str(error), next_step="rename it as the project named it, or remove it") from error


def refuse(filename: str, what: str) -> NoReturn:
    """Raise the `BadDistribution` that says *what* is wrong with a wheel."""
    project, version = parsed(filename)
    step = f"leave it out, as with '{project}!={version}', and report it to that project"
    msg = f"{filename} {what}"
    raise BadDistribution(msg, project=project, next_step=step)


def is_text(data: bytes) -> bool:
    """Whether *data* is UTF-8, as installers expect."""
    try:
        return data.isascii() or data.decode() is not None
    except UnicodeDecodeError:
        return False


@functools.lru_cache(maxsize=64)
def is_known(form: str, first: int, last: int) -> bool:
    """Whether the major version of *form* is between *first* and *last*."""
    found = re.fullmatch(r"([0-9]{1,9})(\.[0-9]+)*", form)
    return found is not None and first <= int(found[1]) <= last


def is_version(text: str, version: Version) -> bool:
    """Whether *text* is the same version as *version*, however it is written (PEP 440)."""
    try:
        return Version(text) == version
    except InvalidVersion:
        return False


def short(text: str) -> str:
    """Return *text* as ASCII of at most one line, whatever it holds."""
    shown = ascii(text)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"  # noqa: PLR2004 - a line's worth


def _wrong(metadata: bytes, project: NormalizedName, version: Version, spelt: str) -> Iterator[str]:
    """Yield each contradiction between *metadata* and the wheel's name, in which the version is *spelt*."""
    names, versions = _values(metadata, "name"), _values(metadata, "version")
    for field, values in (("Name", names), ("Version", versions)):
        if not values:
            yield f"has no {field}"
    for name in names:
        if filenames.normalized(name) != project:
            yield f"is of the project {short(name)}"
    for text in versions:
        if text != spelt and not is_version(text, version):
            yield f"is of version {short(text)}"
    # pip accepts METADATA without this field. A later minor version only adds fields (PEP 566, 643).
    for form in _values(metadata, "metadata-version"):
        if not is_known(form, 1, METADATA_MAJOR):
            yield f"has Metadata-Version {short(form)}, not 1 or 2"


#: The description as a field, with the lines that continue it.
_DESCRIPTION = re.compile(rb"^description:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE)


def without_description(metadata: bytes) -> bytes:
    """Return what is before the first empty line, with line feeds at the ends of lines: the fields, or more than those."""
    text = metadata if b"\r" not in metadata else metadata.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return b"" if text.startswith(b"\n") else text.partition(b"\n\n")[0] + b"\n"


def same_fields(one: bytes, other: bytes) -> bool:
    """Return whether two texts of METADATA differ in newlines and in the description at most."""
    first, second = (_DESCRIPTION.sub(b"", without_description(each)).rstrip() for each in (one, other))
    return first == second


def _head(metadata: bytes) -> bytes:
    """Return the fields, up to the first line that is none."""
    return _HEAD.match(without_description(metadata))[0]  # type: ignore[index] # it may match nothing


def _values(metadata: bytes, field: str) -> tuple[str, ...]:
    """Return every value of a *field*, whose name is in lower case."""
    return tuple(_fields(_head(metadata)).get(field, ()))


@functools.lru_cache(maxsize=8)
def _fields(head: bytes) -> dict[str, list[str]]:
    """Return the values of each field of *head*, in a time that grows with its length."""
    # Loading the parser of mail headers takes as long as checking hundreds of wheels.
    from email.parser import HeaderParser  # noqa: PLC0415

    found: dict[str, list[str]] = {}
    for name, value in HeaderParser().parsestr(head.decode(errors="replace")).items():
        found.setdefault(name.lower(), []).append(value.strip())
    return found
