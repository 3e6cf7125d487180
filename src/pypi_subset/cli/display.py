"""
What the user sees while a command runs: progress bars on a terminal, plain lines anywhere else.

`Display` implements `support.progress.Progress`. Every text passes `literal`: neither rich nor a terminal obeys it.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
import time
from typing import TYPE_CHECKING, Literal

from rich import box
from rich.console import Console
from rich.segment import SegmentLines
from rich.table import Table
from rich.text import Text

from pypi_subset.cli.door import spoken
from pypi_subset.support.machine.sizes import readable_size
from pypi_subset.support.progress import SILENT
from pypi_subset.support.text import printable, shortened, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pypi_subset.cli.bars import Bars
    from pypi_subset.support.progress import Stage, Unit


#: Columns of a table without a terminal: wide enough that no cell folds.
PLAIN_WIDTH = 140
#: Columns below which a terminal gets no tables.
NARROW = 60
#: Length of a word that a table may fold; shorter ones stay whole.
WORD = 12
#: Blanks between two columns of a table, and at its edges.
_GAP, _EDGES = 3, 2


def literal(text: str, style: str = "") -> Text:
    """
    Return *text* as the one line that it is shown as, with commands in the form of the door.

    Nothing in it is markup, moves a cursor or is a secret of a URL.
    """
    return Text(spoken(shortened(printable(without_secrets(text)))), style=style)


def display_for(*, json: bool = False, color: bool = True, quiet: bool = False) -> Display:
    """
    Return the display of a command.

    :param json: whether standard output is for a document alone.
    :param color: whether a terminal is shown colours.
    :param quiet: whether only warnings are shown.
    """
    system: Literal["auto"] | None = "auto" if color else None
    return Display(
        Console(file=sys.stderr if json else None, highlight=False, color_system=system), quiet=quiet, lines=not json
    )


class _Lines:
    """A stage without a terminal: a line for each part of it, and one for the whole."""

    def __init__(self, name: str, unit: Unit, write: Callable[[str], None]) -> None:
        self._name, self._unit, self._write = name, unit, write
        self._began, self._done = time.monotonic(), 0
        self._lock = threading.Lock()

    def advance(self, count: int = 1) -> None:
        """Count what is done."""
        with self._lock:
            self._done += count

    def expect(self, count: int) -> None:
        """Show nothing: the line at the end says what was done."""

    def finished(self, part: str, seconds: float) -> None:
        """Write a line about *part*."""
        self._write(f"{self._name}: {part}, {seconds:.1f} s")

    def end(self) -> None:
        """Write a line about the whole, if anything was done."""
        if self._done:
            done = readable_size(self._done) if self._unit == "bytes" else f"{self._done:,} done"
            self._write(f"{self._name}: {done} in {time.monotonic() - self._began:.1f} s")


class Display:
    """
    Shows lines, tables and stages.

    :param console: where to write; ``None`` means standard output.
    :param quiet: whether only warnings are shown.
    :param lines: whether stages are lines on standard error if there is no terminal.
    """

    def __init__(self, console: Console | None = None, *, quiet: bool = False, lines: bool = True) -> None:
        self._quiet, self._lines = quiet, lines
        self.console = console if console is not None else Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH
        self._lock = threading.Lock()

    @functools.cached_property
    def _bars(self) -> Bars:
        """The live display, which all open stages share."""
        # Few runs have a terminal and a stage to show; the import takes 30 ms.
        from pypi_subset.cli.bars import Bars  # noqa: PLC0415

        return Bars(self.console)

    @contextlib.contextmanager
    def stage(self, name: str, total: int, unit: Unit = "steps") -> Iterator[Stage]:
        """
        Show a stage while the block runs: a bar on a terminal, else lines on standard error.

        :param total: the number of steps or bytes, as far as it is known.
        """
        terminal = self.console.is_terminal
        if self._quiet or not (terminal or self._lines):
            yield SILENT
        elif terminal:
            with self._bars.stage(literal(name).plain, total, unit) as bar:
                yield bar
        else:
            lines = _Lines(name, unit, self._aside)
            yield lines
            lines.end()

    def _aside(self, line: str) -> None:
        """Write one line to standard error, whatever is on standard output."""
        with self._lock:
            sys.stderr.write(f"{literal(line).plain}\n")
            sys.stderr.flush()

    def say(self, *lines: str) -> None:
        """Print each of *lines* on its own line, above the bars if there are any."""
        if lines and not self._quiet:
            self._print(*lines)

    def warn(self, line: str) -> None:
        """Print *line* as a warning, with ``--quiet`` too."""
        self._print(f"warning: {line}")

    def print(self, table: Table) -> None:
        """Print *table*; on a terminal that is too narrow for it each row is a block of lines."""
        if self._quiet:
            return
        if self.console.is_terminal and self.console.width < max(NARROW, _least(table)):
            self.console.print(_blocks(table), soft_wrap=True)
        else:
            lines = self.console.render_lines(table, pad=False)
            first = "".join(each.text for each in lines[0]) if lines else ""
            # The upper edge of a table is a line of blanks.
            self.console.print(SegmentLines(lines if first.strip() else lines[1:], new_lines=True))

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


def _least(table: Table) -> int:
    """Return the width below which *table* folds short words, or cuts a column that must not wrap."""
    widths = [_EDGES - _GAP]
    for column in table.columns:
        texts = [str(cell) for cell in (column.header, *column.cells)]
        words = texts if column.no_wrap else [word[:WORD] for text in texts for word in text.split()]
        widths.append(_GAP + max(map(len, words), default=0))
    return sum(widths)


def _blocks(table: Table) -> Text:
    """Return the rows of *table*, each as a line for each cell that holds something, and a blank line between rows."""
    headings = [str(column.header) for column in table.columns]
    rows = zip(*([str(cell) for cell in column.cells] for column in table.columns), strict=True)
    blocks = ["\n".join(f"{name}: {cell}" for name, cell in zip(headings, row, strict=True) if cell) for row in rows]
    return Text("\n\n".join([*([str(table.title)] if table.title else []), *blocks]))


def _cell(value: object) -> str:
    """Return *value* as a cell shows it: seconds with one decimal, counts in groups of three."""
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
