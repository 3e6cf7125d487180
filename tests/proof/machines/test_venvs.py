"""Fresh environments: one is made for each interpreter, every case gets a copy, and nothing gets from one to another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.errors import BoxFailed, PipFailed
from pypi_subset.pip import pool as piprun_pool
from pypi_subset.pip import runner
from pypi_subset.proof.isolation.pips import Place
from pypi_subset.proof.machines import venvs
from pypi_subset.proof.machines.venvs import fresh_environment
from pypi_subset.proof.methods.prove import prove
from pypi_subset.support import staging
from tests.support.sites.cases import CLICK, HERE, OWN, cases
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.pip.runner import PipResult


pytestmark = pytest.mark.slow


def fresh(folder: Path, name: str) -> Path:
    """Return the Python of a new environment, in a directory of that name."""
    (folder / name).mkdir(parents=True)
    return fresh_environment(OWN[0], folder / name, folder / "shared").python


def said(python: Path, code: str) -> str:
    """Return what *code* prints there."""
    return subprocess.run([python, "-I", "-B", "-c", code], capture_output=True, check=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory in which a template was made, for a first environment."""
    folder = tmp_path_factory.mktemp("made")
    fresh(folder, "first")
    return folder


@pytest.mark.slow
def test_an_environment_of_its_own(made: Path) -> None:
    """A copy is a whole environment: its Python is of the same build, and knows itself and the seeded pip alone."""
    python = fresh(made, "own")
    prefix = made / "own" / "environment"
    assert said(python, "import sys; print(sys.prefix)") == str(prefix)
    assert said(python, "import sys; print(sys.version.replace('\\n', ' '))") == OWN[0].build.replace("\n", " ")
    assert Path(said(python, "import pip; print(pip.__file__)")).is_relative_to(made / "shared/templates")
    done = runner.run(["list", "--format=json"], work=made / "own", python=python)
    assert [one["name"] for one in json.loads(done.stdout)] == ["pip"]


@pytest.mark.slow
def test_a_copy_does_not_name_the_template(made: Path) -> None:
    """Nothing but the pointer to pip leads back to what it was copied from; bytecode has the path as a comment."""
    fresh(made, "names")
    found = [path for path in (made / "names").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert found
    leads = [path.name for path in found if f"{made}/shared/templates/".encode() in path.read_bytes()]
    assert leads == ["_pypi_subset_pip.pth"]


@pytest.mark.slow
def test_one_template_for_all(tmp_path: Path) -> None:
    """virtualenv makes one environment, however many ask for it at the same time."""
    with ThreadPoolExecutor(4) as pool:
        pythons = list(pool.map(partial(fresh, tmp_path), "abcd"))
    assert [path.name for path in tmp_path.glob("shared/templates/*/made")] == ["made"]
    assert [said(python, "import sys; print(sys.prefix)") for python in pythons] == [
        str(tmp_path / name / "environment") for name in "abcd"
    ]


@pytest.mark.slow
def test_a_template_that_was_begun(tmp_path: Path) -> None:
    """Half a template, left by a process that was killed, is none."""
    place = tmp_path / "shared/templates"
    fresh(tmp_path, "first")
    (whole,) = place.glob("*-0")
    (whole / "facts.json").unlink()
    pip = next(whole.glob("made/seed/pip"))
    staging.remove_tree(pip)
    assert said(fresh(tmp_path, "second"), "import pip; print(pip.__name__)") == "pip"


@pytest.mark.slow
def test_a_template_that_was_written_to(tmp_path: Path) -> None:
    """A template whose bytes changed is never used again, even if size and time stayed: a new one is made."""
    fresh(tmp_path, "first")
    (script,) = tmp_path.glob("shared/templates/*-0/made/seed/pip/__init__.py")
    facts = script.stat()
    script.write_bytes(script.read_bytes().replace(b"__version__", b"__vers1on__"))
    os.utime(script, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert said(fresh(tmp_path, "second"), "import pip; print(hasattr(pip, '__version__'))") == "True"
    assert len(list((tmp_path / "shared/templates").glob("*-[01]"))) == 2


def test_no_file_of_an_environment_is_shared(made: Path) -> None:
    """Each file of an environment is its own: what a box writes into it reaches no other."""
    fresh(made, "single")
    shared = [path for path in (made / "single").rglob("*") if path.is_file() and path.lstat().st_nlink > 1]
    assert shared == []


def test_what_was_replaced(tmp_path: Path) -> None:
    """A changed file, a link that leads elsewhere and a file that is gone are named; new files are none of it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to("/usr/bin/true")
    for name in ("pyvenv.cfg", "same", "gone"):
        (tmp_path / name).write_text(name)
    state = venvs.state_of(tmp_path)
    (tmp_path / "pyvenv.cfg").write_text("other")
    (tmp_path / "gone").unlink()
    (tmp_path / "bin/python").unlink()
    (tmp_path / "bin/python").symlink_to("/usr/bin/false")
    (tmp_path / "new").write_text("")
    assert venvs.replaced(tmp_path, state) == ["bin/python", "gone", "pyvenv.cfg"]


def test_an_interpreter_that_makes_none(tmp_path: Path) -> None:
    """What virtualenv says is one sentence, each time again: an error of the machine."""
    (tmp_path / "case").mkdir()
    broken = replace(OWN[0], path=tmp_path / "absent")
    for _ in range(2):
        with pytest.raises(BoxFailed, match=r"no environment of CPython .* could be made"):
            fresh_environment(broken, tmp_path / "case", tmp_path / "shared")


@pytest.mark.slow
@pytest.mark.parametrize("lines", [["click", "aa"], ["absent"], ["pip"]])
def test_one_start_of_pip_or_many(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    """Runs of pip that were forked from one start say the same as those that each began again."""
    wheels = [CLICK, make_wheel("aa", requires=["click>=8"]), make_wheel("pip", "99.0", files=PIP)]
    case = cases(
        tmp_path,
        HERE,
        lines,
        [one for one in wheels if lines != ["pip"] or one.filename[:3] == "pip"],
        installed=shared,
    )[0]
    forked = [replace(check, seconds=0.0) for check in prove(case)]
    starts = 0

    def run(self: piprun_pool.Pips, arguments: Sequence[str], **options: Any) -> PipResult:
        nonlocal starts
        starts += 1
        assert isinstance(self._place, Place)
        assert self._python is not None
        options.pop("environment")
        options.pop("work")
        return self._place.run(arguments, python=self._python, **options)

    monkeypatch.setattr(piprun_pool.Pips, "run", run)
    assert [replace(check, seconds=0.0) for check in prove(case)] == forked
    assert starts >= 3


#: A pip that can do nothing but say that all is well.
PIP = {"pip/__init__.py": b"", "pip/__main__.py": b"print('well')"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_a_forked_pip_that_hangs(tmp_path: Path) -> None:
    """A run that takes too long is killed, with a reason; runs beside it and after it go on."""
    with piprun_pool.Pips(tmp_path / "all") as pips:
        run = partial(pips.run, work=tmp_path / "one", environment=None)
        with pytest.raises(PipFailed, match="pip download did not end within 0 s"):
            run(["download", "--index-url", "http://127.0.0.1:9/", "slow"], timeout=0.2)
        assert run(["list"]).returncode == 0
