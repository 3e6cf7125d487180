"""What pip and uv print when they find no file for a requirement."""

import re

from pypi_subset.standalone.requester.grammar import (
    CLAUSE_PATTERN,
    NAME_PATTERN,
    NoRequirement,
    Requirement,
    requirement_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

#: Characters of a line that is read.
LONGEST_LINE = 10_000
COLOURS = re.compile("\x1b\\[[0-9;]*m")
#: What pip says of a requirement, from 9.0 on. Its origin and the versions that it saw are in brackets behind it.
OF_PIP = re.compile(
    r"(?:Could not find a version that satisfies the requirement|No matching distribution found for)\s+(?P<text>.+?)"
    r"(?:\s+\(from .*)?$"
)
OTHER_PYTHON = re.compile(r"Package '(?P<text>[^']+)' requires a different Python")
#: Signs that uv draws at the beginning of a line.
FRAME = re.compile("[\u2500-\u257f\u25b6\u00d7]")
#: What begins the explanation of uv, and ends its last conclusion. Other programs say the same of libraries and paths.
BEGIN_OF_UV, END_OF_UV = "No solution found", "unsatisfiable"
# Only behind a blank or a quote: what follows a slash, a colon or an @ is a part of an address or of a path.
PROJECT_OF_UV = r"(?<![^\s`'\"(])(?P<name>" + NAME_PATTERN + r")(?:\[[^\[\]\s]{0,200}\])?(?:" + CLAUSE_PATTERN + r")?"
REQUIREMENT_OF_UV = (
    NAME_PATTERN
    + r"(?:\[[^\]\s]*\])?(?:"
    + CLAUSE_PATTERN.replace(r"\s*", "")
    + r"(?:,[<>=!~]=?=?[A-Za-z0-9._+!*-]+)*)?"
)
PLACE_OF_UV = r"the (?:package registry|provided package locations|cache)"
#: What uv says of a project that it does not find, or finds no fitting file of.
MISSING_OF_UV = tuple(
    re.compile(one)
    for one in (
        PROJECT_OF_UV + r" was not found in " + PLACE_OF_UV,
        r"there (?:is|are) no versions? of " + PROJECT_OF_UV,
        PROJECT_OF_UV + r" requires Python\b",
        PROJECT_OF_UV + r" has no wheels with a matching ",
        PROJECT_OF_UV + r" has no (?:usable|compatible|pre-built) wheels",
    )
)
#: What it says of a project that it finds: another version than the one that is asked for.
OTHER_VERSION_OF_UV = tuple(
    re.compile(one)
    for one in (
        r"\bonly " + PROJECT_OF_UV + r"(?:,\S+)? is available",
        r"\bonly the following versions of " + PROJECT_OF_UV + r" are available",
    )
)
ASKED_OF_UV = re.compile(r"\b(?:requires?|depends? on) (?P<text>" + REQUIREMENT_OF_UV + r")")


def requirements_in(log: str) -> "list[Requirement]":
    """Return the requirements for which pip or uv found no file: each once, in the order of the log."""
    lines = [one for one in COLOURS.sub("", log).splitlines() if len(one) <= LONGEST_LINE]
    found = {one.text: one for one in [*of_pip(lines), *of_uv(lines)]}
    return list(found.values())


def of_pip(lines: "list[str]") -> "Iterator[Requirement]":
    """Yield the requirements that pip names."""
    for line in lines:
        match = OF_PIP.search(line.rstrip()) or OTHER_PYTHON.search(line)
        if match:
            yield from readable(match.group("text"))


def of_uv(lines: "list[str]") -> "Iterator[Requirement]":
    """Yield the requirements that uv names: what is asked of a project that it did not find."""
    # uv wraps its sentences.
    every = " ".join(FRAME.sub(" ", "\n".join(lines)).split())
    for explanation in every.split(BEGIN_OF_UV)[1:]:
        text = explanation.rpartition(END_OF_UV)[0] or explanation
        missing, found = named(MISSING_OF_UV, text), named(OTHER_VERSION_OF_UV, text)
        left = list(missing)
        for match in ASKED_OF_UV.finditer(text):
            for one in readable(match.group("text").rstrip(".,-")):
                # A project that is there, and asked for in any version, is one of the user, say.
                if one.name.lower() in missing or (one.specifier and one.name.lower() in found):
                    yield one
                    left = [name for name in left if name != one.name.lower()]
        for name in left:
            yield from readable(name)


def named(forms: "tuple[re.Pattern[str], ...]", text: str) -> "list[str]":
    """Return the projects that *forms* find in *text*, in lower case."""
    return [match.group("name").lower() for form in forms for match in form.finditer(text)]


def readable(text: str) -> "Iterator[Requirement]":
    """Yield the requirement in *text*, nothing if it is none."""
    try:
        yield requirement_of(text)
    except NoRequirement:
        return
