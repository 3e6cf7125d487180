"""All gaps of a run at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pypi_subset.cli.present import json_errors
from pypi_subset.errors import Gaps, NoSolution
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, MAC, WINDOWS, mirror

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def offer(index: Index) -> None:
    """Offer projects, each of which lacks something else, and some that are good."""
    index.add(make_wheel("good"), make_wheel("words", requires=["docopt"]), make_sdist("docopt", "0.6.2"))
    index.add(make_wheel("table", requires=["odf>=1"]), make_sdist("odf", "1.4.1"), make_wheel("old"))
    index.add(make_wheel("fast", tag="cp310-cp310-manylinux2014_x86_64"), make_wheel("more", requires=["docopt"]))
    index.add(make_wheel("a", requires=["c<2"]), make_wheel("b", requires=["c>=2"]))
    index.add(make_wheel("c", "1.0"), make_wheel("c", "2.0"))


def test_one_run_finds_every_gap(workspace: Workspace, index: Index) -> None:
    """Gaps of all kinds of a set, and a contradiction that pip comes to only without them, are reported in one run."""
    offer(index)
    lines = ["good", "words", "table", "fast", "nowhere", "old==9", "a", "b", "more"]
    workspace.write("base.txt", "\n".join([*lines, ""]))
    workspace.toml({"windows": WINDOWS})
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    assert [(gap.project, gap.requests) for gap in caught.value.gaps] == [
        ("docopt", ("base.txt:2", "base.txt:9")),
        ("odf", ("base.txt:3",)),
        ("fast", ("base.txt:4",)),
        ("nowhere", ("base.txt:5",)),
        ("old", ("base.txt:6",)),
        ("c", ()),
    ]
    wheels = workspace.paths.requirements / "wheels"
    head, *entries = str(caught.value).splitlines()
    assert head == "5 gaps"
    assert entries[0] == (
        "    sdists only, and a subset holds wheels: docopt==0.6.2 (base.txt:2, base.txt:9, base on windows), odf==1.4.1 "
        f'(base.txt:3, base on windows); write [sdists] build = ["docopt", "odf"] in subset.toml, or build the wheels: pip wheel --no-deps docopt==0.6.2 odf==1.4.1 -w {wheels}'
    )
    assert [entry.split(": ")[1].split(" ")[0] for entry in entries[1:]] == ["fast", "nowhere", "old==9", "the"]


def test_every_set_and_target_is_tried(workspace: Workspace, index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    """What two sets lack on three targets is reported once for each set and cause; JSON has each gap with its lines."""
    offer(index)
    workspace.write("base.txt", "words\nfast\n")
    workspace.write("extra.txt", "good\nfast\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS, "mac": MAC})
    with pytest.raises(Gaps) as caught, json_errors(json=True):
        mirror(workspace)
    head, *entries = str(caught.value).splitlines()
    assert head == "2 gaps"
    assert entries[0].startswith(
        "    base on linux, windows, mac: docopt (required by words 1.0): the project offers sdists"
    )
    assert entries[1].startswith("    base on windows, mac; extra on windows, mac: fast: no wheel fits; ")
    found = json.loads(capsys.readouterr().out)["gaps"]
    assert [(one["set"], one["target"], one["project"], one["requests"]) for one in found] == [
        ("base", "linux", "docopt", ["base.txt:1"]),
        ("base", "windows", "docopt", ["base.txt:1"]),
        ("base", "windows", "fast", ["base.txt:2"]),
        ("base", "mac", "docopt", ["base.txt:1"]),
        ("base", "mac", "fast", ["base.txt:2"]),
        ("extra", "windows", "fast", ["extra.txt:2"]),
        ("extra", "mac", "fast", ["extra.txt:2"]),
    ]


def test_one_gap_has_its_details(workspace: Workspace, index: Index) -> None:
    """The rest of the set has a solution: the one gap has its details below."""
    offer(index)
    workspace.write("base.txt", "good\nfast\n")
    workspace.toml({"windows": WINDOWS})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.requests == ("base.txt:2",)
    assert caught.value.seen[0].startswith("1.0: wheels for manylinux2014_x86_64")
