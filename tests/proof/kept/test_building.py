"""Kept sdists in a proof: a mirrored site, real pip, real builds, and the files of the site alone."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.checks import WAYS
from pypi_subset.proof.cache.reach import Opaque, Sight
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.kept import building
from pypi_subset.proof.machines import interpreters
from pypi_subset.proof.methods.prove import prove
from pypi_subset.proof.remote.message import _pin
from pypi_subset.requirements.subset import read_subset
from tests.support.sites.cases import on_linux
from tests.support.stages.mirroring import mirror
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pypi_subset.model.checks import Check
    from pypi_subset.proof.cases.case import Case
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = [pytest.mark.usefixtures("configured_index"), pytest.mark.long]

HOST = {"here": "host"}
#: The running Python on an older Linux.
OLDER = {"older": f"cp3{sys.version_info.minor}-manylinux2014_x86_64"}
NATIVE = f"cp3{sys.version_info.minor}-cp3{sys.version_info.minor}-linux_x86_64"


def cases(workspace: Workspace, work: Path) -> tuple[Case, ...]:
    """Return the cases of a mirrored workspace, proven by the running Python."""
    subset = read_subset(workspace.paths.requirements)
    return cases_of(subset, workspace.paths, interpreters.find([Path(sys.executable)]), work)


def by_way(checks: tuple[Check, ...]) -> dict[str, tuple[str, str]]:
    """Return status and reason of each way."""
    return {one.way: (one.status, one.reason) for one in checks if one.proof == "installed"}


def kept(workspace: Workspace, targets: dict[str, str], *lines: str) -> None:
    """Mirror a set of *lines* with leaf kept."""
    workspace.write("base.txt", "".join(f"{line}\n" for line in lines))
    workspace.toml(dict(targets), more='[sdists]\nkeep = ["leaf"]\n')
    mirror(workspace)


@on_linux
@pytest.mark.parametrize("targets", [HOST, OLDER], ids=["host", "older"])
def test_a_compiled_sdist_is_built_through_the_site(
    workspace: Workspace, index: Index, tmp_path: Path, targets: dict[str, str]
) -> None:
    """By each way pip builds it with what the site has; then it is installed and imported with what it requires."""
    index.add(
        make_buildable("leaf", requires=["more"], tag=NATIVE, build_requires=["tool"], hook_requires=["late"]),
        *(make_wheel("more"), make_wheel("tool"), make_wheel("late"), make_wheel("app", requires=["leaf"])),
    )
    kept(workspace, targets, "app", "more")
    joint, app, more = cases(workspace, tmp_path)
    for case in (joint, app):
        checks = prove(case)
        assert by_way(checks) == {
            WAYS[0]: ("passed", ""),
            **dict.fromkeys(WAYS[1:], ("passed", "the same files as by find-links")),
        }
        assert all("leaf 1.0: built here from leaf-1.0.tar.gz" in one.notes for one in checks if one.way)
    plain = prove(more)
    assert by_way(plain)["find-links"][0] == "passed"
    # What needs no build has none.
    assert not any("built here" in note for one in plain for note in one.notes)
    subset = read_subset(workspace.paths.requirements)
    (check,) = inventory.take(workspace.paths, subset)
    assert (check.status, check.notes) == ("passed", ())


@on_linux
def test_a_site_without_a_build_requirement_is_red(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """What the sealed build does not find on the pages of the site, it does not get: the index is still there."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"))
    kept(workspace, HOST, "leaf")
    for page in (*workspace.paths.site.rglob("tool/index.*"), workspace.paths.site / "find-links.html"):
        lines = page.read_text().split("\n")
        page.write_text("\n".join(line for line in lines if "tool-1.0" not in line))
    first = prove(cases(workspace, tmp_path)[0])[0]
    assert first.status == "failed"
    assert "leaf 1.0 cannot be built from leaf-1.0.tar.gz by find-links with the files of the site" in first.reason
    assert "No matching distribution found for tool" in first.reason


