"""The proof's end of the pipe: what the process at the other end may send, and what it is started with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.proof.remote import cluster, pipe
from tests.support.programs.dask_cluster import CONNECTED, PRELUDE, Scripted
from tests.support.programs.ending import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

OPEN = pipe.Open(scheduler="tcp://127.0.0.1:9", run="0" * 32, version="1", patience=1)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait seconds for a process that does not end by itself, not half a minute."""
    monkeypatch.setattr(cluster, "_FAREWELL", 2)


def test_events_come_in_order_and_end() -> None:
    """What the process sends is read until it ends; who asks then is told so each time."""
    script = CONNECTED + 'send(b\'{"type": "Alive", "workers": 2}\')\n'
    with cluster.connected(OPEN, start=Scripted(script)) as away:
        assert away.next(PATIENCE) == pipe.Alive(workers=2)
        for _ in range(2):
            with pytest.raises(EOFError):
                away.next(PATIENCE)


@pytest.mark.parametrize(
    "line",
    [
        "sys.stdout.buffer.write(b'\\xff' * 8)",
        "send(b'\\x80\\x05cos\\nsystem\\n.')",
        'send(b\'{"type": "Alive", "workers": -5}\')',
        "sys.exit(3)",
    ],
)
def test_what_is_no_message_ends_the_run(line: str) -> None:
    """After a message that breaks the rules nothing more is read, whatever follows."""
    script = f'{CONNECTED}{line}\nsys.stdout.buffer.flush()\nsend(b\'{{"type": "Alive", "workers": 2}}\')\n'
    with cluster.connected(OPEN, start=Scripted(script)) as away, pytest.raises(EOFError):
        away.next(PATIENCE)


def test_a_process_that_reads_nothing_stops_nobody() -> None:
    """Orders beyond what a pipe holds do not make the proof wait."""
    with cluster.connected(OPEN, start=Scripted(f"{CONNECTED}time.sleep(60)")) as away:
        for number in range(50):
            away.send(pipe.Send(number=number, errand="x" * 100_000, key="k"))
        assert away.next(0.1) is None


def test_a_process_that_never_stops_sending_is_left() -> None:
    """When the run is over, it has its time to end, and is then ended."""
    script = f'{CONNECTED}while True: send(b\'{{"type": "Alive", "workers": 2}}\')'
    with cluster.connected(OPEN, start=Scripted(script)):
        begun = time.monotonic()
    assert time.monotonic() - begun < 10


def test_a_refusal_is_one_line() -> None:
    """Its words are shown, without what a terminal would obey."""
    words = '{"type": "Refused", "what": "no\\nworker \\u001b[31m", "next_step": "start\\tone"}'
    process = Scripted(f"{PRELUDE}send({words.encode()!r})")
    with pytest.raises(SubsetError) as raised, cluster.connected(OPEN, start=process):
        pass
    assert str(raised.value) == r"no worker \x1b[31m; start one"


@pytest.mark.parametrize("line", ["", 'send(b\'{"type": "Alive", "workers": 2}\')'])
def test_a_process_that_does_not_connect(line: str) -> None:
    """One that ends, or begins with something else, is one line with the next step."""
    with (
        pytest.raises(
            SubsetError, match=r"the process that talks to the Dask scheduler at tcp://127\.0\.0\.1:9 does not answer"
        ),
        cluster.connected(OPEN, start=Scripted(PRELUDE + line)),
    ):
        pass


def test_what_the_process_is_started_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of this machine but those that programs need, a home of its own, and the files for TLS that Dask names."""
    monkeypatch.setenv("SECRET", "x")
    monkeypatch.setenv("PYPI_SUBSET_KEY_FILE", "/key")
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TLS__CA_FILE", str(tmp_path / "ca.pem"))
    process = Scripted(CONNECTED)
    with cluster.connected(OPEN, start=process):
        assert not {"SECRET", "PYPI_SUBSET_KEY_FILE"} & process.environment.keys()
        assert process.environment["HOME"] != str(tmp_path.home())
        assert process.environment["DASK_DISTRIBUTED__COMM__TLS__CA_FILE"] == str(tmp_path / "ca.pem")
        assert process.reads == [tmp_path / "ca.pem"]
