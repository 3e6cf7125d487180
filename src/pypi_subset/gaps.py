"""
Why there is no solution: pip's reason, boiled down to target and project, with what was seen and the ways out.

pip says "from versions: none" where the truth is "every wheel starts at macOS 12". The pages that pip looked at are
still at hand, so each release can say for itself why it was passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from pypi_subset.errors import NoSolution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from packaging.tags import Tag
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model import Job, Target
    from pypi_subset.offers import Offer

#: Releases that are listed, newest first; the rest is counted.
SHOWN = 6

_UNMATCHED = re.compile(
    r"No matching distribution found for (?P<requirement>.+?)(?: \(from (?P<origin>.*)\))?$", re.MULTILINE
)
_CONFLICT = re.compile(r"The conflict is caused by:\n(?P<lines>(?: {4}.*\n)+)")
_UNAVAILABLE = re.compile(r"no matching distributions available for your environment:\n(?P<names>(?: {4}.*\n)+)")
_UNPINNED = re.compile(r"must have their versions pinned with ==\. These do not:\n(?P<lines>(?: {4}.*(?:\n|$))+)")
_OURS = re.compile(r" from https?://\S+|->-r .*\(line \d+\)| \(from -r .*\)$")
_LEGACY = {"manylinux1": "manylinux_2_5", "manylinux2010": "manylinux_2_12", "manylinux2014": "manylinux_2_17"}
_VERSIONED = re.compile(r"(?P<family>manylinux|musllinux|macosx)_(?P<major>\d+)_(?P<minor>\d+)_(?P<machine>.+)")
_SYSTEM = {"manylinux": "glibc", "musllinux": "musl", "macosx": "macOS"}


def explain(complaint: str, output: str, job: Job, offers: Callable[[NormalizedName], tuple[Offer, ...]]) -> NoSolution:
    """
    Return the error that tells the user what stands in the way of *job*.

    :param complaint: pip's reason in one line, the last resort.
    :param output: everything that pip wrote.
    :param offers: everything that the indexes have of a project, fitting or not.
    """
    unmatched = _requirement(output)
    if unmatched is not None:
        requirement, origin = unmatched
        return _unmatched(requirement, job, offers(canonicalize_name(requirement.name)), origin=origin)
    unpinned = _UNPINNED.search(output)
    if unpinned is not None:
        # The loopback index and the file that we wrote tell nobody anything.
        seen = [_OURS.sub("", line.strip()) for line in unpinned["lines"].splitlines()]
        msg = f"{job.name}: where one requirement has a hash, all must be pinned with hashes, and these are not"
        return NoSolution(msg, target=job.target.name, seen=seen, next_step="pin them too, or lock anew")
    conflict = _CONFLICT.search(output)
    if conflict is None:
        return NoSolution(f"{job.name}: {complaint}", target=job.target.name)
    seen = [line.strip() for line in conflict["lines"].splitlines()]
    step = "loosen one of these requirements, or put them into separate sets"
    for name in _names(output):
        offered = offers(canonicalize_name(name))
        if not any(offer.tags and not offer.tags.isdisjoint(job.target.tags) for offer in offered):
            # The conflict is but a symptom: this project has nothing for the target at all.
            found = _unmatched(Requirement(name), job, offered)
            seen += [found.what, *found.seen]
            step = found.next_step
    msg = f"{job.name}: the requirements contradict each other"
    return NoSolution(msg, target=job.target.name, seen=seen, next_step=step)


def _requirement(output: str) -> tuple[Requirement, str] | None:
    """The requirement that nothing satisfies, and the project that has it; ``""`` if a set itself does."""
    for match in _UNMATCHED.finditer(output):
        origin = (match["origin"] or "").partition("->")[0]
        try:
            return Requirement(match["requirement"]), "" if origin.startswith("-") else origin
        except InvalidRequirement:
            continue
    return None


def _names(output: str) -> list[str]:
    match = _UNAVAILABLE.search(output)
    words = [line.split()[0] for line in match["names"].splitlines()] if match else []
    return [re.split(r"[<>=!~\[(;]", word)[0] for word in words]


def _unmatched(requirement: Requirement, job: Job, offers: Sequence[Offer], *, origin: str = "") -> NoSolution:
    """No file of one project will do."""
    project, target = canonicalize_name(requirement.name), job.target
    where = f"{job.name}: {requirement}{f' (required by {origin})' if origin else ''}"
    if not offers:
        step = "check the spelling, and pip's 'index-url'"
        return _gap(f"{where}: no index has a project {project}", project, target, (), step)
    releases = _by_release(offers)
    allowed = {version: files for version, files in releases.items() if _allows(requirement, version)}
    if not allowed:
        what = f"{where}: no release satisfies it, the newest is {max(releases)}"
        return _gap(what, project, target, (), "ask for a version that exists")
    # Pre-releases count only where there is nothing else, as for pip.
    shown = {version: files for version, files in allowed.items() if not version.is_prerelease} or allowed
    seen = [f"{version}: {_obstacle(files, target)}" for version, files in _newest_first(shown)]
    wheels = [offer for files in allowed.values() for offer in files if offer.tags is not None]
    if not wheels:
        what = f"{where}: the project offers sdists only, and a subset holds wheels"
        step = f"build the wheel yourself ('pip wheel --no-deps {project}') and name its folder in pip's 'find-links'"
        return _gap(what, project, target, seen, step)
    return _gap(f"{where}: no wheel fits {target.tag}", project, target, seen, _way_out(wheels, target))


def _gap(what: str, project: str, target: Target, seen: Sequence[str], step: str) -> NoSolution:
    shown = [*seen[:SHOWN], *([f"and {len(seen) - SHOWN} older releases"] if len(seen) > SHOWN else [])]
    return NoSolution(what, target=target.name, project=project, seen=shown, next_step=step)


def _by_release(offers: Iterable[Offer]) -> dict[Version, list[Offer]]:
    releases: dict[Version, list[Offer]] = {}
    for offer in offers:
        releases.setdefault(offer.distribution.version, []).append(offer)
    return releases


def _newest_first(releases: dict[Version, list[Offer]]) -> list[tuple[Version, list[Offer]]]:
    return sorted(releases.items(), reverse=True)


def _allows(requirement: Requirement, version: Version) -> bool:
    return requirement.specifier.contains(version, prereleases=True)


def _obstacle(files: Sequence[Offer], target: Target) -> str:
    """Why pip passed over one release."""
    wheels = [offer for offer in files if offer.tags is not None]
    if not wheels:
        return "sdist only"
    if all(offer.distribution.yanked is not None for offer in files):
        return f"yanked: {files[0].distribution.yanked or 'no reason given'}"
    fitting = [offer for offer in wheels if offer.tags and not offer.tags.isdisjoint(target.tags)]
    if not fitting:
        return _other_machines([tag for offer in wheels for tag in offer.tags or ()], target)
    bounds = {offer.distribution.requires_python for offer in fitting}
    python = ".".join(map(str, target.python))
    if all(bound and not _contains(bound, python) for bound in bounds):
        return f"Requires-Python {', '.join(sorted(filter(None, bounds)))}, the target has {python}"
    if files[0].distribution.version.is_prerelease:
        return "a pre-release, which nobody asked for"
    return "fits, but another requirement or constraint excludes it"


def _other_machines(tags: Sequence[Tag], target: Target) -> str:
    """Which Pythons, or for the target's own Python which platforms, a release has wheels for; like platforms first."""
    kinds = {(tag.interpreter, tag.abi) for tag in target.tags}
    platforms = {tag.platform for tag in tags if (tag.interpreter, tag.abi) in kinds}
    if not platforms:
        pythons = {
            tag.interpreter if tag.abi in {tag.interpreter, "none"} else f"{tag.interpreter}-{tag.abi}" for tag in tags
        }
        return f"wheels for {_few(sorted(pythons, key=_natural))}, not for {target.tag.rpartition('-')[0]}"
    family, machine = target.platforms[-1].split("_")[0], target.tag.rpartition("-")[2]
    own = _platform(machine)
    end = own[2] if own else machine

    def distance(platform: str) -> tuple[bool, bool, list[object]]:
        return not platform.startswith(family), not platform.endswith(end), _natural(platform)

    return f"wheels for {_few(sorted(platforms, key=distance))}"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")


