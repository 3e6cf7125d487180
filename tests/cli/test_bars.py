"""Progress bars of a terminal."""

from __future__ import annotations

import io
import re
import time

import pytest
from rich.console import Console
from rich.progress import Progress

from pypi_subset.cli.bars import Amount, Bars, Elapsed
from tests.support.programs.ending import until


def test_bytes_have_speed_and_time_left() -> None:
    """A stage of bytes shows both amounts, the speed, and how long it takes yet; one of steps shows the steps."""
    times = iter(range(100))
    progress = Progress(get_time=lambda: float(next(times)))
    task = progress.add_task("download", total=10_000_000, unit="bytes")
    for _ in range(4):
        progress.advance(task, 1_000_000)
    shown = Amount().render(progress.tasks[0]).plain
    amounts, speed, left = shown.split(", ")
    assert amounts == "4.0 MB of 10.0 MB"
    assert speed.endswith("B/s")
    assert left.endswith(" left")
    steps = Progress()
    steps.add_task("resolve", total=3, unit="steps", completed=2)
    assert Amount().render(steps.tasks[0]).plain == "2/3"
    steps.start_task(steps.task_ids[0])
    assert Elapsed().render(steps.tasks[0]).plain == "0:00"


def test_a_bar_is_shown_from_the_first_byte_that_is_expected() -> None:
    """A stage without a total is hidden, and grows while more is expected; after the last one the cursor is back."""
    stream = io.StringIO()
    bars = Bars(Console(file=stream, width=100, force_terminal=True, color_system=None))
    with bars.stage("download [x]", 0, "bytes") as bar:
        # Longer than a display waits before it draws.
        time.sleep(0.15)
        assert "download" not in stream.getvalue()
        bar.expect(2_000)
        bar.expect(3_000)
        bar.advance(5_000)
        bar.finished("linux", 1.0)
        until(lambda: "5.0 kB of 5.0 kB" in stream.getvalue(), "the last step is drawn")
    assert "download [x]" in stream.getvalue()
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert stream.getvalue().rfind(shown) > stream.getvalue().rfind(hidden) >= 0


@pytest.mark.parametrize("width", [60, 80])
def test_a_bar_takes_one_line_of_a_narrow_terminal(width: int) -> None:
    """The bar gets shorter; amounts, speed and time left stay on its line, which a second line would move up and down."""
    stream = io.StringIO()
    bars = Bars(Console(file=stream, width=width, force_terminal=True, color_system=None))
    with bars.stage("download", 900_000_000, "bytes") as bar:
        for _ in range(20):
            bar.advance(10_000_000)
            time.sleep(0.02)
        # The speed is known from the second step on.
        until(lambda: "/s, " in stream.getvalue(), "the speed is drawn")
    drawn = [line for line in re.split(r"[\r\n]|\x1b\[[?\d]*[A-Za-z]", stream.getvalue()) if line.strip()]
    assert any("/s, " in line for line in drawn), drawn
    assert all(line.lstrip()[1:].lstrip().startswith("download") for line in drawn), drawn
