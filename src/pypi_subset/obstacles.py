"""Why pip passes over a release for a target, and the nearest target for which it would not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.tags import Tag

    from pypi_subset.model import Target
    from pypi_subset.offers import Offer

#: Names that are listed; the rest is counted or left out.
SHOWN = 6

_LEGACY = {"manylinux1": "manylinux_2_5", "manylinux2010": "manylinux_2_12", "manylinux2014": "manylinux_2_17"}
_VERSIONED = re.compile(r"(?P<family>manylinux|musllinux|macosx)_(?P<major>\d+)_(?P<minor>\d+)_(?P<machine>.+)")
_SYSTEM = {"manylinux": "glibc", "musllinux": "musl", "macosx": "macOS"}


def obstacle(files: Sequence[Offer], target: Target) -> str:
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
    python = _version(target)
    if all(bound and not _contains(bound, python) for bound in bounds):
        return f"Requires-Python {', '.join(sorted(filter(None, bounds)))}, the target has {python}"
    if files[0].distribution.version.is_prerelease:
        return "a pre-release, which nobody asked for"
    return "fits, but another requirement or constraint excludes it"


def _other_machines(tags: Sequence[Tag], target: Target) -> str:
    """Which Pythons, or for the target's own Python which platforms, a release has wheels for; like platforms first."""
    kinds = _kinds(target)
    platforms = {tag.platform for tag in tags if (tag.interpreter, tag.abi) in kinds}
    if not platforms:
        pythons = {
            tag.interpreter if tag.abi in {tag.interpreter, "none"} else f"{tag.interpreter}-{tag.abi}" for tag in tags
        }
        return f"wheels for {few(sorted(pythons, key=_natural))}, not for {target.tag.rpartition('-')[0]}"
    family, machine = target.platforms[-1].split("_")[0], target.tag.rpartition("-")[2]
    own, lowest = _platform(machine), _lowest(tags, target)
    if own and lowest:
        (major, minor), _ = lowest
        return f"wheels start at {own[0]}_{major}_{minor}, the target stops at {own[1][0]}_{own[1][1]}"
    end = own[2] if own else machine

    def distance(platform: str) -> tuple[bool, bool, list[object]]:
        return not platform.startswith(family), not platform.endswith(end), _natural(platform)

    return f"wheels for {few(sorted(platforms, key=distance))}"


def few(names: Sequence[str]) -> str:
    """Return *names* in one line, the first of them if there are many."""
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")


def _natural(name: str) -> list[object]:
    """Sort key under which cp39 comes before cp310."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _contains(bound: str, python: str) -> bool:
    try:
        return SpecifierSet(bound).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True


def way_out(wheels: Sequence[Offer], target: Target) -> str:
    """The nearest change of the target under which some wheel fits."""
    tags = [tag for offer in wheels for tag in offer.tags or ()]
    lowest = _lowest_system(wheels, target)
    if lowest is not None:
        return lowest
    pythons = sorted({tag.interpreter for tag in tags if tag.platform in target.platforms}, key=_natural)
    if pythons:
        return f"there are wheels for {', '.join(pythons)} on this platform: change the target's Python"
    bounds = {
        offer.distribution.requires_python for offer in wheels if offer.tags and not offer.tags.isdisjoint(target.tags)
    }
    if bounds and all(bounds):
        python = _version(target)
        return f"{few(sorted(filter(None, bounds)))} is wanted of Python, the target has {python}: change its Python"
    if not tags or "any" in {tag.platform for tag in tags}:
        return "ask for another version, or leave the project out for this target"
    platforms = sorted({tag.platform for tag in tags}, key=_natural)
    return f"there are wheels for {few(platforms)} alone: leave the project out for this target"


def _lowest_system(wheels: Sequence[Offer], target: Target) -> str | None:
    """``lowest macOS that works is 12.0, …``, if a newer system of the same kind is all that is missing."""
    tags = [tag for offer in wheels for tag in offer.tags or ()]
    own, lowest = _platform(target.tag.rpartition("-")[2]), _lowest(tags, target)
    if own is None or lowest is None:
        return None
    (major, minor), platforms = lowest
    kinds = _kinds(target)
    having = {
        offer.distribution.version
        for offer in wheels
        if platforms & {tag.platform for tag in offer.tags or () if (tag.interpreter, tag.abi) in kinds}
    }
    versions = few([str(version) for version in sorted(having, reverse=True)])
    family, _, machine = own
    python = target.tag.rpartition("-")[0]
    return (
        f"lowest {_SYSTEM[family]} that works is {major}.{minor}: "
        f"make the target {python}-{family}_{major}_{minor}_{machine}, for which there is {versions}"
    )


def _lowest(tags: Iterable[Tag], target: Target) -> tuple[tuple[int, int], set[str]] | None:
    """The lowest newer system of the target's kind that some of *tags* is for, and its platform tags."""
    own = _platform(target.tag.rpartition("-")[2])
    if own is None:
        return None
    family, version, machine = own
    machines = {machine, "universal2"} if family == "macosx" else {machine}
    kinds = _kinds(target)
    found: dict[tuple[int, int], set[str]] = {}
    for tag in tags:
        one = _platform(tag.platform)
        if one and (tag.interpreter, tag.abi) in kinds and one[0] == family and one[2] in machines and one[1] > version:
            found.setdefault(one[1], set()).add(tag.platform)
    return (min(found), found[min(found)]) if found else None


def _version(target: Target) -> str:
    """The target's Python, as far as it was named or is one of several patch levels."""
    return ".".join(map(str, target.python if target.exact or target.python[2] else target.python[:2]))


def _kinds(target: Target) -> frozenset[tuple[str, str]]:
    """The interpreters and ABIs of the target, platforms aside."""
    return frozenset((tag.interpreter, tag.abi) for tag in target.tags)


def _platform(tag: str) -> tuple[str, tuple[int, int], str] | None:
    """``macosx_12_0_arm64`` as ``("macosx", (12, 0), "arm64")``; legacy names as what they stand for (PEP 600)."""
    name, _, rest = tag.partition("_")
    match = _VERSIONED.fullmatch(f"{_LEGACY[name]}_{rest}" if name in _LEGACY else tag)
    return match and (match["family"], (int(match["major"]), int(match["minor"])), match["machine"])
