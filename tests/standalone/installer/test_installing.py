"""Installation of a set: what the lock names and nothing else, and nothing half made is left."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.tags import sys_tags

from pypi_subset.standalone.installer import installing
from pypi_subset.standalone.installer.environment import UNFINISHED
from tests.support.gap.installs import PIP, Lab, answer, error_of, run

if TYPE_CHECKING:
    from pathlib import Path

PIP_VERSION = PIP.name.split("-")[1]
#: Prints the versions of what a set brings.
VERSIONS = "import app, lib, pip; print(app.__version__, lib.__version__, pip.__version__)"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return a mirrored site."""
    return Lab.made(tmp_path_factory.mktemp("lab"))


@pytest.fixture
def copy(lab: Lab, tmp_path: Path) -> Path:
    """Return a copy of the site, to break."""
    return shutil.copytree(lab.site, tmp_path / "site")


def test_new_environment(lab: Lab, tmp_path: Path) -> None:
    """The set and pip are there, and no record names a temporary directory."""
    done = run(tmp_path / "lab", "--site", lab.site, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["installed"] == {"app": "2.0", "lib": "1.0", "pip": PIP_VERSION}
    assert (found["target"], found["set"], found["files"], found["new"], found["note"]) == ("here", "base", 3, True, "")
    assert found["undo"] == f"rm -r {tmp_path}/lab"
    assert answer(tmp_path / "lab", VERSIONS) == f"2.0 1.0 {PIP_VERSION}"
    assert not list((tmp_path / "lab").rglob("direct_url.json"))
    assert not (tmp_path / "lab" / UNFINISHED).exists()


@pytest.mark.slow
def test_environment_that_is_there(lab: Lab, tmp_path: Path) -> None:
    """What it has is replaced by what the lock names; the result says how to go back."""
    assert run(tmp_path / "lab", "--site", lab.site).code == 0
    (site,) = (tmp_path / "lab").glob("lib/python*/site-packages")
    (site / "app-2.0.dist-info").rename(site / "app-1.0.dist-info")
    text = (site / "app-1.0.dist-info/METADATA").read_text().replace("Version: 2.0", "Version: 1.0")
    (site / "app-1.0.dist-info/METADATA").write_text(text)
    shutil.rmtree(site / "lib-1.0.dist-info")
    found = json.loads(run(tmp_path / "lab", "--site", lab.site, "--json").out)
    assert (found["installed"], found["before"], found["new"]) == ({"app": "2.0", "lib": "1.0"}, {"app": "1.0"}, False)
    assert found["undo"] == f"{tmp_path}/lab/bin/python -m pip uninstall lib; it had app 1.0"
    assert json.loads(run(tmp_path / "lab", "--site", lab.site, "--json").out)["undo"] == ""


@pytest.mark.slow
def test_changed_wheel(copy: Path, tmp_path: Path) -> None:
    """A wheel with other bytes is refused by name; a new environment is gone, and an old one is as it was."""
    assert run(tmp_path / "old", "--site", copy, "--set", "bootstrap").code == 0
    (wheel,) = copy.glob("simple/lib/*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"x")
    for name in ("new", "old"):
        done = run(tmp_path / name, "--site", copy)
        assert done.code == 1
        assert error_of(done).startswith("a file of the site is not the one of the lock: lib==1.0")
    assert not (tmp_path / "new").exists()
    assert answer(tmp_path / "old", "import importlib.util as u; print(u.find_spec('app'))") == "None"


def test_changed_pip(copy: Path, tmp_path: Path) -> None:
    """No line of a pip with other bytes runs."""
    (wheel,) = copy.glob("simple/pip/*.whl")
    wheel.write_bytes(b"not a pip")
    done = run(tmp_path / "lab", "--site", copy)
    assert (done.code, (tmp_path / "lab").exists()) == (1, False)
    assert f"simple/pip/{PIP.name}" in error_of(done)


def test_changed_lock(copy: Path, tmp_path: Path) -> None:
    """The lock is compared with the manifest, before an environment is made."""
    (copy / "locks/base--here.requirements.txt").write_text("other==1.0\n")
    done = run(tmp_path / "lab", "--site", copy)
    assert (done.code, (tmp_path / "lab").exists()) == (1, False)
    assert "locks/base--here.requirements.txt of" in error_of(done)


@pytest.mark.slow
def test_no_network(lab: Lab, tmp_path: Path) -> None:
    """The one file installs where there is no network at all, not even loopback."""
    prefix = [shutil.which("unshare") or "unshare", "--user", "--map-root-user", "--net", "--"]
    try:
        subprocess.run([*prefix, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this system cannot shut the network for one process")
    command = [*prefix, sys.executable, str(lab.site / "install.py"), str(tmp_path / "lab")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert answer(tmp_path / "lab", VERSIONS) == f"2.0 1.0 {PIP_VERSION}"


def test_missing_wheel(copy: Path, tmp_path: Path) -> None:
    """What pip says about the site is one line."""
    shutil.rmtree(copy / "targets/here/simple/lib")
    done = run(tmp_path / "lab", "--site", copy)
    assert (done.code, (tmp_path / "lab").exists()) == (3, False)
    assert error_of(done) == "pip could not install the set: No matching distribution found for lib==1.0"


def test_interrupted(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C there is no environment, and no temporary file."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(installing.Installation, "install", interrupt)
    done = run(tmp_path / "lab", "--site", lab.site)
    assert (done.code, error_of(done)) == (130, "interrupted; nothing new is left")
    assert [path.name for path in tmp_path.iterdir()] == ["scratch"]
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.slow
def test_killed(lab: Lab, tmp_path: Path) -> None:
    """What a run left that was killed is made again."""
    (tmp_path / "lab/bin").mkdir(parents=True)
    (tmp_path / "lab" / UNFINISHED).write_text("")
    (tmp_path / "lab/pyvenv.cfg").write_text("home = nowhere\n")
    assert run(tmp_path / "lab", "--site", lab.site).code == 0
    assert answer(tmp_path / "lab", VERSIONS) == f"2.0 1.0 {PIP_VERSION}"


def test_another_patch_level(tmp_path: Path) -> None:
    """A target that states another patch level is used with a warning."""
    major, minor, patch = sys.version_info[:3]
    tag = next(str(tag) for tag in sys_tags() if "manylinux_2_17" in str(tag))
    other = f"{major}.{minor}.{patch + 1}"
    lab = Lab.made(tmp_path, {"other": {"tag": tag, "python": other}})
    done = run(tmp_path / "lab", "--site", lab.site, "--dry-run")
    assert done.code == 0
    assert f"warning: other states Python {other}, and this is CPython" in done.err
