"""What the two boxes of a case see."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.proof.isolation.outcome import outcome
from pypi_subset.proof.machines import boxes
from pypi_subset.proof.methods.prove import prove
from tests.support.sites.cases import HERE, OWN, cases
from tests.support.sites.cases import outcome as result
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case

pytestmark = pytest.mark.slow

#: What a module of a package tries: it may write below /tmp, and see neither the site nor any file beside it.
TRIES = """
import os, pathlib, sys
pathlib.Path("/tmp", "own").write_text("x")
for path in {paths!r}:
    if os.path.lexists(path):
        raise AssertionError("sees " + path)
for directory in (sys.prefix, os.path.dirname(__file__), os.path.dirname(os.__file__), "/usr", "/etc"):
    try:
        open(os.path.join(directory, "written-by-aa"), "w")
    except OSError:
        continue
    raise AssertionError("writes " + directory)
"""


def case_of(root: Path, shared: Path, code: str) -> Case:
    """Return the case of a wheel whose module and script run *code*."""
    files = {
        "aa.py": f"{code}\ndef main(): print('well')\n".encode(),
        "aa-1.0.dist-info/entry_points.txt": b"[console_scripts]\naa = aa:main\n",
    }
    return cases(root, HERE, ["aa"], [make_wheel("aa", files=files)], installed=shared)[0]


def test_asking(tmp_path: Path, shared: Path) -> None:
    """Imports and scripts see the environment read-only, and neither site nor packages nor requirements."""
    paths = [str(tmp_path / name) for name in ("site", "packages", "requirements")]
    case = case_of(tmp_path, shared, TRIES.format(paths=paths))
    checks = prove(case)
    assert {(check.status, check.reason) for check in checks[:1]} == {("passed", "")}
    assert not any(check.notes for check in checks)


def test_asking_in_the_open(tmp_path: Path, shared: Path) -> None:
    """The same code sees and writes everything where there is no box: it does try."""
    case = case_of(tmp_path, shared, TRIES.format(paths=[]))
    assert result(prove(replace(case, isolated=False))[0])[0] == "failed"


def test_bytecode_is_kept_for_the_next_command(tmp_path: Path) -> None:
    """What one command of a case compiled is read by the next; each has a ``/tmp`` of its own."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/slow.py").write_text("")
    (tmp_path / "asking").mkdir()
    box = boxes.asking(OWN[0], (tmp_path / "lib",), tmp_path / "asking", uid=1_900_000_000, isolated=True)
    for path in (tmp_path, tmp_path / "lib", tmp_path / "asking"):
        path.chmod(0o755)
    code = f"import os, sys; sys.path.insert(0, {str(tmp_path / 'lib')!r}); import slow; print(slow.__cached__)"
    told = outcome(box, [OWN[0].path, "-I", *box.options, "-c", code], 30)
    assert told.code == 0, told
    (kept,) = (tmp_path / "asking").rglob("slow.*.pyc")
    assert told.stdout.decode().strip().endswith(kept.name)
    code = f"import os; print(os.path.exists({told.stdout.decode().strip()!r}), os.listdir('/tmp'))"
    assert outcome(box, [OWN[0].path, "-I", "-c", code], 30).stdout.split()[0] == b"True"


@pytest.mark.slow
def test_making(tmp_path: Path) -> None:
    """Our own virtualenv sees itself and the interpreter, and writes one directory."""
    (tmp_path / "place").mkdir()
    (tmp_path / "secret").write_text("x")
    box = boxes.making(OWN[0], tmp_path / "place", isolated=True)
    code = f"import os, pytest_virtualenv, pypi_subset; print(os.path.exists({str(tmp_path / 'secret')!r}))"
    assert outcome(box, [sys.executable, "-I", "-B", "-W", "ignore", "-c", code], 60).stdout == b"False\n"


def test_what_no_package_may_read_is_in_no_installation(tmp_path: Path) -> None:
    """A key beside a Python that proves is refused, by a link too; one elsewhere is not."""
    python = tmp_path / "python"
    (python / "bin").mkdir(parents=True)
    (python / "bin" / "python3").touch()
    inside, outside, link = python / "key", tmp_path / "python-key", tmp_path / "link"
    link.symlink_to(inside)
    proving = replace(OWN[0], path=python / "bin" / "python3", prefixes=(str(python),))
    boxes.require_unseen([outside], [proving])
    for path in (inside, link):
        with pytest.raises(SubsetError, match=f"{path}: it is in {python}, which has a Python that proves"):
            boxes.require_unseen([path], [proving])
