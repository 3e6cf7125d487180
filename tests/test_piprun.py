"""The door to pip: nothing ambient comes in, and a foreign machine's markers are really evaluated."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset import piprun
from pypi_subset.errors import PipFailed
from pypi_subset.loopback import Loopback
from pypi_subset.model import Inputs
from pypi_subset.network import read_network
from pypi_subset.resolve import resolve
from pypi_subset.upstream import Upstream
from values import WINDOWS, plan_of
from wheels import make_wheel

if TYPE_CHECKING:
    from loopback import Index
    from pypi_subset.model import Lock

INPUTS = Inputs(requirement_set="", target="", policy="", constraint="")


def test_nothing_ambient_comes_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable, configuration file or home of the user reaches pip."""
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nfind-links = /poisoned\n")
    for name, value in {"PIP_FIND_LINKS": "/poisoned", "PIP_CONFIG_FILE": str(config), "XDG_CONFIG_DIRS": "/p"}.items():
        monkeypatch.setenv(name, value)
    result = piprun.run(["config", "list"], work=tmp_path / "work")
    assert result.returncode == 0
    assert "poisoned" not in result.stdout
    environment = piprun.sealed_environment(tmp_path / "work")
    assert environment["PIP_CONFIG_FILE"] == os.devnull
    assert Path(environment["HOME"]).is_relative_to(tmp_path / "work")
    assert {name for name in environment if name.startswith("PIP_")} == {"PIP_CONFIG_FILE"}


def test_a_pip_that_hangs_is_ended(tmp_path: Path) -> None:
    """A run that does not end in time is killed, and is an error that says how long it had."""
    with pytest.raises(PipFailed, match="pip download did not end within 0 s"):
        piprun.run(["download", "x"], work=tmp_path, timeout=0.01)


def test_pips_reason_in_one_line(tmp_path: Path) -> None:
    """What pip gives as its error is boiled down to one line."""
    result = piprun.run(["download", "--no-index", "absent"], work=tmp_path)
    assert result.returncode == 1
    said = piprun.complaint(result)
    assert "No matching distribution found for absent" in said
    assert "\n" not in said


def resolve_one(index: Index, work: Path) -> Lock:
    """Return the lock of a project with a Windows-only dependency, for Windows."""
    index.add(make_wheel("app", requires=["lib; sys_platform == 'win32'"]), make_wheel("lib"))
    upstream = Upstream(read_network(), store=work / "store", shelf=work)
    with Loopback(upstream, [WINDOWS]) as loopback:
        return resolve(plan_of(["app"], [WINDOWS]).jobs[0], inputs=INPUTS, constraints=(), index=loopback, work=work)


def test_a_report_about_another_machine_is_refused(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If pip ever stops taking the target's markers, its answer is refused, never used."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    assert {pin.distribution.project for pin in resolve_one(index, tmp_path / "good").pins} == {"app", "lib"}
    plain = tmp_path / "plain.py"
    plain.write_text("import sys\nfrom pip._internal.cli.main import main\nsys.exit(main(sys.argv[2:]))\n")
    monkeypatch.setattr(piprun, "_SCRIPT", plain)
    with pytest.raises(PipFailed, match=r"pip evaluated markers for another machine than windows: .*sys_platform"):
        resolve_one(index, tmp_path / "bad")


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_pip_ends_with_its_parent(index: Index, tmp_path: Path) -> None:
    """When the tool is killed, the pip it started is gone too, and writes nothing behind its back."""
    index.delay = 30
    code = (
        "from pathlib import Path; from pypi_subset import piprun; import sys;"
        "piprun.run(['download', '--index-url', sys.argv[1], 'slow'], work=Path(sys.argv[2]))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, index.url, str(tmp_path)])
    mark = f"--index-url\0{index.url}\0slow".encode()
    assert _wait(lambda: len(_running(mark)) == 1)
    parent.kill()
    parent.wait()
    assert _wait(lambda: not _running(mark))


def _running(mark: bytes) -> list[int]:
    """Return the processes whose command line contains *mark*."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark in path.read_bytes():
                found.append(int(path.parent.name))
        except (FileNotFoundError, ProcessLookupError):
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
