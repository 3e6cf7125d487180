"""Markers (PEP 508), evaluated for another machine; the proof shares no line of this with the resolver."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.markers import Marker, UndefinedComparison

from pypi_subset.errors import ProofFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


#: A comparison as packaging prints it, its two sides in groups.
_SIDE = r"\"[^\"]*\"|'[^']*'|[a-z_]+"
_COMPARISON = re.compile(rf"({_SIDE}) (?:[<>=!~]+|in|not in) ({_SIDE})")
#: Comparisons that are true and false with any Python.
_TRUE, _FALSE = 'python_version != "0"', 'python_version == "0"'


def holds(marker: Marker | None, environment: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    """
    Return whether *marker* holds in *environment*, without an extra or with one of *extras*.

    :raises ProofFailed: that depends on a value that *environment* leaves open; `packaging` would take this machine's.
    """
    extras = [*extras]
    if (found := known(marker, environment, extras)) is not None:
        return found
    names = " or ".join(sorted(_read(str(marker)) - environment.keys() - {"extra"}))
    msg = f"the marker {str(marker)!r} depends on {names}, which the target leaves open"
    raise ProofFailed(msg, next_step=f"state {names} for the target in subset.toml")


def known(marker: Marker | None, environment: Mapping[str, str], extras: Iterable[str] = ()) -> bool | None:
    """
    Return the same, and ``None`` where a value that *environment* leaves open decides.

    A marker has no negation but within a comparison. If it is as true with all open comparisons false as with all of
    them true, they do not count.

    :raises ProofFailed: a comparison is not defined, as ``python_version ~= "x"``.
    """
    if marker is None:
        return True
    try:
        return _known(marker, [{**environment, "extra": extra} for extra in ["", *extras]])
    except UndefinedComparison as error:
        msg = f"the marker {str(marker)!r} has a comparison that is not defined"
        raise ProofFailed(msg) from error


def _known(marker: Marker, environments: Sequence[Mapping[str, str]]) -> bool | None:
    text = str(marker)
    if _read(text) <= environments[0].keys():
        return any(marker.evaluate(one) for one in environments)

    def filled(truth: str) -> bool:
        each = Marker(_COMPARISON.sub(lambda one: one[0] if _name(one) in environments[0] else truth, text))
        return any(each.evaluate(one) for one in environments)

    least = filled(_FALSE)
    return least if least or not filled(_TRUE) else None


def _read(text: str) -> set[str]:
    """Return the names that the comparisons of *text* read."""
    return {_name(found) for found in _COMPARISON.finditer(text)}


def _name(comparison: re.Match[str]) -> str:
    return comparison[1] if comparison[1][0] not in "\"'" else comparison[2]
