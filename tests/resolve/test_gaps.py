"""All gaps of a run at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pypi_subset.cli.present import write_error
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
        ("c", ("base.txt:7", "base.txt:8")),
    ]
    wheels = workspace.paths.requirements / "wheels"
    head, *entries = str(caught.value).splitlines()
    assert head == "5 gaps"
    assert entries[0] == (
        "    sdists only, and a subset holds wheels: docopt==0.6.2 (base.txt:2, base.txt:9, base on windows), odf==1.4.1 "
        f'(base.txt:3, base on windows); write build = ["docopt", "odf"] below [sdists] in subset.toml, or build the wheels: pip wheel --no-deps docopt==0.6.2 odf==1.4.1 -w {wheels}'
    )
    assert [entry.split(": ")[1].split(" ")[0] for entry in entries[1:-1]] == ["fast", "nowhere", "old==9", "the"]
    assert entries[-1].startswith("    to mirror without it, accept it by [[policy.accept]] in subset.toml with ")


def test_every_set_and_target_is_tried(workspace: Workspace, index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    """What two sets lack on three targets is reported once for each set and cause; JSON has each gap with its lines."""
    offer(index)
    workspace.write("base.txt", "words\nfast\n")
    workspace.write("extra.txt", "good\nfast\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS, "mac": MAC})
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    write_error(caught.value)
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


def gaps_of(space: Workspace) -> list[NoSolution]:
    """Return all gaps of one run."""
    with pytest.raises((Gaps, NoSolution)) as caught:
        mirror(space)
    error = caught.value
    return [*error.gaps] if isinstance(error, Gaps) else [error] if isinstance(error, NoSolution) else []


def test_contradictions_are_found_beside_each_other(workspace: Workspace, index: Index) -> None:
    """Two that have nothing in common, and open markers in lines and in metadata; each with the lines that lead to it."""
    for name in ("as", "bs"):
        index.add(make_wheel(name, "1.0"), make_wheel(name, "2.0"))
        index.add(make_wheel(f"{name}1", requires=[f"{name}>=2"]), make_wheel(f"{name}2", requires=[f"{name}<2"]))
    open_marker = "as; platform_release == '6'"
    index.add(
        make_wheel("open", requires=[open_marker, "as; platform_version == '7'"]), make_wheel("via", requires=["open"])
    )
    lines = ["as1", "as2", "bs1", "bs2", "via", f"{open_marker}"]
    workspace.write("base.txt", "\n".join([*lines, ""]))
    workspace.toml({"linux": LINUX})
    found = [(gap.project, gap.requests) for gap in gaps_of(workspace)]
    assert sorted(found, key=str) == [
        ("as", ("base.txt:1", "base.txt:2")),
        ("as", ("base.txt:5",)),
        ("as", ("base.txt:5",)),
        ("as", ("base.txt:6",)),
        ("bs", ("base.txt:3", "base.txt:4")),
    ]


def test_a_contradiction_in_a_list_names_its_parties(workspace: Workspace, index: Index) -> None:
    """Who asks for what is in the line, since a list has no details."""
    index.add(make_wheel("c2", requires=["shared<2"]), make_wheel("shared", "1.0"), make_wheel("shared", "2.0"))
    workspace.write("base.txt", "c2\nshared>=2\nnowhere\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    line = next(one for one in str(caught.value).splitlines() if "contradict" in one)
    assert "contradict each other on shared: c2 1.0 asks for shared<2; base.txt:2 asks for shared>=2; loosen" in line
    assert [gap.requests for gap in caught.value.gaps if gap.project == "shared"] == [("base.txt:1", "base.txt:2")]


def test_an_address_is_found_beside_another(workspace: Workspace, index: Index) -> None:
    """pip stops at the newest release that requires a URL, though an older one does not."""
    url = "lib @ http://example.org/lib-1.0-py3-none-any.whl"
    index.add(make_wheel("only", requires=[url]), make_wheel("newest", "2.0", requires=[url.replace("1.0", "2.0")]))
    index.add(make_wheel("newest", "1.0"), make_wheel("good"), make_wheel("lib"))
    workspace.write("base.txt", "only\nnewest\ngood\n")
    workspace.toml({"linux": LINUX})
    found = gaps_of(workspace)
    assert [(gap.project, gap.requests) for gap in found] == [("only", ("base.txt:1",)), ("newest", ("base.txt:2",))]


def test_a_line_that_cannot_be_satisfied_is_one_gap(workspace: Workspace, index: Index) -> None:
    """Projects that require the project of the line without a version are not named, and have no gap of their own."""
    index.add(make_wheel("num", "1.0", tag="cp39-cp39-win_amd64"), make_wheel("num", "2.0"))
    index.add(make_wheel("text", requires=["keras", "flow"]), make_wheel("keras", requires=["num"]))
    index.add(make_wheel("flow", requires=["num>=1"]))
    workspace.write("base.txt", "num==1.0\ntext\n")
    workspace.toml({"linux": LINUX})
    (gap,) = gaps_of(workspace)
    assert (gap.problem.partition(":")[0], gap.requests) == ("num==1.0", ("base.txt:1",))
