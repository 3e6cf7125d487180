"""The programs that a site brings along: the launchers find a Python that the site has something for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model import paths
from pypi_subset.standalone import joined, launchers

if TYPE_CHECKING:
    from pathlib import Path

#: Stands in the place of the installer: it fits the Pythons of one name, and prints what it was given.
SCRIPT = """\
import os, sys
fits = os.environ["FITS"]
if "--dry-run" in sys.argv:
    sys.exit(fits != os.environ["NAME"])
print(os.environ["NAME"], sys.argv[1:])
sys.exit(7)
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a directory with the launchers, whose path has a blank."""
    folder = tmp_path / "my site"
    folder.mkdir()
    for name, data in launchers.render().items():
        (folder / name).write_bytes(data)
    (folder / paths.INSTALLER).write_text(SCRIPT)
    return folder


def launch(site: Path, *pythons: str, fits: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Return how `install.sh` ended where *pythons* are on ``PATH``; the others of this machine are not."""
    folder = site.parent / "bin"
    folder.mkdir(exist_ok=True)
    for name in ("dirname", "uname"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name in pythons:
        (folder / name).write_text(f'#!/bin/sh\nNAME={name} exec {sys.executable} "$@"\n')
        (folder / name).chmod(0o755)
    environment = {"PATH": str(folder), "FITS": fits, **variables}
    command = ["/bin/sh", str(site / paths.INSTALLER_SH), "my lab", "--set", "a"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_what_a_site_has() -> None:
    """The installer, joined, and a launcher for each family of systems; lines for Windows end as there."""
    found = launchers.render()
    assert found.keys() == {paths.INSTALLER, paths.INSTALLER_SH, paths.INSTALLER_CMD, paths.REQUESTER}
    assert found[paths.INSTALLER] == joined.install()
    assert found[paths.REQUESTER] == joined.request()
    assert found[paths.INSTALLER_SH].count(b"\r") == 0
    assert found[paths.INSTALLER_CMD].count(b"\r\n") == found[paths.INSTALLER_CMD].count(b"\n") > 10


def test_the_first_python_that_fits(site: Path) -> None:
    """Not the first one of all; arguments and exit code are passed on as they are."""
    done = launch(site, "python3", "python3.12", "python3.9", fits="python3.9")
    assert (done.returncode, done.stdout) == (7, "python3.9 ['my lab', '--set', 'a']\n")


def test_no_python_fits(site: Path) -> None:
    """The first one says why."""
    done = launch(site, "python", "python3.12", fits="none")
    assert (done.returncode, done.stdout) == (7, "python ['my lab', '--set', 'a']\n")


def test_python_of_the_user(site: Path) -> None:
    """``PYTHON`` names the only one."""
    done = launch(site, "python3", "python3.9", "own", fits="python3", PYTHON=str(site.parent / "bin" / "own"))
    assert done.stdout == "own ['my lab', '--set', 'a']\n"


def test_a_python_that_is_too_old(site: Path) -> None:
    """It is passed over, as is a name that starts nothing."""
    folder = site.parent / "bin"
    folder.mkdir()
    for name, body in (("python3", "exit 1"), ("python", "exit 9")):
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    assert launch(site, fits="none").returncode == 3
    for name in ("dirname", "uname"):
        (folder / name).unlink()
    assert launch(site, "python3.9", fits="python3.9").stdout == "python3.9 ['my lab', '--set', 'a']\n"


def test_no_python(site: Path) -> None:
    """One line, which names uv if the site has it for this processor."""
    done = launch(site, fits="none")
    first = "install.sh: error: there is no Python 3.6 or newer; install one, or set PYTHON to the path of one"
    assert (done.returncode, done.stdout, done.stderr) == (3, "", f"{first}\n")
    (site / "simple/uv").mkdir(parents=True)
    wheel = site / f"simple/uv/uv-0.13.9-py3-none-musllinux_1_1_{os.uname().machine}.whl"
    for path in (wheel, wheel.with_name("uv-0.13.9-py3-none-win_arm.whl")):
        path.write_text("")
    shutil.rmtree(site.parent / "bin")
    done = launch(site, fits="none")
    assert done.stderr.startswith(f"{first}; or take uv out of {wheel} with `unzip -p`")
    assert done.stderr.count("\n") == 1
