"""One requirement more or less in the text of a requirements file; comments and all other lines stay as they are."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: The project that a line begins with (PEP 508).
_PROJECT = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?=\s*(?:$|[\[<>=!~;@#,(\\]|--|\s))")
#: As in pip, a comment begins with a sharp at the beginning or after a space.
_COMMENT = re.compile(r"(?:^|\s+)#.*$")

#: Documents of conda whose pip part may be the source of a set.
_ENVIRONMENTS = frozenset({"environment.yml", "environment.yaml"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """
    One requirement in the text.

    :param first: index of its first line.
    :param last: index of its last line, a later one if a backslash joins lines.
    :param text: the requirement with its options, without the comment.
    :param comment: what follows it on its last line, with the space before.
    """

    project: str
    first: int
    last: int
    text: str
    comment: str


def entries(lines: list[str]) -> Iterator[Entry]:
    """Yield the requirements of a file; options, comments and blank lines are none."""
    first = 0
    for last, line in enumerate(lines):
        if line.rstrip("\r\n").endswith("\\") and last + 1 < len(lines):
            continue
        joined = "".join(one.rstrip("\r\n").removesuffix("\\") for one in lines[first : last + 1])
        found = _PROJECT.match(joined)
        if found and not joined.lstrip().startswith("-"):
            comment = _COMMENT.search(joined)
            text = joined[: comment.start()] if comment else joined
            name = canonicalize_name(found[1])
            yield Entry(project=name, first=first, last=last, text=text.strip(), comment=comment[0] if comment else "")
        first = last + 1


def suggestion(project: str, texts: Iterable[str]) -> str:
    """
    Return what a next step begins with if a project of requirements files has a name near to *project*, else ``""``.

    The step follows: a project that another one requires may have such a name too, as numpy and numba.
    """
    known = {one.project for text in texts for one in entries(text.splitlines())}
    return next((f"did you mean {one!r}? If not, " for one in difflib.get_close_matches(project, known, n=1)), "")


def parsed(text: str) -> Requirement:
    """
    Return the requirement that a user has typed.

    :raises SubsetError: it is none (PEP 508), or it names an address or a file.
    """
    if step := _step_for_file(text):
        msg = f"{text!r} is a file, not a project"
        raise SubsetError(msg, next_step=step)
    try:
        found = Requirement(text)
    except InvalidRequirement as error:
        if re.search(r"^\.+$|^[^\[<>=!~;@]*[/\\]", text):
            msg = f"{text!r} is a path, not a project"
            step = f"build its wheel with pip wheel --no-deps {text} -w requirements/wheels, and add its name alone"
            raise SubsetError(msg, next_step=step) from error
        msg = f"{text!r} is no requirement: {str(error).splitlines()[0]}"
        raise SubsetError(msg, next_step="write a project with its versions, as in 'pandas>=2'") from error
    if found.url:
        msg = f"{text!r} names an address"
        raise SubsetError(msg, next_step=f"copy its wheel to requirements/wheels/, and add {found.name} alone")
    return found


def _step_for_file(text: str) -> str:
    """Return what to do with a file that was named in place of a project, ``""`` if *text* names none."""
    name = text.replace("\\", "/").rpartition("/")[2]
    project = name.partition("-")[0]
    if "://" in text:
        return ""
    if name.endswith(".whl"):
        return f"copy it to requirements/wheels/, and add {project} alone"
    if name.endswith(".tar.gz"):
        return f"build its wheel with pip wheel --no-deps {text} -w requirements/wheels, and add {project} alone"
    if name.endswith(".txt"):
        return "copy it to requirements/, where each *.txt is a set (`pypi-subset init` writes the targets)"
    if name.endswith((".lock", ".toml")) or name in _ENVIRONMENTS:
        where = "below [sets.app] in requirements/subset.toml, which `pypi-subset init` writes"
        return f'write source = "../{text}" {where}'
    return ""


def added(text: str, asked: Requirement, name: str) -> str:
    """
    Return *text*, a requirements file, that asks for *asked*.

    The line of the same project is replaced. It stays if *asked* is the bare name of a project that is there already.

    :param name: of the file, for errors.
    :raises SubsetError: several lines have that project, or its line has options such as hashes.
    """
    lines, end = text.splitlines(keepends=True), "\r\n" if "\r\n" in text else "\n"
    project = canonicalize_name(asked.name)
    present = [one for one in entries(lines) if one.project == project]
    if not present:
        if lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += end
        return "".join([*lines, f"{asked}{end}"])
    if not (asked.specifier or asked.extras or asked.marker):
        return text
    if len(present) > 1:
        numbers = " and ".join(str(one.first + 1) for one in present)
        msg = f"{project} is in {name} more than once, in lines {numbers}"
        raise SubsetError(msg, project=project, next_step="edit these lines")
    (one,) = present
    if " --" in one.text:
        msg = f"the line of {project} has options, {name}:{one.first + 1}"
        raise SubsetError(msg, project=project, next_step="edit it, or let the tool that wrote it write it again")
    lines[one.first : one.last + 1] = [f"{asked}{one.comment}{_end_of(lines[one.last])}"]
    return "".join(lines)


def appended(text: str, asked: Sequence[Requirement], name: str) -> str:
    """
    Return *text*, a requirements file, that has a line for each of *asked*, which are of one project.

    :param name: of the file, for errors.
    :raises SubsetError: other lines have that project.
    """
    lines, end = text.splitlines(keepends=True), "\r\n" if "\r\n" in text else "\n"
    project = canonicalize_name(asked[0].name)
    present = [one for one in entries(lines) if one.project == project]
    try:
        if {Requirement(one.text) for one in present} == set(asked):
            return text
    except InvalidRequirement:
        pass
    if present:
        msg = f"{project} is in {name} already, in line {present[0].first + 1}, and the new lines for it have markers"
        raise SubsetError(msg, project=project, next_step="edit these lines")
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += end
    return "".join([*lines, *(f"{one}{end}" for one in asked)])


def removed(text: str, project: str) -> str:
    """Return *text*, a requirements file, without the lines of the normalized *project*."""
    lines = text.splitlines(keepends=True)
    for one in reversed([*entries(lines)]):
        if one.project == project:
            del lines[one.first : one.last + 1]
    return "".join(lines)


def _end_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
