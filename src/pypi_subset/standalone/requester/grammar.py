"""Requirements: a name, extras, versions and a marker (PEP 508), read without a library and written in one spelling."""

import re

from pypi_subset.standalone.errors import Misused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

#: Characters of a requirement and of the name in it, and brackets within brackets in its marker.
LONGEST_REQUIREMENT, LONGEST_NAME, DEEPEST_MARKER = 1000, 200, 20
NAME_PATTERN = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
VERSION_PATTERN = r"[A-Za-z0-9](?:[A-Za-z0-9._+!*-]*[A-Za-z0-9*])?"
CLAUSE_PATTERN = r"(?:~=|===|==|!=|<=|>=|<|>)\s*" + VERSION_PATTERN
VERSIONS_PATTERN = CLAUSE_PATTERN + r"(?:\s*,\s*" + CLAUSE_PATTERN + ")*"
REQUIREMENT = re.compile(
    rf"\s*(?P<name>{NAME_PATTERN})\s*(?:\[\s*(?P<extras>(?:{NAME_PATTERN}(?:\s*,\s*{NAME_PATTERN})*)?)\s*\])?\s*"
    rf"(?P<versions>(?:{VERSIONS_PATTERN}\s*,?)?|\(\s*{VERSIONS_PATTERN}\s*\))\s*(?:;(?P<marker>.*))?",
    re.ASCII | re.DOTALL,
)
#: A part of a marker. No word of a value begins with a hyphen: pip would take it for an option of the line.
MARKER_TOKEN = re.compile(
    r"\s*(?:(?P<bracket>[()])|(?P<operator>===|==|~=|!=|<=|>=|<|>|not\s+in\b|in\b)|(?P<word>and|or)\b"
    r"|(?P<variable>[a-z_]+)\b|(?P<quote>['\"])(?P<value>(?!-)(?:[A-Za-z0-9._+!*-]| (?![ -])){0,64})(?P=quote))",
    re.ASCII,
)
#: What a marker may ask for. `extra` is not there: a requirement that is installed by its own name has none. The two of the
#: operating system are not either: a system that its owner has built may have any text there.
OWN_VARIABLES = frozenset(("platform_release", "platform_version"))
MARKER_VARIABLES = frozenset(
    (
        *("implementation_name", "implementation_version", "os_name", "platform_machine"),
        *("platform_python_implementation", "platform_system"),
        *("python_full_version", "python_version", "sys_platform"),
    )
)


#: Names of distributions, which have the form of a name of a project.
FILE_NAME = re.compile(r".*(?:\.whl|\.tar\.(?:gz|bz2|xz|Z)|\.tgz|\.egg|-[0-9][^-]*\.zip)", re.IGNORECASE)


class NoRequirement(Exception):
    """A text is no requirement that a request can carry; the argument says why."""


class Requirement:
    """
    A requirement.

    :param name: the project, as it was written.
    :param extras: sorted.
    :param specifier: its versions as ``>=2,<3``, ``""`` for all.
    :param marker: ``""`` for none.
    """

    def __init__(self, name: str, extras: "tuple[str, ...]", specifier: str, marker: str) -> None:
        self.name = name
        self.extras = extras
        self.specifier = specifier
        self.marker = marker

    @property
    def text(self) -> str:
        """The requirement as a requirements file has it."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}{self.specifier}" + (f"; {self.marker}" if self.marker else "")

    def document(self) -> "dict[str, object]":
        """Return it as the values of JSON."""
        return {
            "name": self.name,
            "extras": list(self.extras),
            "specifier": self.specifier,
            "marker": self.marker,
        }


def requirement_of(text: str) -> Requirement:
    """
    Return the requirement in *text*.

    :raises NoRequirement: it is none.
    """
    if len(text) > LONGEST_REQUIREMENT:
        raise NoRequirement(f"it has more than {LONGEST_REQUIREMENT} characters")
    # Runs of blanks mean nothing, and would be divided in every way between the parts of the pattern.
    match = REQUIREMENT.fullmatch(" ".join(text.split()))
    if match is None or len(match.group("name")) > LONGEST_NAME:
        raise NoRequirement("it is no requirement")
    if FILE_NAME.fullmatch(match.group("name")):
        raise NoRequirement("it is the name of a file, and no project")
    clauses = [re.sub(r"\s", "", one) for one in match.group("versions").strip("() \t").split(",") if one.strip()]
    extras = re.findall(NAME_PATTERN, match.group("extras") or "")
    marker = "" if match.group("marker") is None else marker_of(match.group("marker"))
    return Requirement(match.group("name"), tuple(sorted(set(extras))), ",".join(clauses), marker)


def typed_requirement(text: str) -> Requirement:
    """
    Return the requirement that a user has typed.

    :raises Misused: it is none.
    """
    try:
        return requirement_of(text)
    except NoRequirement as error:
        # A text that is refused may hold a password, so that no message repeats it.
        raise Misused(f"an argument cannot go into a request: {error}; write a project, as in 'pandas>=2'") from error


def marker_of(text: str) -> str:
    """
    Return a marker in one spelling.

    :raises NoRequirement: it is none.
    """
    tokens = [*tokens_of(text)]
    found, end = alternatives(tokens, 0, 0)
    if end != len(tokens):
        raise NoRequirement("its marker is damaged")
    return found


def tokens_of(text: str) -> "Iterator[tuple[str, str]]":
    """Yield kind and text of each part of a marker."""
    text, at = text.strip(), 0
    while at < len(text):
        match = MARKER_TOKEN.match(text, at)
        if match is None:
            raise NoRequirement("its marker is damaged, or has signs that a request cannot carry")
        at = match.end()
        if match.group("quote"):
            yield "value", f'"{match.group("value")}"'
        elif match.group("variable"):
            if match.group("variable") in OWN_VARIABLES:
                raise NoRequirement(f"its marker reads {match.group('variable')}, whose text may be private")
            if match.group("variable") not in MARKER_VARIABLES:
                raise NoRequirement("its marker has an unknown variable")
            yield "variable", match.group("variable")
        else:
            kind = next(one for one in ("bracket", "operator", "word") if match.group(one))
            yield kind, " ".join(match.group(kind).split())


def alternatives(tokens: "list[tuple[str, str]]", at: int, depth: int) -> "tuple[str, int]":
    """Return the comparisons from *at* on that ``and`` and ``or`` join, and where they end."""
    found, at = comparison(tokens, at, depth)
    while at < len(tokens) and tokens[at][0] == "word":
        further, end = comparison(tokens, at + 1, depth)
        found, at = f"{found} {tokens[at][1]} {further}", end
    return found, at


def comparison(tokens: "list[tuple[str, str]]", at: int, depth: int) -> "tuple[str, int]":
    """Return one comparison, or several in brackets, and where it ends."""
    kinds = [kind for kind, _ in tokens[at : at + 3]]
    if kinds in (["variable", "operator", "value"], ["value", "operator", "variable"]):
        return " ".join(text for _, text in tokens[at : at + 3]), at + 3
    if tokens[at : at + 1] == [("bracket", "(")] and depth < DEEPEST_MARKER:
        found, end = alternatives(tokens, at + 1, depth + 1)
        if tokens[end : end + 1] == [("bracket", ")")]:
            return f"({found})", end + 1
    raise NoRequirement("its marker is damaged")
