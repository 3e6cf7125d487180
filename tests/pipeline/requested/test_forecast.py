"""`plan` with a request: what each line would add, on the target that the machine is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.model.documents import encode
from pypi_subset.pipeline import mirror
from pypi_subset.pipeline.requested.forecast import plan_request
from pypi_subset.support.resources import shipped
from tests.support.gap.requests import run
from tests.support.sites.trees import tree
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.pipeline.requested.answers import Answer, RequestForecast
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")

WINDOWS = "cp310-win_amd64"


@pytest.fixture
def lab(workspace: Workspace, index: Index) -> Workspace:
    """Return a mirrored subset for this machine and Windows: ``app`` needs ``lib``."""
    index.add(make_wheel("app", "2.0", requires=["lib"]), make_wheel("lib"), make_wheel("bad"))
    index.add(
        make_wheel("tool", "1.5", requires=["lib", "part", 'more; extra == "all"'], extras=["all"], ballast=20_000)
    )
    index.add(make_wheel("part"), make_wheel("more"), make_wheel("strict", requires=["lib<1"]))
    index.add(make_wheel("winonly", tag="cp310-cp310-win_amd64"), make_sdist("source"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"here": "host", "windows": WINDOWS}, more='[policy]\ndeny = ["bad"]\n')
    mirror.mirror(workspace.paths)
    return workspace


def foreseen(space: Workspace, *arguments: str) -> RequestForecast:
    """Return what a request of this machine would add."""
    file = space.root / "request.json"
    done = run(*arguments, "--to", file)
    assert done.code == 0, done.err
    found = plan_request(space.paths, file)
    jsonschema.validate(json.loads(encode(found)), json.loads(shipped("schemas", "plan-request.schema.json")))
    return found


def only(found: RequestForecast) -> Answer:
    """Return the one answer."""
    (one,) = found.answers
    return one


def test_each_kind_of_answer(lab: Workspace, index: Index) -> None:
    """In the subset, new with its dependencies, refused by a rule, not available; nothing is fetched or written."""
    before, gets = tree(lab.root), index.gets(".whl")
    found = foreseen(lab, "app>=1", "lib", "tool", "bad", "winonly", "none", "source", "app>3")
    (lab.root / "request.json").unlink()
    assert {path: data for path, data in tree(lab.root).items() if not path.startswith("packages/.")} == {
        path: data for path, data in before.items() if not path.startswith("packages/.")
    }
    assert index.gets(".whl") == gets
    (target,) = found.targets
    assert (target.name, target.known, found.set, found.next_step) == ("here", True, "base", "")
    answers = {one.requirement: one for one in found.answers}
    assert {name: one.state for name, one in answers.items()} == {
        "app>=1": "present",
        "lib": "present",
        "tool": "new",
        "bad": "refused",
        "winonly": "unavailable",
        "none": "unavailable",
        "source": "unavailable",
        "app>3": "unavailable",
    }
    assert (answers["app>=1"].version, answers["app>=1"].since, answers["app>=1"].arrived) == ("2.0", None, None)
    size = len(
        make_wheel("tool", "1.5", requires=["lib", "part", 'more; extra == "all"'], extras=["all"], ballast=20_000).data
    )
    assert (answers["tool"].version, answers["tool"].files) == ("1.5", 2)
    assert answers["tool"].bytes == size + len(make_wheel("part").data)
    assert (answers["bad"].rules, answers["bad"].why) == (
        ("deny",),
        "bad: the policy refuses 1.0: deny: subset.toml has 'bad'",
    )
    assert "[[policy.accept]]" in answers["bad"].next_step
    assert "no wheel fits" in answers["winonly"].why
    assert "no index has a project none" in answers["none"].why
    assert "sdist" in answers["source"].why


def test_extras_count(lab: Workspace) -> None:
    """An extra that no lock has is new, with the files that it brings."""
    lab.write("base.txt", "app\ntool\n")
    mirror.mirror(lab.paths)
    assert only(foreseen(lab, "tool")).state == "present"
    one = only(foreseen(lab, "tool[all]"))
    assert (one.state, one.files, one.bytes) == ("new", 1, len(make_wheel("more").data))


def test_a_clash_with_the_set(lab: Workspace, index: Index) -> None:
    """A line that the set excludes is not available, though it has a solution alone: other lines count."""
    index.add(make_wheel("lib", "0.5"))
    lab.write("base.txt", "app\nlib>=1\n")
    mirror.mirror(lab.paths)
    one = only(foreseen(lab, "strict"))
    assert one.state == "unavailable"
    assert "lib" in one.why


def test_a_machine_that_is_no_target(lab: Workspace) -> None:
    """It is answered as if it were a target, and the next step makes it one. The name comes from the request."""
    lab.toml({"windows": WINDOWS})
    mirror.mirror(lab.paths)
    found = foreseen(lab, "app", "--target", "lab")
    (target,) = found.targets
    assert (target.name, target.known) == ("lab", False)
    assert found.next_step == (
        f"`pypi-subset add --request {lab.root / 'request.json'} --target lab` writes the machine to subset.toml"
    )
    assert (only(found).state, only(found).target, only(found).files) == ("new", "lab", 0)


def test_without_a_machine(lab: Workspace) -> None:
    """The request is about each target, or about the one that it names."""
    found = foreseen(lab, "winonly", "--no-machine")
    assert [(one.target, one.state) for one in found.answers] == [("here", "unavailable"), ("windows", "new")]
    assert [one.target for one in foreseen(lab, "tool", "--no-machine", "--target", "windows").answers] == ["windows"]
    assert foreseen(lab, "tool", "--target", "windows").warnings[0].startswith("the machine is cp3")


def test_a_marker_that_does_not_hold(lab: Workspace) -> None:
    """A line for other machines adds nothing, whether the subset has its project or not."""
    for project in ("tool", "app"):
        one = only(foreseen(lab, f"{project}; sys_platform == 'win32'"))
        assert (one.state, one.why, one.version) == ("inapplicable", "its marker is false", "")
    assert only(foreseen(lab, "app; sys_platform != 'win32'")).state == "present"


def test_before_the_first_mirror(workspace: Workspace, index: Index) -> None:
    """Without locks and a site, all is new; a file that is no request is one error."""
    index.add(make_wheel("app"), make_wheel("lib"))
    workspace.write("base.txt", "lib\n")
    workspace.toml({"here": "host"})
    assert (only(foreseen(workspace, "app")).state, only(foreseen(workspace, "app")).files) == ("new", 1)
    file: Path = workspace.root / "request.json"
    file.write_text("{}")
    with pytest.raises(SubsetError, match="this is no request"):
        plan_request(workspace.paths, file)
