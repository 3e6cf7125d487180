"""What ``poetry.lock`` asks for: the packages of chosen groups and extras, each with its marker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from packaging.utils import canonicalize_name

from pypi_subset.requirements.lockfiles import digests
from pypi_subset.requirements.lockfiles.choosing import requests_of
from pypi_subset.requirements.lockfiles.entries import (
    Entry,
    File,
    Grouped,
    Malformed,
    Row,
    hashes_of,
    name_of,
    version_of,
)
from pypi_subset.requirements.lockfiles.reading import (
    converted,
    fault_of,
    normalized,
    package_lines,
    project_beside,
    unknown,
)
from pypi_subset.requirements.source import Notice
from pypi_subset.requirements.tools.finding import table_at
from pypi_subset.requirements.tools.poetry import POETRY
from pypi_subset.requirements.tools.pythons import bounds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypi_subset.errors import Fault
    from pypi_subset.model.requests import Request
    from pypi_subset.requirements.source import Source
    from pypi_subset.requirements.toml import Settings

_COMMAND = "poetry lock"
#: The version of the lock that is read, and the group of a project's own dependencies.
_VERSION, _MAIN = "2.1", "main"
#: What the types of sources are called that are no index.
_PLACES = {"git": "git", "url": "a URL", "file": "a path", "directory": "a path"}


class _From(Struct, frozen=True):
    type: str = ""
    url: str = ""


class _Package(Struct, frozen=True):
    name: str
    version: str
    groups: list[str] = field(default_factory=lambda: [_MAIN])
    markers: str | dict[str, str] | None = None
    files: list[File] = []
    source: _From | None = None


class _Metadata(Struct, rename="kebab", frozen=True):
    lock_version: str
    python_versions: str = "*"
    content_hash: str = ""


class _PoetryLock(Struct, frozen=True):
    metadata: _Metadata
    package: list[_Package] = []
    extras: dict[str, list[str]] = {}


def read_poetry_lock(source: Source, document: Settings) -> Iterator[Request | Fault | Notice]:
    """Yield the pins of poetry's lock in *document*, with the extras and groups that *source* chooses."""
    project = project_beside(source)
    try:
        lines = package_lines(document)
        _require_known(document)
        lock = converted(document, _PoetryLock, lines)
        rows = [_row(one, line) for one, line in zip(lock.package, lines, strict=True)]
    except Malformed as error:
        yield fault_of(error, source, _COMMAND)
        return
    known = {_MAIN} | {name for row in rows for name in row.groups} | {*_groups_of(project)}
    yield from unknown(source, lock.extras, known)
    yield from _shut_out(source, document, lock.metadata.python_versions)
    groups = _default_groups(known, project) if source.choice.groups is None else source.choice.groups
    if groups is None:
        what = f"which groups of {source.path} poetry installs is in pyproject.toml, and there is none beside it"
        yield source.fault(what, "source", 'name them: groups = ["…"]')
        return
    try:
        chosen = normalized(groups) | {_MAIN}
        read = Grouped(rows=rows, groups=chosen, extras=normalized(source.choice.extras))
        yield from requests_of(source, document, read)
    except Malformed as error:
        yield fault_of(error, source, _COMMAND)
        return
    if project and lock.metadata.content_hash not in digests.of_poetry(project):
        yield Notice(f"{source.path} is out of date: {project.path} has changed since; `{_COMMAND}` renews it")


def _require_known(document: Settings) -> None:
    """
    Return if the version of the lock is known.

    :raises Malformed: names the version.
    """
    version = table_at(document.document, "metadata").get("lock-version")
    if version == _VERSION:
        return
    step = "write it again with poetry 2: poetry lock"
    if isinstance(version, str) and version.startswith(("1.", "2.0")):
        msg = f"the lock is of version {version}, of poetry 1, which does not state the groups of packages"
    else:
        msg = f"the lock is of version {version!r}, and only version {_VERSION} is known"
    raise Malformed(msg, document.line("metadata", "lock-version"), step)


def _row(one: _Package, line: int) -> Row:
    name = name_of(one.name, line)
    place = "" if one.source is None or one.source.type in {"", "legacy"} else _PLACES.get(one.source.type, "elsewhere")
    entry = Entry(
        name=name,
        version=version_of(one.version, name, line),
        line=line,
        hashes=hashes_of((file.hash for file in one.files), name, line),
        registry=one.source.url if one.source and not place else "",
        place=place,
    )
    markers = one.markers if isinstance(one.markers, dict) else dict.fromkeys(one.groups, one.markers)
    return Row(entry=entry, groups={canonicalize_name(group): markers.get(group) for group in one.groups})


def _shut_out(source: Source, document: Settings, text: str) -> Iterator[Fault]:
    """Yield a fault for each target whose Python the lock is not for."""
    here = ("metadata", "python-versions")
    bounds = bounds_of(text)
    if bounds is None:
        yield document.fault("python-versions is no version specifier", *here, next_step=f"write it again: {_COMMAND}")
    for target in source.targets if bounds is not None else ():
        if not any(one.contains(target.release, prereleases=True) for one in bounds or ()):
            what = f"python-versions {text!r} shuts out the target {target.name!r}, Python {target.version}"
            step = f"leave it out of targets in [sets.{source.set_name}], or give it another python"
            yield document.fault(what, *here, next_step=step)


def _groups_of(project: Settings | None) -> frozenset[str]:
    """Return the names of the groups that *project* has beside its dependencies."""
    if project is None:
        return frozenset()
    own = table_at(project.document, *POETRY)
    legacy = ["dev"] * ("dev-dependencies" in own)
    return normalized([*table_at(own, "group"), *table_at(project.document, "dependency-groups"), *legacy])


def _default_groups(known: set[str], project: Settings | None) -> Sequence[str] | None:
    """Return the groups that poetry installs without a choice; ``None`` if nothing says that."""
    if project is None:
        return None if known - {_MAIN} else [_MAIN]
    stated = table_at(project.document, *POETRY, "group")
    optional = {canonicalize_name(name) for name in stated if table_at(stated, name).get("optional") is True}
    return sorted(known - optional)
