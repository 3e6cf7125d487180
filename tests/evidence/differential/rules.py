"""
Rules that explain a difference: each is a way in which resolvers decide, never the name of a project.

A rule may forbid releases that the other resolver chose and ours may not: the other is then asked again without them, and
only if it ends with what ours says is the difference explained. A rule that covers one project only is an exception, and
counts as none (see `compare`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.targets.markers import holds
from tests.evidence.differential.record import headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tests.evidence.differential.cases import Case
    from tests.evidence.differential.record import File, Source

    #: Project → version.
    Chosen = Mapping[str, str]


#: A marker that compares the full version of Python with a pre-release.
_OF_PRE_RELEASES = re.compile(r"""python_full_version\s*[<>=!~]+\s*["'][0-9.]+(?:a|b|rc)[0-9]+["']""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Two answers to one case, and what the index said."""

    case: Case
    ours: Chosen
    theirs: Chosen
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Forbidding:
    """A rule: releases that the other resolver may not take, by project, if it did; it is asked again without them."""

    name: str
    why: str
    forbidden: Callable[[Difference], Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowing:
    """A rule: both answers are right, and this is why they are two; the projects in which it shows."""

    name: str
    why: str
    allowed: Callable[[Difference], frozenset[str]]


def shut_out(difference: Difference) -> dict[str, tuple[str, ...]]:
    """
    Return what of the other's choice no pip would install: no file that fits admits the full version of Python.

    With each such release come all others of its project that are shut out likewise: the other would take those next.
    """
    case, source = difference.case, difference.source
    return {
        project: tuple(sorted({str(file.version) for file in source.page(project) or ()} - admitted))
        for project, version in difference.theirs.items()
        if str(Version(version)) not in (admitted := _admitted(project, case, source))
    }


def equally_new(difference: Difference) -> frozenset[str]:
    """
    Return the projects in which two right answers differ, neither of which is newer than the other throughout.

    Something has to be older so that something else can be newer; which, depends on where a resolver begins.
    """
    ours, theirs = difference.ours, difference.theirs
    newer, older = set(), set()
    for project in ours.keys() & theirs.keys():
        mine, other = Version(ours[project]), Version(theirs[project])
        newer |= {project} if mine > other else set()
        older |= {project} if mine < other else set()
    right = not any([*faults(answer, difference.case, difference.source)] for answer in (ours, theirs))
    return frozenset(newer | older) if right and newer and older else frozenset()


def before_the_release(difference: Difference) -> frozenset[str]:
    """
    Return the projects that the other has besides, each of which a marker asks for on early pre-releases of Python alone.

    3.11.0 is later than 3.11.0a6 (PEP 440), so `python_full_version <= "3.11.0a6"` does not hold there.
    """
    ours, theirs = difference.ours, difference.theirs
    more = theirs.keys() - ours.keys()
    if any(theirs.get(project) != version for project, version in ours.items()):
        return frozenset()
    asked = {
        canonicalize_name(one.name)
        for project, version in ours.items()
        for one in _requirements(project, version, difference.case, difference.source)
        if one.marker and _OF_PRE_RELEASES.search(str(one.marker))
    }
    return frozenset(more) if more <= asked else frozenset()


FORBIDDING = (
    Forbidding(
        name="Requires-Python in full",
        why="uv reads its lower bound alone, nab its minor versions alone; neither asks the patch level, as pip does",
        forbidden=shut_out,
    ),
)
ALLOWING = (
    Allowing(
        name="neither is newer throughout",
        why="what has to give way depends on where a resolver begins; both answers are complete and agree in themselves",
        allowed=equally_new,
    ),
    Allowing(
        name="pre-releases of Python in a marker",
        why="uv reads `python_full_version <= '3.11.0a6'` as true on 3.11.0; pip does not, as PEP 440 has it",
        allowed=before_the_release,
    ),
)


def faults(chosen: Chosen, case: Case, source: Source) -> Iterator[str]:
    """Yield why *chosen* is no answer to *case*: what is missing, too many, or contradicts what asks for it."""
    environment = case.target.environment
    extras: dict[str, set[str]] = {}
    waiting = [Requirement(case.request)]
    while waiting:
        requirement = waiting.pop()
        project = canonicalize_name(requirement.name)
        version = chosen.get(project)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement} is not met by {version}"
            continue
        known = extras.get(project)
        asked = {canonicalize_name(extra) for extra in requirement.extras}
        if known is not None and asked <= known:
            continue
        extras[project] = (known or set()) | asked
        waiting += [
            further
            for further in _requirements(project, version, case, source)
            if holds(further.marker, environment, extras[project])
        ]
    yield from (f"nobody asks for {project}" for project in chosen.keys() - extras.keys())


def _requirements(project: str, version: str, case: Case, source: Source) -> Iterable[Requirement]:
    """What a release requires, by the METADATA of a wheel that fits."""
    for file in _fitting(project, version, case, source):
        metadata = source.metadata(file.filename)
        if metadata is not None:
            return [Requirement(text) for text in headers(metadata, "Requires-Dist")]
    return [Requirement(f"metadata-of-{project}=={version}")]


def _fitting(project: str, version: str, case: Case, source: Source) -> list[File]:
    files = source.page(project) or ()
    return [file for file in files if file.version == Version(version) and not file.tags.isdisjoint(case.target.tags)]


def _admitted(project: str, case: Case, source: Source) -> set[str]:
    """The versions of which some wheel fits the target and admits its full version of Python."""
    return {
        str(file.version)
        for file in source.page(project) or ()
        if not file.tags.isdisjoint(case.target.tags) and _admits(file.requires_python or "", case.python)
    }


def _admits(requires_python: str, python: str) -> bool:
    """Whether pip installs there; it passes over a Requires-Python that it cannot read."""
    try:
        return SpecifierSet(requires_python).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True
