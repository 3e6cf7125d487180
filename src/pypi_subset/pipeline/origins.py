"""Where locked projects come from: named sources, several indexes of pip's, or elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.errors import HashMismatch, NoSolution, UpstreamError
from pypi_subset.locks.gone.look import files_of
from pypi_subset.model.intake.rules import MIN_AGE
from pypi_subset.policy.age import MinAge
from pypi_subset.policy.untimed import sentence_of
from pypi_subset.requirements.tools.finding import may_hold
from pypi_subset.upstream.pip_config import without_credentials
from pypi_subset.upstream.places.unusable import DAMAGED, LEFT_OUT, TWO_CONTENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pypi_subset.model.intake.sources import Sources
    from pypi_subset.model.intake.verdicts import Denied, Untimed, Unusable
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Job, Subset
    from pypi_subset.packages.file_cache import FileCache
    from pypi_subset.upstream.pages import Pages

#: Names that are shown.
_SHOWN = 3


def from_elsewhere(subset: Subset, job: Job, lock: Lock) -> str:
    """Return which project of *lock* comes from another source now, ``""`` if none does."""
    for pin in lock.pins:
        one = pin.distribution
        source = subset.sources.source_of(one.project, job.target.name)
        # A wheel that was laid in requirements/wheels may be gone: packages/ has it.
        if source is None or (one.source is None and source.is_open):
            continue
        if one.source not in {each.name for each in source.chain}:
            return f"{one.project} comes from [sources.{source.name}] now"
    return ""


def require_as_locked(sources: Sources, locks: Iterable[Lock], forget: Collection[str], cache: FileCache) -> None:
    """
    Return if each file of a local source has the bytes that it had when it was locked, as far as it is still there.

    The sdists of built wheels count, and what was required to build them.

    :param forget: names of files that may have other bytes.
    :param cache: hashes of files that did not change since.
    :raises HashMismatch: one was rebuilt under the same version.
    """
    folders = {one.name: one.wheels for one in sources.named if one.wheels is not None}
    locked = (one.offered for lock in locks for one in files_of(lock))
    pinned = {one.filename: one for one in locked if one.url is None}
    for name, one in sorted(pinned.items()):
        folder = folders.get(one.source or "")
        path = folder / name if folder is not None else None
        if path is None or name in forget or not path.is_file():
            continue
        if (found := cache.sha256(path)) != one.sha256:
            msg = f"{name} was rebuilt since it was locked: sha256 {found} now, {one.sha256} then"
            step = f"give the new one another version, or run `pypi-subset update --forget {name}`"
            raise HashMismatch(msg, project=one.project, path=folder, next_step=step)


def open_to_the_index(sources: Sources, locks: Iterable[Lock]) -> list[str]:
    """Return a sentence for each source that allows pip's indexes besides, with the locked projects that it concerns."""
    found: dict[str, set[str]] = {one.name: set() for one in sources.named}
    for project, target in ((pin.distribution.project, lock.target_name) for lock in locks for pin in lock.pins):
        source = sources.source_of(project, target)
        if source is not None and source.is_open:
            found[source.name].add(project)
    return [
        f"[sources.{name}] has only = false: a higher version on the index is taken for "
        f"{', '.join(sorted(own)[:_SHOWN])}{', …' if len(own) > _SHOWN else ''}, also if another project has that name there"
        for name, own in found.items()
        if own
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """
    What the indexes answered about the projects that were resolved.

    :param untimed: what they have without upload times, and a rule left out.
    :param cut_by: the setting that left these out.
    :param denied: pages that they did not show.
    :param unusable: files with a fault, which count only if a target would take them.
    :param on_several_indexes: projects that more than one index of pip's configuration has, sorted.
    """

    untimed: tuple[Untimed, ...] = ()
    cut_by: str = MIN_AGE
    denied: tuple[Denied, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    on_several_indexes: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """What is said of it."""
        shared = on_several_indexes(self.on_several_indexes)
        untimed = (sentence_of(one, self.cut_by) for one in self.untimed)
        return [*untimed, *denial_lines(self.denied), *unusable_lines(self.unusable), *([shared] if shared else [])]


def asked_of(pages: Pages, build: Collection[str]) -> Asked:
    """
    Return what was answered for *pages*.

    :param build: projects whose sdists are built.
    """
    return Asked(
        cut_by=next((rule.stated for rule in pages.judge.rules if isinstance(rule, MinAge)), MIN_AGE),
        untimed=pages.untimed.found(build),
        denied=pages.denials.found(),
        unusable=pages.unusable.found(),
        on_several_indexes=tuple(sorted(pages.shared)),
    )


def on_several_indexes(projects: Collection[str]) -> str:
    """Return a sentence about *projects* that more than one index of pip's configuration has, ``""`` without any."""
    if not projects:
        return ""
    names = sorted(projects)
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    one = len(names) == 1
    return (
        f"note: {len(names)} {'project is' if one else 'projects are'} on more than one index of pip's configuration, "
        f"where the newest release counts: {', '.join(names[:_SHOWN])}{rest}; [sources.NAME] in subset.toml names one index"
    )


def denial_lines(found: Iterable[Denied]) -> list[str]:
    """Return a line for each index and status, with the number of projects that it does not show and the first of them."""
    return [
        f"note: {one.index} answered {one.status} for {len(one.projects)} project{'s' * (len(one.projects) != 1)} "
        f"({', '.join(one.projects[:_SHOWN])}{', …' if len(one.projects) > _SHOWN else ''}), which count as absent there: "
        "see who may read these pages"
        for one in found
    ]


def unusable_lines(found: Iterable[Unusable]) -> list[str]:
    """Return a line for each index and fault, and one for what is left out, with the number of files and the first of them."""
    found = [*found]
    faults = {DAMAGED: "a damaged entry", TWO_CONTENTS: "other bytes on another index"}
    lines = [
        f"note: {one.index} has {_files(one.files, one.first)} with {faults[one.fault]}, which counts only if "
        "a target would take the file"
        for one in found
        if one.fault != LEFT_OUT
    ]
    if others := [one for one in found if one.fault == LEFT_OUT]:
        count, names = sum(one.files for one in others), sorted({name for one in others for name in one.first})
        places = " and ".join(one.index for one in others)
        lines.append(
            f"note: first_source_wins leaves out {_files(count, names)} of {places}: "
            "the first source has other bytes of the same name"
        )
    return lines


def _files(count: int, first: Sequence[str]) -> str:
    """Return how many files there are, with the names of the first."""
    shown = ", ".join(first[:_SHOWN]) + ", …" * (count > len(first[:_SHOWN]))
    return f"{count} file{'s' * (count != 1)} ({shown})"


def require_open(pages: Pages, ignored: Collection[str]) -> None:
    """
    Refuse an index that answered 403 to all that was asked, if another index has one of these projects.

    What is taken from there may be another project of that name (dependency confusion).

    :param ignored: URLs of indexes whose 403 means an absent project.
    :raises UpstreamError: there is such an index.
    """
    for index, elsewhere in pages.denials.closed().items():
        shown, names = without_credentials(index), [*elsewhere]
        if not {index, shown}.isdisjoint(ignored):
            continue
        rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        msg = (
            f"{shown}, from {pages.owner(index)}, answered 403 to all requests, also for its root; "
            f"{without_credentials(elsewhere[names[0]])} has {', '.join(names[:_SHOWN])}{rest}, perhaps another project"
        )
        step = (
            "let this machine read that index (its credentials, its list of addresses), or remove it; if 403 means "
            f'absent there, write ignore_403 = ["{shown}"] below [policy] in subset.toml'
        )
        raise UpstreamError(msg, project=names[0], next_step=step)


def require_index(job: Job, found: Lock) -> None:
    """
    Refuse a project of the index whose name the set takes from elsewhere: it may be another project (dependency confusion).

    :raises NoSolution: *found* has such a project.
    """
    stated = job.requirement_set.elsewhere
    places = {name: place for name, place, marker in stated if may_hold(marker or None, job.target)}
    for pin in found.pins:
        if place := places.get(pin.distribution.project):
            project, path = pin.distribution.project, job.requirement_set.path
            msg = f"{project} comes from {place} for {path}, and the index has a project of that name"
            seen = [f"{reason.by or reason.origin} requires {reason.text}" for reason in pin.reasons]
            step = "name an export of the lock as source, without what requires it; or offer it on an index, and drop that table"
            raise NoSolution(
                msg,
                target=job.target.name,
                set_name=job.requirement_set.name,
                project=project,
                seen=seen,
                next_step=step,
            )
