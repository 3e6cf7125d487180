"""What the pages for people show of each project and of each request, gathered from the locks once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import canonicalize_name

from pypi_subset.locks.why import closure, requires

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pypi_subset.locks.why import Requires
    from pypi_subset.model.distributions import Artifact, Project, Standing
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.manifest import Need
    from pypi_subset.model.requests import RequirementSet, Subset


class FileFacts(NamedTuple):
    """
    One file of a release.

    :param metadata: SHA-256 of METADATA, ``None`` for an sdist.
    :param source: name of the source in ``subset.toml``, ``None`` for the indexes of pip.
    :param built: of a wheel that was built, the name of its sdist, else ``None``.
    :param targets: names of the targets that need it, sorted.
    """

    filename: str
    size: int
    sha256: str
    metadata: str | None
    requires_python: str | None
    uploaded: str | None
    source: str | None
    built: str | None
    targets: tuple[str, ...]


class ReleaseFacts(NamedTuple):
    """
    One release.

    :param yanked: why files of it were yanked (PEP 592), ``None`` if none was.
    :param uploaded: the day of its first upload, ``yyyy-mm-dd``, ``""`` if that is unknown.
    """

    version: str
    yanked: str | None
    uploaded: str
    files: tuple[FileFacts, ...]

    @property
    def targets(self) -> list[str]:
        """The names of the targets that need a file of it, sorted."""
        return sorted({name for one in self.files for name in one.targets})


class Step(NamedTuple):
    """One requirement: the project at its other end, its text, and the names of the targets where it counts, sorted."""

    project: str
    requirement: str
    targets: tuple[str, ...]


class Chain(NamedTuple):
    """
    Why a project is there: the requirements from a request to it.

    :param page: the set and the requested project.
    :param origin: file name and line of the request.
    :param links: each requirement, with the project that it is about.
    """

    page: tuple[str, str]
    origin: str
    links: tuple[tuple[str, str], ...]
    targets: tuple[str, ...]


class ProjectFacts(NamedTuple):
    """Everything that the page of a project shows, newest release first, but for its README."""

    name: str
    standing: Standing | None
    releases: tuple[ReleaseFacts, ...]
    requires: tuple[Step, ...]
    required_by: tuple[Step, ...]
    chains: tuple[Chain, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for one in self.releases for file in one.files)

    @property
    def targets(self) -> list[str]:
        """The names of the targets that need a file of it, sorted."""
        return sorted({name for one in self.releases for name in one.targets})

    @property
    def described_by(self) -> FileFacts | None:
        """The file whose METADATA describes the project: the first wheel of the newest release that has one."""
        return next((file for one in self.releases for file in one.files if file.metadata), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFacts:
    """
    Everything that the page of a request shows.

    :param lines: requirement and origin of each line of the set that requests the project.
    :param targets: each target of the set, with the locked versions, ``()`` where the project is not locked.
    :param steps: requiring project (``""``: the set), required project, requirement and targets, sorted.
    :param versions: of each project that it brings, each version with its targets.
    """

    set_name: str
    project: str
    lines: tuple[tuple[str, str], ...]
    targets: tuple[tuple[str, tuple[str, ...]], ...]
    steps: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    versions: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]


def users_of(locks: Iterable[Lock]) -> dict[str, set[str]]:
    """Return the names of the targets that need each file."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for lock in locks:
        for one in lock.distributions:
            users[one.filename].add(lock.target_name)
    return users


def projects_of(
    locks: Sequence[Lock], projects: Sequence[Project], needs: Mapping[str, Sequence[Need]]
) -> list[ProjectFacts]:
    """
    Return what is shown of each project.

    :param needs: the `manifest.needs_of` the locks.
    """
    users, (requiring, required) = users_of(locks), _steps(locks)
    return [
        ProjectFacts(
            name=project.name,
            standing=project.standing,
            releases=_releases(project.artifacts, users),
            requires=_sorted(requiring.get(project.name, {})),
            required_by=_sorted(required.get(project.name, {})),
            chains=_chains(project, needs),
        )
        for project in projects
    ]


def requests_of(subset: Subset, locks: Sequence[Lock]) -> list[RequestFacts]:
    """Return what is shown of each project that a set requests, sorted by set and project."""
    by_set: defaultdict[str, list[Lock]] = defaultdict(list)
    for lock in sorted(locks, key=lambda one: one.target_name):
        by_set[lock.set_name].append(lock)
    targets = {one.name: one for one in subset.targets}
    found = []
    for one in sorted(subset.sets, key=lambda each: each.name):
        own = by_set[one.name]
        steps = {lock.target_name: requires(lock, targets[lock.target_name]) for lock in own}
        pinned = {lock.target_name: _pinned(lock) for lock in own}
        names = sorted({canonicalize_name(each.requirement.name) for each in one.requests})
        found += [_request(one, project, own, steps, pinned) for project in names]
    return found


