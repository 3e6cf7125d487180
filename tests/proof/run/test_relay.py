"""Progress of the suite's process, from its standard output to the process that started it."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pypi_subset.proof.run.relay import Sender, receive
from pypi_subset.support.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.support.progress import Unit


class Recorder(Silent):
    """Keeps what happens to its stage."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    @contextmanager
    def stage(self, name: str, total: int, unit: Unit = "steps") -> Iterator[Recorder]:
        """Keep the begin and the end."""
        self.seen.append((name, total))
        assert unit == "steps"
        yield self
        self.seen.append("end")

    def advance(self, count: int = 1) -> None:
        """Keep the count."""
        self.seen.append(count)

    def finished(self, part: str, seconds: float) -> None:
        """Keep the part and its time."""
        self.seen.append((part, seconds))


def test_what_is_sent_is_received() -> None:
    """The stage begins with its total, advances as often, and ends; a recorder sees no line of the protocol."""
    stream, recorder = io.StringIO(), Recorder()
    with Sender(stream).stage("anything", 3) as stage:
        stage.advance()
        stage.advance(2)
        stage.finished("linux and more", 1.25)
    assert receive(io.StringIO(stream.getvalue()), recorder) == []
    assert recorder.seen == [("proving", 3), 1, 2, ("linux and more", 1.25), "end"]


def test_other_lines_are_complaints() -> None:
    """What is no progress comes back without blank lines, before, between and after the steps."""
    lines = [
        "Exit: base.txt:1: wrong\n",
        "\n",
        "pypi-subset total 2\n",
        "  indented\n",
        "pypi-subset done 1\n",
        "INTERNALERROR",
    ]
    recorder = Recorder()
    assert receive(lines, recorder) == ["Exit: base.txt:1: wrong", "  indented", "INTERNALERROR"]
    assert recorder.seen == [("proving", 2), 1, "end"]


def test_steps_arrive_while_the_sender_works() -> None:
    """Each line is flushed: a receiver sees a step although the sending process goes on."""
    code = (
        "import sys\nfrom pypi_subset.proof.run.relay import Sender\n"
        "with Sender(sys.stdout).stage('', 1) as stage:\n    stage.advance()\n    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        assert [process.stdout.readline() for _ in range(2)] == ["pypi-subset total 1\n", "pypi-subset done 1\n"]
        assert process.poll() is None
        process.stdin.close()
