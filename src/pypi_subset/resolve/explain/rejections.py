"""Why pip passes over a release for a target, and which tags it has instead."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pypi_subset.targets.platforms import LEGACY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from packaging.requirements import Requirement
    from packaging.tags import Tag
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.intake.verdicts import Verdict
    from pypi_subset.model.targets import Target

#: Names that are listed; the rest is counted or left out.
SHOWN = 6

_LEGACY = {name: f"manylinux_2_{minor}" for minor, name in LEGACY.items()}
#: One machine, whatever a system calls it; most of those with 32 bits have a processor for 64.
_MACHINES = {
    "arm64": "aarch64",
    "armv7l": "aarch64",
    "i686": "x86_64",
    "win32": "x86_64",
    "win_amd64": "x86_64",
    "win_arm64": "aarch64",
}
#: Those with 32 bits, which fewer people have.
_NARROW = frozenset({"armv7l", "i686", "win32"})
_VERSIONED = re.compile(r"(?P<family>(?:many|musl)linux|macosx|ios)_(?P<major>\d+)_(?P<minor>\d+)_(?P<machine>.+)")
_ANDROID = re.compile(r"android_(?P<level>\d+)_(?P<machine>.+)")


def obstacle(files: Sequence[Candidate], target: Target) -> str:
    """Why pip passed over one release."""
    wheels = [candidate for candidate in files if candidate.tags is not None]
    if not wheels:
        return "sdist only"
    fitting = [candidate for candidate in wheels if fits(candidate, target)]
    taken = fitting or files
    if (refused := refusal(files, target)) is not None:
        return refused.lasting
    if all(candidate.distribution.yanked is not None for candidate in taken):
        return f"yanked: {taken[0].distribution.yanked or 'no reason given'}"
    if not fitting:
        return _other_machines([tag for candidate in wheels for tag in candidate.tags or ()], target)
    return _not_the_wheels(files, fitting, target)


def refusal(files: Sequence[Candidate], target: Target) -> Verdict | None:
    """Return the verdict of the policy about a release, ``None`` if a wheel that suits *target* is admitted, or none suits."""
    fitting = [candidate for candidate in files if suits(candidate, target)]
    refused = all(candidate.verdicts for candidate in fitting)
    return fitting[0].verdicts[0] if fitting and refused else None


def _not_the_wheels(files: Sequence[Candidate], fitting: Sequence[Candidate], target: Target) -> str:
    """Why pip passed over a release with wheels that fit."""
    bounds = {candidate.distribution.requires_python for candidate in fitting}
    if not any(allows(bound, target.release) for bound in bounds):
        return f"Requires-Python {', '.join(sorted(filter(None, bounds)))}, the target has {target.version}"
    if files[0].distribution.version.is_prerelease:
        return "a pre-release, and no requirement asks for one"
    return "fits, but another requirement or constraint excludes it"


def _other_machines(tags: Sequence[Tag], target: Target) -> str:
    """What a release has wheels for: other systems, a newer one of the target's kind, or other Pythons on this one."""
    here = [tag for tag in tags if is_here(tag.platform, target)]
    if not here:
        platforms = sorted({tag.platform for tag in tags}, key=likeness(target))
        return f"wheels for {few(platforms)}"
    kinds = {(tag.interpreter, tag.abi) for tag in target.tags}
    missed = [tag.platform for tag in here if (tag.interpreter, tag.abi) in kinds]
    unseen = sorted({*missed} & {*target.unseen}, key=likeness(target))
    if unseen:
        return f"its pip is too old for {few(unseen)}"
    lowest = min(filter(None, (versioned(name)[1] for name in missed)), default=None)
    if lowest is None:
        pythons = sorted({label(tag) for tag in here}, key=natural)
        return f"wheels for {few(pythons)}, not for {target.interpreter}-{target.abi}"
    family, has, _ = versioned(platform_of(target))
    return f"wheels start at {family}_{'_'.join(map(str, lowest))}, the target stops at {'_'.join(map(str, has))}"


def tag_list(files: Iterable[Candidate], target: Target, *, here: bool = False) -> str:
    """Return all tags of wheels, those like the target's first; *here* keeps those for the system of *target*."""
    pythons: dict[str, set[str]] = {}
    for tag in (tag for candidate in files for tag in candidate.tags or ()):
        if not here or is_here(tag.platform, target):
            pythons.setdefault(tag.platform, set()).add(label(tag))
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in sorted(pythons, key=likeness(target)):
        # Of two names for the same glibc, one is enough.
        if name.partition("_")[0] not in _LEGACY or pythons.get(_modern(name)) != pythons[name]:
            groups.setdefault(tuple(sorted(pythons[name], key=natural)), []).append(name)
    return "; ".join(f"{', '.join(labels)} for {', '.join(names)}" for labels, names in groups.items())


