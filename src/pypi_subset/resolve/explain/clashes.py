"""Requirements that no release satisfies together: found among the newest releases, or named by pip."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict, deque
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.errors import BadDistribution, HashMismatch, UpstreamError
from pypi_subset.resolve.explain.hashes import no_solution, stated_at
from pypi_subset.resolve.explain.rejections import SHOWN, admits, by_release

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.version import Version

    from pypi_subset.errors import NoSolution
    from pypi_subset.model.requests import Job
    from pypi_subset.resolve.explain.obstacles import Asking, Inspector, Offer, Offers

#: Choices that are made before the search for a clash ends.
MOST = 3000

_CONFLICT = re.compile(r"The conflict is caused by:\n(?P<lines>(?: {4}.*\n)+)")
_USER = re.compile(r"The user requested (?P<constraint>\(constraint\) )?(?P<requirement>.+)")
_DEPENDS = re.compile(r"(?P<who>\S+ \S+) depends on (?P<requirement>.+)")


@dataclass(kw_only=True)
class _Newest:
    """The newest release of each project that all who ask for it admit, with what that release asks for in turn."""

    inspector: Inspector
    asks: defaultdict[NormalizedName, list[Asking]] = field(default_factory=lambda: defaultdict(list))
    chosen: dict[NormalizedName, tuple[Version, frozenset[NormalizedName]]] = field(default_factory=dict)

    def clash(self, asked: Iterable[Asking]) -> tuple[Asking, ...]:
        """Return requirements of one project that exclude each other; nothing if the newest releases agree."""
        waiting = deque[NormalizedName](self.add(who, one) for who, one in asked)
        stuck = deque[NormalizedName]()
        for _ in range(MOST):
            if not waiting and not stuck:
                break
            # What has no release may have one when all others are chosen: only what has none then is a clash.
            is_last = not waiting
            project = (waiting or stuck).popleft()
            if not (those := self.asks[project]):
                continue
            offer = self.inspector.offer(project)
            limits = self.inspector.limits.get(project, ())
            usable = self.inspector.usable([*those, *limits], offer)
            if not usable and not is_last:
                stuck.append(project)
                continue
            if not usable:
                return self.smallest([*those, *(one for one in limits if one not in those)], offer)
            extras = frozenset(canonicalize_name(extra) for _, one in those for extra in one.extras)
            if self.chosen.get(project) != (usable[0], extras):
                waiting += self.choose(project, usable[0], extras, offer)
        return ()

    def add(self, who: str, requirement: Requirement) -> NormalizedName:
        """Take in one requirement, and return its project."""
        project = canonicalize_name(requirement.name)
        self.asks[project].append((who, requirement))
        return project

    def choose(
        self,
        project: NormalizedName,
        version: Version,
        extras: frozenset[NormalizedName],
        offer: Offer,
    ) -> list[NormalizedName]:
        """Replace what another release of *project* asked for, and return the projects that are to be looked at again."""
        again: list[NormalizedName] = []
        if project in self.chosen:
            former = f"{project} {self.chosen[project][0]}"
            for name, those in self.asks.items():
                if any(who == former for who, _ in those):
                    self.asks[name] = [one for one in those if one[0] != former]
                    again.append(name)
        self.chosen[project] = version, extras
        try:
            needed = list(self.inspector.requires(offer.fitting[version], extras))
        except (BadDistribution, InvalidRequirement):
            return again
        return [*again, *(self.add(f"{project} {version}", one) for one in needed if not one.url)]

    def smallest(self, those: Sequence[Asking], offer: Offer) -> tuple[Asking, ...]:
        """Return the first two of *those* that leave nothing together; all of them if it takes more."""
        pairs = (pair for pair in combinations(those, 2) if not self.inspector.usable(pair, offer))
        return next(pairs, tuple(those))


def newest_clash(inspector: Inspector, asked: Iterable[Asking]) -> tuple[Asking, ...]:
    """Return requirements that exclude each other among the newest releases that *asked* leads to; nothing without any."""
    return _Newest(inspector=inspector).clash(asked)


@dataclass(kw_only=True)
class Paths:
    """Which of the lines *asked* lead to which projects, along the newest releases that requirements admit."""

    inspector: Inspector
    asked: Sequence[Asking]
    below: dict[tuple[NormalizedName, str], set[tuple[NormalizedName, str]]] = field(default_factory=dict)

    def to(self, asking: Iterable[Asking]) -> list[str]:
        """Return the lines that state one of *asking*, or that lead to a release that does."""
        those = {who for who, _ in asking}
        projects = {canonicalize_name(who.partition(" ")[0]) for who in those if " " in who}
        return [who for who, one in self.asked if who in those or self._leads(one, projects)]

    def _leads(self, requirement: Requirement, projects: set[NormalizedName]) -> bool:
        waiting, seen = [_node(requirement)], set[tuple[NormalizedName, str]]()
        while waiting and len(seen) < MOST:
            node = waiting.pop()
            if node[0] in projects:
                return True
            if node not in seen:
                seen.add(node)
                waiting += self._needed(node)
        return False

    def _needed(self, node: tuple[NormalizedName, str]) -> set[tuple[NormalizedName, str]]:
        """Return what the newest release requires that a requirement admits."""
        if node not in self.below:
            self.below[node] = set()
            requirement = Requirement(node[1])
            with contextlib.suppress(BadDistribution, InvalidRequirement, UpstreamError, HashMismatch):
                offer = self.inspector.offer(node[0])
                if usable := self.inspector.usable([("", requirement)], offer):
                    extras = frozenset(map(canonicalize_name, requirement.extras))
                    needed = self.inspector.requires(offer.fitting[usable[0]], extras)
                    self.below[node] = {_node(one) for one in needed if not one.url}
        return self.below[node]


def _node(requirement: Requirement) -> tuple[NormalizedName, str]:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return canonicalize_name(requirement.name), f"{requirement.name}{extras}{requirement.specifier}"


def named_by_pip(output: str, job: Job) -> list[Asking]:
    """Return the requirements that pip names as the cause of a conflict, each with who states it."""
    match = _CONFLICT.search(output)
    lines = match["lines"].splitlines() if match else []
    return list(dict.fromkeys(filter(None, (_asking(line.strip(), job) for line in lines))))


def _asking(line: str, job: Job) -> Asking | None:
    """Who has a requirement, and which, from a line of pip's; ``None`` if it is of another form."""
    match = _USER.fullmatch(line) or _DEPENDS.fullmatch(line)
    if match is None:
        return None
    # pip writes the last comma as a word: "torch<2.10 and >=2".
    asked, semicolon, marker = match["requirement"].partition(";")
    try:
        requirement = Requirement(f"{asked.replace(' and ', ',')}{semicolon}{marker}")
    except InvalidRequirement:
        return None
    if "who" in match.re.groupindex:
        return match["who"], requirement
    own = job.requirement_set
    place = stated_at(requirement, own.constraints if match["constraint"] else own.requests)
    return place or "pip's setting 'constraint'", requirement


