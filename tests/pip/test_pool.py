"""One import of pip serves many runs, each a process of its own."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import PipFailed
from pypi_subset.pip.pool import Pips, _Child
from pypi_subset.proof.isolation import cgroups
from pypi_subset.support.machine import memory
from tests.support.programs.ending import PATIENCE, until
from tests.support.programs.mounts import PRELUDE, run_mounted, small_disk
from tests.support.stages.values import WINDOWS
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.servers.index import Index


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
@pytest.mark.parametrize("forked", [False, True])
def test_pip_ends_with_its_parent(index: Index, tmp_path: Path, forked: bool) -> None:  # noqa: FBT001
    """When the tool is killed, every process that it started is gone too, and writes nothing behind its back."""
    index.delay = 30
    run = "pool.Pips(work / 'x').run" if forked else "runner.run"
    code = (
        "from pathlib import Path; from pypi_subset.pip import pool, runner; import sys; work = Path(sys.argv[2]);"
        f"{run}(['download', '--index-url', sys.argv[1], 'slow'], work=work, environment={{}})"
    )
    # Every child sees its own directory among its variables, or was forked from one that does.
    mark = f"TMPDIR={tmp_path}".encode()
    parent = subprocess.Popen([sys.executable, "-c", code, index.url, str(tmp_path)])
    until(lambda: index.requests or len(_running(mark)) == (2 if forked else 1), "pip runs")
    assert len(_running(mark)) == (2 if forked else 1)
    parent.kill()
    parent.wait()
    until(lambda: not _running(mark), "pip has ended")


def test_many_runs_have_nothing_in_common(tmp_path: Path) -> None:
    """Runs of one `Pips` go on side by side, each with its own markers, output, exit code and home."""
    (tmp_path / "need").mkdir()
    make_wheel("app", requires=["absent; os_name == 'nt'"]).save(tmp_path / "need")
    options = ["--no-index", "--find-links", str(tmp_path / "need"), "--dry-run", "--ignore-installed"]
    environments = {name: {**WINDOWS.environment, "os_name": name} for name in ("nt", "posix", "java")}
    with Pips(tmp_path / "all") as pips, ThreadPoolExecutor() as pool:
        results = {
            name: pool.submit(pips.run, ["install", *options, "app"], work=tmp_path / name, environment=environment)
            for name, environment in environments.items()
        }
    codes = {name: future.result().returncode for name, future in results.items()}
    assert codes == {"nt": 1, "posix": 0, "java": 0}
    assert "absent" in results["nt"].result().stderr
    assert "Would install app-1.0" in results["posix"].result().stdout


def test_a_pip_that_vanishes_is_an_error(tmp_path: Path, index: Index) -> None:
    """When the process behind `Pips` is killed, each run that waits gets the reason, and so does each later run."""
    index.delay = 30
    arguments = ["download", "--index-url", index.url, "slow"]
    killed = "pip was killed, as the kernel does where memory runs out; give this machine"
    with Pips(tmp_path) as pips, ThreadPoolExecutor() as pool:
        waiting = pool.submit(pips.run, arguments, work=tmp_path / "a", environment={})
        mark = f"TMPDIR={tmp_path / 'tmp'}".encode()
        # At any moment, also before it has read the order.
        until(lambda: _running(mark), "pip runs")
        for pid in _running(mark):
            # A run ends with its server.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with pytest.raises(PipFailed, match=killed):
            waiting.result()
        with pytest.raises(PipFailed, match=killed):
            pips.run(arguments, work=tmp_path / "b", environment={})


def test_an_order_that_finds_a_closed_pipe(tmp_path: Path) -> None:
    """A process that ends before it reads an order fails that order with the reason why it ended."""
    with Pips(tmp_path, place=_Deaf()) as pips, pytest.raises(PipFailed, match="pip was killed, as the kernel does"):
        pips.run(["list"], work=tmp_path / "a", environment={})


class _Deaf:
    """A place whose process is killed before it reads."""

    def variables(self, work: Path) -> dict[str, str]:
        work.mkdir(parents=True, exist_ok=True)
        return {}

    def start(self, command: Sequence[str], variables: Mapping[str, str]) -> _Child:
        late = ["/bin/sh", "-c", "exec <&-; kill -KILL $$", *command]
        child = _Child(late, env=dict(variables), stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        return child


def test_one_run_that_is_killed_is_an_error(tmp_path: Path, index: Index) -> None:
    """When one pip of many is killed, by the kernel for want of memory, say, that run fails and others go on."""
    go_on = threading.Event()

    def hold(_path: str) -> None:
        go_on.wait(PATIENCE)

    index.on_request = hold
    arguments = ["download", "--index-url", index.url, "slow"]
    with Pips(tmp_path) as pips, ThreadPoolExecutor() as pool:
        waiting = [pool.submit(pips.run, arguments, work=tmp_path / name, environment={}) for name in "ab"]
        mark = f"TMPDIR={tmp_path / 'tmp'}".encode()
        until(lambda: len(_running(mark)) == 3, "both run")
        os.kill(next(pid for pid in _running(mark) if _parent(pid) != os.getpid()), signal.SIGKILL)
        go_on.set()
        outcomes = [future.exception() for future in waiting]
    assert [str(error) for error in outcomes if error] == [f"pip {memory.KILLED}; {memory.STEP}"]
    assert [future.result().returncode for future, error in zip(waiting, outcomes, strict=True) if not error] == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="mounts")
def test_a_pip_whose_disk_is_full_is_an_error(tmp_path: Path, index: Index) -> None:
    """What pip says of it becomes the line that names the directory and the next step."""
    index.add(make_wheel("large", ballast=400_000))
    (tmp_path / "work").mkdir()
    code = f"""{PRELUDE}
