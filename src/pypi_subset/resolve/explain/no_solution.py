"""
Why there is no solution: pip's reason, boiled down to target and project, with what was seen and the ways out.

pip says "from versions: none" where the truth is "every wheel starts at macOS 12". The pages that pip looked at are
still at hand, so each release can say for itself why it was passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from pypi_subset.resolve.explain.alternatives import settled, versions_for, way_out
from pypi_subset.resolve.explain.hashes import hash_mismatch, no_solution, stated_at
from pypi_subset.resolve.explain.rejections import SHOWN, admits, by_release, few, fits, is_here, obstacle, tag_list
from pypi_subset.resolve.explain.sentences import build_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pypi_subset.errors import NoSolution
    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.requests import Job
    from pypi_subset.model.targets import Target
    from pypi_subset.upstream.catalog import Upstream

_UNMATCHED = re.compile(
    r"No matching distribution found for (?P<requirement>.+?)(?: \(from (?P<origin>.*)\))?$", re.MULTILINE
)
_CONFLICT = re.compile(r"The conflict is caused by:\n(?P<lines>(?: {4}.*\n)+)")
_USER = re.compile(r"The user requested (?P<constraint>\(constraint\) )?(?P<requirement>.+)")
_DEPENDS = re.compile(r"(?P<who>\S+ \S+) depends on (?P<requirement>.+)")
_UNAVAILABLE = re.compile(r"no matching distributions available for your environment:\n(?P<names>(?: {4}.*\n)+)")
_UNREADABLE = re.compile(
    r"Ignoring version (?P<version>\S+) of (?P<name>\S+) since it has invalid metadata:\n.* has invalid metadata: (?P<why>.+)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """The projects that pip was offered, and why it passed over a release, by project and version."""

    upstream: Upstream
    unreadable: Mapping[tuple[str, Version], str]

    def candidates(self, name: str) -> tuple[Candidate, ...]:
        """Return everything that the indexes have of a project, fitting or not."""
        return self.upstream.candidates(canonicalize_name(name))


def explain(complaint: str, output: str, job: Job, upstream: Upstream) -> NoSolution:
    """
    Return the error that tells the user what stands in the way of *job*.

    :param complaint: pip's reason in one line, the last resort.
    :param output: everything that pip wrote.
    :param upstream: knows what the indexes have of a project, fitting or not.
    """
    known = _Known(upstream=upstream, unreadable=_unreadable(output))
    if (unmatched := _requirement(output)) is not None:
        requirement, origin = unmatched
        who = origin or stated_at(requirement, job.requirement_set.requests)
        return _unmatched([(who, requirement)], job, known, origin)
    if (wrong := hash_mismatch(output, job)) is not None:
        return wrong
    if (conflict := _CONFLICT.search(output)) is not None:
        return _contradiction(conflict["lines"], _names(output), job, known)
    return no_solution(job, complaint)


def _contradiction(lines: str, unavailable: Iterable[str], job: Job, known: _Known) -> NoSolution:
    """
    Requirements that no release satisfies together; or else one project that has nothing for the target at all.

    :param lines: what pip says that the conflict is caused by.
    :param unavailable: the projects of which pip says that nothing fits, though of some just no version does.
    """
    asking = list(dict.fromkeys(filter(None, (_asking(line.strip(), job) for line in lines.splitlines()))))
    asked: dict[NormalizedName, list[tuple[str, Requirement]]] = {}
    for who, requirement in asking:
        asked.setdefault(canonicalize_name(requirement.name), []).append((who, requirement))
    for name in unavailable:
        offered = known.candidates(name)
        if not any(fits(one, job.target) for one in offered):
            # The conflict is but a symptom.
            those = _at_once(asked.get(canonicalize_name(name), []))
            if not _allowed(those, offered):
                those = [(who, Requirement(name)) for who, _ in those[:1]] or [("", Requirement(name))]
            return _unmatched(those, job, known, ", ".join(dict.fromkeys(who for who, _ in those)))
    for name, those in asked.items():
        # Versions that all of them allow: then they do not contradict each other, and the files are what is missing.
        allowed = _allowed(those, known.candidates(name))
        if allowed and not any(fits(one, job.target) for one in allowed):
            return _unmatched(those, job, known, ", ".join(dict.fromkeys(who for who, _ in those)))
    told = [f"{who} asks for {requirement}" for who, requirement in asking]
    seen = [*told[:SHOWN], *([f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else [])]
    disputed = [name for name, those in asked.items() if len({str(one.specifier) for _, one in those}) > 1]
    for name in disputed[:1]:
        releases = sorted(by_release(known.candidates(name)).items(), reverse=True)
        seen += [f"{name} {version}: {_against(version, asked[name])}" for version, _ in releases[: SHOWN // 2]]
    about = f" on {', '.join(disputed)}" if disputed else ""
    step = "loosen one of these requirements, or put them into separate sets"
    what = f"the requirements contradict each other{about}"
    return no_solution(job, what, project=next(iter(disputed), None), seen=seen, next_step=step)


def _asking(line: str, job: Job) -> tuple[str, Requirement] | None:
    """Who has a requirement, and which, from a line of pip's; ``None`` if it is of another form."""
    match = _USER.fullmatch(line) or _DEPENDS.fullmatch(line)
    if match is None:
        return None
    # pip writes the last comma as a word: "torch<2.10 and >=2".
    asked, semicolon, marker = match["requirement"].partition(";")
    try:
        requirement = Requirement(f"{asked.replace(' and ', ',')}{semicolon}{marker}")
    except InvalidRequirement:
        return None
    if "who" in match.re.groupindex:
        return match["who"], requirement
    own = job.requirement_set
    place = stated_at(requirement, own.constraints if match["constraint"] else own.requests)
    return place or "pip's setting 'constraint'", requirement


