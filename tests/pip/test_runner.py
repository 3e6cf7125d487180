"""The door to pip: nothing ambient comes in, and a foreign machine's markers are really evaluated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import PipFailed
from pypi_subset.pip import runner

if TYPE_CHECKING:
    from tests.support.servers.index import Index


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


def test_a_pip_that_hangs_is_ended(tmp_path: Path, index: Index) -> None:
    """A run that does not end in time is killed, and is an error that says how long it had."""
    index.delay = 60
    with pytest.raises(PipFailed, match="pip download did not end within 0 s"):
        runner.run(["download", "--index-url", index.url, "x"], work=tmp_path, timeout=0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_a_pip_whose_parent_was_killed_before(tmp_path: Path, index: Index) -> None:
    """The parent may end before pip's process asks Linux to end with it: then that process ends without asking the index."""
    order = {"environment": None, "arguments": ["download", "--index-url", index.url, "x", *runner.GENERAL]}
    parents = {os.getpid(): 1, 0: 0}
    for parent, asked in parents.items():
        done = subprocess.run(
            [sys.executable, "-I", str(runner.SCRIPT), "--once", str(parent)],
            env=runner.sealed_environment(tmp_path),
            input=json.dumps(order),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert len(index.requests) == asked
        index.requests.clear()


def test_pips_reason_in_one_line(tmp_path: Path) -> None:
    """What pip gives as its error is boiled down to one line."""
    result = runner.run(["download", "--no-index", "absent"], work=tmp_path)
    assert result.returncode == 1
    said = runner.complaint(result)
    assert "No matching distribution found for absent" in said
    assert "\n" not in said
