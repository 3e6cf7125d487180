"""The Python of an environment, asked without the configuration of this machine."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.tags import sys_tags

from pypi_subset.standalone.errors import Hindered
from pypi_subset.standalone.installer.interpreter import Interpreter, last_line, plain_environment
from tests.support.gap.installs import PIP

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def here() -> Interpreter:
    """Return the interpreter of the tests."""
    return Interpreter(sys.executable)


def test_facts(here: Interpreter) -> None:
    """Version, implementation, and that it is one of an environment."""
    assert here.version == sys.version_info[:3]
    assert here.name == f"CPython {sys.version.split()[0]}"
    assert here.is_virtual is (sys.prefix != sys.base_prefix)


def test_tags_are_those_of_pip(here: Interpreter) -> None:
    """The pip in the wheel answers, and agrees with packaging about this machine."""
    assert here.tags(str(PIP)) == [str(tag) for tag in sys_tags()]


def test_projects(here: Interpreter) -> None:
    """Normalized names, with versions."""
    found = here.projects()
    assert {"pip", "pytest", "check-jsonschema"} <= found.keys()
    assert found["pytest"] == pytest.__version__


def test_no_configuration_is_read(here: Interpreter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Variables of pip and Python do not reach it, nor do modules of the current directory; other variables do."""
    (tmp_path / "json.py").write_text("raise SystemExit('wrong json')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple/")
    monkeypatch.setenv("SSL_CERT_DIR", "certificates")
    found = here.ask("import json, os; print(json.dumps(dict(os.environ)))")
    assert {name for name in found if name.startswith(("PIP_", "PYTHON"))} == {"PIP_CONFIG_FILE"}
    assert found["PIP_CONFIG_FILE"] == os.devnull
    assert found["SSL_CERT_DIR"] == "certificates"
    assert plain_environment() == found


def test_what_is_no_python(tmp_path: Path) -> None:
    """A path that cannot be run, and a program that fails, are one line each."""
    with pytest.raises(Hindered, match="cannot be run: No such file or directory"):
        Interpreter(str(tmp_path / "python"))
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho first >&2\necho no Python here >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(Hindered, match="does not answer: no Python here"):
        Interpreter(str(broken))


def test_last_line() -> None:
    """The last line with letters, printable."""
    assert last_line("a\n b\x1b \n\n") == r"b\x1b"
    assert last_line("") == "it said nothing"
