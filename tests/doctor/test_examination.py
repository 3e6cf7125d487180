"""The examination of a machine for one subset."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.doctor.examination import diagnose
from tests.support.sites.trees import tree
from tests.support.stages.mirroring import LINUX, mirror
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pypi_subset.doctor.findings import Diagnosis
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")


def states(found: Diagnosis) -> dict[str, str]:
    """Return the worst state of each name."""
    worst = {"ok": 0, "warning": 1, "error": 2}
    result: dict[str, str] = {}
    for one in found.findings:
        result[one.name] = max(one.state, result.get(one.name, "ok"), key=worst.__getitem__)
    return result


def test_a_machine_that_is_ready(workspace: Workspace, index: Index) -> None:
    """Each part has a finding, in the order of a run; nothing of the subset is written."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    before = tree(workspace.root)
    found = diagnose(workspace.paths)
    assert tree(workspace.root) == before
    names = [*dict.fromkeys(one.name for one in found.findings)]
    assert names[:5] == ["python", "tool", "venv", "pip configuration", "requirements"]
    assert {"disk", "index", "isolation", "interpreters"} <= {*names}
    assert states(found)["requirements"] == "ok"
    assert [one.target for one in found.targets] == ["linux"]
    document = json.loads(json.dumps(found.document()))
    assert document["schema"] == "1.0"
    assert document["findings"][0].keys() == {"name", "state", "what", "next_step"}
    assert document["targets"][0].keys() == {"target", "tag", "proof", "interpreter"}


@pytest.mark.parametrize("spelled", ["corp-thing", "Corp.Thing", "corp__thing", "CORP-THING[x]>=0"])
def test_no_index_learns_the_name_of_a_source(workspace: Workspace, index: Index, spelled: str) -> None:
    """pip's indexes are asked for a project that no source has, however a request spells the others."""
    index.add(make_wheel("lib"))
    make_wheel("corp-thing", extras=["x"]).save(workspace.root)
    workspace.write("base.txt", f"{spelled}\nlib\n")
    workspace.toml(
        {"linux": LINUX, "host": "host"},
        more='[sources.own]\nwheels = ".."\nprojects = ["corp-*"]\ntargets = ["host"]\n',
    )
    diagnose(workspace.paths)
    assert [hit.path for hit in index.requests] == ["/simple/lib/"]


def test_no_index_learns_a_private_name_that_lost_its_wheel(workspace: Workspace, index: Index) -> None:
    """pip's indexes are not asked for a project whose locked wheel is gone from requirements/wheels."""
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    wheel = make_wheel("App").save(folder)
    workspace.write("base.txt", "App\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    wheel.unlink()
    index.requests.clear()
    diagnose(workspace.paths)
    assert [hit.path for hit in index.requests] == ["/simple/pip/"]


def test_without_requirements(workspace: Workspace) -> None:
    """A new user learns the first step; the rest is examined all the same."""
    found = diagnose(replace(workspace.paths, requirements=workspace.root / "none"))
    (one,) = (one for one in found.findings if one.name == "requirements")
    assert (one.state, "init" in one.next_step) == ("warning", True)
    assert found.errors == sum(one.state == "error" for one in found.findings)


def test_requirements_with_a_fault(workspace: Workspace) -> None:
    """Their fault is an error of the examination, with its place; the network is examined all the same."""
    workspace.write("base.txt", "app ==\nlib >>\n")
    workspace.toml({"linux": LINUX})
    found = diagnose(workspace.paths)
    faults = [one for one in found.findings if one.name == "requirements"]
    assert [one.state for one in faults] == ["error", "error"]
    assert [one.what.split(": ")[0].rpartition("/")[2] for one in faults] == ["base.txt:1", "base.txt:2"]
    assert "index" in states(found)


def test_a_locked_release_that_is_gone(workspace: Workspace, index: Index) -> None:
    """It is an error until the user decides, as for update; a file that was yanked is not gone."""
    index.add(make_wheel("app"), make_wheel("lib"))
    workspace.write("base.txt", "app\nlib\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert states(diagnose(workspace.paths))["locked files"] == "ok"
    index.projects["lib"] = [make_wheel("lib", "2.0")]
    found = diagnose(workspace.paths)
    (one,) = (one for one in found.findings if one.name == "locked files")
    assert (one.state, "lib" in one.what, "gone" in one.next_step) == ("error", True, True)


@pytest.mark.parametrize("accepted", [False, True])
def test_a_locked_release_that_was_yanked(workspace: Workspace, index: Index, accepted: bool) -> None:  # noqa: FBT001
    """It is an error if the policy refuses it, with the step that mirror names; an acceptance keeps it."""
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    entry = '[[policy.accept]]\nrule = "yanked"\nproject = "demo"\nreason = "ours"\nuntil = 9999-12-31\n'
    workspace.toml({"here": "host"}, more=f'[policy]\nyanked = "refuse"\n{entry * accepted}')
    mirror(workspace)
    index.yank(index.projects["demo"][0], "broken")
    (one,) = [one for one in diagnose(workspace.paths).findings if one.name == "locked files"]
    state, decision, step = ("warning", "kept", "") if accepted else ("error", "refused", "run `pypi-subset update`")
    assert (one.state, one.what.startswith(f"yanked, {decision}: demo 1.0 ")) == (state, True)
    assert one.next_step.startswith(step)


def test_what_a_build_required_is_gone(workspace: Workspace, index: Index) -> None:
    """What a locked wheel was built with is looked for as well."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"))
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"here": "host"}, more='[sdists]\nbuild = ["leaf"]\n')
    mirror(workspace)
    index.projects["tool"] = []
    (one,) = (one for one in diagnose(workspace.paths).findings if one.name == "locked files")
    assert (one.state, "leaf 1.0 is built with it" in one.what) == ("error", True)


def test_what_is_to_be_fetched_needs_room(workspace: Workspace, index: Index) -> None:
    """The size of locked files that are not here is in the finding."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    (workspace.paths.packages / "app-1.0-py3-none-any.whl").unlink()
    (disk,) = (one for one in diagnose(workspace.paths).findings if one.name == "disk")
    assert disk.what.endswith(" to fetch")
