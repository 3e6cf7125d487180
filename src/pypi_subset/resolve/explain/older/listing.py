"""The lines of the list of what is outdated: one for each cause, with the sets and targets that it concerns."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.requirements.source import is_lock
from pypi_subset.resolve.explain.older.causes import OF_SET
from pypi_subset.resolve.explain.rejections import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.model.locks import Outdated

#: Lines that are shown; the others are counted.
LINES = 8


#: The obstacle of a target whose Python is too old or too new for a release.
_PYTHON = re.compile(r"^[^;]*(?:, not for |the target has )(?P<own>\S+)$")
#: The beginning of a chain of requirements, after a line that admits a newer release.
_CHAIN = re.compile(r"(?:.+? admits \S+ at most: )?it requires ")
#: A step that is about the policy, with the rule; without one, it is about what is malicious.
_RULE = re.compile(r'\[\[policy\.accept\]\] with rule = "(\w+)"|nothing in \[policy\]')
_ELSEWHERE = re.compile(r"; \S+, as on .*$")


def outdated_lines(found: Iterable[Outdated], *, most: int | None = LINES) -> list[str]:
    """
    Return the list that ends a mirror, the newest release first; nothing if *found* is empty.

    Projects that are older because a line of the user says so share one line: the user knows. So do pre-releases that other
    requirements name. What the policy keeps away has a line for each rule, with the way to let it in.

    :param most: how many lines at most; ``None`` shortens no names either.
    """
    groups: defaultdict[str, list[Outdated]] = defaultdict(list)
    own: list[Outdated] = []
    refused: defaultdict[str, list[Outdated]] = defaultdict(list)
    for one in sorted(_once(found), key=lambda one: (one.project, one.set, one.target)):
        if one.own and (rule := _rule(one)):
            refused[rule].append(one)
        elif one.own:
            own.append(one)
        else:
            groups[_key(one)].append(one)
    ordered = sorted(groups.values(), key=lambda those: (_age(those), those[0].project))
    lines = [_entry(those, short=most is not None) for those in ordered]
    if most is not None and len(lines) > most:
        lines = [*lines[:most], f"and {len(lines) - most} more: `--json`"]
    lines += [_by_rule(rule, those, short=most is not None) for rule, those in refused.items()]
    headings: defaultdict[str, list[Outdated]] = defaultdict(list)
    for one in sorted(own, key=_is_named):
        headings[_heading(one)].append(one)
    for heading, those in headings.items():
        names = list(dict.fromkeys(f"{one.project} {one.version} ({_not(one, day=False)})" for one in those))
        lines.append(f"{heading}: {_some(names, short=most is not None)}")
    return [f"  {line}" for line in lines]


def _heading(one: Outdated) -> str:
    """Return what the line about a project begins with that is older by the user's own choice."""
    if _is_named(one):
        return "pre-releases that other requirements name"
    stated = one.why.partition(":")[0]
    return f"as {stated} has them" if is_lock(Path(stated)) else "by your own lines"


def outdated_heading(found: Sequence[Outdated]) -> str:
    """Return the line above the list: how many projects are older, and how many pre-releases there are."""
    those = _once(found)
    older = {one.project for one in those if not one.early}
    early = {one.project for one in those if one.early and not one.own}
    meant = {one.project for one in those if one.early and one.own}
    parts = []
    if older:
        parts.append(
            f"{len(older)} requested project{'s are' if len(older) != 1 else ' is'} older than the newest release"
        )
    if early:
        parts.append(f"{len(early)} pre-release{'s' * (len(early) != 1)} that no line asks for")
    if meant and not parts:
        parts.append(f"{len(meant)} pre-release{'s' * (len(meant) != 1)} that a requirement asks for")
    return " and ".join(parts)


def _once(found: Iterable[Outdated]) -> list[Outdated]:
    """Return *found* without what another finding says too: a pre-release may be older than the same final release."""
    those = [*found]
    early = {(one.set, one.target, one.project, one.version, one.newest) for one in those if one.early}
    return [
        one for one in those if one.early or (one.set, one.target, one.project, one.version, one.newest) not in early
    ]


def _is_named(one: Outdated) -> bool:
    """Whether it is a pre-release that no line requests, and that another requirement names."""
    return one.early and not one.requested and one.why != OF_SET


