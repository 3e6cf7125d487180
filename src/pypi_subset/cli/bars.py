"""Progress bars of a terminal: one for each open stage, in steps or in bytes."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from pypi_subset.support.machine.sizes import readable_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from pypi_subset.support.progress import Stage, Unit


class Amount(ProgressColumn):
    """How much of a stage is done; for bytes the speed and the time that is left as well."""

    def render(self, task: Task) -> Text:
        """Return it as one text."""
        done, total = int(task.completed), int(task.total or 0)
        if task.fields["unit"] == "steps":
            return Text(f"{done}/{total}")
        parts = [f"{readable_size(done)} of {readable_size(total)}"]
        if task.speed:
            parts.append(f"{readable_size(int(task.speed))}/s")
        if task.time_remaining is not None:
            parts.append(f"{_clock(task.time_remaining)} left")
        return Text(", ".join(parts))


class Elapsed(ProgressColumn):
    """The time that a stage has taken."""

    def render(self, task: Task) -> Text:
        """Return minutes and seconds."""
        return Text(_clock(task.elapsed or 0))


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class _Bar:
    """A stage on a terminal."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task
        self._lock = threading.Lock()

    def advance(self, count: int = 1) -> None:
        """Move the bar by *count*."""
        self._progress.advance(self._task, count)

    def expect(self, count: int) -> None:
        """Add *count* to the total; a bar without one is hidden."""
        with self._lock:
            total = (self._progress.tasks[self._progress.task_ids.index(self._task)].total or 0) + count
            self._progress.update(self._task, total=total, visible=total > 0)

    def finished(self, part: str, seconds: float) -> None:
        """Show nothing: the bar has moved."""


class Bars:
    """
    The bars of all stages that are open.

    :param console: a terminal.
    """

    def __init__(self, console: Console) -> None:
        # Only the bar shrinks on a narrow terminal: words that wrap would make a second line at each step.
        words = Amount(Column(no_wrap=True)), Elapsed(Column(no_wrap=True))
        columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), *words
        self._progress = Progress(*columns, console=console, transient=True)
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def stage(self, name: str, total: int, unit: Unit) -> Iterator[Stage]:
        """Show a bar *name* while the block runs."""
        with self._lock:
            self._progress.start()
            task = self._progress.add_task(escape(name), total=total, visible=total > 0, unit=unit)
        try:
            yield _Bar(self._progress, task)
        finally:
            with self._lock:
                self._progress.remove_task(task)
                if not self._progress.task_ids:
                    self._progress.stop()
