"""What the user sees while a task runs: bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import io
import re
import threading

import pytest
from rich import box
from rich.console import Console
from rich.table import Table

from pypi_subset.cli.display import Display
from tests.support.programs.ending import until


class Watched(io.StringIO):
    """A terminal, as far as rich can tell."""

    def isatty(self) -> bool:
        """Return ``True``."""
        return True


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Return what a terminal would show."""
    monkeypatch.setenv("TERM", "xterm")
    return Watched()


def test_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """In a pipe there is no bar, no colour and no escape sequence; lines and tables remain, and stages are lines aside."""
    stream = io.StringIO()
    display = Display(Console(file=stream))
    with display.stage("resolve", 2) as stage:
        stage.advance()
        display.say("a line " + "x" * 300)
        display.warn("[bold]x[/nothing]")
    display.table(["target", "bytes", "seconds"], [["linux-" + "x" * 90, 1234567, 0.25], ["mac", 7, 12.0]])
    lines = stream.getvalue().splitlines()
    assert re.sub(r"\d+\.\d", "N", capsys.readouterr().err) == "resolve: 1 done in N s\n"
    assert lines[:2] == ["a line " + "x" * 300, "warning: [bold]x[/nothing]"]
    assert "\x1b" not in stream.getvalue()
    assert [line.split() for line in lines[-2:]] == [
        ["linux-" + "x" * 90, "1,234,567", "0.2"],
        ["mac", "7", "12.0"],
    ]


def test_a_very_long_word_is_shortened() -> None:
    """A value that a warning repeats keeps its beginning and its end."""
    stream = io.StringIO()
    Display(Console(file=stream)).warn(f"{'v' * 5000} is no name; choose another")
    assert stream.getvalue() == f"warning: {'v' * 300}…{'v' * 80} is no name; choose another\n"


def test_bars_from_many_threads(watched: Watched) -> None:
    """Stages side by side share one display; advancing from threads loses nothing; names are literal."""
    display = Display(Console(file=watched, width=100, force_terminal=True))

    def work(name: str) -> None:
        with display.stage(name, 50) as stage:
            for _ in range(50):
                stage.advance()

    with display.stage("[bold]name[/]", 4) as whole:
        threads = [threading.Thread(target=work, args=(f"stage {number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        whole.advance(4)
        until(lambda: "4/4" in watched.getvalue(), "the last step is drawn")
    assert "[bold]name[/]" in watched.getvalue()
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert watched.getvalue().rfind(shown) > watched.getvalue().rfind(hidden) >= 0


def test_a_stage_without_a_terminal_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Each part has a line when it ends, and the whole has one if anything was done; bytes are readable."""
    display = Display(Console(file=io.StringIO()))
    with display.stage("download", 0, "bytes") as stage:
        stage.expect(5_000_000)
        stage.advance(1_500_000)
        stage.finished("2 files for linux\x1b[2J", 1.25)
    with display.stage("index", 0):
        pass
    part, whole = capsys.readouterr().err.splitlines()
    assert part == "download: 2 files for linux\\x1b[2J, 1.2 s"
    assert re.fullmatch(r"download: 1\.5 MB in \d+\.\d s", whole)


def test_quiet_shows_no_stage(capsys: pytest.CaptureFixture[str]) -> None:
    """With ``--quiet`` only warnings are shown."""
    display = Display(Console(file=io.StringIO()), quiet=True)
    with display.stage("resolve", 1) as stage:
        stage.advance()
        stage.finished("linux", 1.0)
    assert capsys.readouterr() == ("", "")


def rows(display: Display) -> None:
    """Print a table of two rows, the second with an empty cell."""
    display.table(["target", "bytes"], [["linux", 1234], ["", 7]], title="What there is")


def test_a_narrow_terminal_gets_blocks(watched: Watched) -> None:
    """Below 60 columns each row is a block of lines; from 60 on, and without a terminal, it is a table."""
    rows(Display(Console(file=watched, width=59, force_terminal=True, color_system=None)))
    assert watched.getvalue() == "What there is\n\ntarget: linux\nbytes: 1,234\n\nbytes: 7\n"
    wide, pipe = Watched(), io.StringIO()
    rows(Display(Console(file=wide, width=60, force_terminal=True, color_system=None)))
    rows(Display(Console(file=pipe, width=20)))
    for shown in (wide.getvalue(), pipe.getvalue()):
        assert [line.split() for line in shown.splitlines()[-2:]] == [["linux", "1,234"], ["7"]]


@pytest.mark.parametrize(("width", "blocks"), [(69, True), (70, False)])
def test_a_table_that_would_cut_its_words_becomes_blocks(watched: Watched, width: int, blocks: bool) -> None:  # noqa: FBT001 - a case
    """Words of twelve letters stay whole, longer ones may fold; a number is never cut."""
    display = Display(Console(file=watched, width=width, force_terminal=True, color_system=None))
    display.table(["target", "how", "where", "count"], [["a" * 12, "b" * 12 + " c", "/" * 60, 123_456_789_012_345_678]])
    lines = watched.getvalue().splitlines()
    assert (lines[0] == f"target: {'a' * 12}") is blocks
    assert ("count: 123,456,789,012,345,678" in lines) is blocks
    assert "123,456,789,012,345,678" in watched.getvalue()
    assert re.search("a{12}", watched.getvalue())
    assert re.search("b{12}", watched.getvalue())
    assert blocks or max(map(len, lines)) <= width


def test_a_table_with_edges_begins_with_its_headings() -> None:
    """In a pipe and on a terminal, no line of blanks comes first; the rest is what rich prints."""
    table = Table("target", "set", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_row("linux", "base")
    for terminal in (False, True):
        stream = io.StringIO()
        console = Console(file=stream, width=80, force_terminal=terminal, color_system=None)
        Display(console).print(table)
        assert [line.split() for line in stream.getvalue().splitlines()[::2]] == [["target", "set"], ["linux", "base"]]


def test_a_table_takes_the_width_of_the_terminal(watched: Watched) -> None:
    """A long cell is folded, and no line is wider than the terminal."""
    display = Display(Console(file=watched, width=70, force_terminal=True, color_system=None))
    display.table(["name", "takes"], [["linux", "word " * 40]])
    lines = watched.getvalue().splitlines()
    assert max(map(len, lines)) <= 70
    assert len(lines) > 4
