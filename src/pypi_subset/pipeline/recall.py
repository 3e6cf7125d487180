"""What a run recalls of earlier ones: the bytes of each file that was locked, and the version of each project."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from msgspec import structs
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.errors import LowerVersions
from pypi_subset.locks import diff, lockfile, memory
from pypi_subset.locks.beside import with_own_facts
from pypi_subset.locks.gone.reasons import Reasons
from pypi_subset.locks.why import lines_of
from pypi_subset.model.intake.sources import BUILD
from pypi_subset.packages.file_cache import status_of
from pypi_subset.packages.stock import require_one_content
from pypi_subset.targets.host import describe_host

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from pypi_subset.model.distributions import Artifact
    from pypi_subset.model.locks import Lock, Pin
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset
    from pypi_subset.model.targets import Target
    from pypi_subset.pipeline.relock import Relocked
    from pypi_subset.pipeline.workspace import Backend
    from pypi_subset.support.progress import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalled:
    """
    What is known of files from before.

    :param known: file name → SHA-256 of all that was ever locked, without what is to be forgotten.
    :param forgotten: the same of that.
    :param rebuilt: names of wheels in it that the user did not name: they were built again.
    """

    known: Mapping[str, str]
    forgotten: Mapping[str, str]
    rebuilt: frozenset[str] = frozenset()

    def lines(self, now: Mapping[str, str]) -> tuple[str, ...]:
        """Return a line for each forgotten file, with its hash before and *now*."""
        return tuple(
            f"{name}: {'built again, before' if name in self.rebuilt else 'forgotten'} sha256 {sha256}; "
            + (f"now sha256 {now[name]}" if name in now else "not locked now")
            for name, sha256 in sorted(self.forgotten.items())
        )


def recall(paths: Paths, before: Sequence[Lock], forget: Sequence[str] = ()) -> Recalled:
    """
    Return what is known of files, by the list of all that was ever locked and by the locks *before* this run.

    :raises LockError: that list is damaged, or a name to be forgotten is not on it.
    """
    everything = memory.named(before) | memory.read(paths.locks)
    unnamed = memory.unnamed(before)
    then = {name: min(unnamed[release]) for name in forget if (release := memory.release_of(name)) in unnamed}
    known = memory.without(then | everything, forget)
    return Recalled(known=known, forgotten={name: (then | everything)[name] for name in forget})


def compared(  # noqa: PLR0913 - what a run has, and what the user allows
    subset: Subset,
    paths: Paths,
    locked: Relocked,
    backend: Backend,
    progress: Progress,
    *,
    gone: Iterable[Lock] = (),
    forget: Sequence[str] = (),
    allowed: bool = False,
) -> tuple[Recalled, tuple[str, ...]]:
    """
    Return what is recalled, and a warning for each lower version, after comparing the new locks with it.

    :param gone: locks on disk that no job has any more.
    :param forget: names of files that may have other bytes than before.
    :param allowed: whether a lower version is accepted though the newer one is still offered.
    :raises HashMismatch: a file has other bytes than when it was locked, or for two targets.
    :raises LowerVersions: as `lowered`.
    """
    require_one_content(locked.locks)
    again = rebuilt(locked, forget)
    recalled = recall(paths, [*locked.before.values(), *gone], [*dict.fromkeys([*forget, *again])])
    recalled = replace(recalled, rebuilt=frozenset(again) - {*forget})
    memory.require_same(recalled.known, memory.named(locked.locks))
    if len(locked.reused) == len(locked.locks):
        # The index is not asked for what is reused.
        return recalled, ()
    targets = {job.name: job.target for job in subset.jobs}
    named = {one.name: one for one in targets.values()}

    reasons = Reasons(locked.before.values())

    def why_gone(project: str, version: Version, target: Target) -> str:
        offers, name = backend.index().upstream.on(target.name), canonicalize_name(project)
        return reasons.why(name, version, offers.candidates(name), target, offers.source_of(name))

    def gone_for_builds(project: str, version: Version, pin: Pin, target: str) -> str:
        # What is built once is for all targets; a kept sdist is built for its own.
        return why_gone(project, version, named[target] if pin.is_kept else describe_host(BUILD))

    said = lowered(locked, targets, why_gone, gone_for_builds, allowed=allowed)
    for sentence in said:
        progress.warn(sentence)
    return recalled, said


def write_own_facts(subset: Subset, paths: Paths, locked: Relocked, own: Mapping[str, Mapping[str, Any]]) -> Relocked:
    """Return *locked*, written again with facts as the fetched files have them, *own* as `with_own_facts` has it."""
    locks = tuple(with_own_facts(one, own) for one in locked.locks)
    for job, before, one in zip(subset.jobs, locked.locks, locks, strict=True):
        if one is not before:
            lockfile.write(one, paths.locks, target=job.target, packages=paths.packages)
    return replace(locked, locks=locks)


def with_sizes(artifacts: Iterable[Artifact], own: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """Return *own* with the size of each file of which a lock states another one: their hashes are right."""
    found = {name: dict(facts) for name, facts in own.items()}
    for one in artifacts:
        name, stated = one.distribution.filename, one.distribution.size
        if stated is not None and (size := status_of(one.path).st_size) != stated:
            found.setdefault(name, {})["size"] = size
    return found


def with_own(artifact: Artifact, own: Mapping[str, Mapping[str, Any]]) -> Artifact:
    """Return *artifact* with the facts that its file has."""
    one = artifact.distribution
    return replace(artifact, distribution=structs.replace(one, **own.get(one.filename, {})))


def rebuilt(locked: Relocked, forget: Collection[str] = ()) -> list[str]:
    """
    Return the names of wheels with other bytes since they were built again: the same sdist, other build requirements.

    :param forget: names of files that may have other bytes: an sdist among them may give another wheel.
    """
    then = {one.filename: one for lock in locked.before.values() for one in lock.distributions}
    found = []
    for one in (each for lock in locked.locks for each in lock.distributions):
        old = then.get(one.filename, one)
        if one.built and old.built and old.sha256 != one.sha256:
            same = old.built.sha256 == one.built.sha256
            accepted = old.built.requires != one.built.requires if same else old.built.filename in forget
            found += [one.filename] if accepted else []
    return found


def lowered(
    locked: Relocked,
    targets: Mapping[str, Target],
    why_gone: Callable[[str, Version, Target], str],
    builds: Callable[[str, Version, Pin, str], str],
    *,
    allowed: bool,
) -> tuple[str, ...]:
    """
    Return a sentence for each project that has a lower version than in the lock before, although its lines are the same.

    :param targets: the target of each job, by the job's name.
    :param why_gone: returns why a version of a project cannot be had for a target, ``""`` if it can.
    :param builds: returns why a version of a project cannot be had for a build on the target of a name, ``""`` if it can.
    :raises LowerVersions: the newer version is still offered, and that is not *allowed*.
    """
    said, refused = [], []
    for lock in locked.locks:
        before = locked.before.get(lock.name)
        if before is None or lock.name in locked.reused:
            continue
        limited = _is_limited_otherwise(before, lock)
        for project, old, new in _lower(before, lock):
            if lines_of(lock, project) - _requests(before) or lines_of(before, project) - _requests(lock):
                # A line that requires it was added, changed or removed.
                continue
            what = f"{lock.name}: {project} {old} -> {new}, a lower version"
            why = why_gone(project, old, targets[lock.name])
            if not why:
                why = _reasons(before, lock, why_gone, targets[lock.name]).get(project, "")
            if why:
                said.append(f"{what}: {old} {why}")
            elif limited:
                # Other constraints may ask for it.
                continue
            elif allowed:
                said.append(f"{what}, though {old} is still offered")
            else:
                refused.append(f"{what}, though no line that requires it changed and {old} is still offered")
        of_builds = [*lowered_builds(before, lock, builds, allowed=allowed)]
        refused += [sentence for sentence, is_refused in of_builds if is_refused]
        said += [sentence for sentence, is_refused in of_builds if not is_refused]
    if refused:
        raise LowerVersions(refused)
    return tuple(said)


def lowered_builds(
    before: Lock, after: Lock, why: Callable[[str, Version, Pin, str], str], *, allowed: bool
) -> Iterator[tuple[str, bool]]:
    """Yield a sentence for each lower version in the build of a release that both locks have, and whether it is refused."""
    then = {(pin.distribution.project, pin.distribution.version): pin for pin in before.pins}
    old_builds, new_builds = diff.builds(before), diff.builds(after)
    for pin in after.pins:
        one = pin.distribution
        if (one.project, one.version) not in then:
            continue
        old, new = _highest(old_builds.get(one.project, {})), _highest(new_builds.get(one.project, {}))
        changed = {name: version for name, version in old.items() if new.get(name) != version}
        lower = [name for name in sorted(changed) if name in new and new[name] < changed[name]]
        if not lower:
            continue
        causes = {
            name: cause for name, version in changed.items() if (cause := why(name, version, pin, after.target_name))
        }
        for name in lower:
            what = f"{after.name}: {name} {old[name]} -> {new[name]} to build {one.project}, a lower version"
            if name in causes:
                yield f"{what}: {old[name]} {causes[name]}", False
            elif causes:
                first = min(causes)
                yield f"{what}: {old[name]} follows {first} {old[first]}, which {causes[first]}", False
            elif allowed:
                yield f"{what}, though {old[name]} is still offered", False
            else:
                yield f"{what}, though {old[name]} is still offered", True


def _highest(own: Mapping[str, Iterable[str]]) -> dict[str, Version]:
    return {project: max(map(Version, versions)) for project, versions in own.items()}


def _is_limited_otherwise(before: Lock, after: Lock) -> bool:
    """Whether the constraints of the set or of the user are others than before, or its lines say it in another way."""
    old, new = before.inputs, after.inputs
    if old.requirement_set == new.requirement_set:
        return old.constraint != new.constraint
    # Something else than a request changed in the set.
    return old.constraint != new.constraint or _requests(before) == _requests(after)


def _requests(lock: Lock) -> set[str]:
    """Return the requests that a lock answers, as text."""
    return {reason.text for pin in lock.pins for reason in pin.reasons if not reason.by}


def _lower(before: Lock, after: Lock) -> Iterator[tuple[str, Version, Version]]:
    old, new = _versions(before), _versions(after)
    for project in sorted(old.keys() & new.keys()):
        if new[project] < old[project]:
            yield project, old[project], new[project]


def _reasons(
    before: Lock, after: Lock, why_gone: Callable[[str, Version, Target], str], target: Target
) -> dict[str, str]:
    """
    Return why projects of *before* have another version now, or none: their release, or that of a neighbour, cannot be had.

    A neighbour requires a project or is required by it, in one of the locks, and has another version as well.
    """
    old, new = _versions(before), _versions(after)
    changed = {project: version for project, version in old.items() if new.get(project) != version}
    near: dict[str, set[str]] = {}
    for pin in (*before.pins, *after.pins):
        for reason in pin.reasons:
            near.setdefault(pin.distribution.project, set()).add(reason.by)
            near.setdefault(reason.by, set()).add(pin.distribution.project)
    found = {project: why for project, version in changed.items() if (why := why_gone(project, version, target))}
    waiting = [(project, f"follows {project} {changed[project]}, which {why}") for project, why in found.items()]
    while waiting:
        project, why = waiting.pop()
        for other in sorted(near.get(project, set()) & (changed.keys() - found.keys())):
            found[other] = why
            waiting.append((other, why))
    return found


def _versions(lock: Lock) -> dict[str, Version]:
    """Return the highest version of each project of *lock*."""
    return {project: max(one.version for one in files.values()) for project, files in diff.releases(lock).items()}
