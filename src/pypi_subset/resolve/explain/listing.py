"""The lines that tell what is outdated: one for each cause, with the sets and targets that it concerns."""

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

    Projects that are older because a line of the user's own says so share one line: the user knows.

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
        names = list(dict.fromkeys(f"{one.project} {one.version} ({_not(one)})" for one in own))
        lines.append(f"by lines of your own: {few(names)}")
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
    """Return a cause without what another target has instead, which `plan` tells."""
    return _ELSEWHERE.sub("", why)


def _entry(those: Sequence[Outdated]) -> str:
    names: defaultdict[str, list[str]] = defaultdict(list)
    for one in those:
        names[f"{_named(one)}"].append(f"{one.set}--{one.target}")
    what = " and ".join(f"{name} ({few(places)})" for name, places in names.items())
    first = those[0]
    why = _short(first.why)
    if not why.startswith("it requires") and len({one.project for one in those}) > 1:
        why = f"the newest releases are not for the Python of {first.target}"
    remedy = f". {first.step[:1].upper()}{first.step[1:]}" if first.step and not first.step.startswith("pip ") else ""
    build = f". Build it: {first.step}" if first.step.startswith("pip ") else ""
    return f"{what}: {why}{remedy}{build}"


def _named(one: Outdated) -> str:
    kind = ", a pre-release" if one.early else ""
    return f"{one.project} {one.version}{_day(one.uploaded)}{kind}, {_not(one)}"


def _not(one: Outdated) -> str:
    if not one.newest:
        return "no final release"
    return f"{'newest final' if one.early else 'newest'} {one.newest}{_day(one.newest_uploaded)}"


def _day(day: str) -> str:
    return f" of {day}" if day else ""