@on_linux
def test_a_build_that_fails_there_is_red(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """A build that works alone for the tool, and not for pip, is seen by the proof."""
    code = ["if 'PYTHONHASHSEED' not in os.environ: raise SystemExit('fatal error: no lber.h here')"]
    index.add(make_buildable("leaf", code=code))
    kept(workspace, HOST, "leaf")
    checks = prove(cases(workspace, tmp_path)[0])
    assert [one.status for one in checks] == ["failed"]
    assert "fatal error: no lber.h here" in checks[0].reason


@on_linux
def test_a_build_without_an_end_is_ended_once(
    workspace: Workspace, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its case is red, and so is each other case that needs it, without another build."""
    code = ["if 'PYTHONHASHSEED' not in os.environ: time.sleep(600)"]
    index.add(make_buildable("leaf", code=code))
    kept(workspace, HOST, "leaf")
    monkeypatch.setattr(building, "_PATIENCE", 8)
    joint, alone = cases(workspace, tmp_path)
    first = [check.reason for check in prove(joint)]
    monkeypatch.setattr(building, "_PATIENCE", 0)
    assert [check.reason for check in prove(alone)] == first
    assert "did not end" in first[0] or "took" in first[0]


@on_linux
def test_a_build_reaches_no_network(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """A build that asks the index from which the site was mirrored is refused by the box."""
    host, port = index.url.split("/")[2].split(":")
    code = [
        "import socket",
        "if 'PYTHONHASHSEED' not in os.environ:",
        f"    socket.create_connection(({host!r}, {port}), timeout=5)",
    ]
    index.add(make_buildable("leaf", code=code))
    kept(workspace, HOST, "leaf")
    checks = prove(cases(workspace, tmp_path)[0])
    assert [one.status for one in checks] == ["failed"]
    assert "refused" in checks[0].reason


@on_linux
def test_hashes_of_the_lines_are_those_of_the_sdist(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """A set with hashes, as pip-compile writes them, is proven with the sdist's."""
    sdist = make_buildable("leaf")
    index.add(sdist)
    digest = hashlib.sha256(sdist.data).hexdigest()
    kept(workspace, HOST, f"leaf==1.0 --hash=sha256:{digest}")
    assert {one for one, _ in by_way(prove(cases(workspace, tmp_path)[0])).values()} == {"passed"}


def test_what_reaches_no_sdist_is_remembered(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """A case beside a kept sdist sees what it always sees; one that reaches it is proven at each run."""
    index.add(make_buildable("leaf"), make_wheel("app"))
    kept(workspace, HOST, "leaf", "app")
    _, leaf, app = cases(workspace, tmp_path)
    sight = Sight(workspace.paths.site)
    assert ("simple/app/app-1.0-py3-none-any.whl") in dict(sight.of(app))
    with pytest.raises(Opaque):
        sight.of(leaf)


def test_a_worker_of_a_cluster_says_that_it_cannot(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """A case with the URL of a site is red, with the place where it can be proven; the message holds the sdist."""
    index.add(make_buildable("leaf"))
    kept(workspace, HOST, "leaf")
    case = replace(cases(workspace, tmp_path)[0], url="http://127.0.0.1:9")
    (check,) = prove(case)
    assert check.status == "failed"
    assert check.reason == (
        "leaf-1.0.tar.gz cannot be built from a site elsewhere, and each machine of here builds it; "
        "run `pypi-subset verify` where the site and such an interpreter are"
    )
    assert _pin("leaf-1.0.tar.gz", "", "").is_kept


def test_no_interpreter_is_red_with_the_way_out(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """Without an interpreter of the target nothing is said of a kept sdist but that; it is no skipped case."""
    index.add(make_buildable("leaf"))
    kept(workspace, HOST, "leaf")
    subset = read_subset(workspace.paths.requirements)
    (check,) = prove(cases_of(subset, workspace.paths, (), tmp_path)[0])
    assert check.status == "failed"
    assert check.reason.startswith("leaf-1.0.tar.gz cannot be built by an interpreter of this machine")
