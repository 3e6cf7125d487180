"""The door to pip: nothing ambient comes in, and a foreign machine's markers are really evaluated."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import PipFailed
from pypi_subset.model.locks import Inputs
from pypi_subset.pip import pool, runner
from pypi_subset.pip.pool import Pips
from pypi_subset.resolve.resolver import resolve
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pip_config import read_network
from tests.support.values import WINDOWS, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pypi_subset.model.locks import Lock
    from tests.support.servers.index import Index

INPUTS = Inputs(requirement_set="", target="", policy="", constraint="")


def test_nothing_ambient_comes_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable, configuration file or home of the user reaches pip."""
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nfind-links = /poisoned\n")
    for name, value in {"PIP_FIND_LINKS": "/poisoned", "PIP_CONFIG_FILE": str(config), "XDG_CONFIG_DIRS": "/p"}.items():
        monkeypatch.setenv(name, value)
    result = runner.run(["config", "list"], work=tmp_path / "work")
    assert result.returncode == 0
    assert "poisoned" not in result.stdout
    environment = runner.sealed_environment(tmp_path / "work")
    assert environment["PIP_CONFIG_FILE"] == os.devnull
    assert Path(environment["HOME"]).is_relative_to(tmp_path / "work")
    assert {name for name in environment if name.startswith("PIP_")} == {"PIP_CONFIG_FILE"}


def test_a_pip_that_hangs_is_ended(tmp_path: Path) -> None:
    """A run that does not end in time is killed, and is an error that says how long it had."""
    with pytest.raises(PipFailed, match="pip download did not end within 0 s"):
        runner.run(["download", "x"], work=tmp_path, timeout=0.01)


def test_pips_reason_in_one_line(tmp_path: Path) -> None:
    """What pip gives as its error is boiled down to one line."""
    result = runner.run(["download", "--no-index", "absent"], work=tmp_path)
    assert result.returncode == 1
    said = runner.complaint(result)
    assert "No matching distribution found for absent" in said
    assert "\n" not in said


def test_a_pip_that_breaks_down(index: Index, tmp_path: Path) -> None:
    """Of a traceback the last line is told, which says what it was: here, metadata that is not UTF-8."""
    wheel = make_wheel("bad")
    index.add(replace(wheel, metadata=wheel.metadata + b"Author: J\xe4ger\n"))
    command = ["download", "--index-url", index.url, "--only-binary", ":all:", "--dest", str(tmp_path / "files"), "bad"]
    result = runner.run(command, work=tmp_path)
    assert "Traceback" in result.stderr
    assert "'utf-8' codec can't decode" in runner.complaint(result)
    assert "\n" not in runner.complaint(result)


def resolve_one(index: Index, work: Path) -> Lock:
    """Return the lock of a project with a Windows-only dependency, for Windows."""
    index.add(make_wheel("app", requires=["lib; sys_platform == 'win32'"]), make_wheel("lib"))
    upstream = Upstream(read_network(), store=work / "store", shelf=work)
    job = plan_of(["app"], [WINDOWS]).jobs[0]
    with Loopback(upstream, [WINDOWS]) as loopback, Pips(work) as pips:
        return resolve(job, inputs=INPUTS, constraints=(), index=loopback, pips=pips, work=work / job.name).lock


def test_a_report_about_another_machine_is_refused(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If pip ever stops taking the target's markers, its answer is refused, never used."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    assert {pin.distribution.project for pin in resolve_one(index, tmp_path / "good").pins} == {"app", "lib"}
    # The script as it is, but for the one name that it sets: as if pip had renamed its own.
    script = Path(runner.__file__).with_name("_child.py").read_text()
    assert "markers.default_environment = " in script
    plain = tmp_path / "plain.py"
    plain.write_text(script.replace("markers.default_environment = ", "markers.renamed_environment = "))
    monkeypatch.setattr(pool, "SCRIPT", plain)
    with pytest.raises(PipFailed, match=r"pip evaluated markers for another machine than windows: .*sys_platform"):
        resolve_one(index, tmp_path / "bad")


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
    # Every child sees its own folder among its variables, or was forked from one that does.
    mark = f"TMPDIR={tmp_path}".encode()
    parent = subprocess.Popen([sys.executable, "-c", code, index.url, str(tmp_path)])
    assert _wait(lambda: index.requests or len(_running(mark)) == (2 if forked else 1))
    assert len(_running(mark)) == (2 if forked else 1)
    parent.kill()
    parent.wait()
    assert _wait(lambda: not _running(mark))


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
    """When the process behind `Pips` is killed, whoever waits gets an error, and so does whoever comes later."""
    index.delay = 30
    arguments = ["download", "--index-url", index.url, "slow"]
    with Pips(tmp_path) as pips, ThreadPoolExecutor() as pool:
        waiting = pool.submit(pips.run, arguments, work=tmp_path / "a", environment={})
        mark = f"TMPDIR={tmp_path / 'tmp'}".encode()
        assert _wait(lambda: _running(mark))
        for pid in _running(mark):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(PipFailed, match="pip's process vanished"):
            waiting.result()
        with pytest.raises(PipFailed, match="pip's process vanished"):
            pips.run(arguments, work=tmp_path / "b", environment={})


def test_one_run_that_is_killed_is_an_error(tmp_path: Path, index: Index) -> None:
    """When one pip of many is killed, by the kernel for want of memory, say, that run fails and others go on."""
    index.delay = 1.5
    arguments = ["download", "--index-url", index.url, "slow"]
    with Pips(tmp_path) as pips, ThreadPoolExecutor() as pool:
        waiting = [pool.submit(pips.run, arguments, work=tmp_path / name, environment={}) for name in "ab"]
        mark = f"TMPDIR={tmp_path / 'tmp'}".encode()
        assert _wait(lambda: len(_running(mark)) == 3)
        os.kill(max(_running(mark)), signal.SIGKILL)
        outcomes = [future.exception() for future in waiting]
    assert [str(error) for error in outcomes if error] == [
        "pip's process vanished; run the same command again; was it killed?"
    ]
    assert [future.result().returncode for future, error in zip(waiting, outcomes, strict=True) if not error] == [1]


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


def _wait(condition: object) -> bool:
    """Whether *condition* came true within ten seconds."""
    assert callable(condition)
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
