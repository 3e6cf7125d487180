"""
The one door for a manifest: it names only what this tool writes for the projects, sets and targets in it.

A manifest may come from a published site, from another machine or from a directory that others can write to. Its paths become
files, pages and commands. Each path is compared with the list of those that its version of the schema has; no path is cleaned.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pypi_subset.errors import SubsetError
from pypi_subset.model import documents
from pypi_subset.model.closures.closure import closures_in
from pypi_subset.model.intake.other_files import is_other
from pypi_subset.model.manifest import Manifest, manifest_path
from pypi_subset.model.paths import DEVICE, METADATA, file_path, is_manual, written
from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pypi_subset.model.manifest import File

#: Bytes of all distributions of a site.
MAX_TOTAL = 1 << 50

#: Characters of a distribution's file name, as the standards for wheels and sdists have them.
_FILENAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*")
#: The name that a requirement begins with (PEP 508).
_PROJECT_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
#: Parts of a wheel's name, without and with a build tag.
_PARTS = (5, 6)
_SDISTS = (".tar.gz", ".zip")
#: Minor number of the first schema with closures.
_CLOSURES_SINCE = 5
#: Characters of a path that an error shows.
_SHOWN = 200


class LaterPathError(ValueError):
    """A manifest of a later minor version names what this version does not know."""


def read_manifest(site: Path) -> Manifest:
    """
    Return the manifest of *site*.

    :raises SubsetError: there is none, it is damaged, a later major version wrote it, or the `door` refuses it.
    """
    return read_bytes(site)[0]


def read_bytes(site: Path) -> tuple[Manifest, bytes]:
    """
    Return the manifest of *site*, and the bytes that it was read from: what follows uses these, and reads no file again.

    :raises SubsetError: as `read_manifest`.
    :raises FolderError: it cannot be read.
    """
    path, step = manifest_path(site), "run `pypi-subset mirror`"
    if not path.is_file():
        msg = "the site has no manifest"
        raise SubsetError(msg, path=path, next_step=step)
    with files.folder_errors(path):
        data = files.read_input(path, bounds.LARGEST_DOCUMENT)
    return decode(data, path=path, next_step=step), data


def decode(data: bytes, *, path: Path, next_step: str) -> Manifest:
    """
    Return the manifest in *data*, which was read from *path*: the one door through which a manifest comes.

    :param next_step: what the user does about one that is refused.
    :raises SubsetError: it is damaged, too long, of a later major version, or names what no site of this tool has.
    """
    if len(data) > bounds.LARGEST_DOCUMENT:
        msg = f"the manifest has more than {bounds.LARGEST_DOCUMENT} bytes"
        raise SubsetError(msg, path=path, next_step=next_step)
    made = documents.decode(data, Manifest, path=path, next_step=next_step)
    try:
        check(made, minor=_minor(data), own=int(Manifest.version.partition(".")[2]))
    except ValueError as error:
        step = documents.UPGRADE if isinstance(error, LaterPathError) else next_step
        msg = f"the manifest is refused: {error}"
        raise SubsetError(msg, path=path, next_step=step) from error
    return made


def require_readable(made: Manifest) -> Manifest:
    """
    Return *made*, which this version has built and `decode` is going to read.

    :raises SubsetError: it holds what no manifest may, such as a project whose name is a device on Windows.
    """
    minor = int(Manifest.version.partition(".")[2])
    try:
        check(made, minor=minor, own=minor)
    except ValueError as error:
        msg = f"no manifest can say this: {error}"
        raise SubsetError(msg, next_step="leave that out of requirements/") from error
    return made


class _Schema(Struct):
    """The one field that `documents.decode` replaces by the version of this reader."""

    schema: int | str


def _minor(data: bytes) -> int:
    """Return the minor number of the schema of a manifest that was decoded before."""
    schema = msgspec.json.decode(data, type=_Schema).schema
    return int(schema.partition(".")[2]) if isinstance(schema, str) else 0


def check(manifest: Manifest, *, minor: int, own: int) -> None:
    """
    Return if every name, path and number in *manifest* is one that this tool writes.

    :param minor: minor number of the schema that the manifest was written with.
    :param own: that of this version.
    :raises LaterPathError: *minor* is greater than *own*, and a path is unknown.
    :raises ValueError: anything else does not belong to a site; the message says what.
    """
    targets = _unique(one.name for one in manifest.targets)
    names = _unique(one.name for one in manifest.sets)
    sets = {name: set(one.targets) for name, one in zip(names, manifest.sets, strict=True)}
    if lost := sorted(set().union(*sets.values()) - set(targets)):
        _refuse(f"a set of it is for {lost[0]!r}, which is none of its targets")
    views: dict[str, set[str]] = {name: set() for name in targets}
    for entry in manifest.files:
        _check_file(entry)
        for need in entry.needed_by:
            if need.target not in sets.get(need.set_name, ()):
                _refuse(
                    f"{_shown(entry.path)} is needed by {need.set_name!r} on {need.target!r}, which it does not have"
                )
            views[need.target].add(entry.project)
    projects = {entry.project for entry in manifest.files}
    _check_gaps(manifest)
    _check_closures(manifest, minor=minor)
    if devices := sorted(filter(DEVICE.fullmatch, {*targets, *projects})):
        _refuse(f"{devices[0]!r} is no name of a directory on Windows")
    sizes = [*(entry.size for entry in manifest.files), *(one.size for one in manifest.other_files or ())]
    if sum(sizes) > MAX_TOTAL:
        _refuse("its files are larger than any disk")
    _check_others(manifest)
    others = [one.path for one in manifest.other_files or ()]
    jobs = [f"{name}--{target}" for name, served in sets.items() for target in served]
    strange = manifest.pages.keys() - written(views, projects, jobs, _requests(manifest), others, minor=minor)
    strange = {path for path in strange if not is_of_the_manual(path)}

    if strange and minor > own:
        msg = f"it has schema 1.{minor} and names {_shown(min(strange))}, which this version does not know"
        raise LaterPathError(msg)
    if strange:
        _refuse(f"it names {_shown(min(strange))}, which no site with these projects, sets and targets has")
    _require_apart(_paths(manifest))


def is_of_the_manual(path: str) -> bool:
    """Whether *path* is one that every system can hold below the directory of the manual."""
    return is_manual(path) and not any(map(DEVICE.fullmatch, path.split("/")))


def _requests(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield each set with the normalized name of each project that it requests."""
    for one in manifest.sets:
        for request in one.requests:
            if name := _PROJECT_NAME.match(request.requirement):
                yield one.name, canonicalize_name(name[0])


