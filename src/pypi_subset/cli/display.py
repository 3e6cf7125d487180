"""
What the user sees while a task runs: progress bars on a terminal, plain lines anywhere else.

`Display` implements `support.progress.Progress`. Every text passes `literal`: neither rich nor a terminal obeys it.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from typing import TYPE_CHECKING, Literal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pypi_subset.cli.door import spoken
from pypi_subset.support.progress import SILENT
from pypi_subset.support.text import printable, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.progress import Progress, TaskID

    from pypi_subset.support.progress import Stage


#: Columns of a table without a terminal: wide enough that no cell folds.
PLAIN_WIDTH = 140


def literal(text: str, style: str = "") -> Text:
    """
    Return *text* as the one line that it is shown as, with commands in the form of the door.

    Nothing in it is markup, moves a cursor or is a secret of a URL.
    """
    return Text(spoken(printable(without_secrets(text))), style=style)


def display_for(*, json: bool = False, color: bool = True, quiet: bool = False) -> Display:
    """
    Return the display of a command.

    :param json: whether standard output is for a document alone.
    :param color: whether a terminal is shown colours.
    :param quiet: whether only warnings are shown.
    """
    system: Literal["auto"] | None = "auto" if color else None
    return Display(Console(file=sys.stderr if json else None, highlight=False, color_system=system), quiet=quiet)


class _Bar:
    """A stage on a terminal."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def advance(self, count: int = 1) -> None:
        """Move the bar by *count* steps."""
        self._progress.advance(self._task, count)


class Display:
    """
    Shows lines, tables and progress bars; without a terminal it shows no bars.

    :param console: where to write; ``None`` means standard output.
    :param quiet: whether only warnings are shown.
    """

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self.console = console if console is not None else Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH
        self._lock = threading.Lock()

    @functools.cached_property
    def _bars(self) -> Progress:
        """The live display, which all open stages share."""
        # Few runs have a terminal and a stage to show; the import takes 30 ms.
        from rich import progress as rich  # noqa: PLC0415

        description, bar = rich.TextColumn("{task.description}"), rich.BarColumn(bar_width=24)
        columns = (rich.SpinnerColumn(), description, bar, rich.MofNCompleteColumn(), rich.TimeElapsedColumn())
        return rich.Progress(*columns, console=self.console, transient=True)

    @contextlib.contextmanager
    def stage(self, name: str, total: int) -> Iterator[Stage]:
        """Show a bar *name* of *total* steps while the block runs."""
        if self._quiet or not self.console.is_terminal:
            yield SILENT
            return
        with self._lock:
            self._bars.start()
            task = self._bars.add_task(escape(literal(name).plain), total=total)
        try:
            yield _Bar(self._bars, task)
        finally:
            with self._lock:
                self._bars.remove_task(task)
                if not self._bars.task_ids:
                    self._bars.stop()

    def say(self, *lines: str) -> None:
        """Print each of *lines* on its own line, above the bars if there are any."""
        if not self._quiet:
            self._print(*lines)

    def warn(self, line: str) -> None:
        """Print *line* as a warning, with ``--quiet`` too."""
        self._print(f"warning: {line}")

    def print(self, table: Table) -> None:
        """Print *table*."""
        if not self._quiet:
            self.console.print(table)

    def _print(self, *lines: str) -> None:
        self.console.print(Text("\n").join(map(literal, lines)), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
        """
        Print *rows* below *columns*; a column that holds nothing but numbers stands to the right.

        :param columns: headings.
        :param rows: one value for each column; numbers are written with a separator for the thousands.
        :param title: a line above.
        """
        heading = literal(title) if title else None
        table = Table(title=heading, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for number, column in enumerate(columns):
            numeric = bool(rows) and all(isinstance(row[number], int | float) for row in rows)
            table.add_column(literal(column), justify="right" if numeric else "left", overflow="fold", no_wrap=numeric)
        for row in rows:
            table.add_row(*(literal(_cell(value)) for value in row))
        self.print(table)


def _cell(value: object) -> str:
    """Return *value* as a cell shows it: seconds with one decimal, counts in groups of three."""
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
