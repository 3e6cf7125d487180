"""The process that talks to a cluster, as the proof starts it, and workers that mean harm to the proof behind it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.remote import cluster, pipe
from pypi_subset.proof.remote.dask import prove_on_dask
from pypi_subset.support.version import __version__
from tests.support.programs.dask_cluster import Cluster
from tests.support.sites.cases import CLICK, COLORAMA, WINDOWS
from tests.support.sites.subset_on_disk import SubsetOnDisk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

COMMAND = [sys.executable, "-I", "-m", "pypi_subset.proof.remote.client"]


@contextmanager
def started() -> Iterator[subprocess.Popen[bytes]]:
    """Yield the process, which has ended by itself when the block ends."""
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.mark.long
def test_it_ends_with_its_orders() -> None:
    """Without an order, or with another one first, it does nothing and says nothing."""
    with started() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pipe.send(process.stdin, pipe.Send(number=0, errand="{}", key="k"))
        assert process.stdout.read() == b""


@pytest.mark.long
@pytest.mark.parametrize("scheduler", ["tcp://127.0.0.1:9", "nonsense://127.0.0.1:9", "tls://127.0.0.1:9"])
def test_no_scheduler(scheduler: str) -> None:
    """It says so in one line, whatever Dask raises, and Ctrl-C is no matter of its own."""
    with started() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pipe.send(process.stdin, pipe.Open(scheduler=scheduler, run="0" * 32, version="1", patience=2))
        refused = pipe.events(process.stdout)
        assert isinstance(refused, pipe.Refused)
        assert refused.what.startswith(f"no Dask scheduler answers at {scheduler}: ")
        assert "\n" not in refused.what
        os.kill(process.pid, signal.SIGINT)


# --- workers that mean harm ---------------------------------------------------------------------------------------

#: A package that a worker has in the place of ours. What is behind it is one of `HARM`.
_STRANGER = """
import json, os
FLAG = {flag!r}

class Evil(Exception):
    def __reduce__(self):
        # Dask sends on what is an error once it has been loaded.
        return eval, (f"(open({{FLAG!r}} + str(__import__('os').getpid()), 'w'), Exception())[1]",)

class Result:
    __reduce__ = Evil.__reduce__

class Nested(Exception):
    def __init__(self, *arguments):
        super().__init__(*arguments)

def version(): return {version!r}
def forget(run, dask_worker=None): raise Evil
"""

#: What the worker answers → why each case is red.
HARM = {
    "raise Evil": "the proof itself broke: eval: (open(",
    "raise Nested(Result())": "the proof itself broke: Nested:",
    "return Result()": "the proof itself broke: its answer was no text, or too long",
    "return [text.encode(), Result()]": "the proof itself broke: its answer was no text, or too long",
    "return b'x' * (20 << 20)": "the proof itself broke: its answer was no text, or too long",
    "return b'\\xff'": "the proof itself broke: its answer cannot be read: UnicodeDecodeError",
    "return text.encode()": "the worker's answer is refused: ",
    "return json.dumps(dict(errand='0' * 64)).encode()": "the worker's answer is refused: this is about another case",
    "return (b'[' * 100_000)": "the worker's answer is refused: ",
    "raise RuntimeError('a\\x1b[31m\\nb')": r"the proof itself broke: RuntimeError: a\x1b[31m b",
}


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Yield a scheduler without workers."""
    running = Cluster(tmp_path_factory.mktemp("cluster"))
    yield running
    running.stop()


def stranger(folder: Path, answer: str, flag: Path) -> Path:
    """Return a directory with a package of our name, in which a worker finds *answer*."""
    place = folder / "stranger" / "pypi_subset" / "proof" / "remote"
    place.mkdir(parents=True)
    for package in (place.parents[1], place.parent, place):
        (package / "__init__.py").write_text("")
    code = _STRANGER.format(flag=str(flag), version=__version__)
    (place / "worker.py").write_text(f"{code}\ndef answer(text): {answer}\n")
    return folder / "stranger"


