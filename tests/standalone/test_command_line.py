"""What all joined files do at the command line: one line for each error, whatever the terminal can show."""

from __future__ import annotations

import errno
import io
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone import command_line
from pypi_subset.standalone.command_line import Parser, exit_code_of, print_lines, trouble
from pypi_subset.standalone.errors import Hindered, Misused, Refused

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (Refused("the manifest differs"), 1, "the manifest differs"),
        (Misused("name the directory"), 2, "name the directory"),
        (Hindered("/srv: locked"), 3, "/srv: locked"),
        (OSError(errno.EACCES, "Permission denied", "/x\n"), 3, r"/x\n: Permission denied"),
        (KeyboardInterrupt(), 130, "interrupted; run it again"),
    ],
)
def test_an_error_is_one_line(error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each kind of error has its exit code, and the line begins with the name of the file."""

    def fail() -> None:
        raise error

    assert exit_code_of("one.py", fail, "interrupted; run it again") == code
    assert capsys.readouterr() == ("", f"one.py: error: {line}\n")


def test_any_other_error_is_a_traceback() -> None:
    """A mistake of the program is not hidden."""

    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        exit_code_of("one.py", fail, "interrupted")


def test_success() -> None:
    """What ends without an error has the exit code 0."""
    assert exit_code_of("one.py", lambda: None, "interrupted") == 0


def test_trouble_names_the_file() -> None:
    """An error of the system has the path, in one line; a full disk has a next step."""
    assert str(trouble(OSError(errno.EACCES, "Permission denied", "/x\n"))) == r"/x\n: Permission denied"
    full = trouble(OSError(errno.ENOSPC, "No space left on device", "/x"))
    assert str(full) == "/x: No space left on device; make room and run this again"
    assert str(trouble(OSError("odd"))) == "odd"


def test_a_closed_pipe_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If standard output is full or closed, Python does not write to it again when it ends."""

    class Closed(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    closed = Closed()
    monkeypatch.setattr(sys, "stdout", closed)
    code = exit_code_of("one.py", lambda: None, "interrupted")
    assert (code, sys.stdout is closed) == (3, False)
    sys.stdout.close()
    assert capsys.readouterr().err == "one.py: error: No space left on device; make room and run this again\n"


def test_wrong_use_names_the_help() -> None:
    """A wrong option is an error of the user, with the way to the list of options."""
    with pytest.raises(Misused, match=r"there is no option --no; see `one\.py --help`"):
        Parser(prog="one.py").read(["--no"])


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--bogus=me:hunter2@host"], "there is no option --bogus;"),
        (["--bogus", "me:hunter2@host"], "there is no option --bogus;"),
        (["-zme:hunter2@host"], "there is no option -z;"),
        (["me:hunter2@host"], "it takes fewer arguments: 1 too many;"),
        (["--t=me:hunter2@host"], "ambiguous option: --t could match --to, --two;"),
    ],
)
def test_the_value_of_an_unknown_option_is_not_repeated(arguments: list[str], what: str) -> None:
    """It may hold a password: the line has the name of the option alone."""
    made = Parser(prog="one.py")
    made.add_argument("--to")
    made.add_argument("--two")
    with pytest.raises(Misused) as caught:
        made.read(arguments)
    assert str(caught.value) == f"{what} see `one.py --help`"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--to", ""], "--to"),
        (["--to="], "--to"),
        (["one", ""], "an argument"),
        ([""], "an argument"),
    ],
)
def test_an_empty_argument(arguments: list[str], what: str) -> None:
    """A variable of a shell without a value is one line, whatever the option would make of it."""
    made = Parser(prog="one.py")
    made.add_argument("--to")
    made.add_argument("project", nargs="*")
    with pytest.raises(Misused, match=f"^{what} is empty; write a value, or leave it out$"):
        made.read(arguments)
    assert made.read(["--to=a=", "a=="]).to == "a="


def test_lines_are_printed_as_the_terminal_can(tmp_path: Path) -> None:
    """Control characters are escapes; letters that the encoding lacks are too."""
    for encoding, shown in (("utf-8", "\u00e9\\x1b[2J"), ("ascii", "\\xe9\\x1b[2J")):
        path = tmp_path / encoding
        with path.open("w", encoding=encoding) as stream:
            print_lines(stream, "\u00e9\x1b[2J")
        assert path.read_text(encoding=encoding) == f"{shown}\n"


def test_progress_and_warnings_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A result in JSON on standard output stays whole."""
    command_line.say("one")
    command_line.warn("two")
    assert capsys.readouterr() == ("", "one\nwarning: two\n")
