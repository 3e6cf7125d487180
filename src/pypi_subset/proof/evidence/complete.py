"""What must be green, by the manifest: each set and each request, on each target, by each route. Each is asked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from packaging.requirements import InvalidRequirement, Requirement

from pypi_subset.model.checks import GOOD, WAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypi_subset.model.checks import Check
    from pypi_subset.model.manifest import Manifest

#: Target, set, and request, ``""`` for the set as a whole.
Place: TypeAlias = "tuple[str, str, str]"

#: The kinds of proof that install; an opinion is asked for besides.
_KINDS = ("installed", "unpacked", "emulated")
_OPINION = "second opinion"
#: How many are named of a kind.
_FEW = 3
#: The place of the results of the inventory, which concerns all.
_INVENTORY = ("", "", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """
    What keeps a report from being complete.

    :param what: ``missing``, ``twice`` or ``unknown``.
    :param place: target, set and request.
    :param how: the route or kind of proof, ``""`` for all.
    """

    what: str
    place: Place
    how: str = ""

    def __str__(self) -> str:
        """Return e.g. ``linux, base, pandas by simple``."""
        target, set_name, request = self.place
        words = [target, set_name, request or ("all together" if set_name else "")] if target else ["the inventory"]
        return ", ".join(filter(None, words)) + f" by {self.how}" * bool(self.how)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """
    What must be green of one place.

    :param count: how many cases are the same: a line may stand in a set twice.
    :param conditional: whether a marker decides if it is asked for at all.
    """

    count: int
    conditional: bool
    accepted: bool = False


def gaps(manifest: Manifest, checks: Sequence[Check]) -> list[Gap]:
    """
    Return what *checks* lack to be all of what *manifest* asks for, once each: what is missing comes first.

    A red result is no gap. A request may be skipped only if it has a marker; a second opinion need not agree. What the
    manifest leaves out must be accepted, and nothing else may be.
    """
    wanted, placed = _wanted(manifest), defaultdict(list)
    for check in checks:
        placed[check.target, check.set_name, check.request].append(check)
    found = [gap for place, one in sorted(wanted.items()) for gap in _missing(place, one, placed.get(place, ()))]
    looked = Counter((check.proof, check.status) for check in placed.pop(_INVENTORY, ()))
    if not looked["inventory", "passed"] + looked["inventory", "failed"]:
        found.insert(0, Gap(what="missing", place=_INVENTORY))
    found += [Gap(what="twice", place=_INVENTORY)] * (looked["inventory", "passed"] > 1)
    found += [Gap(what="unknown", place=_INVENTORY, how=proof) for proof, _ in sorted(looked) if proof != "inventory"]
    for place, own in sorted(placed.items()):
        if place not in wanted or any(check.proof == "inventory" for check in own):
            found.append(Gap(what="unknown", place=place))
        else:
            found += _repeated(place, wanted[place].count, own)
    return found


def summary(found: Sequence[Gap]) -> str:
    """Return in one line what *found* comes to, with the first few of a kind, ``""`` for none."""
    for what, words in (
        ("missing", "the report has no result of"),
        ("twice", "the report has more than one result of"),
        ("unknown", "the manifest does not ask for, but the report has"),
    ):
        own = [str(gap) for gap in found if gap.what == what]
        if own:
            return f"{words} {'; '.join(own[:_FEW])}" + f"; … ({len(own)} in all)" * (len(own) > _FEW)
    return ""


def _wanted(manifest: Manifest) -> dict[Place, _Wanted]:
    wanted = {}
    for one in manifest.sets:
        lines = Counter(request.requirement for request in one.requests)
        for target in one.targets:
            gone = {gap.requirement for gap in one.gaps or () if gap.target == target}
            left = lines.keys() - gone
            wanted[target, one.name, ""] = _Wanted(
                count=1, conditional=all(map(_has_marker, left)), accepted=bool(gone) and not left
            )
            for line, count in lines.items():
                wanted[target, one.name, line] = _Wanted(
                    count=count, conditional=_has_marker(line), accepted=line in gone
                )
    return wanted


def _missing(place: Place, wanted: _Wanted, checks: Sequence[Check]) -> Iterator[Gap]:
    """Yield each route and opinion of *place* that is not there; all of a case that has none at all are one gap."""
    routes: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for check in checks:
        if check.proof in _KINDS and check.way and check.status in {*GOOD, "failed"}:
            routes[check.proof, check.interpreter].add(check.way)
    whole = [check.status for check in checks if check.proof in _KINDS and not check.way]
    if wanted.accepted or "accepted" in whole:
        if not wanted.accepted or routes or "accepted" not in whole:
            yield Gap(what="missing", place=place)
        return
    if not routes:
        # Red as a whole, before any route; or not asked for there.
        if "failed" not in whole and not (wanted.conditional and "skipped" in whole):
            yield Gap(what="missing", place=place)
        return
    for _, had in sorted(routes.items()):
        yield from (Gap(what="missing", place=place, how=way) for way in WAYS if way not in had)
    # Asked for at another patch level than the interpreter's, it is unpacked for that one without an opinion.
    if not wanted.conditional and not any(check.proof == _OPINION for check in checks):
        yield Gap(what="missing", place=place, how=_OPINION)


def _repeated(place: Place, count: int, checks: Sequence[Check]) -> Iterator[Gap]:
    had = Counter((check.proof, check.interpreter, check.way) for check in checks)
    for (proof, _, way), number in sorted(had.items()):
        if number > count:
            yield Gap(what="twice", place=place, how=", ".join(filter(None, (proof, way))))


def _has_marker(line: str) -> bool:
    try:
        return Requirement(line).marker is not None
    except InvalidRequirement:
        return False
