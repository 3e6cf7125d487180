"""The lines of the list of what is outdated: one for each cause, with the sets and targets that it concerns."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.resolve.explain.rejections import few

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.model.locks import Outdated

#: Lines that are shown; the others are counted.
LINES = 8


#: The obstacle of a target whose Python is too old or too new for a release.
_PYTHON = re.compile(r"^[^;]*(?:, not for |the target has )\S+$")
_ELSEWHERE = re.compile(r"; \S+, as on .*$")


def outdated_lines(found: Iterable[Outdated], *, most: int | None = LINES) -> list[str]:
    """
    Return the list that ends a mirror, the newest release first; nothing if *found* is empty.

    Projects that are older because a line or the policy of the user says so share one line: the user knows.

    :param most: how many lines at most.
    """
    groups: defaultdict[str, list[Outdated]] = defaultdict(list)
    own: list[Outdated] = []
    for one in sorted(found, key=lambda one: (one.project, one.set, one.target)):
        if one.own:
            own.append(one)
        else:
            groups[_leaf(one)].append(one)
    ordered = sorted(groups.values(), key=lambda those: (_age(those), those[0].project))
    lines = [_entry(those) for those in ordered]
    if most is not None and len(lines) > most:
        lines = [*lines[:most], f"and {len(lines) - most} more: `--json`"]
    if own:
        names = list(dict.fromkeys(f"{one.project} {one.version} ({_not(one, day=False)})" for one in own))
        lines.append(f"by your own lines or policy: {few(names)}")
    return [f"  {line}" for line in lines]


def outdated_heading(found: Sequence[Outdated]) -> str:
    """Return the line above the list: how many projects are older, and how many pre-releases there are."""
    older = {one.project for one in found if not one.early}
    early = {one.project for one in found if one.early and not one.own}
    parts = [
        f"{len(older)} requested project{'s are' if len(older) != 1 else ' is'} older than the newest release",
        f"{len(early)} pre-release{'s' * (len(early) != 1)} that no line asks for",
    ]
    return " and ".join(part for part, names in zip(parts, (older, early), strict=True) if names)


def _age(those: Sequence[Outdated]) -> tuple[int, ...]:
    """The sort key of an entry: the day of the newest release, latest first; days that are not stated come last."""
    day = max(one.newest_uploaded for one in those)
    return tuple(-int(part) for part in day.split("-")) if day.count("-") == 2 else (0,)  # noqa: PLR2004 - y-m-d


def _leaf(one: Outdated) -> str:
    """What two findings have in common if their causes are one: the end of the chain, or the Python of the target."""
    if one.why.startswith("it requires"):
        return one.why.rpartition("; ")[2]
    return f"the Python of {one.target}" if _PYTHON.search(_short(one.why)) else f"{one.project} {one.why}"


def _short(why: str) -> str:
    """Return a cause without what another target has instead, which is for `plan`."""
    return _ELSEWHERE.sub("", why)


def _entry(those: Sequence[Outdated]) -> str:
    first, places = those[0], defaultdict[str, list[str]](list)
    is_alone = len({(one.project, one.version, one.newest) for one in those}) == 1
    for one in those:
        name = _named(one) if is_alone else f"{one.project} {one.version} ({_not(one, day=False)})"
        places[name].append(f"{one.set}--{one.target}")
    groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, where in places.items():
        groups[tuple(where)].append(name)
    what = "; ".join(f"{few(names)} on {few(where)}" for where, names in groups.items())
    why, step = _short(first.why), first.step
    if not is_alone:
        # The release that another target gets is that of the first project alone.
        step = step.partition(", which gets ")[0]
        if not why.startswith("it requires"):
            why = f"the newest releases are not for the Python of {first.target}"
    return f"{what}: {why}{_remedy(step)}"


def _remedy(step: str) -> str:
    if step.startswith("pip "):
        return f". Build it: {step}"
    return f". {step[0].upper()}{step[1:]}" if step else ""


def _named(one: Outdated) -> str:
    kind = ", a pre-release" if one.early else ""
    return f"{one.project} {one.version}{_day(one.uploaded)}{kind}, {_not(one)}"


def _not(one: Outdated, *, day: bool = True) -> str:
    if not one.newest:
        return "no final release"
    uploaded = _day(one.newest_uploaded) if day else ""
    return f"{'newest final' if one.early else 'newest'} {one.newest}{uploaded}"


def _day(day: str) -> str:
    return f" of {day}" if day else ""
