"""``prove_first(case)``: real pip, real virtual environments, the files of the site and nothing else."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.checks import WAYS
from pypi_subset.proof.methods.prove import prove
from pypi_subset.targets import tag as targets
from tests.support.sites.cases import CLICK, COLORAMA, HERE, LINUX, WINDOWS, cases, outcome
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from virtualenv.seed.wheels import embed

from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.methods import second_opinion
from tests.support.servers.index import Index
from tests.support.sites.cases import OLDER, on_linux, prove_first

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.slow
def test_every_patch_level_that_metadata_mentions(tmp_path: Path) -> None:
    """A target that says 3.10 alone is red where only 3.10.0 finds all it needs, and the patch level is named."""
    redis = make_wheel(
        "redis", requires=["timeout; python_full_version < '3.10.3'", "late; python_full_version >= '3.10.5'"]
    )
    files = [redis, make_wheel("timeout")]
    check = prove_first(cases(tmp_path / "open", LINUX, ["redis"], files)[0])
    assert check.status == "failed"
    assert check.reason.startswith("with Python 3.10.5: late (needed by redis 1.0 on linux")
    exact = targets.parse("exact", LINUX.tag, "3.10.4")
    assert outcome(prove_first(cases(tmp_path / "exact", exact, ["redis"], files)[0])) == ("passed", "")
    whole = cases(tmp_path / "whole", LINUX, ["redis"], [*files, make_wheel("late")])
    assert outcome(prove_first(whole[0])) == ("passed", "")


@pytest.mark.slow
def test_request_that_does_not_apply(tmp_path: Path) -> None:
    """A request whose marker is false for the target is skipped; one that is true is proven beside it."""
    lines = ["click", "winonly; sys_platform == 'win32'"]
    joint, first, second = cases(tmp_path, LINUX, lines, [CLICK])
    assert [one.request for one in (joint, first, second)] == ["", "click", 'winonly; sys_platform == "win32"']
    assert outcome(prove_first(second)) == ("skipped", "not requested here")
    assert outcome(prove_first(joint)) == ("passed", "")


@pytest.fixture
def poison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """
    Let this machine offer colorama and setuptools in every way that it has; yield an index that counts who asks.

    By variables, configuration files of pip, uv and virtualenv in all their places, a path, the user's own
    site-packages, the directory packages/, caches, and a seeded setuptools.
    """
    home, folder = Path(os.environ["HOME"]), tmp_path / "packages"
    folder.mkdir()
    setuptools = max(Path(embed.__file__).parent.glob("setuptools-*.whl"))
    shutil.copy(setuptools, folder)
    COLORAMA.save(folder)
    with Index({"colorama": [COLORAMA]}) as index:
        settings = f"find-links = {folder}\nextra-index-url = {index.url}\nno-deps = true\n"
        config = tmp_path / "pip.conf"
        config.write_text(f"[global]\n{settings}[install]\n{settings}")
        uv = f'extra-index-url = ["{index.url}"]\nfind-links = ["{folder}"]\n'
        seeds = f"[virtualenv]\nsetuptools = bundle\nextra-search-dir = {folder}\nsystem-site-packages = true\n"
        for place, text in {
            ".pip/pip.conf": config.read_text(),
            ".config/pip/pip.conf": config.read_text(),
            ".config/uv/uv.toml": uv,
            ".config/virtualenv/virtualenv.ini": seeds,
            "xdg/pip/pip.conf": config.read_text(),
            "xdg/uv/uv.toml": uv,
            "work/uv.toml": uv,
            "work/pip.conf": config.read_text(),
        }.items():
            (home / place).parent.mkdir(parents=True, exist_ok=True)
            (home / place).write_text(text)
        user = home / f".local/lib/python3.{sys.version_info.minor}/site-packages"
        for site in (user, folder):
            with zipfile.ZipFile(folder / COLORAMA.filename) as archive:
                archive.extractall(site)
        variables = {
            **dict.fromkeys(("PIP_FIND_LINKS", "UV_FIND_LINKS", "PYTHONPATH"), str(folder)),
            **dict.fromkeys(("PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_DEFAULT_INDEX"), index.url),
            "PIP_NO_DEPS": "1",
            "PIP_TARGET": str(folder),
            "PIP_CONFIG_FILE": str(config),
            "UV_NO_DEPS": "1",
            "XDG_CONFIG_HOME": str(home / "xdg"),
            "XDG_CONFIG_DIRS": str(home / "xdg"),
            "PYTHONUSERBASE": str(home / ".local"),
            "VIRTUALENV_CONFIG_FILE": str(home / ".config/virtualenv/virtualenv.ini"),
            "VIRTUALENV_SETUPTOOLS": "bundle",
            "VIRTUALENV_EXTRA_SEARCH_DIR": str(folder),
            "VIRTUALENV_SYSTEM_SITE_PACKAGES": "1",
            "PIP_CACHE_DIR": str(home / "cache"),
            "UV_CACHE_DIR": str(home / "uv-cache"),
        }
        # A pip and a uv that believe all this do find it, and fill their caches.
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(home / "work")
        sure = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "colorama"]
        subprocess.run(sure, check=True, capture_output=True)
        index.requests.clear()
        yield index


@pytest.mark.slow
def test_nothing_ambient_helps(tmp_path: Path, poison: Index) -> None:
    """What this machine offers beside the site does not help a foreign target: it is red by every way in."""
    *checks, skipped = prove(cases(tmp_path / "subset", WINDOWS, ["click"], [CLICK])[0])
    assert [one.status for one in (*checks, skipped)] == ["failed", "failed", "failed", "skipped"]
    assert {one.reason.partition(":")[0] for one in checks} == {"colorama (needed by click 8.1.7 on windows"}
    assert not poison.requests


@pytest.mark.slow
def test_nothing_ambient_helps_uv(tmp_path: Path, poison: Index) -> None:
    """Nor does uv find more than the target's index has."""
    (joint, _) = cases(tmp_path / "subset", WINDOWS, ["click"], [CLICK])
    with opened(joint.site, "windows") as ways:
        said = second_opinion.second_opinion(joint, ways[-1], (), tmp_path)
    assert said.reason.startswith("uv finds no solution")
    assert not poison.requests


