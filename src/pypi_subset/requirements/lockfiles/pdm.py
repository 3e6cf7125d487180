"""What ``pdm.lock`` asks for: the packages of chosen groups, each with its marker; an extra is a group to PDM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet
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
    specifiers_of,
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
from pypi_subset.requirements.tools.others import PDM

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pypi_subset.errors import Fault
    from pypi_subset.model.requests import Request
    from pypi_subset.model.targets import Target
    from pypi_subset.requirements.source import Source
    from pypi_subset.requirements.toml import Settings

_COMMAND = "pdm lock"
_DEFAULT, _INHERITS = "default", "inherit_metadata"
#: PDM's names of systems, and the values of ``sys_platform``.
_SYSTEMS = {"windows": "win32", "macos": "darwin", "linux": "linux", "manylinux": "linux", "musllinux": "linux"}


class _Package(Struct, frozen=True):
    name: str
    version: str
    groups: list[str] = field(default_factory=lambda: [_DEFAULT])
    marker: str | None = None
    extras: list[str] = []
    files: list[File] = []
    git: str | None = None
    hg: str | None = None
    svn: str | None = None
    path: str | None = None
    url: str | None = None


class _Target(Struct, frozen=True):
    requires_python: str = ""
    platform: str | None = None
    implementation: str | None = None


class _Metadata(Struct, frozen=True):
    lock_version: str
    groups: list[str] = field(default_factory=lambda: [_DEFAULT])
    strategy: list[str] = []
    content_hash: str = ""
    targets: list[_Target] = []


class _PdmLock(Struct, frozen=True):
    metadata: _Metadata
    package: list[_Package] = []


def read_pdm_lock(source: Source, document: Settings) -> Iterator[Request | Fault | Notice]:
    """Yield the pins of PDM's lock in *document*, with the extras and groups that *source* chooses."""
    project = project_beside(source)
    try:
        lines = package_lines(document)
        _require_known(document)
        lock = converted(document, _PdmLock, lines)
        rows = _rows(lock.package, lines)
    except Malformed as error:
        yield fault_of(error, source, _COMMAND)
        return
    yield from unknown(source, lock.metadata.groups, lock.metadata.groups)
    yield from _shut_out(source, document, lock.metadata.targets)
    groups = _default_groups(source, lock.metadata.groups, project)
    if groups is None:
        what = f"which groups of {source.path} PDM installs is in pyproject.toml, and there is none beside it"
        yield source.fault(what, "source", 'name them: groups = ["…"]')
        return
    try:
        read = Grouped(rows=rows, groups=normalized([_DEFAULT, *groups, *source.choice.extras]))
        yield from requests_of(source, document, read)
    except Malformed as error:
        yield fault_of(error, source, _COMMAND)
        return
    # In a workspace the digest is one over all members.
    is_alone = project and not table_at(project.document, *PDM, "workspace")
    if project and is_alone and lock.metadata.content_hash not in digests.of_pdm(project):
        yield Notice(f"{source.path} is out of date: {project.path} has changed since; `{_COMMAND}` renews it")


def _require_known(document: Settings) -> None:
    """
    Return if the lock states groups and markers of packages.

    :raises Malformed: names its version.
    """
    metadata = table_at(document.document, "metadata")
    version, strategy = metadata.get("lock_version"), metadata.get("strategy")
    if not (isinstance(version, str) and version.startswith("4.")):
        msg = f"the lock is of version {version!r}, and only 4.x is known"
        raise Malformed(msg, document.line("metadata", "lock_version"))
    if not (isinstance(strategy, list) and _INHERITS in strategy):
        msg = f"the lock, of version {version}, does not state the groups of packages"
        step = f"write it again: {_COMMAND} --strategy {_INHERITS}"
        raise Malformed(msg, document.line("metadata", "strategy"), step)


def _rows(packages: Sequence[_Package], lines: Sequence[int]) -> list[Row]:
    """Return the rows; a package with extras has the files of the same package without."""
    entries: dict[tuple[str, str], Entry] = {}
    rows = []
    for one, line in zip(packages, lines, strict=True):
        name = name_of(one.name, line)
        version = version_of(one.version, name, line)
        entry = entries.setdefault((name, version), _entry(one, name, version, line))
        groups = {canonicalize_name(group): one.marker for group in one.groups}
        rows.append(Row(entry=entry, groups=groups, extras=normalized(one.extras)))
    return rows


def _entry(one: _Package, name: str, version: str, line: int) -> Entry:
    places = {"git": one.git, "Mercurial": one.hg, "Subversion": one.svn, "a path": one.path, "a URL": one.url}
    return Entry(
        name=name,
        version=version,
        line=line,
        hashes=hashes_of((file.hash for file in one.files), name, line),
        place=next((place for place, value in places.items() if value), ""),
    )


def _shut_out(source: Source, document: Settings, targets: Collection[_Target]) -> Iterator[Fault]:
    """Yield a fault for each target that is none of those that the lock was written for."""
    for target in source.targets if targets else ():
        if not any(_fits(one, target) for one in targets):
            what = f"the lock is for other targets than {target.name!r}, {target.tag}"
            step = f"lock for it too (pdm lock --append), or leave it out of targets in [sets.{source.set_name}]"
            yield document.fault(what, "metadata", "targets", next_step=step)


def _fits(one: _Target, target: Target) -> bool:
    bound = specifiers_of(one.requires_python) or SpecifierSet()
    if not bound.contains(target.release, prereleases=True):
        return False
    if one.implementation and one.implementation != target.environment.get("implementation_name"):
        return False
    if one.platform is None:
        return True
    system, _, rest = one.platform.partition("_")
    if _SYSTEMS.get(system) != target.environment.get("sys_platform"):
        return False
    if one.platform in {"windows_x86", "windows_i386"}:
        return "win32" in target.platforms
    machines = {"x86_64", "amd64"} if rest.endswith(("x86_64", "amd64")) else {rest.rpartition("_")[2] or rest}
    return any(platform.endswith(tuple(machines)) for platform in target.platforms)


def _default_groups(source: Source, known: Collection[str], project: Settings | None) -> Sequence[str] | None:
    """
    Return the groups that PDM installs; ``None`` if nothing says that.

    Without a choice these are all groups of the lock. Beside a choice of extras they are those that are no extras.
    """
    if source.choice.groups is not None:
        return source.choice.groups
    left = [name for name in known if canonicalize_name(name) not in normalized(source.choice.extras)]
    if not source.choice.extras or not {*left} - {_DEFAULT}:
        return left
    if project is None:
        return None
    extras = normalized(table_at(project.document, "project", "optional-dependencies"))
    return [name for name in left if canonicalize_name(name) not in extras]