def _at_once(asking: Iterable[tuple[str, Requirement]]) -> list[tuple[str, Requirement]]:
    """What holds together: of many releases of one project that all ask for something, the first stands for all."""
    first = {who if ":" in who else who.partition(" ")[0]: (who, one) for who, one in reversed([*asking])}
    return list(reversed(first.values()))


def _joined(asking: Sequence[tuple[str, Requirement]]) -> Requirement:
    joined = Requirement(str(asking[0][1]))
    for _, other in asking[1:]:
        joined.specifier &= other.specifier
    return joined


def _allowed(asking: Sequence[tuple[str, Requirement]], candidates: Iterable[Candidate]) -> list[Candidate]:
    joined = _joined(asking) if asking else None
    return [one for one in candidates if joined and admits(joined, one.distribution.version)]


def _against(version: Version, asked: Iterable[tuple[str, Requirement]]) -> str:
    """Which of the requirements rule out a version, at most one of each that has some."""
    ruled_out = [f"not {one}, says {who}" for who, one in asked if not admits(one, version)]
    return ruled_out[0] if ruled_out else "fits these, but not what else is required"


def _requirement(output: str) -> tuple[Requirement, str] | None:
    """The requirement that nothing satisfies, and the project that has it; ``""`` if a set itself does."""
    for match in _UNMATCHED.finditer(output):
        origin = (match["origin"] or "").partition("->")[0]
        try:
            return Requirement(match["requirement"]), "" if origin.startswith("-") else origin
        except InvalidRequirement:
            continue
    return None


def _unreadable(output: str) -> dict[tuple[str, Version], str]:
    return {
        (canonicalize_name(one["name"]), Version(one["version"])): f"its metadata is invalid: {one['why']}"
        for one in _UNREADABLE.finditer(output)
    }


def _names(output: str) -> list[str]:
    match = _UNAVAILABLE.search(output)
    words = [line.split()[0] for line in match["names"].splitlines()] if match else []
    return [re.split(r"[<>=!~\[(;]", word)[0] for word in words]


def _unmatched(asking: Sequence[tuple[str, Requirement]], job: Job, known: _Known, origin: str) -> NoSolution:
    requirement, target = _joined(asking), job.target
    project = canonicalize_name(requirement.name)
    where = f"{requirement}{f' (required by {origin})' if origin else ''}"
    candidates = known.candidates(project)
    quarantine = known.upstream.pages.quarantine(project)
    if not candidates and quarantine is not None:
        why = f" ({quarantine.reason})" if quarantine.reason else ""
        return _gap(f"{where}: {project} is in quarantine{why}", project, job, (), "do without it: it may do harm")
    if not candidates:
        step = "check the spelling, and pip's 'index-url'"
        return _gap(f"{where}: no index has a project {project}", project, job, (), step)
    releases = by_release(candidates)
    allowed = {version: files for version, files in releases.items() if admits(requirement, version)}
    if not allowed:
        what = f"{where}: no release satisfies it, the newest is {max(releases)}"
        return _gap(what, project, job, (), "ask for a version that exists")
    # Pre-releases count only where there is nothing else, as for pip.
    shown = {version: files for version, files in allowed.items() if not version.is_prerelease} or allowed
    unread = {version: why for (name, version), why in known.unreadable.items() if name == project and version in shown}
    seen = [
        f"{version}: {unread.get(version) or obstacle(files, target)}"
        for version, files in sorted(shown.items(), reverse=True)
    ]
    files = [candidate for files in allowed.values() for candidate in files]
    loosened = _loosened(asking, [one for one in candidates if one.distribution.version not in allowed], target)
    if unread:
        what = f"{where}: pip cannot read the metadata of what fits {target.tag}"
        return _gap(what, project, job, seen, loosened or "ask for another version, and tell whoever offers this one")
    if all(candidate.tags is None for candidate in files):
        what = f"{where}: {'there are' if loosened else 'the project offers'} sdists only, and a subset holds wheels"
        step = f"build the wheel: {build_of(files, target, known.upstream)}"
        return _gap(what, project, job, seen, "; or ".join(filter(None, (loosened, step))))
    what, build = f"{where}: no wheel fits {target.tag}", build_of(files, target, known.upstream)
    return _gap(what, project, job, seen, way_out(files, target, loosened, build), _existing(shown, target))


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


def _gap(what: str, project: str, job: Job, seen: Sequence[str], step: str, existing: Iterable[str] = ()) -> NoSolution:
    shown = [*seen[:SHOWN], *([f"and {len(seen) - SHOWN} older releases"] if len(seen) > SHOWN else []), *existing]
    return no_solution(job, what, project=project, seen=shown, next_step=step)
