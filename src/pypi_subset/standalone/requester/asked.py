"""Files of requirements: which lines a request carries, and which it leaves out."""

import os
import re

from pypi_subset.standalone.errors import Misused, shown
from pypi_subset.standalone.requester.grammar import NAME_PATTERN, NoRequirement, requirement_of
from pypi_subset.standalone.requester.texts import text_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

    from pypi_subset.standalone.requester.grammar import Requirement

#: Files that one file includes, all together.
MOST_INCLUDED = 100
COMMENT = re.compile(r"(?:^|\s+)#.*$")
OPTIONS_BEHIND = re.compile(r"\s--[a-z].*$")
INCLUDED = re.compile(r"(?:-r\s*|--requirement(?:\s+|=))(?P<file>\S.*)")
#: Why a line is left out, by its form. The first form counts.
LEFT_OUT = (
    (re.compile(r"(?:-e|--editable)\b"), "an editable project"),
    (re.compile(r"-c\b|--constraint\b"), "a file of constraints"),
    (re.compile(r"-"), "an option of pip"),
    (re.compile(r".*\$\{"), "a variable of the environment"),
    (re.compile(NAME_PATTERN + r"\s*(?:\[[^\]]*\])?\s*@|.*://"), "an address"),
    (re.compile(r"[.~/]|[A-Za-z]:\\|[^\s;<>=!]*[/\\]|.*\.(?:whl|tar\.[a-zA-Z0-9]+|tgz|egg|zip)\s*$"), "a file"),
)


class RequirementsFile:
    """
    A file of requirements, with the files that it includes.

    :param path: that of the file.
    """

    def __init__(self, path: str) -> None:
        self.requirements: list[Requirement] = []
        #: A line for each line of the file that is left out. None has the text of that line, which may be secret.
        self.left_out: list[str] = []
        self._seen: list[str] = []
        self._read(path)

    def _read(self, path: str) -> None:
        """Read one file."""
        try:
            place = os.path.realpath(path)
        except ValueError as error:
            # It has a null, or a letter that the encoding of this system cannot write.
            raise Misused(f"{shown(path)} is no name of a file on this machine; name a readable file") from error
        if place in self._seen:
            return
        self._seen.append(place)
        if len(self._seen) > MOST_INCLUDED:
            raise Misused(f"the file includes more than {MOST_INCLUDED} others; name them one by one with -r")
        hashed = 0
        for number, line in logical_lines(text_at(path)):
            where = f"{os.path.basename(path)}:{number}"
            included = INCLUDED.fullmatch(line)
            if included and "://" not in line and "${" not in line:
                self._read(os.path.join(os.path.dirname(path), included.group("file").strip("'\"")))
                continue
            bare = OPTIONS_BEHIND.sub("", line)
            hashed += bare != line
            self._take(bare, where)
        if hashed:
            self.left_out.append(f"{os.path.basename(path)}: hashes and other options of {hashed} lines")

    def _take(self, line: str, where: str) -> None:
        """Take one line, or leave it out."""
        for form, kind in LEFT_OUT:
            if form.match(line):
                self.left_out.append(f"{where}: {kind}")
                return
        try:
            self.requirements.append(requirement_of(line))
        except NoRequirement as error:
            self.left_out.append(f"{where}: {error}")


def logical_lines(text: str) -> "Iterator[tuple[int, str]]":
    """Yield number and text of each line that is neither blank nor a comment; a backslash joins lines."""
    first, parts = 0, []  # type: tuple[int, list[str]]
    for number, line in enumerate([*text.splitlines(), ""], 1):
        first = first or number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            parts.append(line[:-1])
            continue
        joined = COMMENT.sub("", "".join([*parts, line])).strip()
        if joined:
            yield first, joined
        first, parts = 0, []
