"""What the command lines of the joined files have in common: an error is one line, and an exit code."""

import argparse
import errno
import os
import re
import sys

from pypi_subset.standalone.errors import Hindered, ImporterError, Misused, plain, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Callable, NoReturn

#: The exit code after Ctrl-C, as shells have it.
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """The command line; an error is one line."""

    def read(self, arguments: "list[str]") -> "argparse.Namespace":
        """
        Return what a command line says.

        :raises Misused: it has an argument that is unknown, or empty. No message has the value of an unknown option.
        """
        for before, one in zip(["", *arguments], arguments):
            name, equals, value = one.partition("=") if one.startswith("--") else (before, "", one)
            if not value and (equals or not one):
                what = shown(name) if name.startswith("-") else "an argument"
                raise Misused(f"{what} is empty; write a value, or leave it out")
        found, others = self.parse_known_args(arguments)
        options = [one.partition("=")[0] if one.startswith("--") else one[:2] for one in others if one.startswith("-")]
        if options:
            self.error(f"there is no option {shown(options[0])}")
        if others:
            self.error(f"it takes fewer arguments: {len(others)} too many")
        return found

    def error(self, message: str) -> "NoReturn":
        """End with one line."""
        # An option that is cut short may stand before its value.
        message = re.sub(r"^(ambiguous option: [^=]*)=.*( could match .*)$", r"\1\2", message, flags=re.DOTALL)
        raise Misused(f"{message}; see `{self.prog} --help`")


def exit_code_of(program: str, run: "Callable[[], None]", interrupted: str) -> int:
    """
    Return the exit code of *run*, after printing one line if it fails.

    :param program: the name of the file.
    :param run: prints its result.
    :param interrupted: the line after Ctrl-C.
    """
    try:
        run()
        sys.stdout.flush()
    except ImporterError as error:
        return complain(program, str(error), error.exit_code)
    except OSError as error:
        return complain(program, str(trouble(error)), trouble(error).exit_code)
    except KeyboardInterrupt:
        return complain(program, interrupted, INTERRUPTED)
    return 0


def complain(program: str, what: str, code: int) -> int:
    """Return the exit code *code*, after printing what is wrong in one line."""
    # What could not be written to standard output must not be tried again when Python ends.
    try:
        sys.stdout.flush()
    except OSError:
        sys.stdout = open(os.devnull, "w")
    print_lines(sys.stderr, f"{program}: error: {what}")
    return code


def trouble(error: OSError) -> Hindered:
    """Return the error of a joined file for an *error* of the system."""
    place = f"{shown(error.filename)}: " if error.filename else ""
    step = "; make room and run this again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return Hindered(f"{place}{shown(error.strerror or error)}{step}")


def say(line: str) -> None:
    """Print a line about progress."""
    print_lines(sys.stderr, line)


def warn(line: str) -> None:
    """Print a warning."""
    say(f"warning: {line}")


def print_lines(stream: "IO[str]", *lines: str) -> None:
    """Print *lines*, whatever characters are in them, and whatever the terminal can show."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    for line in lines:
        stream.write(plain(line).encode(encoding, "backslashreplace").decode(encoding) + "\n")