def label(tag: Tag) -> str:
    """Return the Python of *tag*, with its ABI where that says more: ``cp313``, ``cp313-cp313t``, ``cp39-abi3``."""
    return tag.interpreter if tag.abi in {tag.interpreter, "none"} else f"{tag.interpreter}-{tag.abi}"


def is_here(name: str, target: Target) -> bool:
    """Whether a wheel for the platform *name* is for the system of *target*, though perhaps a newer one."""
    if name == "any" or name in target.platforms or name in target.unseen:
        return True
    own, other = versioned(platform_of(target)), versioned(name)
    # For one kind of machine all others that fit it are older; universal2 has both.
    return own[0] == other[0] != "" and other[2] in {own[2], "universal2"} and other[1] > own[1]


def likeness(target: Target) -> Callable[[str], tuple[object, ...]]:
    """Return a sort key under which platforms like that of *target* come first."""
    system, machine = kin(platform_of(target))

    def key(name: str) -> tuple[object, ...]:
        other = kin(name)
        unlike = other[0] != system, other[1] != machine, versioned(name)[2] in _NARROW
        return name != "any", not is_here(name, target), *unlike, natural(_modern(name))

    return key


def platform_of(target: Target) -> str:
    """Return the best platform that the system of *target* takes, though its pip may be too old for it."""
    unseen = (name for name in target.unseen if not name.endswith("universal2"))
    return next(unseen, target.platform)


def kin(name: str) -> tuple[str, str]:
    """Return system and machine of a platform, in the same words for all systems and for 32 and 64 bits."""
    family, _, machine = versioned(name)
    system = "linux" if family.endswith("linux") else family or re.split("[_0-9]", name)[0]
    return system, _MACHINES.get(machine, machine)


def by_release(candidates: Iterable[Candidate]) -> dict[Version, list[Candidate]]:
    """Return the files of each release."""
    releases: dict[Version, list[Candidate]] = {}
    for candidate in candidates:
        releases.setdefault(candidate.distribution.version, []).append(candidate)
    return releases


def admits(requirement: Requirement, version: Version) -> bool:
    """Whether *requirement* allows *version*, pre-releases too."""
    return requirement.specifier.contains(version, prereleases=True)


def few(names: Sequence[object]) -> str:
    """Return *names* in one line, the first of them if there are many."""
    return ", ".join(map(str, names[:SHOWN])) + (" …" if len(names) > SHOWN else "")


def natural(name: str) -> list[object]:
    """Sort key under which cp39 comes before cp310."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def fits(candidate: Candidate, target: Target) -> bool:
    """Whether a wheel has a tag of *target*; Requires-Python aside."""
    return candidate.tags is not None and not candidate.tags.isdisjoint(_set_of(target.tags))


def suits(candidate: Candidate, target: Target) -> bool:
    """Whether a wheel has a tag of *target*, and its Requires-Python admits it."""
    return fits(candidate, target) and allows(candidate.distribution.requires_python, target.release)


#: The last targets that were asked about, by the identity of their tags: the hash of a thousand tags takes as long as
#: looking through them, and a page has thousands of wheels.
_SETS: dict[int, tuple[tuple[Tag, ...], frozenset[Tag]]] = {}


def _set_of(tags: tuple[Tag, ...]) -> frozenset[Tag]:
    found = _SETS.get(id(tags))
    if found is None:
        if len(_SETS) > SHOWN:
            _SETS.clear()
        # The tuple is kept too: another one could get its identity.
        found = _SETS[id(tags)] = (tags, frozenset(tags))
    return found[1]


@functools.lru_cache(maxsize=4096)
def allows(bound: str | None, python: str) -> bool:
    """Whether Requires-Python lets a version of Python pass; an invalid value allows every version, as with pip."""
    try:
        return SpecifierSet(bound or "").contains(python, prereleases=True)
    except InvalidSpecifier:
        return True


def versioned(name: str) -> tuple[str, tuple[int, ...], str]:
    """
    Return ``macosx_12_0_arm64`` as ``("macosx", (12, 0), "arm64")``, legacy names as what they stand for (PEP 600).

    Without a version in it, as on Windows, the whole name is the machine.
    """
    if match := _ANDROID.fullmatch(name):
        return "android", (int(match["level"]),), match["machine"]
    match = _VERSIONED.fullmatch(_modern(name))
    return (match["family"], (int(match["major"]), int(match["minor"])), match["machine"]) if match else ("", (), name)


def _modern(name: str) -> str:
    """``manylinux_2_17_x86_64`` for ``manylinux2014_x86_64``; every other name as it is."""
    first, _, rest = name.partition("_")
    return f"{_LEGACY[first]}_{rest}" if first in _LEGACY else name
