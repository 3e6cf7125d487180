"""One installation: the command that people can repeat, and how it differs from the lock."""

from __future__ import annotations

import functools
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.model.checks import WAYS
from pypi_subset.pip.pool import Pips
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods import pip_install
from pypi_subset.proof.methods.by_unpacking import flags_of
from pypi_subset.proof.methods.prove import prove
from tests.support.servers.index import Index
from tests.support.sites.cases import CLICK, LINUX, WINDOWS, cases, outcome
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.sites.cases import prove_first

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("forked_pip")

AA, AA_NAME = make_wheel("aa"), canonicalize_name("aa")


@pytest.mark.slow
def test_the_lock_is_part_of_the_command(tmp_path: Path) -> None:
    """What a request alone is held to is named in the command, by its path in the site."""
    alone = cases(tmp_path, WINDOWS, ["click; python_version >= '3'"], [CLICK])[1]
    first, second, *_ = prove(alone)
    assert first.command.startswith("pip install --only-binary=:all: --no-index --find-links <site>/find-links.html ")
    assert first.command.endswith(""" 'click; python_version >= "3"' -c <site>/locks/base--windows.constraints.txt""")
    assert "constraints" not in second.command


@pytest.mark.slow
def test_a_pin_for_another_patch_level_is_no_difference(tmp_path: Path) -> None:
    """What the lock has for a patch level is what counts for that one."""
    files = [make_wheel("lib", "2.0", requires_python="!=3.10.4"), make_wheel("lib", "1.0")]
    (joint, _) = cases(tmp_path, LINUX, ["lib"], files)
    apart = "python_full_version >= '3.10.4' and python_full_version < '3.10.5'"
    others = "python_full_version < '3.10.4' or python_full_version >= '3.10.5'"
    check = prove_first(replace(joint, pins=(f"lib==1.0 ; {apart}", f"lib==2.0 ; {others}")))
    assert (check.status, check.notes) == ("passed", ())
    check = prove_first(replace(joint, pins=(f"lib==2.0 ; {apart}", f"lib==1.0 ; {others}")))
    assert {*check.notes} == {"lib 2.0 installed, 1.0 locked", "lib 1.0 installed, 2.0 locked"}


@pytest.mark.slow
def test_another_version_than_the_locked_one_is_noted(tmp_path: Path) -> None:
    """Jointly, pip may take a version that another set put there; if it is complete, that is green and noted."""
    one, two = make_wheel("aa", "1.0"), make_wheel("aa", "2.0")
    subset = SubsetOnDisk(
        tmp_path, targets=[LINUX, WINDOWS], lines=["aa"], pins={"linux": [one], "windows": [two]}
    ).write()
    joint, alone, *_ = cases_of(subset.plan, subset.paths, (), tmp_path / "work")
    assert prove_first(joint).notes == ("aa 2.0 installed, 1.0 locked",)
    assert prove_first(alone).notes == ()


@pytest.mark.slow
def test_a_local_part_may_be_spelt_otherwise(tmp_path: Path) -> None:
    """METADATA may write it in upper case (PEP 440): it is the same variant."""
    (joint, _) = cases(tmp_path, LINUX, ["aa"], [make_wheel("aa", "1.0+CPU.1")])
    assert outcome(prove_first(joint)) == ("passed", "")


@pytest.mark.slow
def test_sets_of_one_target_with_variants_are_red(tmp_path: Path) -> None:
    """Pages and view list both, since the target needs both; a request that accepts both gets the wrong one."""
    one, two = make_wheel("aa", "1.0+cpu"), make_wheel("aa", "1.0+cu128")
    (joint, _) = cases(tmp_path, LINUX, ["aa"], [one, two])
    found = {
        check.way: outcome(check) for check in prove(replace(joint, pins=("aa==1.0+cpu",))) if check.proof == "unpacked"
    }
    assert {status for status, _ in found.values()} == {"failed"}
    assert all("give each set a target of its own" in reason for _, reason in found.values())


@pytest.mark.slow
def test_constraints_of_a_set_choose_no_variant(tmp_path: Path) -> None:
    """A client does not have them: it would get the variant of the other set of its target."""
    one, two, three = make_wheel("aa", "1.0+cpu"), make_wheel("aa", "1.0+cu128"), make_wheel("bb", requires=["aa"])
    (joint, _) = cases(tmp_path, LINUX, ["bb"], [one, two, three])
    held = replace(joint, pins=("aa==1.0+cpu", "bb==1.0"), constraints=("aa===1.0+cpu",), bounds=("aa===1.0+cpu",))
    found = {check.way: outcome(check) for check in prove(held) if check.proof == "unpacked"}
    words = "aa 1.0+cu128 was installed on linux, and 1.0+cpu is locked: another variant"
    assert {(status, reason.partition(";")[0]) for status, reason in found.values()} == {("failed", words)}