def _request(
    one: RequirementSet,
    project: str,
    locks: Sequence[Lock],
    steps: Mapping[str, Requires],
    pinned: Mapping[str, Mapping[str, tuple[str, ...]]],
) -> RequestFacts:
    brought: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    versions: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for lock in locks:
        name = lock.target_name
        reasons = {reason for pin in lock.pins if pin.distribution.project == project for reason in pin.reasons}
        for reason in (each for each in reasons if not each.by):
            brought["", project, reason.text].add(name)
            for by, step, required in closure(steps[name], reason):
                brought[by, required, step.text].add(name)
        for _, required, _ in [key for key, names in brought.items() if name in names]:
            for version in pinned[name].get(required, ()):
                versions[required][version].add(name)
    return RequestFacts(
        set_name=one.name,
        project=project,
        lines=tuple(
            (str(each.requirement), each.origin)
            for each in one.requests
            if canonicalize_name(each.requirement.name) == project
        ),
        targets=tuple((lock.target_name, pinned[lock.target_name].get(project, ())) for lock in locks),
        steps=tuple(sorted((*key, tuple(sorted(names))) for key, names in brought.items())),
        versions=tuple(
            (name, tuple((version, tuple(sorted(names))) for version, names in sorted(held.items())))
            for name, held in sorted(versions.items())
        ),
    )


def _pinned(lock: Lock) -> dict[str, tuple[str, ...]]:
    """Return the locked versions of each project."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for pin in lock.pins:
        found[pin.distribution.project][str(pin.distribution.version)] = None
    return {name: tuple(versions) for name, versions in found.items()}


_Steps = defaultdict[str, defaultdict[tuple[str, str], set[str]]]


def _steps(locks: Iterable[Lock]) -> tuple[_Steps, _Steps]:
    """Return what each project requires, and by what each is required: project and requirement, with the targets."""
    requiring: _Steps = defaultdict(lambda: defaultdict(set))
    required: _Steps = defaultdict(lambda: defaultdict(set))
    for lock in locks:
        for pin in lock.pins:
            project = pin.distribution.project
            for reason in pin.reasons:
                if reason.by:
                    by = canonicalize_name(reason.by)
                    requiring[by][project, reason.text].add(lock.target_name)
                    required[project][by, reason.text].add(lock.target_name)
            for one in pin.build:
                text = f"{one.project}=={one.version} (to build it)"
                requiring[project][one.project, text].add(lock.target_name)
                required[one.project][project, text].add(lock.target_name)
    return requiring, required


def _sorted(steps: Mapping[tuple[str, str], set[str]]) -> tuple[Step, ...]:
    return tuple(Step(project, text, tuple(sorted(names))) for (project, text), names in sorted(steps.items()))


def _releases(artifacts: Sequence[Artifact], users: Mapping[str, set[str]]) -> tuple[ReleaseFacts, ...]:
    """Return the releases, newest first; *artifacts* has the oldest first."""
    groups = [[*group] for _, group in groupby(artifacts, key=lambda one: one.distribution.version)]
    return tuple(_release(group, users) for group in reversed(groups))


def _release(artifacts: Sequence[Artifact], users: Mapping[str, set[str]]) -> ReleaseFacts:
    distributions = [one.distribution for one in artifacts]
    reasons = {one.yanked for one in distributions if one.yanked is not None}
    return ReleaseFacts(
        version=str(distributions[0].version),
        yanked="; ".join(sorted(filter(None, reasons))) if reasons else None,
        uploaded=min((one.upload_time for one in distributions if one.upload_time), default="")[:10],
        files=tuple(_file(one, users) for one in artifacts),
    )


def _file(artifact: Artifact, users: Mapping[str, set[str]]) -> FileFacts:
    one = artifact.distribution
    return FileFacts(
        filename=one.filename,
        size=one.size or 0,
        sha256=one.sha256 or "",
        metadata=artifact.metadata,
        requires_python=one.requires_python,
        uploaded=one.upload_time,
        source=one.source,
        built=one.built.filename if one.built else None,
        targets=tuple(sorted(users.get(one.filename, ()))),
    )


def _chains(project: Project, needs: Mapping[str, Sequence[Need]]) -> tuple[Chain, ...]:
    """Return each chain to a file of *project* once, with all its targets; the shortest first."""
    found: defaultdict[tuple[str, str, tuple[str, ...]], set[str]] = defaultdict(set)
    by: dict[tuple[str, ...], tuple[str, ...]] = {}
    for artifact in project.artifacts:
        for need in needs.get(artifact.distribution.filename, ()):
            texts = tuple(link.requirement for link in need.chain)
            # Each requirement is about the project that the next one is stated by.
            by[texts] = (*(link.by for link in need.chain[1:]), project.name)
            found[need.set_name, need.chain[0].origin, texts].add(need.target)
    return tuple(
        Chain(
            page=(set_name, canonicalize_name(by[texts][0])),
            origin=origin,
            links=tuple(zip(texts, by[texts], strict=True)),
            targets=tuple(sorted(names)),
        )
        for (set_name, origin, texts), names in sorted(found.items(), key=lambda item: (len(item[0][2]), item[0]))
    )
