"""What pip says in many lines, in one sentence."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.checks import WAYS
from pypi_subset.pip.runner import PipResult
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods.explain import explain
from pypi_subset.proof.methods.prove import prove
from tests.support.sites.cases import CLICK, COLORAMA, LINUX, WINDOWS, cases, outcome, prove_first
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("forked_pip")


MISSING = "colorama (needed by click 8.1.7 on windows: colorama; platform_system == 'Windows')"


@pytest.mark.slow
def test_an_index_that_does_not_lead_there(tmp_path: Path) -> None:
    """A project that the target's index has lost is red by that way alone, with the page and a command to try."""
    (joint, _) = cases(tmp_path, WINDOWS, ["click"], [CLICK, COLORAMA])
    page = joint.site / "targets/windows/simple/colorama/index.html"
    page.write_text("<!DOCTYPE html>\n")
    *good, bad, opinion = prove(joint)
    assert [outcome(one)[0] for one in (*good, bad, opinion)] == ["passed", "passed", "failed", "skipped"]
    where = "the page targets/windows/simple/colorama/ does not lead there"
    assert bad.reason == f"{MISSING} is in the subset only as 0.4.6, and {where}"
    start = "pip install --only-binary=:all: --index-url <site>/targets/windows/simple/ --platform win_amd64"
    assert bad.command.startswith(start)
    assert bad.command.endswith(" click")
    assert str(tmp_path) not in bad.command


@pytest.mark.slow
def test_a_page_of_a_view_that_does_not_lead_there(tmp_path: Path) -> None:
    """Where a project has variants, the page that is named is the one of the target's view."""
    pins = {"windows": [make_wheel("aa")], "linux": [make_wheel("aa", "1.0+cpu")]}
    subset = SubsetOnDisk(tmp_path, targets=[WINDOWS, LINUX], lines=["aa"], pins=pins).write()
    joint = cases_of(subset.plan, subset.paths, (), tmp_path / "work")[0]
    for page in ("find-links.html", "simple/aa/index.html", "targets/windows/simple/aa/index.html"):
        (joint.site / page).write_text("<!DOCTYPE html>\n")
    by = {one.way: one for one in prove(joint) if one.proof == "unpacked"}
    assert by["simple"].reason.endswith(", and the page targets/windows/simple/aa/ does not lead there")
    command = "--index-url <site>/simple/ --find-links <site>/targets/windows/simple/aa/index.html --platform"
    assert command in by["simple"].command


@pytest.mark.slow
def test_an_index_with_another_hash(tmp_path: Path) -> None:
    """An index that promises other bytes is not the same files: they are really installed, which pip refuses."""
    (joint, _) = cases(tmp_path, WINDOWS, ["click"], [CLICK, COLORAMA])
    page = joint.site / "simple/colorama/index.html"
    page.write_text(page.read_text().replace(COLORAMA.sha256, "0" * 64))
    by = {one.way: one for one in prove(joint) if one.proof == "unpacked"}
    assert [by[way].status for way in WAYS] == ["passed", "failed", "passed"]
    needed = "needed by click 8.1.7 on windows: colorama; platform_system == 'Windows'"
    words = "has other bytes than the page simple/colorama/index.html says"
    assert by["simple"].reason == f"colorama-0.4.6-py3-none-any.whl ({needed}) {words}"


BOTH = (make_wheel("bb", "1.0"), make_wheel("bb", "2.0"))


GONE: dict[str, tuple[list[str], list[Wheel], str]] = {
    "request missing": (
        ["aa>=2"],
        [make_wheel("aa")],
        "aa (requested by base.txt:1 on linux: aa>=2) is in the subset only as 1.0",
    ),
    "other targets only": (
        ["aa"],
        [make_wheel("aa", requires=["bb"]), make_wheel("bb", tag="cp310-cp310-win_amd64")],
        "bb (needed by aa 1.0 on linux: bb) is in the subset, but not for this target",
    ),
    "older version only": (
        ["aa[fast]"],
        [make_wheel("aa", requires=["bb>=2; extra == 'fast'"], extras=["fast"]), make_wheel("bb", "1.0")],
        "bb (needed by aa 1.0 on linux: bb>=2; extra == 'fast') is in the subset only as 1.0",
    ),
    "at odds": (
        ["aa", "dd"],
        [make_wheel("aa", requires=["bb>=2"]), make_wheel("dd", requires=["bb<2"]), *BOTH],
        "on linux nothing in the subset satisfies at once: aa 1.0 depends on bb>=2; dd 1.0 depends on bb<2",
    ),
    "newer python": (
        ["aa"],
        [make_wheel("aa", requires_python=">=3.10.1")],
        "aa (requested by base.txt:1 on linux: aa) needs Python >=3.10.1, and linux has 3.10.0",
    ),
}


def test_locked_version_gone(tmp_path: Path) -> None:
    """Alone, a request is held to the lock: another version that pip would take is no answer."""
    aa, (old, new) = make_wheel("aa", requires=["bb"]), BOTH
    _, alone = cases(tmp_path, LINUX, ["aa"], [aa, new])
    page = alone.site / "find-links.html"
    page.write_text(page.read_text().replace("bb-2.0", "bb-1.0").replace(new.sha256, old.sha256))
    (alone.site / "simple" / "bb" / new.filename).unlink()
    old.save(alone.site / "simple" / "bb")
    sentence = "bb (needed by aa 1.0 on linux: bb) is in the subset only as 1.0, and locked as bb==2.0"
    assert outcome(prove_first(alone)) == ("failed", sentence)


@pytest.mark.slow
@pytest.mark.parametrize("name", GONE)
def test_one_sentence(tmp_path: Path, name: str) -> None:
    """What pip says in many lines comes out as one: project, who needs it where, and what there is instead."""
    lines, wheels, sentence = GONE[name]
    assert outcome(prove_first(cases(tmp_path, LINUX, lines, wheels)[0])) == ("failed", sentence)


@pytest.mark.slow
def test_other_bytes(tmp_path: Path) -> None:
    """A file that was replaced is named; so is one that is no archive."""
    aa = make_wheel("aa")
    joint, alone = cases(tmp_path, LINUX, ["aa"], [aa], hashes={"aa": aa.sha256})
    file = joint.site / "simple" / "aa" / aa.filename
    file.write_bytes(make_wheel("aa", ballast=9).data)
    words = "aa-1.0-py3-none-any.whl (requested by base.txt:1 on linux: aa) has other bytes than the lock says"
    assert outcome(prove_first(alone)) == ("failed", words)
    page = joint.site / "find-links.html"
    page.write_text(page.read_text().replace(f"#sha256={aa.sha256}", ""))
    file.write_bytes(b"no archive")
    broken = cases(tmp_path / "second", LINUX, ["aa"], [aa])[0]
    shutil.copy(page, broken.site / "find-links.html")
    shutil.copy(file, broken.site / "simple" / "aa" / aa.filename)
    words = "aa-1.0-py3-none-any.whl is no archive that can be read: File is not a zip file"
    assert outcome(prove_first(broken)) == ("failed", words)


def test_output_without_end(tmp_path: Path) -> None:
    """However much a package has pip write, the reason at its end is found; red, this test runs for hours."""
    joint, _ = cases(tmp_path, LINUX, ["aa"], [make_wheel("aa")])
    said = "HTTP error 404 while getting " + "a" * (1 << 20) + "\nERROR: no\n"
    with opened(joint.site, "linux") as (way, *_):
        what = explain(joint, way, PipResult([], returncode=1, stdout="", stderr=said)).what
    assert what == "pip refused on linux: no"