from pypi_subset.pip.pool import Pips

def download():
    with Pips(Path(sys.argv[2])) as pips:
        found = pips.run(["download", "--index-url", sys.argv[3], "--dest", "to", "large"], work=directory, environment=None)
        sys.exit(f"pip did not fail: {{found.returncode}} {{found.stderr}}")

print(json.dumps(attempt(download)))
"""
    small = small_disk(tmp_path / "work", "200k")
    said = run_mounted(small, code, tmp_path / "work", tmp_path, index.url)
    assert said == f"{tmp_path / 'work'}: the disk is full; free some space and run the same command again"


def test_a_pip_without_memory_is_an_error(tmp_path: Path, index: Index) -> None:
    """Where the system gives pip no more memory, the error says so, and not that a requirement has no solution."""
    (tmp_path / "large.txt").write_text(f"# {'x' * 80_000_000}\n")
    with Pips(tmp_path) as pips:
        pips.run(["--version"], work=tmp_path / "first", environment=None)
        (server,) = _running(f"TMPDIR={tmp_path / 'tmp'}".encode())
        used = int(Path(f"/proc/{server}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(server, resource.RLIMIT_AS, (used + (48 << 20), used + (48 << 20)))
        arguments = [
            "download",
            "--index-url",
            index.url,
            "--dest",
            str(tmp_path / "to"),
            "-r",
            str(tmp_path / "large.txt"),
        ]
        with pytest.raises(PipFailed, match="pip ran out of memory; give this machine or its container more"):
            pips.run(arguments, work=tmp_path / "a", environment={})


def test_the_kernel_kills_a_pip_for_its_memory(tmp_path: Path, index: Index) -> None:
    """In a control group that is too small, as in a container; the error names memory, and nothing is killed by the test."""
    (tmp_path / "large.txt").write_text(f"# {'x' * 200_000_000}\n")
    group = cgroups.make(96 << 20, 1000)
    if group is None:
        pytest.skip("no control group that limits memory can be made here")
    try:
        with Pips(tmp_path) as pips:
            pips.run(["--version"], work=tmp_path / "first", environment=None)
            (server,) = _running(f"TMPDIR={tmp_path / 'tmp'}".encode())
            (group / "cgroup.procs").write_text(str(server))
            arguments = ["download", "--index-url", index.url, "--dest", str(tmp_path / "to")]
            with pytest.raises(PipFailed, match=re.escape(memory.KILLED)) as caught:
                pips.run([*arguments, "-r", str(tmp_path / "large.txt")], work=tmp_path / "a", environment={})
            assert memory.STEP in str(caught.value)
    finally:
        cgroups.remove(group)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_no_run_outlives_the_block(index: Index, tmp_path: Path) -> None:
    """When the ``with`` block has ended, so has each process that it started, however slow the machine is to end it."""
    index.delay = 30
    mark = f"TMPDIR={tmp_path}".encode()
    with ThreadPoolExecutor() as threads:
        for number in range(5):
            with Pips(tmp_path / "all") as pips:
                arguments = ["download", "--index-url", index.url, "slow"]
                for name in "abcd":
                    threads.submit(pips.run, arguments, work=tmp_path / f"{name}{number}", environment={})
                until(lambda: len(_running(mark)) == 5, "all of them run")
            assert _running(mark) == []


def test_a_run_that_comes_too_late(tmp_path: Path) -> None:
    """After the ``with`` block a run is refused before it makes a directory: its stage may be gone already."""
    with Pips(tmp_path) as pips:
        pass
    with pytest.raises(PipFailed, match="pip's process vanished"):
        pips.run(["list"], work=tmp_path / "late", environment={})
    assert not (tmp_path / "late").exists()


def _running(mark: bytes) -> list[int]:
    """Return the processes that were started with *mark* among their variables."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes():
                found.append(int(path.parent.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def _parent(pid: int) -> int:
    """Return the process that started process *pid*."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
