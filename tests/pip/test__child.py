"""What runs inside pip's process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import PipFailed, SubsetError
from pypi_subset.model.locks import Inputs
from pypi_subset.pip import pool, runner
from pypi_subset.pip.pool import Pips
from pypi_subset.resolve.resolver import resolve
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pip_config import read_network
from tests.support.servers.hostile import head, sending
from tests.support.stages.values import WINDOWS, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pypi_subset.model.locks import Lock
    from tests.support.servers.index import Index


INPUTS = Inputs(requirement_set="", target="", policy="", constraint="")


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
    return solve(work)


def test_a_report_about_another_machine_is_refused(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If pip ever stops taking the target's markers, its answer is refused, never used."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    assert {pin.distribution.project for pin in resolve_one(index, tmp_path / "good").pins} == {"app", "lib"}
    # The scripts as they are, but for the one name that is set: as if pip had renamed its own.
    script, changes = (Path(runner.__file__).with_name(name).read_text() for name in ("_child.py", "changes.py"))
    assert "markers.default_environment = " in changes
    for name in ("sharing.py", "repeated.py"):
        (tmp_path / name).write_text(Path(runner.__file__).with_name(name).read_text())
    (tmp_path / "changes.py").write_text(changes.replace("markers.default_environment = ", "markers.renamed = "))
    plain = tmp_path / "plain.py"
    plain.write_text(script)
    monkeypatch.setattr(pool, "SCRIPT", plain)
    with pytest.raises(PipFailed, match=r"pip evaluated markers for another machine than windows: .*sys_platform"):
        resolve_one(index, tmp_path / "bad")


@pytest.mark.parametrize(
    "address",
    [
        *("file:///dev/zero", "file:///dev/tty", "file://{folder}/pipe", "file://{folder}"),
        *("file://{folder}/evil-1.0-py3-none-any.whl", "git+file://{folder}/evil"),
        *("http://127.0.0.1:{port}/evil-1.0-py3-none-any.whl", "git+https://127.0.0.1:{port}/evil.git"),
        "http://index.invalid/evil-1.0-py3-none-any.whl",
    ],
)
@pytest.mark.parametrize("extra", ["", "[more]"])
def test_a_requirement_is_no_address(
    address: str, extra: str, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release that requires a file, a device, a server or a repository is no solution; nothing there is opened."""
    os.mkfifo(tmp_path / "pipe")
    trap = make_wheel("evil")
    (tmp_path / trap.filename).write_bytes(trap.data)
    seen = list[str]()
    with sending(lambda _: [head(200), trap.data], seen) as url:
        place = address.format(folder=tmp_path, port=url.rpartition(":")[2])
        index.add(make_wheel("app", requires=[f"evil{extra} @ {place}"]))
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        start = time.monotonic()
        with pytest.raises(SubsetError, match="requires a URL, and no release of an index"):
            solve(tmp_path / "work")
        assert time.monotonic() - start < 20
    assert seen == []


def test_an_address_that_is_not_asked_for(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address behind an extra, or a marker that does not hold, is no obstacle."""
    others = ["evil @ file:///dev/zero ; extra == 'dev'", "evil @ file:///dev/zero ; sys_platform == 'aix'"]
    index.add(make_wheel("app", requires=others))
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    assert [pin.distribution.project for pin in solve(tmp_path).pins] == ["app"]


def solve(work: Path) -> Lock:
    """Return the lock of ``app``, for Windows."""
    work.mkdir(exist_ok=True)
    upstream = Upstream(read_network(), store=work / "store", shelf=work)
    job = plan_of(["app"], [WINDOWS]).jobs[0]
    (work / job.name).mkdir(parents=True)
    with Loopback(upstream, [WINDOWS]) as loopback, Pips(work) as pips:
        return resolve(job, inputs=INPUTS, constraints=(), index=loopback, pips=pips, work=work / job.name).lock


#: What pip is asked while the hook is in place, and whether that is allowed.
_PROBES = {
    "open('/dev/zero')": False,
    "open('/dev/tty')": False,
    "open(os.environ['PIPE'])": False,
    "open('/dev/null')": True,
    "open('/dev/urandom', 'rb')": True,
    "open(os.__file__)": True,
    "socket.create_connection(('127.0.0.1', int(os.environ['OTHER'])))": False,
    "socket.create_connection(('127.0.0.1', int(os.environ['INDEX'])))": True,
    "socket.getaddrinfo('index.invalid', 80)": False,
    "socket.socket(socket.AF_UNIX).connect('/run/x')": False,
    "subprocess.run(['true'])": False,
    "os.posix_spawn('/bin/true', ['true'], {})": False,
}


@pytest.mark.parametrize("probe", _PROBES)
def test_what_pip_may_open(probe: str, tmp_path: Path) -> None:
    """The second line: whatever leads there, pip opens plain files and the one index, and starts nothing."""
    os.mkfifo(tmp_path / "pipe")
    child = Path(runner.__file__).with_name("_child.py")
    program = f"""
import functools, os, runpy, socket, subprocess, sys
child = runpy.run_path({str(child)!r}, run_name="child")
ports = frozenset(child["_ports"](["install", "--index-url", f"http://127.0.0.1:{{os.environ['INDEX']}}/simple/"]))
sys.addaudithook(functools.partial(child["_stay_inside"], ports))
try:
    {probe}
except PermissionError as error:
    sys.exit("only the loopback index" not in str(error) and 2 or 3)
"""
    with sending(lambda _: []) as index, sending(lambda _: []) as other:
        ports = {"INDEX": index.rpartition(":")[2], "OTHER": other.rpartition(":")[2], "PIPE": str(tmp_path / "pipe")}
        done = subprocess.run([sys.executable, "-c", program], env=ports, timeout=20, check=False)
    assert done.returncode == (0 if _PROBES[probe] else 3)


def test_no_user_reads_the_arguments(tmp_path: Path) -> None:
    """An order for one run goes through a pipe: arguments of a process are public."""
    seen = list[str]()

    def answer(_path: str) -> list[bytes]:
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                seen.append(process.read_bytes().decode(errors="replace"))
        return [head(404)]

    with sending(answer) as url:
        secret = f"{url}/{'ab' * 16}/simple/"
        result = runner.run(["download", "--index-url", secret, "absent"], work=tmp_path, environment={})
    assert result.returncode == 1
    assert any("_child.py" in one for one in seen)
    assert not any("ab" * 16 in one for one in seen)
    assert "ab" * 16 not in f"{result.stdout}{result.stderr}"
