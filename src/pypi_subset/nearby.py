"""The way out of a gap: the nearest target for which some release has a wheel that fits."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from pypi_subset.errors import TargetError
from pypi_subset.obstacles import allows, few, fits, is_here, likeness, versioned
from pypi_subset.systems import systems
from pypi_subset.targets import FREE_THREADED, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.version import Version

    from pypi_subset.model import Target
    from pypi_subset.offers import Offer

#: The Pythons that may be proposed, 3.N, beside the target's own.
_PYTHONS = range(6, 16)
_PYPY = (9, 10, 11)
#: No minor version of Python has had more patch levels.
_PATCHES = 30
#: What the version in a platform tag is the version of.
_LIBRARY = {"manylinux": "glibc", "musllinux": "musl", "macosx": "macOS", "ios": "iOS", "android": "API level"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Change:
    """
    A target that differs as little as need be from one that gets nothing.

    :param what: how the user would get it, the versions left out.
    :param foreign: whether it is another system.
    :param cost: what would be another on the machine, the dearest first: compares.
    """

    target: Target
    what: str
    foreign: bool = False
    cost: tuple[int, ...] = ()


def way_out(offers: Sequence[Offer], target: Target, loosened: str = "") -> str:
    """
    Return the next step: the nearest target for which a wheel fits, as it is set, and the versions that have one.

    :param offers: all files that the requirement allows; no wheel among them fits *target*.
    :param loosened: what *target* itself would get from another requirement; comes first, since no machine changes.
    """
    wheels = [one for one in settled(offers) or offers if one.tags is not None]
    found: _Change | None = None
    for change in (*_other_patches(wheels, target), *sorted(_changes(wheels, target), key=lambda one: one.cost)):
        if versions := versions_for(wheels, change.target):
            found = replace(change, what=f"{change.what}, which gets {few(versions)}")
            break
    own = any(one.tags is None and allows(one.distribution.requires_python, target.version) for one in offers)
    build = ", or build one there from the sdist and name its folder in pip's 'find-links'" * own
    if found is None:
        return (loosened or "ask for another version, or leave the project out for this target") + build
    if found.foreign:
        here = loosened or "nothing is for this system, so leave the project out for this target"
        return f"{here}{build}; {found.what}"
    return "; ".join(filter(None, (loosened, found.what))) + build


def settled(offers: Iterable[Offer]) -> list[Offer]:
    """Return the files that pip takes without being asked for them: no pre-releases, nothing yanked."""
    return [one for one in offers if not one.distribution.version.is_prerelease and one.distribution.yanked is None]


def versions_for(wheels: Iterable[Offer], target: Target) -> list[str]:
    """Return the versions that have a wheel for all patch levels of *target*, newest first."""
    patches = [target.python[2]] if target.exact else range(_PATCHES)
    pythons = [f"{target.python[0]}.{target.python[1]}.{patch}" for patch in patches]
    found: set[Version] = {
        offer.distribution.version
        for offer in wheels
        if fits(offer, target) and all(allows(offer.distribution.requires_python, python) for python in pythons)
    }
    return [str(version) for version in sorted(found, reverse=True)]


def _changes(wheels: Sequence[Offer], target: Target) -> Iterator[_Change]:
    """Every target that comes into question, for some of which there is nothing at all."""
    own = target.tag.rpartition("-")[2]
    names = sorted({tag.platform for one in wheels for tag in one.tags or ()} - {"any", own}, key=likeness(target))
    newer = [name for name in names if is_here(name, target) and name not in target.platforms]
    others = [name for name in names if not is_here(name, target)]
    for (python, far), (place, name) in product(_pythons(target), enumerate((own, *newer, *others))):
        try:
            other = parse(target.name, f"{python}-{_machine(name, own)}")
        except TargetError:
            continue  # There is no such machine, or none that a subset can be for: linux_x86_64, universal2 of old.
        foreign = place > len(newer)
        changed = sum(far[:3]) + (place > 0)
        if not changed and any(fits(one, target) for one in wheels):
            continue  # That is the target itself.
        what = f"nearest is {_spelt(other)}" if foreign else _here(other, target, raised=place > 0)
        yield _Change(target=other, what=what, foreign=foreign, cost=(foreign, changed, *far, place))


def _other_patches(wheels: Iterable[Offer], target: Target) -> list[_Change]:
    """The other patch levels of the target's Python, nearest first, if that is all that keeps some wheel away."""
    if not any(fits(one, target) for one in wheels):
        return []
    major, minor, own = target.python
    found = []
    for patch in sorted(range(_PATCHES), key=lambda patch: (abs(patch - own), -patch)):
        full = f"{major}.{minor}.{patch}"
        what = f'nearest Python that works is {full}: give the target python = "{full}"'
        found.append(_Change(target=replace(target, python=(major, minor, patch), exact=True), what=what))
    return found


