"""What the user sees while a task runs: bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import io
import threading
import time

import pytest
from rich.console import Console

from pypi_subset.cli.display import Display


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


def test_quiet_without_a_terminal() -> None:
    """In a pipe there is no bar, no colour and no escape sequence; lines and tables remain."""
    stream = io.StringIO()
    display = Display(Console(file=stream))
    with display.stage("resolve", 2) as stage:
        stage.advance()
        display.say("a line " + "x" * 300)
        display.warn("[bold]x[/nothing]")
    display.table(["target", "bytes", "seconds"], [["linux-" + "x" * 90, 1234567, 0.25], ["mac", 7, 12.0]])
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["a line " + "x" * 300, "warning: [bold]x[/nothing]"]
    assert "\x1b" not in stream.getvalue()
    assert [line.split() for line in lines[-2:]] == [
        ["linux-" + "x" * 90, "1,234,567", "0.2"],
        ["mac", "7", "12.0"],
    ]


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
        time.sleep(0.15)
    assert "4/4" in watched.getvalue()
    assert "[bold]name[/]" in watched.getvalue()
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert watched.getvalue().rfind(shown) > watched.getvalue().rfind(hidden) >= 0