def test_constraints_of_a_set_hold_for_all_else(tmp_path: Path) -> None:
    """Those of projects with one local part stay, and so do lines with a hash."""
    wheels = [make_wheel("aa", "1.0+cpu"), make_wheel("aa", "1.0+cu128"), make_wheel("bb")]
    (joint, _) = cases(tmp_path, LINUX, ["bb"], wheels)
    lines = ("aa===1.0+cpu", "bb<2", f"aa==1.0+cpu --hash=sha256:{wheels[0].sha256}")
    held = replace(joint, constraints=lines, bounds=lines)
    assert [held.held_to(way) for way in WAYS] == [lines[1:]] * 3
    alone = replace(held, constraints=lines[:1])
    assert [alone.held_to(way) for way in WAYS] == [lines[:1], lines[1:], lines[1:]]


def test_a_file_of_a_source_of_other_targets_is_red(tmp_path: Path) -> None:
    """Pages for all targets that list it, beside the file of the same version that the target has, are not enough."""
    one, two = make_wheel("aa", tag="cp310-cp310-manylinux2014_x86_64"), make_wheel("aa")
    pins = {"linux": [two], "windows": [one]}
    subset = SubsetOnDisk(tmp_path, targets=[LINUX, WINDOWS], lines=["aa"], pins=pins).write()
    joint = cases_of(subset.plan, subset.paths, (), tmp_path / "work")[0]
    path = joint.site / "manifest.json"
    document = json.loads(path.read_text())
    next(entry for entry in document["files"] if entry["filename"] == one.filename)["source"] = "cu"
    path.write_text(json.dumps(document))
    files = [
        pip_install.Installed(project=AA_NAME, version="1.0", path=f"simple/aa/{each.filename}", sha256=each.sha256)
        for each in (one, two)
    ]
    assert pip_install.differences(joint, files[1:]) == ()
    with pytest.raises(
        ProofFailed, match=rf"{one.filename} was installed on linux, which \[sources\.cu\] does not serve"
    ):
        pip_install.differences(joint, files[:1])


@pytest.mark.slow
def test_a_file_from_elsewhere_is_red(tmp_path: Path) -> None:
    """A page that leads pip to another server is red; nothing is asked there."""
    (joint, _) = cases(tmp_path, LINUX, ["aa"], [AA])
    with Index({"aa": [AA]}) as index:
        page = joint.site / "find-links.html"
        where = f"http://{index.host}/files/{AA.filename}"
        page.write_text(page.read_text().replace(f"simple/aa/{AA.filename}", where))
        check = prove_first(joint)
        assert index.gets(".whl") == 0
    assert outcome(check) == (
        "failed",
        f"{AA.filename} (requested by base.txt:1 on linux: aa) is linked to another place than the subset",
    )


@pytest.mark.slow
def test_a_file_that_does_not_fit_is_red(tmp_path: Path) -> None:
    """A file that pip takes and that has none of the target's tags is red."""
    aa = make_wheel("aa", tag="cp310-cp310-manylinux2014_x86_64")
    (joint, _) = cases(tmp_path, LINUX, ["aa"], [aa])
    other = replace(joint, target=replace(LINUX, tags=WINDOWS.tags))
    words = f"{aa.filename} was installed, but does not fit linux ({LINUX.tag})"
    assert outcome(prove_first(other)) == ("failed", words)


@pytest.mark.slow
def test_a_dry_run_installs_nothing(tmp_path: Path) -> None:
    """A dry run returns the files that an installation takes, and leaves the directory empty."""
    (joint, _) = cases(tmp_path, LINUX, ["aa"], [AA])
    folder = tmp_path / "case"
    folder.mkdir()
    with opened(joint.site, "linux") as ways, Pips(tmp_path / "pips") as pips:
        run = functools.partial(pips.run, environment=LINUX.environment)
        options = ("--target", str(folder / "into"), *flags_of(LINUX))
        report = folder / "report.json"
        planned = pip_install.install(joint, ways[0], folder, run, options, report=report, dry=True)
        assert not (folder / "into").exists()
        assert pip_install.install(joint, ways[0], folder, run, options, report=report) == planned
        assert (folder / "into" / "aa.py").is_file()
    assert [(one.project, one.version, one.path, one.sha256) for one in planned] == [
        ("aa", "1.0", f"simple/aa/{AA.filename}", AA.sha256)
    ]


@pytest.mark.parametrize("kind", ["link", "pipe", "list", "damaged"])
def test_a_report_that_is_no_report(tmp_path: Path, kind: str) -> None:
    """What lies where pip's report belongs may be anything: the case is red, and nothing else is read."""
    report, secret = tmp_path / "report.json", tmp_path / "secret"
    secret.write_text('{"install": []}')
    if kind == "link":
        report.symlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(report)
    else:
        report.write_text("[]" if kind == "list" else "{")
    with pytest.raises(ProofFailed, match="the report of pip cannot be read"):
        pip_install._items(report)  # noqa: SLF001 - pip itself writes no such thing
