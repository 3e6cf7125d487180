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
# Only at the beginning of a word: a long word would be tried from each of its letters otherwise.
PROJECT_OF_UV = r"(?<![\w.-])(?P<name>" + NAME_PATTERN + r")(?:\[[^\]]*\])?(?:" + CLAUSE_PATTERN + r")?"
REQUIREMENT_OF_UV = (
    NAME_PATTERN
    + r"(?:\[[^\]\s]*\])?(?:"
    + CLAUSE_PATTERN.replace(r"\s*", "")
    + r"(?:,[<>=!~]=?=?[A-Za-z0-9._+!*-]+)*)?"
)
#: What uv says of a project that it does not find, or finds no fitting file of.
MISSING_OF_UV = tuple(
    re.compile(one)
    for one in (
        PROJECT_OF_UV + r" was not found in ",
        r"there (?:is|are) no versions? of " + PROJECT_OF_UV,
        r"\bonly " + PROJECT_OF_UV + r"(?:,\S+)? is available",
        r"\bonly the following versions of " + PROJECT_OF_UV + r" are available",
        PROJECT_OF_UV + r" has no wheels with a matching ",
        PROJECT_OF_UV + r" has no (?:usable|compatible|pre-built) wheels",
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
    text = " ".join(FRAME.sub(" ", "\n".join(lines)).split())
    missing = [match.group("name").lower() for form in MISSING_OF_UV for match in form.finditer(text)]
    left = list(missing)
    for match in ASKED_OF_UV.finditer(text):
        for one in readable(match.group("text").rstrip(".,-")):
            if one.name.lower() in missing:
                yield one
                left = [name for name in left if name != one.name.lower()]
    for name in left:
        yield Requirement(name, (), "", "")


def readable(text: str) -> "Iterator[Requirement]":
    """Yield the requirement in *text*, nothing if it is none."""
    try:
        yield requirement_of(text)
    except NoRequirement:
        return