def _check_others(manifest: Manifest) -> None:
    """Raise if another file has a path that some system cannot hold, or another hash in the list of all pages."""
    for one in manifest.other_files or ():
        if not is_other(one.path):
            _refuse(f"{_shown(one.path)} is no path of another file")
        if manifest.pages.get(one.path) != one.sha256:
            _refuse(f"{_shown(one.path)} has one hash among other files and another one, or none, among pages")


def _check_gaps(manifest: Manifest) -> None:
    """Raise if a gap is no request of its set, or for a target that the set does not serve."""
    for one in manifest.sets:
        asked = {request.requirement for request in one.requests}
        if any(gap.requirement not in asked or gap.target not in one.targets for gap in one.gaps or ()):
            _refuse(f"a gap of {one.name!r} is none of its requests, or for a target that it does not serve")


def _check_closures(manifest: Manifest, *, minor: int) -> None:
    """Raise if the closures are not one for each set on each of its targets, or name what the manifest does not have."""
    if minor < _CLOSURES_SINCE and not manifest.closures:
        return
    wanted = sorted((one.name, target) for one in manifest.sets for target in one.targets)
    if [(one.set_name, one.target) for one in manifest.closures] != wanted:
        _refuse("its closures are not one for each set on each of its targets")
    if any(one >= other for one, other in itertools.pairwise(manifest.edges)):
        _refuse("its edges are not sorted, or one stands there twice")
    closures_in(manifest)


def _check_file(entry: File) -> None:
    """Raise if path, project and version of a distribution do not follow from its name."""
    shown = _shown(entry.path)
    if entry.path != file_path(entry.project, entry.filename):
        _refuse(f"{shown} is not where {_shown(entry.filename)} of {entry.project!r} belongs")
    if not _FILENAME.fullmatch(entry.filename):
        _refuse(f"{shown} is no name of a distribution")
    if named(entry.filename) != (entry.project, entry.version):
        _refuse(f"{shown} is not the name of a distribution of {entry.project!r} {_shown(entry.version)}")


def named(filename: str) -> tuple[str, str] | None:
    """Return project and version that the name of a wheel or an sdist states, both normalized; ``None`` if it is neither."""
    if filename.endswith(".whl"):
        parts = filename.removesuffix(".whl").split("-")
        if len(parts) not in _PARTS:
            return None
        name, version = parts[:2]
    else:
        stem = next((filename.removesuffix(end) for end in _SDISTS if filename.endswith(end)), "")
        name, _, version = stem.rpartition("-")
    normal = _version(version)
    return (canonicalize_name(name), normal) if name and normal else None


@functools.lru_cache(maxsize=1 << 16)
def _version(text: str) -> str:
    """Return *text* as a normalized version, ``""`` if it is none."""
    try:
        return str(Version(text))
    except InvalidVersion:
        return ""


def _paths(manifest: Manifest) -> Iterator[str]:
    for entry in manifest.files:
        yield entry.path
        if entry.metadata is not None:
            yield entry.path + METADATA
    yield from manifest.pages


def _require_apart(paths: Iterable[str]) -> None:
    """Raise if two of *paths* are one file on some system, or one is a directory of another."""
    found: dict[str, str] = {}
    for path in paths:
        key = (path if path.isascii() else unicodedata.normalize("NFC", path)).casefold()
        if key in found:
            _refuse(f"{_shown(path)} and {_shown(found[key])} are one file on some systems")
        found[key] = path
    folders = {key.rpartition("/")[0] for key in found}
    while folders:
        if twins := sorted(folders & found.keys()):
            _refuse(f"{_shown(found[twins[0]])} is a file and a directory")
        folders = {one.rpartition("/")[0] for one in folders} - {""}


def _unique(names: Iterable[str]) -> list[str]:
    found = list(names)
    if len(set(found)) != len(found):
        _refuse("a set or a target stands there twice")
    return found


def _refuse(what: str) -> None:
    raise ValueError(what)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