def _pythons(target: Target) -> Iterator[tuple[str, tuple[int, ...]]]:
    """``cp313-cp313t`` and the like, each with how far it is: another build, version or threading, and by how much."""
    own = target.python[1]
    threaded, pypy = _is_threaded(target), target.implementation == "pp"
    for minor, free in product(sorted({own, *_PYTHONS}), (False, True)):
        if not free or minor >= FREE_THREADED:
            # To a free-threaded Python nobody is sent who did not ask for one, unless there is no other.
            build = pypy + 2 * (free and not threaded)
            python = f"cp3{minor}-cp3{minor}t" if free else f"cp3{minor}"
            yield python, (build, minor != own, free != threaded, abs(minor - own), -minor)
    for minor in _PYPY:
        yield f"pp3{minor}", (2 * (not pypy), minor != own, threaded, abs(minor - own), -minor)


def _is_threaded(target: Target) -> bool:
    """Whether it is a free-threaded build (PEP 703)."""
    return target.tag.split("-")[1].endswith("t")


def _machine(name: str, own: str) -> str:
    """A platform that a machine can have, for one of a file: a universal2 wheel serves either Mac."""
    if own.endswith("x86_64"):
        return name.replace("universal2", "x86_64")
    # No Mac of that kind is older than macOS 11.
    return re.sub(r"10_\d+_universal2|universal2", lambda match: "11_0_arm64" if "_" in match[0] else "arm64", name)


def _here(other: Target, target: Target, *, raised: bool) -> str:
    """How the user gets a target of the same kind of machine."""
    same = other.tag.rpartition("-")[0] == target.tag.rpartition("-")[0]
    if same and not raised:
        too_old = "its pip is too old for a wheel that its system would take"
        return f"{too_old}: update pip there, and describe {target.name} anew"
    kind = (
        {"cp": "CPython", "pp": "PyPy"}[other.implementation] if target.implementation != other.implementation else ""
    )
    threads = ", free-threaded" if _is_threaded(other) else ", not free-threaded"
    python = f"{kind} {other.version}".strip() + threads * (_is_threaded(other) != _is_threaded(target))
    setting = f"make the target {_spelt(other)}"
    if not raised:
        return f"nearest Python that works is {python}: {setting}"
    family, version, _ = versioned(other.tag.rpartition("-")[2])
    system = (
        f"{_LIBRARY[family]} that works {'' if same else 'with ' + (python if kind else f'Python {python}')}".rstrip()
    )
    return f"lowest {system} is {'.'.join(map(str, version))}{_known(other)}: {setting}"


def _known(target: Target) -> str:
    """`` (debian-10, rhel-8)``: the oldest named systems on which *target* holds."""
    family, version, machine = versioned(target.tag.rpartition("-")[2])
    found: dict[tuple[int, ...], list[str]] = {}
    for system in systems():
        one = versioned(system.platform_of(machine))
        if machine in system.arches and one[0] == family and one[1] >= version:
            found.setdefault(one[1], []).append(system.name)
    return f" ({few(found[min(found)])})" if found else ""


def _spelt(target: Target) -> str:
    """The tag as short as it may be set: ``cp312-win_amd64``, ``cp313-cp313t-win_amd64``."""
    python, _, platform = target.tag.split("-")
    short = f"{python}-{platform}"
    return short if parse(target.name, short).tag == target.tag else target.tag
