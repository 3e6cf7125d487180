"""
What the user sees while a task runs: progress bars on a terminal, plain lines anywhere else.

Stages get a `Display` and know nothing of terminals. Everything printed is taken literally: a project called
``[bold]`` stays that, whatever rich reads into square brackets.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.progress import TaskID


#: Columns of a table that is not shown on a terminal: wide enough that no cell of ours is folded.
PLAIN_WIDTH = 140


class Stage:
    """A handle on one bar; its methods may be called from any thread, and do nothing when nobody watches."""

    def __init__(self, progress: Progress | None = None, task: TaskID | None = None) -> None:
        self._progress, self._task = progress, task

    def advance(self, count: float = 1) -> None:
        """Say that *count* more are done."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, count)

    def update(self, text: str) -> None:
        """Show *text* behind the bar, e.g. the name of what is being worked on."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, detail=escape(text))

    def expect(self, total: int) -> None:
        """Say how many there are in all, once that is known."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, total=total)


class Display:
    """Where a task's words go: by default standard output."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console if console is not None else Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._open = 0

    @contextlib.contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """
        Yield a handle on a bar called *name*, which goes away with the block.

        :param total: how many steps there are; ``None`` as long as nobody knows.
        """
        if not self.console.is_terminal:
            yield Stage()
            return
        progress = self._start()
        task = progress.add_task(escape(name), total=total, detail="")
        try:
            yield Stage(progress, task)
        finally:
            progress.remove_task(task)
            self._stop()

    def say(self, line: str) -> None:
        """Print *line*, above the bars if there are any."""
        self.console.print(Text(line), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
        """
        Print *rows* below *columns*; a column that holds nothing but numbers stands to the right.

        :param columns: headings.
        :param rows: one value for each column; numbers are written with a separator for the thousands.
        :param title: a line above.
        """
        table = Table(
            title=Text(title) if title else None,
            title_justify="left",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            show_edge=False,
        )
        for number, column in enumerate(columns):
            numeric = bool(rows) and all(isinstance(row[number], int | float) for row in rows)
            table.add_column(Text(column), justify="right" if numeric else "left", overflow="fold", no_wrap=numeric)
        for row in rows:
            table.add_row(*(Text(_cell(value)) for value in row))
        self.console.print(table)

    def _start(self) -> Progress:
        """Return the one live display, which the first of several stages puts up."""
        with self._lock:
            self._open += 1
            if self._progress is None:
                self._progress = Progress(
                    SpinnerColumn(),
                    TextColumn("{task.description}"),
                    BarColumn(bar_width=24),
                    MofNCompleteColumn(),
                    TimeElapsedColumn(),
                    TextColumn("{task.fields[detail]}"),
                    console=self.console,
                    transient=True,
                )
                self._progress.start()
            return self._progress

    def _stop(self) -> None:
        """Take the live display down with the last stage."""
        with self._lock:
            self._open -= 1
            if not self._open and self._progress is not None:
                self._progress.stop()
                self._progress = None


def _cell(value: object) -> str:
    """Return *value* as a cell shows it: seconds with one decimal, counts in groups of three."""
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