def contradiction(asking: Sequence[Asking], job: Job, offers: Offers, requests: Sequence[str] = ()) -> NoSolution:
    """
    Return the error about requirements that exclude each other.

    :param requests: the lines that lead to it.
    """
    asked: defaultdict[NormalizedName, list[Asking]] = defaultdict(list)
    for who, requirement in asking:
        asked[canonicalize_name(requirement.name)].append((who, requirement))
    stated = [f"{who} asks for {requirement}" for who, requirement in asking]
    most = SHOWN - 2
    seen = [*stated[:most], *([f"and {len(stated) - most} more"] if len(stated) > most else [])]
    disputed = [name for name, those in asked.items() if len({str(one.specifier) for _, one in those}) > 1]
    for name in disputed[:1]:
        releases = sorted(by_release(offers.candidates(name)).items(), reverse=True)
        seen += [f"{name} {version}: {_against(version, asked[name])}" for version, _ in releases[: 7 - len(seen)]]
    about = f" on {', '.join(disputed)}" if disputed else ""
    step = "loosen one of these requirements, or put them into separate sets"
    what = f"the requirements contradict each other{about}"
    parties = "; ".join(stated[:most])
    return no_solution(
        job,
        what,
        project=next(iter(disputed), None),
        seen=seen[:7],
        next_step=step,
        requests=requests,
        problem=f"{what}: {parties}",
        kind="clash",
    )


def _against(version: Version, asked: Iterable[Asking]) -> str:
    """Which of the requirements rule out a version, at most one of each that has some."""
    ruled_out = [f"not {one}, says {who}" for who, one in asked if not admits(one, version)]
    return ruled_out[0] if ruled_out else "fits these, but not what else is required"
