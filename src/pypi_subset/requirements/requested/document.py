"""``request.json``: what a machine behind the gap lacks. Anyone may have written it, so each value has a form and a bound."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct
from packaging.requirements import InvalidRequirement, Requirement

from pypi_subset.errors import SubsetError
from pypi_subset.model import documents
from pypi_subset.model.documents import Document
from pypi_subset.standalone.requester.grammar import NoRequirement, requirement_of
from pypi_subset.support import bounds
from pypi_subset.support.text import has_long_number, printable, values
from pypi_subset.targets.self_described import described

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.targets import Target

#: A name of a set or a target, or nothing.
_Name: TypeAlias = Annotated[str, Meta(pattern=r"^([a-z0-9]+([-_][a-z0-9]+)*)?$(?!\n)", max_length=100)]
_Project: TypeAlias = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$(?!\n)", min_length=1, max_length=200)
]
#: What msgspec says of a text that has another form than its pattern.
_UNMATCHED = re.compile(r"Expected `str` matching regex .* - at `\$\.(?P<place>.*)`", re.DOTALL)
_STEP = "write it again with `request.py` of the site"
#: What the machine is called in messages if the request does not name its target.
MACHINE = "machine"
#: The facts of a description, as `describe_target.py` prints them.
FACTS = frozenset(
    {
        *("kind", "schema", "markers", "version", "implementation", "config", "extension_suffixes"),
        *("counts_references", "platform", "bits", "maxsize", "elf", "libc", "manylinux", "macos", "windows", "pip"),
    }
)


class RequestedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One requirement.

    :param name: the project.
    :param extras: sorted.
    :param specifier: its versions, as ``>=2,<3``; empty for all.
    :param marker: when it counts; empty for always.
    """

    name: _Project
    extras: Annotated[tuple[_Project, ...], Meta(max_length=50)]
    specifier: Annotated[str, Meta(max_length=500)]
    marker: Annotated[str, Meta(max_length=500)]

    @property
    def text(self) -> str:
        """The requirement as a requirements file has it."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}{self.specifier}" + (f"; {self.marker}" if self.marker else "")


class RequestDocument(Document, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What a machine behind the gap lacks.

    :param schema: version of this form, major.minor.
    :param kind: by this text, a request differs from other files.
    :param set: the set that is to request it; empty for the usual one.
    :param target: the target that the machine is; empty if that is not known there.
    :param requirements: each once.
    :param machine: its description, as ``describe_target.py`` prints it; null without it.
    """

    name: ClassVar[str] = "the request"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"]
    kind: Literal["pypi-subset request"]
    set_name: _Name = msgspec.field(name="set")
    target: _Name
    requirements: Annotated[tuple[RequestedLine, ...], Meta(min_length=1, max_length=bounds.MOST_REQUIRED)]
    machine: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Requested:
    """
    A request, checked.

    :param path: its file, as the user wrote it.
    :param requirements: none has a URL, and none is there twice.
    :param target_name: what the request calls the machine, ``""`` for nothing.
    :param machine: the machine, ``None`` if it is not described.
    :param description: the facts about it.
    """

    path: Path
    set_name: str
    target_name: str
    requirements: tuple[Requirement, ...]
    machine: Target | None
    description: dict[str, Any] | None


def read_request(path: Path) -> Requested:
    """
    Return the request in the file at *path*.

    :raises SubsetError: it is none, or a value of it is not what `request.py` writes.
    :raises TargetError: the description of the machine is damaged.
    """
    return requested_in(documents.read_named(path, bounds.LARGEST_REQUEST), path)


def requested_in(data: bytes, path: Path) -> Requested:
    """
    Return the request in *data*, which was read from *path*.

    :raises SubsetError: as `read_request`.
    """
    if len(data) > bounds.LARGEST_REQUEST:
        raise _damaged(path, f"it has more than {bounds.LARGEST_REQUEST:,} bytes")
    if values(data) > bounds.MOST_OF_A_TARGET:
        raise _damaged(path, f"it has more than {bounds.MOST_OF_A_TARGET:,} values")
    try:
        found = documents.parse(data, RequestDocument)
    except ValueError as error:
        raise _damaged(path, _in_words(str(error))) from error
    asked = {str(one): one for one in (_requirement(path, n, one) for n, one in enumerate(found.requirements, 1))}
    if found.machine is not None and (other := sorted(found.machine.keys() - FACTS)):
        raise _damaged(path, f"the description of the machine has the unknown key {other[0]!r}")
    machine = None if found.machine is None else described(found.target or MACHINE, path, found.machine)
    return Requested(
        path=path,
        set_name=found.set_name,
        target_name=found.target,
        requirements=tuple(asked.values()),
        machine=machine,
        description=found.machine,
    )


def _requirement(path: Path, number: int, line: RequestedLine) -> Requirement:
    """
    Return a requirement of the request.

    Its text goes into a requirements file later. By the grammar of `request.py`, it has no sign that pip or a shell obeys.

    :raises SubsetError: it is none.
    """
    try:
        if has_long_number(line.text):
            msg = f"it has a number of more than {bounds.LONGEST_NUMBER} digits"
            raise _damaged(path, f"requirement {number}: {msg}")
        plain = requirement_of(line.text)
        found = Requirement(plain.text)
    except NoRequirement as error:
        raise _damaged(path, f"requirement {number}: {error}") from error
    except InvalidRequirement as error:
        raise _damaged(path, f"requirement {number}: {str(error).splitlines()[0]}") from error
    if (plain.name, plain.specifier) != (line.name, line.specifier):
        raise _damaged(path, f"requirement {number}: its name or its versions have further parts")
    return found


def _in_words(message: str) -> str:
    """Return what msgspec says of a document, without the pattern of a name."""
    found = _UNMATCHED.fullmatch(message)
    if found is None:
        return message
    allowed = (
        "a name: lower-case letters, digits, and single - or _ between them"
        if found["place"] in {"set", "target"}
        else "the name of a project: letters, digits, and . _ - between them"
    )
    return f"{found['place']} is not {allowed}"


def _damaged(path: Path, why: str) -> SubsetError:
    few = 200
    return SubsetError(f"this is no request: {printable(why)[:few]}", path=path, next_step=_STEP)
