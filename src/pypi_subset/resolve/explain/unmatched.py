"""The error about a project of which no release can be had: what was seen of it, and the ways out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pypi_subset.model.intake.rules import YANKED
from pypi_subset.model.intake.verdicts import Verdict
from pypi_subset.resolve.explain.alternatives import settled, versions_for, way_out
from pypi_subset.resolve.explain.hashes import no_solution
from pypi_subset.resolve.explain.obstacles import is_pinned, joined_of
from pypi_subset.resolve.explain.refused import admitted_from, letting_in, reason_of, refusals, way_in
from pypi_subset.resolve.explain.rejections import (
    SHOWN,
    admits,
    allows,
    by_release,
    few,
    fits,
    is_here,
    obstacle,
    tag_list,
)
from pypi_subset.resolve.explain.sentences import BARE, admitted_by, build_of, in_settings, newest_sdist, there

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.requirements import Requirement
    from packaging.utils import NormalizedName

    from pypi_subset.errors import NoSolution
    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.requests import Job
    from pypi_subset.model.targets import Target
    from pypi_subset.resolve.explain.obstacles import Asking
    from pypi_subset.upstream.offers import TargetOffers


_INDEXES = ", and pip's 'index-url'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """The projects that pip was offered, and why it passed over a release, by project and version."""

    upstream: TargetOffers
    unreadable: Mapping[tuple[str, Version], str]


def unmatched(
    asking: Sequence[Asking],
    job: Job,
    known: Known,
    *,
    origin: str,
    requests: Sequence[str],
    damaged: Mapping[Version, str],
) -> NoSolution:
    """
    Return the error about a project of which no release that *asking* admits can be had.

    :param origin: who requires it, where that is not the first of *asking* alone.
    :param requests: the lines that lead to it.
    :param damaged: why metadata of a version cannot be read.
    """
    requirement, target = joined_of(asking), job.target
    requirement.marker = None
    project = canonicalize_name(requirement.name)
    where = f"{requirement}{f' (required by {origin})' if origin else ''}"
    gap = _Gap(job=job, project=project, where=where, requests=requests)
    candidates = known.upstream.candidates(project)
    lost = _vanished(requirement, project, gap, known)
    if not candidates:
        return lost or _absent(project, gap, known)
    releases = by_release(candidates)
    allowed = {version: files for version, files in releases.items() if admits(requirement, version)}
    if not allowed:
        what = f"no release satisfies it, the newest is {max(releases)}"
        return lost or gap.error(what, _other_version(asking, requirement))
    # Pre-releases count only where there is nothing else, as for pip.
    shown = admitted_by(asking, candidates)
    unread = {version: why for (name, version), why in known.unreadable.items() if name == project and version in shown}
    unread = {**damaged, **unread}
    seen = [
        f"{version}: {unread.get(version) or obstacle(files, target)}"
        for version, files in sorted(shown.items(), reverse=True)
    ]
    files = [candidate for files in allowed.values() for candidate in files]
    loosened = _loosened(asking, [one for one in candidates if one.distribution.version not in allowed], target)
    if unread:
        step = loosened or "ask for another version, and report this one to its project"
        return gap.error(f"pip cannot read the metadata of what fits {target.tag}", step, seen)
    if (barred := _barred(requirement, gap, (shown, allowed), loosened, seen)) is not None:
        return barred
    # With hashes on its line no wheel that is built later has one of them.
    hashed = next((one.origin for one in job.requirement_set.requests if one.hashes and one.origin in requests), "")
    newest = max(shown)
    if all(candidate.tags is None for candidate in shown[newest]):
        what = "there are" if loosened else "the project offers"
        if any(candidate.tags is not None for candidate in files):
            what = f"no wheel fits {target.tag}, {newest} has"
        build = build_of(files, target, known.upstream)
        built = f"{in_settings(project)}{f', or build the wheel: {build}' if build else ''}"
        step = "; or ".join(filter(None, (loosened, built)))
        if hashed:
            step += f"; then write the hash of that wheel in {hashed}"
        sdist = None if hashed or (loosened and ":" in asking[0][0]) else _release(files, target, known)
        return gap.error(f"{what} sdists only, and a subset holds wheels", step, seen, sdist=sdist)
    step = way_out(files, target, loosened, there(files, target, known.upstream))
    return gap.error(f"no wheel fits {target.tag}", step, seen, _existing(shown, target))


def _barred(
    requirement: Requirement,
    gap: _Gap,
    releases: tuple[Mapping[Version, Sequence[Candidate]], Mapping[Version, Sequence[Candidate]]],
    loosened: str,
    seen: Sequence[str],
) -> NoSolution | None:
    """Return the error about releases that the policy refuses, or that were yanked; ``None`` if something else bars them."""
    (shown, allowed), target = releases, gap.job.target
    pre = gap.job.requirement_set.pre or bool(requirement.specifier.prereleases)
    if (kept_away := refusals(allowed, target, pre=pre)) is not None:
        newest, one = kept_away
        step, version = way_in(one, until=admitted_from(allowed, target, pre=pre)), one.distribution.version
        own = "; or ".join(filter(None, (step, loosened)))
        if one.distribution.yanked is not None and not is_pinned(requirement):
            step = f"write '{requirement.name}=={version}' in the set, for pip takes no yanked release else; and {step}"
        ways = "; or ".join(filter(None, (step, loosened)))
        error = gap.error(f"the policy refuses {newest.distribution.version}: {reason_of(newest)}", ways, seen)
        error.refused, error.step_of_build = tuple(dict.fromkeys(each.rule for each in newest.verdicts)), own
        return error
    if what := _yanked(shown, target):
        files = [one for files in allowed.values() for one in files]
        left = [one for one in files if one.distribution.yanked is None and one.tags is not None]
        others = [loosened, way_out(left, target) if left else ""]
        ways = "; or ".join(filter(None, [_named(requirement, shown, target), *others]))
        error = gap.error(what, ways or "ask for another version", seen)
        error.step_of_build = "; or ".join(filter(None, [_accepted(shown, target), *others]))
        return error
    return None


def _vanished(requirement: Requirement, project: NormalizedName, gap: _Gap, known: Known) -> NoSolution | None:
    """Return the error about a locked release that is gone and would satisfy *requirement*; ``None`` without one."""
    fitting = [one for one in known.upstream.vanished(project) if admits(requirement, one.version)]
    if not fitting:
        return None
    one = fitting[0]
    error = gap.error(f"{one.version}, which was locked, is not taken: {one.sentence}", letting_in(one))
    error.refused = (one.rule,)
    return error


def _absent(project: NormalizedName, gap: _Gap, known: Known) -> NoSolution:
    """Return the error about a project that has no file."""
    if known.upstream.wheel_variants(project):
        step = "ask for a release with other wheels; `plan` counts the wheel variants"
        return gap.error(f"{project} has wheel variants alone (PEP 825, a draft), which pip does not install yet", step)
    if (quarantine := known.upstream.quarantine(project)) is None:
        source = known.upstream.source_of(project)
        own = known.upstream.lost_file(project) or known.upstream.is_private(project) or (source and not source.is_open)
        if denied := known.upstream.denied(project):
            step = f"see who may read it, or check the spelling{'' if own else _INDEXES}"
            return gap.error(f"no index shows a project {project}: {denied}", step)
        if own:
            # No index of pip's configuration was asked, and `with_source` says what can be done.
            return gap.error(
                f"its source has no file of {project}" if source else f"no source has a file of {project}", ""
            )
        doubt = known.upstream.doubt(project, moved=True)
        if bare := known.upstream.bare(project):
            step = f"{BARE}; or put a wheel of your own into requirements/wheels"
            may_be = ", and may be none of an index" if doubt else ""
            return gap.error(f"the page of {project} at {bare} lists no file of it{may_be}", step)
        step = f"{known.upstream.spelling}; or put a wheel of your own into requirements/wheels"
        return gap.error(f"no index has a project {project}{f': {doubt}' if doubt else ''}", step)
    why = f" ({quarantine.reason})" if quarantine.reason else ""
    return gap.error(f"{project} is in quarantine{why}", "do without it: it may do harm")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Gap:
    """What all errors about one requirement have in common."""

    job: Job
    project: str
    where: str
    requests: Sequence[str]

    def error(
        self,
        what: str,
        step: str,
        seen: Sequence[str] = (),
        existing: Iterable[str] = (),
        sdist: tuple[str, str] | None = None,
    ) -> NoSolution:
        """Return the error that says *what*, with the newest releases of *seen*."""
        tags = [*existing]
        most = SHOWN - len(tags)
        older = [f"and {len(seen) - most} older releases"] if len(seen) > most else []
        return no_solution(
            self.job,
            f"{self.where}: {what}",
            project=self.project,
            seen=[*seen[:most], *older, *tags],
            next_step=step,
            requests=self.requests,
            sdist=sdist,
        )


def _yanked(shown: Mapping[Version, Sequence[Candidate]], target: Target) -> str:
    """Return what to say where all that could be taken was yanked (PEP 592); ``""`` if that is not the cause."""
    every = [one for files in shown.values() for one in files]
    if all(one.distribution.yanked is not None for one in every):
        return "all releases were yanked" if len(shown) > 1 else f"{next(iter(shown))} was yanked"
    return f"all that fits {target.tag} was yanked" if _withdrawn(shown, target) else ""


def _withdrawn(shown: Mapping[Version, Sequence[Candidate]], target: Target) -> list[Version]:
    """Return the yanked releases that *target* could have, newest first."""
    return [
        version
        for version, files in sorted(shown.items(), reverse=True)
        if any(
            one.distribution.yanked is not None
            and not one.verdicts
            and fits(one, target)
            and allows(one.distribution.requires_python, target.release)
            for one in files
        )
    ]


def _named(requirement: Requirement, shown: Mapping[Version, Sequence[Candidate]], target: Target) -> str:
    """Return the line that takes a yanked release, ``""`` if none fits: pip takes one only if ``==`` names it."""
    versions = _withdrawn(shown, target)
    return f"write '{requirement.name}=={versions[0]}' in the set to take it all the same" if versions else ""


def _accepted(shown: Mapping[Version, Sequence[Candidate]], target: Target) -> str:
    """Return how a build takes a yanked release, ``""`` if none fits."""
    versions = _withdrawn(shown, target)
    if not versions:
        return ""
    project = shown[versions[0]][0].distribution.project
    return letting_in(Verdict(rule=YANKED, project=project, version=versions[0], sentence=""))


def _release(files: Sequence[Candidate], target: Target, known: Known) -> tuple[str, str] | None:
    """Return the newest release, ``docopt==0.6.2``, and the directory for a wheel that pip builds of it, ``""`` with a source."""
    if (one := newest_sdist(files, target)) is None:
        return None
    folder = "" if one.source else str(known.upstream.own_wheels or "requirements/wheels")
    return f"{one.project}=={one.version}", folder


def _other_version(asking: Sequence[Asking], requirement: Requirement) -> str:
    """Return the next step where no release satisfies: a local version is on an index of its own (PEP 440)."""
    for one in requirement.specifier:
        try:
            label = Version(one.version.removesuffix(".*")).local
        except InvalidVersion:
            continue
        if label:
            public = one.version.partition("+")[0]
            own = f"a version with +{label} is on the project's own index: name that in [sources.NAME] of subset.toml"
            return f"{own}, or ask for {requirement.name}=={public}"
    who = asking[0][0]
    return "ask for a version that exists" if ":" in who else f"ask for another version of {who.partition(' ')[0]}"


def _loosened(asking: Iterable[tuple[str, Requirement]], others: Iterable[Candidate], target: Target) -> str:
    """The versions that the target could have if the requirements let it, and which of them does not."""
    versions = versions_for(settled(others), target)
    if not versions:
        return ""
    who, one = next((who, one) for who, one in asking if not admits(one, versions[0]))
    have = "has" if len(versions) == 1 else "have"
    # What a project asks for is not the user's to loosen.
    step = "loosen that" if ":" in who or "'" in who else f"ask for another version of {who.partition(' ')[0]}"
    return f"{few(versions)} {have} a wheel for this target, but {who} asks for {one.name}{one.specifier}: {step}"


def _existing(releases: dict[Version, list[Candidate]], target: Target) -> Iterator[str]:
    """The tags that there are: all of the newest release with wheels, and those of older ones for the target's system."""
    having = [version for version in sorted(releases, reverse=True) if any(one.tags for one in releases[version])]
    newest = releases[having[0]]
    yield f"tags of {having[0]}: {tag_list(newest, target)}"
    rest = tag_list((one for version in having[1:] for one in releases[version]), target, here=True)
    if rest and not any(is_here(tag.platform, target) for candidate in newest for tag in candidate.tags or ()):
        yield f"tags of older releases for this system: {rest}"
