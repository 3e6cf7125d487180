"""The Protocol of progress, and the implementation that shows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.cli.display import Display
from pypi_subset.support.progress import SILENT

if TYPE_CHECKING:
    import pytest

    from pypi_subset.support.progress import Progress


def run(progress: Progress) -> int:
    """Return how many steps a run counted that says, warns and counts."""
    progress.say("a line")
    done = 0
    with progress.stage("resolve", 3) as outer, progress.stage("download", 2) as inner:
        for stage, count in ((outer, 1), (inner, 2), (outer, 2)):
            stage.advance(count)
            done += count
    progress.warn("this is odd")
    return done


def test_silent_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """A run with the silent implementation does all of its work and writes to no stream."""
    assert run(SILENT) == 5
    assert capfd.readouterr() == ("", "")


def test_the_display_is_a_progress(capfd: pytest.CaptureFixture[str]) -> None:
    """The same run with the command's display prints its lines, and the stages on standard error: there is no terminal."""
    assert run(Display()) == 5
    shown, aside = capfd.readouterr()
    assert shown == "a line\nwarning: this is odd\n"
    assert [line.rpartition(" in ")[0] for line in aside.splitlines()] == ["download: 2 done", "resolve: 3 done"]
