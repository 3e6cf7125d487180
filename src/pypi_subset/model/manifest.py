"""``site/manifest.json``: what the site holds, for which target, and which requirement led to each file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from pypi_subset.model.distributions import BadFile
from pypi_subset.model.documents import Document
from pypi_subset.model.paths import MANIFEST, METADATA

if TYPE_CHECKING:
    from pathlib import Path


#: The address of a server, without a user and a query. A bare ``$`` also matches before a last newline in Python.
_URL = r"^https?://[^/?#\s@]+(/[^?#\s]*)?$(?!\n)"
_ORIGIN, _PROJECT = r"^[^/\\\n]+:[1-9][0-9]{0,8}$(?!\n)", r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)"
_NO_PROJECT = r"^([a-z0-9]+(-[a-z0-9]+)*)?$(?!\n)"
#: A list of numbers as `model.closures.numbers` writes it: each has up to eight digits.
NUMBERS = r"^((0|[1-9][0-9]{0,7})(-[1-9][0-9]{0,7})?(,[1-9][0-9]{0,7}(-[1-9][0-9]{0,7})?)*)?$(?!\n)"

Text: TypeAlias = Annotated[str, Meta(min_length=1)]
#: A name of a set or target.
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$(?!\n)")]
Sha256: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
_Version: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}$(?!\n)")]
_Filename: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+!-]*$(?!\n)")]
_Path: TypeAlias = Annotated[str, Meta(pattern=r"^simple/[a-z0-9-]+/[^/]+$(?!\n)")]
_Numbers: TypeAlias = Annotated[str, Meta(pattern=NUMBERS)]
Names: TypeAlias = Annotated[tuple[Name, ...], Meta(extra_json_schema={"uniqueItems": True})]


# The first link is a request, the others are dependencies.
_CHAIN: dict[str, Any] = {
    "allOf": [
        {
            "prefixItems": [{"properties": {"by": {"const": ""}, "origin": {"pattern": _ORIGIN}}}],
            "items": {"properties": {"by": {"pattern": _PROJECT}, "origin": {"const": ""}}},
        }
    ]
}


class Link(Struct, frozen=True, kw_only=True, gc=False):
    """
    One requirement of a chain.

    :param by: the project that requires it, empty for the request that the chain starts with.
    :param origin: file name and line of that request, empty for every other link.
    """

    requirement: Text
    by: str
    origin: str


class Need(Struct, frozen=True, kw_only=True, gc=False):
    """
    One set and target that need a file.

    :param chain: the shortest chain from a request to the file's own project.
    """

    set_name: Name = msgspec.field(name="set")
    target: Name
    chain: Annotated[tuple[Link, ...], Meta(min_length=1, extra_json_schema=_CHAIN)]


class BuiltFrom(Struct, frozen=True, kw_only=True, gc=False):
    """
    The sdist that a wheel was built from, on the machine that mirrored.

    :param url: where it is from, without credentials; null for a local directory.
    """

    filename: _Filename
    sha256: Sha256
    url: Annotated[str, Meta(pattern=_URL)] | None


class File(Struct, frozen=True, kw_only=True, gc=False):
    """
    One distribution.

    :param path: relative to the site.
    :param project: normalized (PEP 503).
    :param version: normalized (PEP 440).
    :param size: bytes.
    :param requires_python: as the project wrote it.
    :param metadata: SHA-256 of the core metadata file beside a wheel (PEP 658).
    :param source: name of the source of ``subset.toml`` that the file comes from; absent for the indexes of pip.
    :param index: URL of the index that offered it, or its sdist, without credentials; absent if none did, or if its lock is
        older than 1.5.
    :param built_from: the sdist that the wheel was built from.
    """

    filename: _Filename
    path: _Path
    project: Annotated[str, Meta(pattern=_PROJECT)]
    version: Text
    size: Annotated[int, Meta(ge=0, le=1 << 40)]
    sha256: Sha256
    requires_python: str | None
    metadata: Sha256 | None
    needed_by: Annotated[tuple[Need, ...], Meta(min_length=1)]
    source: Name | UnsetType = UNSET
    index: Annotated[str, Meta(pattern=_URL)] | UnsetType = UNSET
    built_from: BuiltFrom | UnsetType = UNSET


class OtherFileEntry(Struct, frozen=True, kw_only=True, gc=False):
    """
    One file that no installer reads.

    :param path: relative to the site.
    :param size: bytes.
    :param sha256: that of the path in ``pages``.
    :param url: where it is from, without credentials; absent for a file of the machine that mirrored.
    """

    path: Annotated[str, Meta(pattern=r"^files/[^/]+(/[^/]+)*$(?!\n)")]
    size: Annotated[int, Meta(ge=0, le=1 << 40)]
    sha256: Sha256
    url: Annotated[str, Meta(pattern=_URL)] | UnsetType = UNSET


class TargetEntry(Struct, frozen=True, kw_only=True, gc=False):
    """
    One target.

    :param tag: Python, ABI and platform tag, as in file names of wheels.
    :param markers: values of PEP 508, without unknown ones and those that the kernel of the host decides.
    :param digest: SHA-256 of tags and markers.
    :param brought: project → version of the projects that the interpreter includes; absent without any. Since 1.5.
    :param exact: whether the patch level of Python binds; absent if not. Since 1.5.
    :param tags: all compatible tags, best first; absent if they follow from *tag*. Since 1.5.
    """

    name: Name
    tag: str
    python: _Version
    markers: dict[str, str]
    digest: Sha256
    brought: dict[str, str] | UnsetType = UNSET
    exact: Annotated[bool | UnsetType, Meta(extra_json_schema={"const": True})] = UNSET
    tags: Annotated[tuple[Text, ...], Meta(min_length=1)] | UnsetType = UNSET


class RequestEntry(Struct, frozen=True, kw_only=True, gc=False):
    """
    One request, or one constraint of a set.

    :param origin: file name and line.
    :param hashes: those that the line states, each with its algorithm; absent without any. Since 1.5.
    """

    requirement: Text
    origin: Annotated[str, Meta(pattern=_ORIGIN)]
    hashes: Annotated[tuple[Text, ...], Meta(min_length=1)] | UnsetType = UNSET


class GapEntry(Struct, frozen=True, kw_only=True, gc=False):
    """
    A request that the site leaves out on a target: it has no solution there, and the user accepts that.

    :param requirement: that of the request.
    :param project: normalized (PEP 503).
    :param why: why it has no solution.
    :param reason: why the user accepts it.
    :param until: the last day of the acceptance, in UTC.
    """

    requirement: Text
    target: Name
    project: Annotated[str, Meta(pattern=_PROJECT)]
    why: str
    reason: Text
    until: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)")]


class SetEntry(Struct, frozen=True, kw_only=True, gc=False):
    """
    One set.

    :param gaps: the requests that are left out, sorted by target; absent without any. Before 1.3 there were none.
    :param constraints: the lines of its constraints files; absent without any. Since 1.5.
    """

    name: Name
    requests: tuple[RequestEntry, ...]
    targets: Names
    gaps: Annotated[tuple[GapEntry, ...], Meta(min_length=1)] | UnsetType = UNSET
    constraints: Annotated[tuple[RequestEntry, ...], Meta(min_length=1)] | UnsetType = UNSET


class Edge(Struct, frozen=True, kw_only=False, array_like=True, order=True, gc=False):
    """
    A requirement that leads from one project to another, in JSON an array: by, extra, to.

    :param by: the project that states it, empty for a request of the set.
    :param extra: the extra of that project that states it, empty if no extra is needed.
    :param to: the required project.
    """

    by: Annotated[str, Meta(pattern=_NO_PROJECT)]
    extra: Annotated[str, Meta(pattern=_NO_PROJECT)]
    to: Annotated[str, Meta(pattern=_PROJECT)]


class ClosureEntry(Struct, frozen=True, kw_only=True, gc=False):
    """
    What one set gets on one target, all patch levels of Python together.

    Each list has numbers from 0, in ascending runs: ``0-3,7``.

    :param pins: places in ``files`` of the files that are installed there.
    :param edges: places in ``edges`` of the requirements that lead to them.
    """

    set_name: Name = msgspec.field(name="set")
    target: Name
    pins: _Numbers
    edges: _Numbers


class Manifest(Document, frozen=True, kw_only=True):
    """
    What a site of pypi-subset holds, for which target, and which requirement led to each file.

    :param schema: version of this form, major.minor.
    :param targets: sorted by name.
    :param sets: sorted by name.
    :param files: sorted by path.
    :param pages: SHA-256 of every other file, by path, without this file, the README and the report.
    :param edges: sorted, each once; the closures refer to them. Since 1.5.
    :param closures: one for each set on each of its targets, sorted by set and target. Since 1.5.
    :param bad_files: what the site was left without, sorted by name. Older versions wrote no such list.
    :param other_files: those of ``[[files]]``, sorted by path; absent without any. Since 1.8.
    :param unproven: in a published copy alone: it was published with no green report about these bytes.
    """

    name: ClassVar[str] = "the manifest"
    version: ClassVar[Literal["1.8"]] = "1.8"

    schema: Literal["1.8"]
    targets: tuple[TargetEntry, ...]
    sets: tuple[SetEntry, ...]
    files: tuple[File, ...]
    pages: dict[str, Sha256]
    edges: tuple[Edge, ...] = ()
    closures: tuple[ClosureEntry, ...] = ()
    bad_files: tuple[BadFile, ...] = ()
    other_files: Annotated[tuple[OtherFileEntry, ...], Meta(min_length=1)] | UnsetType = UNSET
    unproven: Annotated[bool | UnsetType, Meta(extra_json_schema={"const": True})] = UNSET

    @property
    def hashes(self) -> dict[str, str]:
        """Path below the site → SHA-256, of every file that the manifest names."""
        metadata = {one.path + METADATA: one.metadata for one in self.files if one.metadata is not None}
        return {one.path: one.sha256 for one in self.files} | metadata | self.pages


def manifest_path(site: Path) -> Path:
    """Return the path of the manifest of a site."""
    return site / MANIFEST


class _Kind(Struct):
    """The fields by which a manifest differs from other files of that name."""

    schema: int | str
    targets: list[msgspec.Raw]
    sets: list[msgspec.Raw]
    files: list[msgspec.Raw]


def is_manifest(data: bytes) -> bool:
    """Return whether *data* is a manifest of any version; a tenth of the time of reading it."""
    try:
        msgspec.json.decode(data, type=_Kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
