"""A site without its requirements: sets and targets are those that it was made for."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.errors import InputFaults, SubsetError
from pypi_subset.model.door import read_manifest
from pypi_subset.proof.inventory import inventory
from pypi_subset.requirements.of_site import asked, derived, subset_of
from pypi_subset.requirements.subset import read_subset
from tests.support.stages.mirroring import mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypi_subset.model.targets import Target
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")

GAP = """
[[policy.accept]]
rule = "gap"
project = "absent"
targets = ["mac"]
reason = "not needed there"
until = "9999-12-31"
"""


@pytest.fixture
def arrived(workspace: Workspace, index: Index) -> Workspace:
    """Return a mirrored subset with all that a site must state: constraints, hashes, patch levels, a gap, the host."""
    app = make_wheel("app", requires=["lib", "cffi; platform_python_implementation == 'PyPy'"])
    index.add(app, make_wheel("lib", "1.0"), make_wheel("lib", "2.0"))
    index.add(make_wheel("absent", tag="cp312-cp312-manylinux_2_28_x86_64"))
    workspace.write("base.txt", "app\n-c limits.in\n")
    workspace.write("limits.in", "lib<2\n")
    workspace.write("more.txt", "absent\nlib\n")
    workspace.write(
        "hashed.txt", f"app==1.0 --hash=sha256:{app.sha256}\nlib==2.0 --hash=sha256:{make_wheel('lib', '2.0').sha256}\n"
    )
    exact = {"tag": "cp312-manylinux_2_28_x86_64", "python": "3.12.4"}
    pypy = {"tag": "pp310-manylinux_2_28_x86_64", "implementation_version": "7.3.17"}
    targets = {"here": "host", "exact": exact, "pypy": pypy, "mac": "cp312-macosx_14_0_arm64"}
    sets = {"more": {"targets": ["exact", "mac"]}, "hashed": {"targets": ["exact"]}, "base": {"targets": [*targets]}}
    workspace.toml(targets, sets=sets, more=GAP)
    mirror(workspace)
    return workspace


def test_a_site_states_what_it_is_for(arrived: Workspace) -> None:
    """Requests, constraints, hashes, targets and gaps are those of the requirements."""
    ours = read_subset(arrived.paths.requirements)
    found = subset_of(arrived.paths.site)
    for one, other in zip(sorted(ours.sets, key=lambda one: one.name), found.sets, strict=True):
        assert [(str(each), each.origin) for each in other.requests] == [
            (str(each), each.origin) for each in one.requests
        ]
        assert [(str(each), each.origin) for each in other.constraints] == [
            (str(each), each.origin) for each in one.constraints
        ]
        assert (other.targets, other.digest) == (one.targets, one.digest)
    theirs = {one.name: one for one in found.targets}
    for target in ours.targets:
        made = theirs[target.name]
        assert (made.digest, made.tags, made.exact) == (target.digest, target.tags, target.exact)
        assert (made.abis, made.platforms, made.brought) == (target.abis, target.platforms, target.brought)
        assert made.host is False
    # Tags that follow from the tag of a target are not spelled out.
    stated = read_manifest(arrived.paths.site).targets
    assert [one.name for one in stated if one.tags] == [one.name for one in ours.targets if one.host and _is_own(one)]
    assert [(one.rule, one.project, one.targets, one.reason) for one in found.accepted] == [
        ("gap", "absent", ("mac",), "not needed there")
    ]


def _is_own(host: Target) -> bool:
    """Whether the host has other tags than any machine of its tag."""
    return derived(host.name, host.tag, host.lasting_markers, exact=True).tags != host.tags


def test_the_inventory_is_green_without_requirements(arrived: Workspace) -> None:
    """The locks are those in the site. One that was changed there is red."""
    shutil.rmtree(arrived.paths.requirements)
    shutil.rmtree(arrived.paths.packages)
    subset, paths = asked(arrived.paths)
    assert paths == replace(arrived.paths, locked=arrived.paths.site / "locks")
    assert [check.status for check in inventory.take(paths, subset)] == ["passed"]
    lock = paths.locks / "pylock.base--mac.toml"
    lock.write_text(lock.read_text().replace("lib-1.0", "lib-2.0"))
    assert {check.status for check in inventory.take(paths, subset)} == {"failed"}


def test_what_a_manifest_does_not_state_of_a_set_is_no_change(workspace: Workspace, index: Index) -> None:
    """`--pre` decided the lock alone: the set of the site has another digest, and the lock is not out of date."""
    index.add(make_wheel("app", "2.0rc1"))
    workspace.write("base.txt", "--pre\napp\n")
    workspace.toml({"mac": "cp312-macosx_14_0_arm64"})
    mirror(workspace)
    shutil.rmtree(workspace.paths.requirements)
    subset, paths = asked(workspace.paths)
    assert [check.status for check in inventory.take(paths, subset)] == ["passed"]


def test_requirements_that_are_there_count(arrived: Workspace) -> None:
    """A directory without files is a mistake, and no reason to ask the site."""
    assert asked(arrived.paths)[1] == arrived.paths
    shutil.rmtree(arrived.paths.requirements)
    arrived.paths.requirements.mkdir()
    with pytest.raises(InputFaults, match="no requirements file"):
        asked(arrived.paths)


def test_without_a_site_there_is_nothing_to_ask(workspace: Workspace) -> None:
    """The message is about the requirements, as ever."""
    shutil.rmtree(workspace.paths.requirements, ignore_errors=True)
    with pytest.raises(InputFaults, match="no such directory"):
        asked(workspace.paths)


def changed(space: Workspace, change: Callable[[Any], object]) -> None:
    """Change the manifest of the site."""
    path = space.paths.site / "manifest.json"
    made = json.loads(path.read_bytes())
    change(made)
    path.write_text(json.dumps(made))


REFUSED: dict[str, tuple[Callable[[Any], object], str]] = {
    "older": (
        lambda made: [made.pop(name) for name in ("edges", "closures")] + [made.update(schema="1.4", pages={})],
        "the manifest is older than 1.5, and does not state all of its sets and targets; verify it with its",
    ),
    "other tags": (
        lambda made: made["targets"][0].update(digest="0" * 64),
        "the target exact has other tags there than 'cp312-cp312-manylinux_2_28_x86_64' has in this version",
    ),
    "no tag": (lambda made: made["targets"][0].update(tag="lab"), "the target exact cannot be made of 'lab'"),
    "no markers": (lambda made: made["targets"][0].update(markers={}), "the target exact cannot be made of 'cp312"),
    "no requirement": (
        lambda made: made["sets"][0]["requests"][0].update(requirement="app>>1"),
        "a line of a set is no requirement",
    ),
    "a gap that has ended": (
        lambda made: made["sets"][2]["gaps"][0].update(until="2020-01-01"),
        "the acceptance of the gap absent on mac ended on 2020-01-01; bring a site",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_site_does_not_state_well_is_one_line(arrived: Workspace, what: str) -> None:
    """With the path of the manifest and the next step."""
    change, words = REFUSED[what]
    changed(arrived, change)
    with pytest.raises(SubsetError) as raised:
        subset_of(arrived.paths.site)
    assert words in str(raised.value)
    assert str(arrived.paths.site / "manifest.json") in str(raised.value)
    assert "\n" not in str(raised.value)


def test_accepted_imports_come_from_the_report(arrived: Workspace) -> None:
    """As long as they hold, and the report is about this manifest."""
    from pypi_subset.model.checks import Check, Finding  # noqa: PLC0415
    from pypi_subset.proof.report.report import report_of, write_report  # noqa: PLC0415

    finding = Finding(rule="import", project="app", what="app does not import", reason="known", until="9999-12-31")
    ended = replace(finding, project="lib", until="2020-01-01")
    check = Check(
        target="mac",
        set_name="base",
        request="app",
        proof="unpacked",
        status="amber",
        reason="known",
        findings=(finding, ended),
    )
    site = arrived.paths.site
    write_report(report_of([check], site=site, isolation="none"), site)
    found = [one for one in subset_of(site).accepted if one.rule == "import"]
    assert [(one.project, one.targets, one.reason, one.until) for one in found] == [
        ("app", ("mac",), "known", "9999-12-31")
    ]
    changed(arrived, lambda made: made.update(bad_files=[]))
    assert [one for one in subset_of(site).accepted if one.rule == "import"] == []
