"""What keeps a release from being chosen that is newer than the one of the lock, and what changes that."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from pypi_subset.errors import SubsetError
from pypi_subset.model.locks import Outdated
from pypi_subset.requirements.source import is_lock
from pypi_subset.resolve.explain.obstacles import Inspector
from pypi_subset.resolve.explain.older.satisfiable import Search, held_of
from pypi_subset.resolve.explain.refused import letting_in
from pypi_subset.resolve.explain.rejections import admits, fits, obstacle, refusal, suits
from pypi_subset.resolve.explain.sentences import step_of, way_to, why_of
from pypi_subset.resolve.explain.stated import pinned_of, rivals_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.intake.verdicts import Verdict
    from pypi_subset.model.locks import Lock, Pin
    from pypi_subset.model.targets import Target
    from pypi_subset.resolve.explain.obstacles import Asking
    from pypi_subset.resolve.explain.sentences import Shelves


#: Why a set with ``--pre`` has a pre-release.
OF_SET = "the set takes pre-releases"
#: What is said where nothing is in the way of a newer release, as far as is known: of a lock that was not made in this run.
UNTRIED = "the lock was made without it"
#: The same of a lock that was made in this run.
UNKNOWN = "what it requires itself does not go with the rest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """
    What there is to judge by.

    :param limits: the constraints that hold for all sets.
    :param kept: names of the locks that were not resolved in this run.
    """

    offers: Shelves
    limits: Sequence[str]
    kept: frozenset[str] = frozenset()

    def candidates(self, project: NormalizedName) -> tuple[Candidate, ...]:
        """Return what the sources have of *project*."""
        return self.offers.candidates(project)

    def newest(self, project: NormalizedName) -> Version | None:
        """Return the newest final release of *project* that was not yanked; ``None`` without one."""
        return self.offers.newest(project)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """
    One pin, with the target at the first patch level that gets it.

    :param lines: by project what the user asks for: lines of the set, its constraints, those of pip's configuration.
    :param pre: whether the set takes pre-releases as any release.
    """

    pin: Pin
    lock: Lock
    target: Target
    lines: Mapping[NormalizedName, Sequence[Asking]]
    pre: bool = False

    def finding(self, newest: Version | None, why: str, candidates: Iterable[Candidate], **more: Any) -> Outdated:
        """Return the finding about this pin."""
        one = self.pin.distribution
        days = {each.distribution.version: (each.distribution.upload_time or "")[:10] for each in candidates}
        return Outdated(
            set=self.lock.set_name,
            target=self.lock.target_name,
            project=one.project,
            version=str(one.version),
            newest="" if newest is None else str(newest),
            why=why,
            uploaded=(one.upload_time or days.get(one.version, ""))[:10],
            newest_uploaded="" if newest is None else days.get(newest, ""),
            requested=self.pin.requested,
            **more,
        )


def why_older(
    newer: Mapping[Version, Sequence[Candidate]], case: Case, known: Known, *, requested: bool
) -> tuple[str, str, bool]:
    """
    Return why none of the *newer* releases was chosen, what changes that, and whether lines of the user's own alone do it.

    Where these admit some of them, the newest that they admit is explained: the line is not what is in its way.

    :param requested: whether a line that admits none of them is cause enough.
    """
    lines = case.lines.get(case.pin.distribution.project, ())
    excluding = [(who, one) for who, one in lines if not admits(one, max(newer))]
    admitted = {version: files for version, files in newer.items() if all(admits(one, version) for _, one in lines)}
    if excluding and admitted:
        cause, step, own = cause_of(admitted, case, known)
        return f"{excluding[0][0]} admits {max(admitted)} at most: {cause}", step, own
    if excluding and requested:
        return *stated_by(*excluding[0]), True
    return cause_of(newer, case, known)


def stated_by(who: str, one: Requirement) -> tuple[str, str]:
    """Return cause and remedy where a line excludes a release."""
    document = who.partition(":")[0]
    step = f"lock again: {document} pins it" if is_lock(Path(document)) else f"change {who}"
    return f"{who} asks for {one.name}{one.specifier}", step


def cause_of(releases: Mapping[Version, Sequence[Candidate]], case: Case, known: Known) -> tuple[str, str, bool]:
    """
    Return what keeps the newest release from being chosen, what changes that, and whether the user's own line does.

    If it does not fit, the text also says what is against the newest release that fits.
    """
    newest = max(releases)
    lines = case.lines.get(case.pin.distribution.project, ())
    own = any(not admits(one, newest) for _, one in lines)
    unfit = unfit_of(releases[newest], case.target)
    fitting = [version for version, files in releases.items() if not unfit_of(files, case.target)]
    if not fitting:
        if refusal(releases[newest], case.target):
            return unfit, way_to(releases[newest], case.target, known.offers), True
        return unfit, way_to(releases[newest], case.target, known.offers), own
    if license_ := _license_of(releases[max(fitting)], case, known):
        why = f"{unfit}; {max(fitting)} fits, but {license_.sentence}" if unfit else license_.sentence
        return why, letting_in(license_), True
    why, step = _against(max(fitting), releases[max(fitting)], case, known)
    # A pin may keep away what the newest release, which has no wheel here, has nothing to do with.
    return f"{unfit}; {max(fitting)} fits, but {why}" if unfit else why, step, own


def _license_of(files: Sequence[Candidate], case: Case, known: Known) -> Verdict | None:
    """Return why the licence of a release that fits is refused; ``None`` if it is not, or cannot be read."""
    one = next((each for each in files if suits(each, case.target) and not each.verdicts), None)
    with contextlib.suppress(SubsetError):
        return None if one is None else known.offers.license_refusal(one)
    return None


def unfit_of(files: Sequence[Candidate], target: Target) -> str:
    """What of a release itself, tags, Requires-Python or policy, shuts out the target; ``""`` if nothing does."""
    reason = obstacle(files, target)
    return (
        reason
        if refusal(files, target) or reason.startswith("Requires-Python") or not any(fits(one, target) for one in files)
        else ""
    )


def _against(version: Version, files: Sequence[Candidate], case: Case, known: Known) -> tuple[str, str]:
    """Return what keeps a release that fits from being chosen, and what changes that."""
    project = case.pin.distribution.project
    for who, one in case.lines.get(project, ()):
        if not admits(one, version):
            return stated_by(who, one)
    rivals = rivals_of(case.lock, case.target, project)
    for who, one in rivals.get(project, ()):
        if not admits(one, version):
            return stated_by(who, one)[0], _wanted(version, case, known)
    for rival in ({}, rivals):
        inspector = Inspector(
            target=case.target,
            offers=known.offers,
            pre=case.pre,
            limits=case.lines,
            rivals=rival,
            pinned=pinned_of(case.lock, case.target, project),
        )
        found = inspector.inside(project, files, frozenset(case.pin.extras))
        if found is not None:
            step = step_of(found, case.target, known.offers) or (
                _wanted(version, case, known) if found.kind == "clash" else ""
            )
            return why_of(found, project, case.target, known.offers), step
    if case.lock.name in known.kept:
        return UNTRIED, "run `pypi-subset update`, which takes it if the rest allows"
    return UNKNOWN, _wanted(version, case, known)


def _wanted(version: Version, case: Case, known: Known) -> str:
    """Return how the user says that the newer release matters more than what excludes it: only what has a solution."""
    project = case.pin.distribution.project
    line = next(((one.origin, one.requirement) for one in case.pin.reasons if not one.by), None)
    if line is None:
        return ""
    wanted = Requirement(f"{line[1].name}{_extras(line[1])}>={version}")
    asked, held = held_of(case.lock, case.target)
    own = {who for who, _ in asked}
    limits = {name: [one for one in those if one[0] not in own] for name, those in case.lines.items()}
    search = Search(
        inspector=Inspector(target=case.target, offers=known.offers, limits=limits, pre=case.pre),
        locked={name: one for name, one in held.items() if name != project},
    )
    ways = []
    if search.solves([*asked, (line[0], wanted)]):
        # Other projects get lower versions then.
        ways.append(f"write '{wanted}' in {line[0]} and run `pypi-subset update --allow-downgrade`")
    if len(own) > 1 and search.solves([(line[0], wanted)]):
        ways.append("put it into a set of its own")
    return ", or ".join(ways)


def _extras(requirement: Requirement) -> str:
    return f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""


def accepting(case: Case) -> str:
    """How the user says that the pre-release is meant; ``""`` where no line requests the project."""
    one, origin = case.pin.distribution, next((one.origin for one in case.pin.reasons if not one.by), "")
    return f"write '{one.project}=={one.version}' in {origin} if it is meant" if origin else ""
