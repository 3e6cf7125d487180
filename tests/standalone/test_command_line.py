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
    with pytest.raises(Misused, match=r"unrecognized arguments: --no; see `one\.py --help`"):
        Parser(prog="one.py").parse_args(["--no"])


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
