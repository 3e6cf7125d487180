"""The way out of a gap: the nearest target for which some release has a wheel that fits."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from pypi_subset.errors import TargetError
from pypi_subset.resolve.explain.rejections import allows, few, fits, is_here, kin, likeness, platform_of, versioned
from pypi_subset.targets.grammar import FREE_THREADED
from pypi_subset.targets.named_systems import systems
from pypi_subset.targets.tag import IMPLEMENTATIONS, parse, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.targets import Target

#: The Pythons that may be proposed, 3.N, beside the target's own.
_PYTHONS = range(6, 16)
_PYPY = (9, 10, 11)
#: No minor version of Python has had more patch levels.
_PATCHES = 30
#: What the version in a platform tag is the version of.
_LIBRARY = {"manylinux": "glibc", "musllinux": "musl", "macosx": "macOS", "ios": "iOS", "android": "API level"}

#: Systems that no other system can replace, and the reverse.
_APART = frozenset({"android", "emscripten", "ios", "pyemscripten", "pyodide", "wasi"})


def way_out(
    candidates: Sequence[Candidate], target: Target, loosened: str = "", build: str = "", *, served: bool = False
) -> str:
    """
    Return the next step: the nearest target for which a wheel fits, as it is set, and the versions that have one.

    :param candidates: all files that the requirement allows; no wheel among them fits *target*.
    :param loosened: what *target* itself would get from another requirement; comes first, since no machine changes.
    :param build: the command that builds a wheel from an sdist of what is allowed; ``""`` without one.
    :param served: whether *target* has another release, which needs no advice; there may be no next step then.
    """
    wheels = [one for one in settled(candidates) or candidates if one.tags is not None]
    own = any(one.tags is None and allows(one.distribution.requires_python, target.release) for one in candidates)
    build = f", or build one there: {build}" if own and build else ""
    for other, how in (*_new_pip(target), *_other_patches(wheels, target), *_changes(wheels, target)):
        if versions := versions_for(wheels, other):
            return "; ".join(filter(None, (loosened, f"{how}, which gets {few(versions)}"))) + build
    leave = "leave the project out for this target"
    here = any(is_here(tag.platform, target) for one in wheels for tag in one.tags or ())
    leave = f"ask for another version, or {leave}" if here else f"nothing is for this system, so {leave}"
    nearest = f"nearest is {found}" if (found := _elsewhere(wheels, target)) else ""
    own_way = build.removeprefix(", or ") if served and not loosened else f"{loosened or leave}{build}"
    return "; ".join(filter(None, (own_way, nearest)))


def settled(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the files that pip takes without being asked for them: no pre-releases, nothing yanked."""
    return [one for one in candidates if not one.distribution.version.is_prerelease and one.distribution.yanked is None]


def versions_for(wheels: Iterable[Candidate], target: Target) -> list[Version]:
    """Return the versions that have an admitted wheel for all patch levels of *target*, newest first."""
    patches = [target.python[2]] if target.exact else range(_PATCHES)
    pythons = [f"{target.python[0]}.{target.python[1]}.{patch}" for patch in patches]
    found = {
        candidate.distribution.version
        for candidate in wheels
        if not candidate.verdicts
        and fits(candidate, target)
        and all(allows(candidate.distribution.requires_python, python) for python in pythons)
    }
    return sorted(found, reverse=True)


def _new_pip(target: Target) -> Iterator[tuple[Target, str]]:
    """Yield the target with a pip of today and how to get it, if it is a machine that may have an older pip."""
    if target.described or target.pip:
        platforms = (*target.unseen, *target.platforms)
        tags = tags_of(target.implementation, target.python[:2], target.abis, platforms)
        then = f"describe {target.name} again" if target.described else "change pip in the target"
        how = f"its pip is too old for a wheel that its system would take: update pip there, and {then}"
        yield replace(target, platforms=platforms, tags=tags), how


def _changes(wheels: Sequence[Candidate], target: Target) -> list[tuple[Target, str]]:
    """Every other target on the same system, a newer one of its kind at most, and how to get it, the nearest first."""
    own, known = platform_of(target), {*target.platforms, *target.unseen}
    newer = [name for name in _platforms(wheels, target) if is_here(name, target) and name not in known]
    found = []
    for (python, far), (place, name) in product(_pythons(target), enumerate((own, *newer))):
        other = _parsed(target, python, name)
        changed = sum(far[:3]) + (place > 0)
        if other and changed:
            found.append(((changed, *far, place), other, _here(other, target, raised=place > 0)))
    return [(other, how) for _, other, how in sorted(found, key=lambda one: one[0])]


def _elsewhere(wheels: Sequence[Candidate], target: Target) -> str:
    """The nearest target on another system, and what it gets; ``""`` if there is none that could stand in."""
    system, _ = kin(platform_of(target))
    names = [name for name in _platforms(wheels, target) if not is_here(name, target)]
    apart = {name: kin(name)[0] != system and not _APART.isdisjoint({system, kin(name)[0]}) for name in names}
    for python, _ in sorted(_pythons(target), key=lambda one: (sum(one[1][:3]), *one[1])):
        found = []
        for name in names:
            other = None if apart[name] else _parsed(target, python, name)
            if other and (versions := versions_for(wheels, other)):
                like = kin(name)[0] == system, versions[0], kin(name)[0] == "linux"
                found.append((like, f"{_spelt(other)}, which gets {few(versions)}"))
        if found:
            # A Linux can be had on Windows. Of what is alike in all this, the first is most like the target.
            return max(found, key=lambda one: one[0])[1]
    return ""


