"""Markers that tell some targets of a set from the others: a lock is walked for each target, a request is for all of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.markers import Marker

from pypi_subset.targets.markers import decided

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pypi_subset.model.targets import Target

#: Values by which a marker tells targets apart, those that a reader knows best first.
_TELLING = (
    "sys_platform",
    "python_version",
    "platform_machine",
    "platform_python_implementation",
    "implementation_name",
    "python_full_version",
    "platform_system",
    "os_name",
    "implementation_version",
    "platform_release",
    "platform_version",
)
#: Those that differ between the patch levels of one target.
_OF_PATCHES = frozenset({"python_full_version", "implementation_version"})


class Alike(ValueError):
    """No marker tells the targets apart."""


def telling(targets: Sequence[Target], where: Mapping[str, Marker | None], *, by_python: bool = False) -> Marker | None:
    """
    Return a marker that is true on the targets in *where*, and false on the others; ``None`` if it is always true.

    :param where: name of a target → marker of the patch levels at which it counts, ``None`` for all.
    :param by_python: whether Pythons are the first choice, and not systems.
    :raises Alike: no marker tells them apart.
    """
    groups: dict[str, list[Target]] = {}
    for one in targets:
        if one.name in where:
            groups.setdefault(str(where[one.name] or ""), []).append(one)
    terms: list[str] = []
    # Those with a marker come first: where it is true on an exact target too, that needs no term.
    for inner, mine in sorted(groups.items(), reverse=True):
        if left := [one for one in mine if not _is_covered(terms, one)]:
            terms.append(_term(inner, left, targets, where, by_python=by_python))
    if "" in terms:
        return None
    return Marker(" or ".join(terms))


@dataclass(frozen=True, order=True, slots=True)
class _Value:
    """A value of a marker variable."""

    name: str
    value: str

    def __str__(self) -> str:
        """Return the comparison that it is this value."""
        return self.compared("==")

    def compared(self, sign: str) -> str:
        """Return the comparison with this value."""
        quote = "'" if '"' in self.value else '"'
        return f"{self.name} {sign} {quote}{self.value}{quote}"


def _term(
    inner: str,
    mine: Sequence[Target],
    targets: Sequence[Target],
    where: Mapping[str, Marker | None],
    *,
    by_python: bool,
) -> str:
    """
    Return *inner* for the targets *mine*; ``""`` for a term that is always true.

    :raises Alike: there is no such term.
    """
    others = [one for one in targets if one not in mine and not _is_harmless(inner, one, where)]
    if not others:
        return inner
    for names in _choices(targets, by_python=by_python):
        values = sorted({_values(one, names) for one in mine})
        apart = sorted({_values(one, names) for one in others})
        if not {*values} & {*apart}:
            text = " or ".join(" and ".join(map(str, row)) for row in values)
            if len(names) == 1 and len(apart) < len(values):
                text = " and ".join(row[0].compared("!=") for row in apart)
            if _tells(Marker(text), mine, others):
                return f"({text}) and ({inner})" if inner else text
    raise Alike


def _choices(targets: Sequence[Target], *, by_python: bool) -> Iterator[tuple[str, ...]]:
    """Yield the variables to compare, fewest first: each, each pair, and then more and more of those that all targets have."""
    known = [name for name in _TELLING if all(name in one.environment for one in targets)]
    if not all(one.exact for one in targets):
        known = [name for name in known if name not in _OF_PATCHES]
    if by_python and "python_version" in known:
        known.remove("python_version")
        known.insert(0, "python_version")
    for size in (1, 2):
        yield from itertools.combinations(known, size)
    yield from (tuple(known[:size]) for size in range(3, len(known) + 1))


def _values(target: Target, names: Iterable[str]) -> tuple[_Value, ...]:
    return tuple(_Value(name, target.environment[name]) for name in names)


def _tells(marker: Marker, mine: Iterable[Target], others: Iterable[Target]) -> bool:
    """Whether *marker* is true on all of *mine* and false on all *others*: versions are equal in several spellings."""
    return all(decided(marker, one.environment) is True for one in mine) and all(
        decided(marker, one.environment) is False for one in others
    )


def _is_covered(terms: Sequence[str], target: Target) -> bool:
    return bool(terms) and target.exact and decided(Marker(" or ".join(terms)), target.environment) is True


def _is_harmless(inner: str, target: Target, where: Mapping[str, Marker | None]) -> bool:
    """Whether *inner* may count on *target*: all of it does there, or *inner* is false."""
    if target.name in where and where[target.name] is None:
        return True
    return bool(inner) and target.exact and decided(Marker(inner), target.environment) is False
