"""
Evaluation of markers for a machine that is not this one, without this one's values (PEP 508).

A target may leave a value open. A comparison that reads it is open too, and the rest of the marker may decide all the
same: ``sys_platform == 'darwin' and platform_release >= '20'`` is false on Linux. This is Kleene's three-valued logic.
"""

from __future__ import annotations

import re
from collections import deque
from operator import methodcaller
from typing import TYPE_CHECKING, Literal

from packaging.markers import Marker, UndefinedComparison

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"[a-z_]+")
_WORD = re.compile(r"""[()]|"[^"]*"|'[^']*'|[^\s()"']+""")


class UndefinedName(LookupError):
    """
    The truth of a marker depends on values that the environment leaves open; carries their *names*, sorted.

    Without names, the marker has a comparison that is not defined, as ``python_version ~= "x"``.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(" and ".join(self.names))


def holds(marker: Marker | None, environment: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    """
    Return whether *marker* is true in *environment*, with one of *extras* or without any.

    :raises UndefinedName: that depends on a value that *environment* does not have.
    """
    found = decided(marker, environment, extras)
    if isinstance(found, bool):
        return found
    raise UndefinedName(reads(found) - environment.keys() - {"extra"})


def decided(marker: Marker | None, environment: Mapping[str, str], extras: Iterable[str] = ()) -> bool | Marker:
    """
    Return whether *marker* is true in *environment*, with one of *extras* or without any, where that is known.

    `Marker.evaluate` itself takes a value that *environment* does not have from the running interpreter.

    :returns: otherwise what is left of the marker: each of its comparisons reads a value that *environment* leaves open.
        All of it is left if a comparison is not defined.
    """
    if marker is None:
        return True
    environments = [{**environment, "extra": extra} for extra in ("", *extras)]
    try:
        if reads(marker) <= environments[0].keys():
            return any(map(marker.evaluate, environments))
        found = [reduced(marker, one, methodcaller("evaluate", one)) for one in environments]
    except UndefinedComparison:
        return marker
    return True in found or next((left for left in found if isinstance(left, Marker)), False)


def reads(marker: Marker) -> frozenset[str]:
    """Return the names of the values that *marker* reads."""
    words = _NAME.findall(_QUOTED.sub("", str(marker)))
    return frozenset(words) - {"and", "or", "not", "in"}


def reduced(marker: Marker, known: Collection[str], evaluate: Callable[[Marker], bool]) -> Marker | bool:
    """
    Return what is left of *marker* where each comparison that reads one of the *known* names is replaced by its truth.

    :param evaluate: the truth of such a comparison.
    :returns: a marker of the other comparisons, or the answer where they do not count.
    """
    left = _Reduction(deque(_WORD.findall(str(marker))), known, evaluate).joined("or")
    return Marker(left) if isinstance(left, str) else left


class _Reduction:
    """A walk over the words of a marker, each taken once."""

    def __init__(self, words: deque[str], known: Collection[str], evaluate: Callable[[Marker], bool]) -> None:
        self._words, self._known, self._evaluate = words, known, evaluate

    def joined(self, joint: Literal["or", "and"]) -> str | bool:
        """Take what *joint* joins, ``and`` binding closer than ``or``; return what is left of it."""
        parts: list[str | bool] = []
        while not parts or (self._words and self._words[0] == joint):
            if parts:
                self._words.popleft()
            parts.append(self.joined("and") if joint == "or" else self._one())
        decides = joint == "or"
        if decides in parts:
            return decides
        return f" {joint} ".join(part for part in parts if isinstance(part, str)) or not decides

    def _one(self) -> str | bool:
        """Take a comparison, or what is in parentheses; return what is left of it."""
        if self._words[0] == "(":
            self._words.popleft()
            inner = self.joined("or")
            self._words.popleft()
            return f"({inner})" if isinstance(inner, str) else inner
        taken = [self._words.popleft() for _ in range(4 if self._words[1] == "not" else 3)]
        text = " ".join(taken)
        return self._evaluate(Marker(text)) if {*self._known} & {*taken} else text
