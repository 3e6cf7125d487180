"""
Patch levels: where the answer for 3.11.2 may differ from that for 3.11.3, and how a lock says which is whose.

A target that names X.Y alone stands for every X.Y.z. Most metadata never asks for z; what does asks by a marker on
``python_full_version`` or by Requires-Python, and each such question splits the minor version at known places.
"""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.markers import Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pypi_subset.targets.markers import decided

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pypi_subset.model.targets import Target

#: The marker values that tell patch levels apart, on CPython at least.
_FULL = ("python_full_version", "implementation_version")


def at_patch(target: Target, patch: int) -> Target:
    """Return *target* as it is with Python X.Y.*patch*; tags do not depend on it."""
    python = (*target.python[:2], patch)
    full = ".".join(map(str, python))
    # PyPy's own version is not that of the language.
    names = {*_FULL} if target.implementation == "cp" else {"python_full_version"}
    markers = tuple((name, full if name in names else value) for name, value in target.markers)
    return replace(target, python=python, markers=markers)


@functools.cache
def of_bound(requires_python: str, major: int, minor: int) -> frozenset[int]:
    """Return the patch levels at which *requires_python* (PEP 345) begins or ceases to hold within the minor version."""
    try:
        specifiers = SpecifierSet(requires_python)
    except InvalidSpecifier:
        return frozenset()
    own = f"{major}.{minor}"
    return _changes(requires_python, own, lambda patch: specifiers.contains(f"{own}.{patch}", prereleases=True))


def of_marker(marker: Marker | None, target: Target, extras: Iterable[str] = ()) -> frozenset[int]:
    """Return the patch levels at which *marker* (PEP 508) begins or ceases to hold, each of *extras* tried alone."""
    text = str(marker)
    if not any(name in text for name in _FULL):
        return frozenset()

    def truth(extra: str, patch: int) -> object:
        # Open is a third answer: at a patch level where it begins, the resolver reports it.
        return decided(marker, at_patch(target, patch).environment, [extra])

    own = ".".join(map(str, target.python[:2]))
    return frozenset().union(*(_changes(text, own, functools.partial(truth, extra)) for extra in ("", *extras)))


def marker_of(patches: Sequence[int], chosen: Iterable[int], target: Target) -> Marker | None:
    """Return the marker of the spans that begin at *chosen*, of all that begin at *patches*; ``None`` for all."""
    mine = set(chosen)
    if mine == set(patches):
        return None
    major, minor = target.python[:2]
    terms = []
    for number, first in enumerate(patches):
        if first in mine and (number == 0 or patches[number - 1] not in mine):
            end = next((patch for patch in patches[number:] if patch not in mine), None)
            bounds = [f'python_full_version >= "{major}.{minor}.{first}"'] if first else []
            bounds += [f'python_full_version < "{major}.{minor}.{end}"'] if end is not None else []
            terms.append(" and ".join(bounds))
    return Marker(" or ".join(terms))


def _changes(text: str, own: str, truth: Callable[[int], object]) -> frozenset[int]:
    """Return where *truth* of a patch level changes; only just beside the levels that *text* mentions can it."""
    mentioned = [int(patch or 0) for patch in re.findall(rf"(?<![\d.]){re.escape(own)}(?:\.(\d+))?(?!\d)", text)]
    beside = {one + step for one in mentioned for step in (0, 1)} - {0}
    return frozenset(patch for patch in beside if truth(patch) != truth(patch - 1))