@pytest.mark.long
@pytest.mark.parametrize("answer", HARM)
def test_a_hostile_worker(tmp_path: Path, scheduler: Cluster, answer: str) -> None:
    """Whatever it sends, each case is red with a reason, and no pickle of its runs here, nor in the process between."""
    flags = tmp_path / "flags"
    flags.mkdir()
    started: list[int] = []

    @contextlib.contextmanager
    def start(
        command: Sequence[str], environment: Mapping[str, str], _: Sequence[Path], streams: tuple[int, int]
    ) -> Iterator[None]:
        """Start the process as ever, and keep its id."""
        with subprocess.Popen(command, env=environment, stdin=streams[0], stdout=streams[1]) as process:
            started.append(process.pid)
            yield

    subset = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK, COLORAMA]})
    worker = scheduler.add(PYTHONPATH=str(stranger(tmp_path, answer, flags / "by-")))
    try:
        subset.write()
        report = prove_on_dask(subset.plan, subset.paths, scheduler=scheduler.address, start=start)
    finally:
        worker.kill()
        worker.wait()
    reasons = [check.reason for check in report.checks if check.target]
    assert len(reasons) == 2
    assert [reason for reason in reasons if not reason.startswith(HARM[answer])] == []
    written = {int(path.name.removeprefix("by-")) for path in flags.iterdir()}
    assert not written & {os.getpid(), *started}
    # Dask itself loads an error once where it was raised: so the attack is one.
    assert written or "Evil" not in answer


#: Runs a command as `pypi-subset` does, and writes down each pickle that it loads and each part of Dask that it imports.
_AUDITED = """
import sys
log = open(sys.argv.pop(1), "w")
def hook(event, arguments):
    if event == "pickle.find_class" or event == "import" and arguments[0].partition(".")[0] in ("distributed", "dask"):
        print(event, arguments[0], file=log, flush=True)
sys.addaudithook(hook)
from pypi_subset.cli.app import main
main(sys.argv[1:])
"""


@pytest.mark.long
def test_the_proof_loads_no_pickle(tmp_path: Path, scheduler: Cluster) -> None:
    """A whole green run on a cluster imports nothing of Dask and unpickles nothing."""
    subset = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK, COLORAMA]})
    subset.write()
    folders = [f"--{name}={getattr(subset.paths, name)}" for name in ("requirements", "packages", "site")]
    words = ["pypi-subset", "verify", *folders, "--on=dask", f"--scheduler={scheduler.address}"]
    worker = scheduler.add()
    try:
        command = [sys.executable, "-c", _AUDITED, str(tmp_path / "log"), *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        worker.kill()
        worker.wait()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "log").read_text() == ""


@pytest.mark.long
def test_a_cluster_by_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the files that Dask's own settings name, the scheduler is reached by TLS."""
    pem = tmp_path / "cluster.pem"
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2")
    subprocess.run(["openssl", *new, "-keyout", str(pem), "-out", str(tmp_path / "ca.pem")], check=True)
    pem.write_text(pem.read_text() + (tmp_path / "ca.pem").read_text())
    for name in cluster.TLS:
        monkeypatch.setenv(name, str(tmp_path / "ca.pem" if name.endswith("CA_FILE") else pem))
    files = [f"--tls-ca-file={tmp_path / 'ca.pem'}", f"--tls-cert={pem}", f"--tls-key={pem}"]
    running = Cluster(tmp_path, "--protocol=tls", *files)
    try:
        running.add("--no-nanny", *files)
        assert running.address.startswith("tls://127.0.0.1:")
        subset = SubsetOnDisk(tmp_path / "a", targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK, COLORAMA]})
        subset.write()
        report = prove_on_dask(subset.plan, subset.paths, scheduler=running.address)
    finally:
        running.stop()
    assert (report.totals.failed, report.totals.passed > 6) == (0, True)
