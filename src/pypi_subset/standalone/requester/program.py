"""The command line of ``request.py``."""

import json
import os
import re
import shlex
import sys
import tempfile

from pypi_subset.standalone.command_line import Parser, exit_code_of, say
from pypi_subset.standalone.errors import Misused, shown
from pypi_subset.standalone.requester.asked import RequirementsFile
from pypi_subset.standalone.requester.document import REQUEST_KIND, request_text
from pypi_subset.standalone.requester.grammar import typed_requirement
from pypi_subset.standalone.requester.logs import requirements_in
from pypi_subset.standalone.requester.machine import description, is_private, own_names
from pypi_subset.standalone.requester.texts import text_at
from pypi_subset.standalone.user_files import read_user_file, require_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

    from pypi_subset.standalone.requester.grammar import Requirement

PROGRAM = "request.py"
#: Requirements of one request, and bytes of a file that may be an earlier request.
MOST_REQUIREMENTS, LONGEST_REQUEST = 1000, 1 << 20
#: A name of a set or a target.
NAME_OF_SUBSET = re.compile(r"(?=.{1,100}\Z)[a-z0-9]+(?:[-_][a-z0-9]+)*", re.ASCII)
#: Devices of Windows, which no set or target of a subset is called.
DEVICE = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]", re.ASCII)
DESCRIPTION = (
    "Write what this machine lacks to a file for the connected side: names, versions and a description of this machine."
    " Exit codes: 0 done, 2 wrong use, 3 surroundings."
)


def parser() -> Parser:
    """Return the reader of the command line."""
    made = Parser(prog=PROGRAM, description=DESCRIPTION)
    add = made.add_argument
    add("project", metavar="PROJECT", nargs="*", help="projects, as lines of a requirements file have them")
    add("-r", "--requirement", metavar="FILE", action="append", default=[], help="a requirements file")
    add("--log", metavar="FILE", action="append", default=[], help="what a failed pip or uv printed; - for stdin")
    add("--set", metavar="NAME", default="", help="the set of the subset that is to request them")
    add("--target", metavar="NAME", default="", help="the target of the subset that this machine is")
    add("--to", metavar="FILE", default="request.json", help="the file to write (default: request.json)")
    add("--no-machine", action="store_true", help="leave out the description of this machine")
    add("--dry-run", action="store_true", help="print the text, and write no file")
    return made


def main(arguments: "list[str]") -> int:
    """Return the exit code, after printing the text of the request, or one line that says what went wrong."""

    def run() -> None:
        carry_out(parser().read(arguments))

    return exit_code_of(PROGRAM, run, "interrupted; run it again")


def carry_out(chosen: "Any") -> None:
    """Print the request, then write it."""
    for option, name in (("--set", chosen.set), ("--target", chosen.target)):
        if name and not NAME_OF_SUBSET.fullmatch(name):
            raise Misused(f"{option} is no name of a subset; write letters in lower case, digits and hyphens")
        if DEVICE.fullmatch(name):
            raise Misused(f"{option} {name} is a device on Windows, and no subset has that name")
    check_place(chosen.to)
    names = own_names()
    found = gathered(chosen, names)
    machine, emptied = (None, []) if chosen.no_machine else description(names)  # type: tuple[Any, list[str]]
    for one in emptied:
        say(f"left out: {one}, which has a name or a path of this machine")
    text = request_text(found, chosen.set, chosen.target, machine)
    # The user reads all of it before there is a file to carry.
    sys.stdout.write(text)
    sys.stdout.flush()
    said = f"{len(found)} requirement{'s' * (len(found) != 1)}: {', '.join(one.name for one in found)}"
    if chosen.dry_run:
        say(f"{said}; nothing was written")
        return
    write_request(chosen.to, text)
    say(f"wrote {chosen.to} with {said}")
    name = os.path.basename(os.path.realpath(chosen.to))
    say(f"Next: carry it to the connected side, and run `pypi-subset plan --request {shlex.quote(name)}` there")


def gathered(chosen: "Any", names: "list[str]") -> "list[Requirement]":
    """
    Return the requirements of all sources, each once.

    :param names: those of this machine and of its user, which no version and no marker may have.
    :raises Misused: there is none, or there are too many.
    """
    typed = [typed_requirement(one) for one in chosen.project]
    every: list[Requirement] = []
    for path in chosen.requirement:
        source = RequirementsFile(path)
        every += source.requirements
        for line in source.left_out:
            say(f"left out: {line}")
    for path in chosen.log:
        missed = requirements_in(text_at(path))
        if not missed:
            say(f"{os.path.basename(path)} names no project that pip or uv did not find")
        every += missed
    found: dict[str, Requirement] = {}
    for one in [*typed, *public(every, names)]:
        if is_private(f"{' '.join(one.extras)} {one.specifier} {one.marker}", names):
            say(f"left out: {one.name}, whose extra, version or marker has a name of this machine or its user")
        else:
            found.setdefault(one.text.lower(), one)
    if not found:
        raise Misused("there is nothing to request; name projects, a file with -r, or the output of pip with --log")
    if len(found) > MOST_REQUIREMENTS:
        raise Misused(f"a request has at most {MOST_REQUIREMENTS} requirements; write several requests")
    return list(found.values())


def public(every: "list[Requirement]", names: "list[str]") -> "Iterator[Requirement]":
    """Yield those of *every* whose project has none of *names*: pip and uv print projects of the user alone too."""
    for one in every:
        if is_private(one.name, names):
            say(
                f"left out: {one.name}, which has a name of this machine or its user; to request it, name it as an argument"
            )
        else:
            yield one


def check_place(path: str) -> None:
    """
    Check that the file to write is a new one, or an earlier request.

    :raises Misused: another file is there.
    """
    if not os.path.lexists(path):
        return
    try:
        require_file(path)
        if not holds_request(path):
            raise Misused(f"{shown(path)} is another file; name a new one with --to")
    except OSError as error:
        raise Misused(f"{shown(path)}: {shown(error.strerror)}; name another file with --to") from error


def holds_request(path: str) -> bool:
    """Return whether the file at *path* is an earlier request."""
    try:
        found = json.loads(read_user_file(path, LONGEST_REQUEST).decode())
    except (Misused, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("kind") == REQUEST_KIND


def write_request(path: str, text: str) -> None:
    """Make the file at *path* hold *text*: a reader sees the old one or the new one."""
    path = os.path.realpath(path)
    descriptor, new = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".request-")
    try:
        with open(descriptor, "w", encoding="ascii", newline="") as stream:
            stream.write(text)
        os.chmod(new, 0o644)
        os.replace(new, path)
    except BaseException:
        os.remove(new)
        raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
