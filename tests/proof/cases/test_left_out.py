"""Gaps in the proof: what a lock leaves out is accepted if the user says so, and red if not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NotProven
from pypi_subset.model.door import read_manifest
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.report import report_path
from pypi_subset.pipeline.prove import prove
from pypi_subset.proof.cases import left_out
from pypi_subset.proof.cases.case import cases_of, unanswered
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.methods.prove import check_of
from pypi_subset.proof.methods.prove import prove as prove_case
from pypi_subset.proof.remote import message
from pypi_subset.publishing.publisher import publish
from pypi_subset.requirements.subset import read_subset
from tests.support.stages.mirroring import LINUX, WINDOWS, mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.requests import Subset
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

ACCEPT = """[[policy.accept]]
rule = "gap"
project = "fast"
targets = ["linux"]
reason = "only on Windows"
until = 9999-12-31
"""


@pytest.fixture
def partial(workspace: Workspace, index: Index) -> Workspace:
    """Return a mirrored subset, of which one request is left out on one of two targets."""
    index.add(make_wheel("app"), make_wheel("fast", tag="cp310-cp310-win_amd64"))
    workspace.write("base.txt", "app\nfast>=1\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS}, more=ACCEPT)
    mirror(workspace)
    return workspace


def red(workspace: Workspace) -> list[str]:
    """Return what the inventory finds."""
    found = inventory.take(workspace.paths, read_subset(workspace.paths.requirements))
    return [check.reason for check in found if check.status == "failed"]


def edit(workspace: Workspace, old: str, new: str) -> None:
    """Change the manifest."""
    path = manifest_path(workspace.paths.site)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.slow
def test_a_gap_is_neither_green_nor_missing(partial: Workspace, tmp_path: Path) -> None:
    """verify reports it as accepted, publish takes it, page and manifest name it with reason and day."""
    report = prove(partial.paths, processes=1)
    assert (report.totals.failed, report.totals.accepted, report.warnings) == (0, 1, ())
    (check,) = (one for one in report.checks if one.status == "accepted")
    assert (check.target, check.set_name, check.request, check.way) == ("linux", "base", "fast>=1", "")
    assert check.reason == (
        "fast>=1 is left out: fast>=1: no wheel fits (1.0: wheels for win_amd64) (accepted until 9999-12-31: only on Windows)"
    )
    assert check.findings[0].rule == "gap"
    publish(partial.paths, tmp_path / "published")
    there = tmp_path / "published"
    for page in ("index.html", "proof/index.html", "proof/junit.xml"):
        assert "only on Windows" in (there / page).read_text()
    (base,) = read_manifest(there).sets
    (gap,) = base.gaps or ()
    assert (gap.requirement, gap.target, gap.reason, gap.until) == ("fast>=1", "linux", "only on Windows", "9999-12-31")
    assert "1 accepted" in (there / "proof" / "badge.svg").read_text()


@pytest.mark.slow
def test_a_report_that_accepts_more_is_not_published(partial: Workspace, tmp_path: Path) -> None:
    """What the manifest does not leave out must be proven, and what it leaves out must be accepted."""
    prove(partial.paths, processes=1)
    path = report_path(partial.paths.site)
    document = json.loads(path.read_text())
    document["checks"] = [one for one in document["checks"] if one["status"] != "accepted"]
    path.write_text(json.dumps(document))
    with pytest.raises(NotProven):
        publish(partial.paths, tmp_path / "published")


def test_the_cases(partial: Workspace) -> None:
    """The set as a whole is what is left; the request itself is not tried; only it may be accepted."""
    subset = read_subset(partial.paths.requirements)
    cases = cases_of(subset, partial.paths, (), partial.root / "work")
    linux = [case for case in cases if case.target.name == "linux"]
    assert [[str(one.requirement) for one in case.requests] for case in linux] == [["app"], ["app"], ["fast>=1"]]
    assert [bool(case.gaps) for case in cases] == [False, False, True, False, False, False]
    (check,) = prove_case(linux[2])
    assert (check.status, unanswered(linux[2:], [check])) == ("accepted", [])
    assert unanswered(linux[2:], [check_of(linux[2], "passed")]) == linux[2:]
    app = check_of(linux[1], "accepted", findings=check.findings)
    assert unanswered(linux[1:2], [app]) == linux[1:2]


def test_a_set_of_gaps_alone_is_accepted_as_a_whole(workspace: Workspace, index: Index) -> None:
    """There is nothing to install, and nothing is missing."""
    index.add(make_wheel("fast", tag="cp310-cp310-win_amd64"))
    workspace.write("base.txt", "fast>=1\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS}, more=ACCEPT)
    mirror(workspace)
    cases = cases_of(read_subset(workspace.paths.requirements), workspace.paths, (), workspace.root / "work")
    found = [check.status for case in cases if case.target.name == "linux" for check in prove_case(case)]
    assert found == ["accepted", "accepted"]


def test_a_gap_that_no_acceptance_covers_is_red(partial: Workspace) -> None:
    """The entry is gone, or is about another target: the request is proven, and the inventory names the lock."""
    assert red(partial) == []
    partial.toml({"linux": LINUX, "windows": WINDOWS}, more=ACCEPT.replace('"linux"', '"windows"'))
    (by_lock, by_manifest) = red(partial)
    assert by_lock == (
        "fast>=1 of base is left out on linux by its lock, and no [[policy.accept]] covers that: run `pypi-subset mirror`"
    )
    assert by_manifest.startswith("fast>=1 of base is left out on linux by another acceptance than here")
    cases = cases_of(read_subset(partial.paths.requirements), partial.paths, (), partial.root / "work")
    assert not any(case.gaps for case in cases)


def test_a_manifest_that_claims_other_gaps_is_red(partial: Workspace) -> None:
    """One more, one less, or another acceptance than that of subset.toml."""
    edit(partial, '"only on Windows"', '"because"')
    assert red(partial) == [
        "fast>=1 of base is left out on linux by another acceptance than here: run `pypi-subset mirror`"
    ]
    edit(partial, '"because"', '"only on Windows"')
    path = manifest_path(partial.paths.site)
    document = json.loads(path.read_text())
    gap = document["sets"][0]["gaps"][0]
    document["sets"][0]["gaps"] = [gap, {**gap, "target": "windows"}]
    path.write_text(json.dumps(document))
    assert red(partial)[0] == (
        "fast>=1 of base is left out on windows by the manifest, but not by its lock: run `pypi-subset mirror`"
    )
    del document["sets"][0]["gaps"]
    path.write_text(json.dumps(document))
    assert red(partial) == [
        "fast>=1 of base is left out on linux by its lock, but not by the manifest: run `pypi-subset mirror`"
    ]


def test_a_lock_may_claim_anything() -> None:
    """What is no requirement has no project, and so no acceptance."""
    assert left_out.Claim(request="no requirement", why="").project == ""


def test_a_worker_gets_the_gaps(partial: Workspace) -> None:
    """A machine elsewhere does not try what is left out."""
    subset: Subset = read_subset(partial.paths.requirements)
    cases = cases_of(subset, partial.paths, (), partial.root / "work")
    sent = list(message.errands_of(subset, partial.paths, cases, url="http://host", digest="0" * 64, run="0" * 32))
    there = [
        message.from_text(message.to_text(one)).case([], site=case.site, work=case.work)
        for case, one in zip(cases, sent, strict=True)
    ]
    assert [case.gaps for case in there] == [case.gaps for case in cases]