def _natural(name: str) -> list[object]:
    """Sort key under which cp39 comes before cp310."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _contains(bound: str, python: str) -> bool:
    try:
        return SpecifierSet(bound).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True


def _way_out(wheels: Iterable[Offer], target: Target) -> str:
    """The nearest change of the target under which some wheel fits."""
    tags = [tag for offer in wheels for tag in offer.tags or ()]
    lowest = _lowest_system(tags, target)
    if lowest is not None:
        return lowest
    pythons = sorted({tag.interpreter for tag in tags if tag.platform in target.platforms}, key=_natural)
    if pythons:
        return f"there are wheels for {', '.join(pythons)} on this platform: change the target's Python"
    platforms = sorted({tag.platform for tag in tags}, key=_natural)
    return f"there are wheels for {_few(platforms)} alone: leave the project out for this target"


def _lowest_system(tags: Iterable[Tag], target: Target) -> str | None:
    """``lowest macOS that works is 12.0: …``, if a newer system of the same kind is all that is missing."""
    own = _platform(target.tag.rpartition("-")[2])
    if own is None:
        return None
    family, version, machine = own
    kinds = {(tag.interpreter, tag.abi) for tag in target.tags}
    machines = {machine, "universal2"} if family == "macosx" else {machine}
    found = {
        (one[1], tag.platform)
        for tag in tags
        if (tag.interpreter, tag.abi) in kinds and (one := _platform(tag.platform)) is not None
        if one[0] == family and one[2] in machines and one[1] > version
    }
    if not found:
        return None
    (major, minor), _ = min(found)
    python = target.tag.rpartition("-")[0]
    return (
        f"lowest {_SYSTEM[family]} that works is {major}.{minor}: "
        f"make the target {python}-{family}_{major}_{minor}_{machine}"
    )


def _platform(tag: str) -> tuple[str, tuple[int, int], str] | None:
    """``macosx_12_0_arm64`` as ``("macosx", (12, 0), "arm64")``; legacy names as what they stand for (PEP 600)."""
    name, _, rest = tag.partition("_")
    match = _VERSIONED.fullmatch(f"{_LEGACY[name]}_{rest}" if name in _LEGACY else tag)
    return match and (match["family"], (int(match["major"]), int(match["minor"])), match["machine"])