def _rule(one: Outdated) -> str:
    """Return the rule of the policy that keeps a release away, ``""`` if it is something else."""
    found = _RULE.search(one.step)
    return found[1] or "advisory" if found else ""


def _by_rule(rule: str, those: Sequence[Outdated], *, short: bool) -> str:
    """Return the line about what one rule keeps away."""
    if len({(one.project, one.version, one.newest) for one in those}) == 1:
        return _entry(those, short=short)
    names = list(dict.fromkeys(f"{one.project} {one.version} ({_not(one, day=False)})" for one in those))
    step = f'to accept one, write [[policy.accept]] with rule = "{rule}", its project, a reason and a last day'
    return f"by the rule {rule} of your policy: {_some(names, short=short)}{_remedy(step)}"


def _some(names: Sequence[str], *, short: bool) -> str:
    """Return *names* in one line; those that are left out of a *short* list are counted."""
    shown = names[:SHOWN] if short else names
    more = f" and {len(names) - len(shown)} more: `--json`" if len(shown) < len(names) else ""
    return ", ".join(shown) + more


def _age(those: Sequence[Outdated]) -> tuple[int, ...]:
    """The sort key of an entry: the day of the newest release, latest first; days that are not stated come last."""
    day = max(one.newest_uploaded for one in those)
    return tuple(-int(part) for part in day.split("-")) if day.count("-") == 2 else (0,)  # noqa: PLR2004 - y-m-d


def _key(one: Outdated) -> str:
    """What two findings have in common if their causes are one: the end of the chain, or the Python of the target."""
    if end := _end(one.why):
        return f"{end}\n{one.step}"
    found = _PYTHON.search(_short(one.why))
    if found is None:
        return f"{one.project} {one.why}"
    # A newer Python is no way for a project that needs an older one, or another build of the same.
    needed, own = _minor_in(one.step), _minor_in(found["own"])
    way = one.step.partition(", which gets ")[0] if needed == own else "newer" if needed > own else "older"
    return f"the Python of {one.target}: {way}"


def _end(why: str) -> str:
    """Return what cannot be had at the end of a chain of requirements; ``""`` if *why* is no chain."""
    chain = _CHAIN.match(why)
    return why[chain.end() :].rpartition("; ")[2] if chain else ""


def _step_of(those: Sequence[Outdated]) -> str:
    """
    Return the step of an entry with several projects.

    The release that another target gets is that of one project. It is the newest Python if the projects need a newer one than
    the target has, else the oldest.
    """
    steps = [one.step.partition(", which gets ")[0] for one in those]
    named = sorted(filter(_minor_in, steps), key=_minor_in)
    found = _PYTHON.search(_short(those[0].why))
    if not named or found is None:
        return steps[0]
    return named[-1] if _minor_in(named[-1]) > _minor_in(found["own"]) else named[0]


def _minor_in(text: str) -> int:
    """Return the minor version of the first Python that *text* names, as in ``3.12`` and ``cp312``; 0 if it names none."""
    found = re.search(r"\b(?:[a-z]{2}3|3\.)(\d+)", text)
    return int(found[1]) if found else 0


def _short(why: str) -> str:
    """Return a cause without what another target has instead, which is for `plan`."""
    return _ELSEWHERE.sub("", why)


def _entry(those: Sequence[Outdated], *, short: bool) -> str:
    first, places = those[0], defaultdict[str, list[str]](list)
    is_alone = len({(one.project, one.version, one.newest) for one in those}) == 1
    for one in those:
        name = _named(one) if is_alone else f"{one.project} {one.version} ({_not(one, day=False)})"
        places[name].append(f"{one.set}--{one.target}")
    groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, where in places.items():
        groups[tuple(where)].append(name)
    what = "; ".join(f"{_some(names, short=short)} on {_some(where, short=short)}" for where, names in groups.items())
    why, step = _short(first.why), first.step
    if not is_alone:
        step = _step_of(those)
        if len({_short(one.why) for one in those}) > 1:
            # Each project has a chain of its own to the same end.
            end = _end(why)
            why = f"all need {end}" if end else f"the newest releases are not for the Python of {first.target}"
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