@pytest.mark.slow
def test_nothing_ambient_helps_an_interpreter(tmp_path: Path, poison: Index) -> None:
    """Nor does it help where a target is installed: no import, no seed, no requirement is answered from outside."""
    aa = make_wheel("aa", requires=["setuptools"])
    bb = make_wheel("bb", files={"bb.py": b"import colorama\n"})
    work = tmp_path / "apart"
    missed = prove(cases(tmp_path / "subset", HERE, ["aa"], [aa], installed=work)[0])
    assert {one.reason for one in missed[:3]} == {
        "setuptools (needed by aa 1.0 on here: setuptools) is not in the subset"
    }
    other = cases(tmp_path / "other", HERE, ["bb"], [bb], installed=work)[0]
    check = prove_first(other)
    assert (check.status, [one.likely for one in check.findings]) == ("amber", ["colorama"])
    assert not poison.requests


@pytest.mark.slow
@on_linux
def test_a_patch_level_that_is_not_here(tmp_path: Path, shared: Path) -> None:
    """A target of X.Y with an interpreter here is unpacked where metadata tells other patch levels apart from it."""
    minor = f"3.{sys.version_info.minor}"
    early = make_wheel("app", requires=[f'gone; python_full_version < "{minor}.1"'])
    checks = prove(cases(tmp_path, OLDER, ["app"], [early], installed=shared)[0])
    told = {(check.proof, check.way): check.status for check in checks if check.proof != "second opinion"}
    assert told == {
        (kind, way): status for way in WAYS for kind, status in (("installed", "passed"), ("unpacked", "failed"))
    }
    assert (
        checks[-1].reason
        == f"gone (needed by app 1.0 on older: gone; python_full_version < '{minor}.1') is not in the subset"
    )
    whole = tmp_path / "whole"
    whole.mkdir()
    green = prove(cases(whole, OLDER, ["app"], [early, make_wheel("gone")], installed=shared)[0])
    assert {check.status for check in green} == {"passed"}
    assert [check.versions for check in green if check.proof == "unpacked"] == [("app==1.0", "gone==1.0")] * 3


@pytest.mark.slow
def test_patch_levels_that_install_the_same_are_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch level for which pip takes the same files is walked under its own marker values, over what lies there."""
    from pypi_subset.proof.methods import pip_install  # noqa: PLC0415 - to count its calls

    real, dry = pip_install.install, []

    def install(*arguments: object, **options: object) -> object:
        dry.append(options.get("dry", False))
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pip_install, "install", install)
    aa = make_wheel("aa", requires=["bb; python_full_version >= '3.10.4'"])
    (joint, _) = cases(tmp_path, LINUX, ["aa", "bb"], [aa, make_wheel("bb")])[:2]
    assert {one.status for one in prove(joint)} == {"passed"}
    # Two levels by three ways in, of which the very first is installed.
    assert dry == [False, *[True] * 5]
