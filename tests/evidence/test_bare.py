"""A machine with a Python and nothing else: one command from a stick, without a network."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.evidence.bare.__main__ import DEBIAN, SYSTEM, machines
from tests.evidence.bare.roots import RootError, copied, debian
from tests.evidence.bare.run import STICK, bring, install, made
from tests.support.gap.far import pythons
from tests.support.gap.installs import Lab
from tests.support.programs.mounts import may_mount

if TYPE_CHECKING:
    from pathlib import Path

#: Found before a test hides the home directory.
MACHINES, PYTHONS = machines(), pythons()
#: The oldest and the newest Python here, by machine.
ENDS = [name for name in MACHINES if name != DEBIAN][:: max(len(MACHINES) - 2, 1)]


@pytest.fixture(autouse=True)
def _needs_namespaces() -> None:
    """Skip if this system gives no network and no root directory to one process."""
    allowed, why = may_mount()
    if not allowed:
        pytest.skip(why)


def test_a_part_of_an_interpreter_is_refused(tmp_path: Path) -> None:
    """A root is made of an interpreter with its standard library."""
    lonely = tmp_path / "bin" / "python3"
    lonely.parent.mkdir()
    lonely.touch()
    with pytest.raises(RootError, match="is no standard library"):
        copied(lonely, tmp_path / "root")


@pytest.mark.slow
@pytest.mark.parametrize("name", ENDS)
def test_one_command(name: str, tmp_path: Path) -> None:
    """A set is installed and imported on a copy of an interpreter. If a pip of the stick is gone, the command fails."""
    target, make = MACHINES[name]
    root = tmp_path / "root"
    make(root)
    bundled = [
        one for python in PYTHONS.values() for one in python.parents[1].glob("lib/*/ensurepip/_bundled/pip-*.whl")
    ]
    # The pip of Python 3.6 is the only one for it here, and knows no manylinux2014.
    lab = Lab.made(tmp_path / "lab", {"bare": target.replace("2014", "1")}, bundled)
    outcome = install(name, bring(lab.site, root), "app")
    version = name.removeprefix("cpython-")
    assert outcome.imported.startswith(f"2.0 by {version}."), outcome.log
    assert "python3 has no module pip\npython3 has no module ensurepip\n" in outcome.log
    assert "Network is unreachable" in outcome.log
    # The stick that was brought has no pip any more.
    shutil.rmtree(root / "root" / "lab")
    for wheel in (lab.site / "simple" / "pip").glob("*.whl"):
        (root / STICK / wheel.relative_to(lab.site)).unlink()
    failed = install(name, root, "app")
    assert (failed.code, failed.imported) == (2, ""), failed.log
    assert "which its manifest names; copy the site again" in failed.log


@pytest.mark.network
@pytest.mark.long
def test_debian(tmp_path: Path) -> None:
    """Debian as debootstrap makes it, whose Python has neither pip nor ensurepip, imports pandas."""
    try:
        root = debian(tmp_path / "root")
    except RootError as error:
        pytest.skip(str(error))
    outcome = install(DEBIAN, bring(made(tmp_path / "work", {DEBIAN: SYSTEM}), root))
    sys.stdout.write(outcome.log)
    assert outcome.imported, outcome.log


@pytest.mark.network
@pytest.mark.long
def test_every_python(tmp_path: Path) -> None:
    """Each CPython of this machine imports pandas from one stick that has all of them as targets."""
    known = {name: one for name, one in MACHINES.items() if name != DEBIAN}
    site = made(tmp_path / "work", {name: target for name, (target, _) in known.items()})
    for name, (_, make) in known.items():
        outcome = install(name, bring(site, make(tmp_path / name)))
        sys.stdout.write(outcome.log)
        assert f" by {name.removeprefix('cpython-')}." in outcome.imported, outcome.log
        shutil.rmtree(tmp_path / name)