def _platforms(wheels: Iterable[Candidate], target: Target) -> list[str]:
    names = {tag.platform for one in wheels for tag in one.tags or ()}
    return sorted(names - {"any", platform_of(target)}, key=likeness(target))


def _parsed(target: Target, python: str, platform: str) -> Target | None:
    """The target with another Python and platform; ``None`` if a subset can be for no such machine: linux_x86_64."""
    implementation, minor = python[:2], int(python.partition("-")[0][3:])
    same = target.exact and (implementation, minor) == (target.implementation, target.python[1])
    version = target.version if same else None
    return _target(target.name, f"{python}-{_machine(platform, platform_of(target))}", version)


@functools.lru_cache(1 << 9)
def _target(name: str, tag: str, version: str | None) -> Target | None:
    """Return a target as `parse` does, ``None`` if there is none; each project that is explained asks for the same ones."""
    try:
        return parse(name, tag, version)
    except TargetError:
        return None


def _other_patches(wheels: Iterable[Candidate], target: Target) -> Iterator[tuple[Target, str]]:
    """Yield the other patch levels of the target's Python, nearest first, if that is all that keeps some wheel away."""
    if not any(fits(one, target) for one in wheels):
        return
    major, minor, own = target.python
    for patch in sorted(range(_PATCHES), key=lambda patch: (abs(patch - own), -patch)):
        full = f"{major}.{minor}.{patch}"
        way = _by_hand(target, "it") or f'give the target python = "{full}"'
        other = replace(target, python=(major, minor, patch), exact=True)
        yield other, f"nearest Python that works is {full}: {way}"


def _by_hand(target: Target, what: str) -> str:
    """How a machine changes that no setting describes; ``""`` if one does."""
    if target.host:
        return f"run pypi-subset with {what}"
    return f"install {what} there, and describe {target.name} again" if target.described else ""


def _pythons(target: Target) -> Iterator[tuple[str, tuple[int, ...]]]:
    """``cp313-cp313t`` and the like, each with how far it is: another build, version or threading, and by how much."""
    own = target.python[1]
    threaded, pypy = target.abi.endswith("t"), target.implementation == "pp"
    for minor, free in product(sorted({own, *_PYTHONS}), (False, True)):
        if not free or minor >= FREE_THREADED:
            # A free-threaded Python is proposed to others only if nothing else fits.
            build = pypy + 2 * (free and not threaded)
            python = f"cp3{minor}-cp3{minor}t" if free else f"cp3{minor}"
            yield python, (build, minor != own, free != threaded, abs(minor - own), -minor)
    for minor in _PYPY:
        yield f"pp3{minor}", (2 * (not pypy), minor != own, threaded, abs(minor - own), -minor)


def _machine(name: str, own: str) -> str:
    """A platform that a machine can have, for one of a file: a universal2 wheel serves either Mac."""
    if own.endswith("x86_64"):
        return name.replace("universal2", "x86_64")
    # No Mac of that kind is older than macOS 11.
    return re.sub(r"10_\d+_universal2|universal2", lambda match: "11_0_arm64" if "_" in match[0] else "arm64", name)


def _here(other: Target, target: Target, *, raised: bool) -> str:
    """How the user gets a target of the same kind of machine."""
    same = (other.interpreter, other.abi) == (target.interpreter, target.abi)
    kind = "" if target.implementation == other.implementation else IMPLEMENTATIONS[other.implementation][1]
    free, minor = other.abi.endswith("t"), ".".join(map(str, other.python[:2]))
    threads = ", free-threaded" if free else ", not free-threaded"
    python = f"{kind} {minor}".strip() + threads * (free != target.abi.endswith("t"))
    setting = f"make the target {_spelt(other)}"
    if target.system and other.platform == target.platform:
        # The user wrote a system and a Python, no tag.
        setting = f'give the target python = "{_named(other)}"'
    if not raised:
        return f"nearest Python that works is {python}: {_by_hand(target, 'it') or setting}"
    family, version, _ = versioned(other.platform)
    wanted = "" if same else f" with {python if kind else f'Python {python}'}"
    newer = _by_hand(target, "such a system" if same else "such a system and Python").replace("with", "on")
    return f"lowest {_LIBRARY[family]} that works{wanted} is {'.'.join(map(str, version))}{_known(other)}: {newer or setting}"


def _named(target: Target) -> str:
    """The Python as it is written beside a system: ``3.12``, ``3.13t``, ``pypy3.10``."""
    minor = ".".join(map(str, target.python[:2]))
    return "pypy" * (target.implementation == "pp") + minor + "t" * target.abi.endswith("t")


def _known(target: Target) -> str:
    """`` (debian-10, rhel-8)``: the oldest named systems on which *target* holds."""
    family, version, machine = versioned(target.platform)
    found: dict[tuple[int, ...], list[str]] = {}
    for system in systems():
        one = versioned(system.platform_of(machine))
        if machine in system.arches and one[0] == family and one[1] >= version:
            found.setdefault(one[1], []).append(system.name)
    return f" ({few(found[min(found)])})" if found else ""


def _spelt(target: Target) -> str:
    """The tag as short as it may be set: ``cp312-win_amd64``, ``cp313-cp313t-win_amd64``."""
    short = f"{target.interpreter}-{target.platform}"
    return short if parse(target.name, short).tag == target.tag else target.tag
