"""
Why there is no solution: for each request the first obstacle of its newest release, with what was seen and the ways out.

pip says "from versions: none" where the truth is "every wheel starts at macOS 12", and after backtracking it names what
the oldest release needs. The pages that pip looked at are still at hand, so each release can say for itself why it was
passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pypi_subset.distributions.metadata import dependencies_of, parse_requirement
from pypi_subset.resolve.explain.alternatives import settled, versions_for, way_out
from pypi_subset.resolve.explain.clashes import contradiction, named_by_pip, newest_clash
from pypi_subset.resolve.explain.hashes import hash_mismatch, no_solution
from pypi_subset.resolve.explain.obstacles import Inspector, joined_of
from pypi_subset.resolve.explain.rejections import SHOWN, admits, by_release, few, is_here, obstacle, tag_list
from pypi_subset.resolve.explain.sentences import admitted_by, build_of, in_settings
from pypi_subset.resolve.explain.stated import lines_of
from pypi_subset.targets.markers import UndefinedName, holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pypi_subset.errors import NoSolution
    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.requests import Job, Request
    from pypi_subset.model.targets import Target
    from pypi_subset.resolve.explain.obstacles import Asking, Obstacle
    from pypi_subset.upstream.offers import TargetOffers

_UNREADABLE = re.compile(
    r"Ignoring version (?P<version>\S+) of (?P<name>\S+) since it has invalid metadata:\n.* has invalid metadata: (?P<why>.+)"
)
#: What the tool's own pip says of an address that a release requires.
_ADDRESS = "only the loopback index is for pip"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """The projects that pip was offered, and why it passed over a release, by project and version."""

    upstream: TargetOffers
    unreadable: Mapping[tuple[str, Version], str]


def explain(
    complaint: str, output: str, job: Job, upstream: TargetOffers, limits: Sequence[str] = ()
) -> tuple[NoSolution, ...]:
    """
    Return the errors that explain why *job* has no solution, at least one, in the order of the requests.

    :param complaint: pip's reason in one line, the last resort.
    :param output: everything that pip wrote.
    :param upstream: knows what the indexes have of a project, fitting or not.
    :param limits: the constraints of pip's configuration.
    """
    known = _Known(upstream=upstream, unreadable=_unreadable(output))
    if (wrong := hash_mismatch(output, job, upstream)) is not None:
        return (wrong,)
    lines = lines_of(job, limits, job.target)
    inspector = Inspector(target=job.target, offers=upstream, limits=lines, pre=job.requirement_set.pre)
    asked = [one for one in job.requirement_set.requests if _holds(one, job.target)]
    if found := _blocked(asked, inspector):
        return tuple(_gap_of(one, origins, job, known) for one, origins in found)
    if (address := _address(output, job, upstream)) is not None:
        return (address,)
    clash = newest_clash(inspector, [(one.origin, one.requirement) for one in asked]) or named_by_pip(output, job)
    if clash:
        roots = [one.origin for one in asked if any(one.origin == who for who, _ in clash)]
        return (contradiction(clash, job, upstream, roots),)
    what = f"pip found no solution, and gave as its reason: {complaint}"
    return (no_solution(job, what, next_step="run it again with VERBOSE=1 for all that pip says"),)


def _holds(request: Request, target: Target) -> bool:
    try:
        return holds(request.requirement.marker, target.environment)
    except UndefinedName:
        return False


def _blocked(asked: Iterable[Request], inspector: Inspector) -> list[tuple[Obstacle, list[str]]]:
    """Return each obstacle once, with the requests that it keeps from a solution."""
    found: dict[tuple[str, str, str], tuple[Obstacle, list[str]]] = {}
    for request in asked:
        if (one := inspector.obstacle(request.origin, request.requirement)) is not None:
            key = one.kind, one.project, " ".join(str(asking.specifier) for _, asking in one.asking)
            found.setdefault(key, (one, []))[1].append(request.origin)
    return list(found.values())


def _gap_of(found: Obstacle, requests: Sequence[str], job: Job, known: _Known) -> NoSolution:
    """Return the error about one obstacle."""
    if found.kind == "clash":
        return contradiction(found.asking, job, known.upstream, requests)
    who, requirement = found.asking[0]
    if found.kind == "url":
        return _url(who, requirement, job, requests)
    asking = found.asking if found.kind != "metadata" else found.chain[-1:]
    unread = {} if found.kind != "metadata" else _damaged(found.asking[0][1])
    return _unmatched(asking, job, known, _origin(found, asking), requests, unread)


def _damaged(release: Requirement) -> dict[Version, str]:
    return {Version(one.version): "its metadata cannot be read" for one in release.specifier}


def _origin(found: Obstacle, asking: Sequence[Asking]) -> str:
    """``omegaconf 2.3.1, by hydra-core 1.3.8``: who requires the last project of the chain; ``""`` if a line alone does."""
    chain = [who for who, _ in found.chain[1:]]
    limits = [who for who, _ in asking[1:]]
    if not chain:
        return ", ".join([asking[0][0], *limits]) if limits else ""
    return ", ".join([", by ".join(reversed(chain)), *limits])


def _url(who: str, requirement: Requirement, job: Job, requests: Sequence[str]) -> NoSolution:
    project, _, version = who.partition(" ")
    what = f"{who} requires a URL, and no release of an index, for {requirement.name}: {requirement.url}"
    step = f"write '{project}!={version}' in the set" if version else "name a release"
    return no_solution(job, what, project=project, next_step=f"{step}: it cannot be mirrored", requests=requests)


def _address(output: str, job: Job, upstream: TargetOffers) -> NoSolution | None:
    """Return the error about an address that some release requires, if that is what pip stopped at."""
    for one, metadata in reversed(upstream.metadata_seen()):
        stated = dependencies_of(metadata)
        for text in stated.requires if b"@" in metadata else ():
            try:
                requirement = parse_requirement(text)
                concerns = requirement.url and holds(requirement.marker, job.target.environment, stated.extras)
            except (InvalidRequirement, UndefinedName):
                continue
            if concerns and (_ADDRESS in output or str(requirement.url) in output):
                return _url(f"{one.project} {one.version}", requirement, job, ())
    if _ADDRESS not in output:
        return None
    what = "a release requires a URL instead of a release of an index: it cannot be mirrored"
    return no_solution(job, what, next_step="require another version of what requires it")


def _unreadable(output: str) -> dict[tuple[str, Version], str]:
    return {
        (canonicalize_name(one["name"]), Version(one["version"])): f"its metadata is invalid: {one['why']}"
        for one in _UNREADABLE.finditer(output)
    }


def _unmatched(
    asking: Sequence[Asking],
    job: Job,
    known: _Known,
    origin: str,
    requests: Sequence[str],
    damaged: Mapping[Version, str],
) -> NoSolution:
    requirement, target = joined_of(asking), job.target
    requirement.marker = None
    project = canonicalize_name(requirement.name)
    where = f"{requirement}{f' (required by {origin})' if origin else ''}"
    gap = _Gap(job=job, project=project, where=where, requests=requests)
    candidates = known.upstream.candidates(project)
    quarantine = known.upstream.quarantine(project)
    if not candidates and quarantine is not None:
        why = f" ({quarantine.reason})" if quarantine.reason else ""
        return gap.error(f"{project} is in quarantine{why}", "do without it: it may do harm")
    if not candidates:
        return gap.error(f"no index has a project {project}", "check the spelling, and pip's 'index-url'")
    releases = by_release(candidates)
    allowed = {version: files for version, files in releases.items() if admits(requirement, version)}
    if not allowed:
        return gap.error(f"no release satisfies it, the newest is {max(releases)}", _other_version(asking, requirement))
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
    build = build_of(files, target, known.upstream)
    newest = max(shown)
    if all(candidate.tags is None for candidate in shown[newest]):
        what = "there are" if loosened else "the project offers"
        if any(candidate.tags is not None for candidate in files):
            what = f"no wheel fits {target.tag}, {newest} has"
        step = "; or ".join(filter(None, (loosened, f"{in_settings(project)}, or build the wheel: {build}")))
        sdist = None if loosened and ":" in asking[0][0] else _release(shown, known)
        return gap.error(f"{what} sdists only, and a subset holds wheels", step, seen, sdist=sdist)
    step = way_out(files, target, loosened, build)
    return gap.error(f"no wheel fits {target.tag}", step, seen, _existing(shown, target))


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


def _release(shown: Mapping[Version, Sequence[Candidate]], known: _Known) -> tuple[str, str]:
    """Return the newest release, ``docopt==0.6.2``, and the directory where mirror reads a wheel of it."""
    one = shown[max(shown)][0].distribution
    return f"{one.project}=={one.version}", str(known.upstream.own_wheels or "requirements/wheels")


def _other_version(asking: Sequence[Asking], requirement: Requirement) -> str:
    """Return the next step where no release satisfies: a local version is on an index of its own (PEP 440)."""
    for one in requirement.specifier:
        try:
            label = Version(one.version.removesuffix(".*")).local
        except InvalidVersion:
            continue
        if label:
            public = one.version.partition("+")[0]
            own = f"a version with +{label} is on the project's own index: name that as pip's 'extra-index-url'"
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
    """The tags that there are: all of the newest release with wheels, and those of others for the target's system."""
    having = [version for version in sorted(releases, reverse=True) if any(one.tags for one in releases[version])]
    newest = releases[having[0]]
    yield f"tags of {having[0]}: {tag_list(newest, target)}"
    rest = tag_list((one for version in having[1:] for one in releases[version]), target, here=True)
    if rest and not any(is_here(tag.platform, target) for candidate in newest for tag in candidate.tags or ()):
        yield f"tags of older releases for this system: {rest}"
