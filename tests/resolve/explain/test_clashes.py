"""Requirements that exclude each other."""

from __future__ import annotations

from pathlib import Path

from packaging.requirements import Requirement

from pypi_subset.model.requests import Job, Request, RequirementSet
from pypi_subset.resolve.explain.clashes import contradiction, named_by_pip, newest_clash
from pypi_subset.resolve.explain.obstacles import Inspector
from tests.resolve.explain.test_obstacles import TARGET, Shelf, wheel

LINE = Request(requirement=Requirement("c>=2"), path=Path("base.txt"), line=3)
JOB = Job(
    requirement_set=RequirementSet(
        name="base", path=Path("base.txt"), requests=(LINE,), constraints=(), targets=("linux",)
    ),
    target=TARGET,
)


def clash(files: dict[str, list[str]], *lines: str) -> list[str]:
    """Return the requirements that exclude each other, with who states them."""
    inspector = Inspector(target=TARGET, offers=Shelf({**files}))
    asked = [(f"base.txt:{number}", Requirement(line)) for number, line in enumerate(lines, start=1)]
    return [f"{who} > {one}" for who, one in newest_clash(inspector, asked)]


def test_the_newest_releases_clash() -> None:
    """Of many releases with different requirements, those of the newest are named."""
    files = {
        **{wheel("a", f"{number}.0"): [f"c<{number}"] for number in range(1, 5)},
        **{wheel("b", f"{number}.0"): [f"c>={number + 1}"] for number in range(4, 6)},
        **{wheel("c", f"{number}.0"): [] for number in range(9)},
    }
    assert clash(files, "a", "b") == ["a 4.0 > c<4", "b 5.0 > c>=6"]


def test_what_a_replaced_release_asked_for_does_not_count() -> None:
    """Where a requirement moves the choice to an older release, the requirements of the newer one are forgotten."""
    files: dict[str, list[str]] = {
        wheel("a", "2.0"): ["c>=2"],
        wheel("a", "1.0"): ["c<2"],
        wheel("b"): ["a<2", "c<2"],
        wheel("c", "2.0"): [],
        wheel("c", "1.0"): [],
    }
    assert clash(files, "a", "b") == []


def test_three_that_exclude_each_other_only_together() -> None:
    """If no two requirements exclude each other, all of them are named."""
    files: dict[str, list[str]] = {wheel("c", version): [] for version in ("1.0", "2.0", "3.0")}
    found = clash({**files, wheel("a"): ["c!=1.0"], wheel("b"): ["c!=2.0"]}, "a", "b", "c!=3.0")
    assert [one.partition(" > ")[2] for one in found] == ["c!=3.0", "c!=1.0", "c!=2.0"]


PIP = """
The conflict is caused by:
    a 1.0 depends on c<2 and >=1
    The user requested c>=2
    The user requested (constraint) d==1
    something else

"""


def test_the_causes_that_pip_names_are_read() -> None:
    """Lines of the set are named by their place, constraints of pip's configuration by its name."""
    assert [f"{who} > {one}" for who, one in named_by_pip(PIP, JOB)] == [
        "a 1.0 > c<2,>=1",
        "base.txt:3 > c>=2",
        "pip's setting 'constraint' > d==1",
    ]


def test_the_lines_of_a_contradiction_are_few() -> None:
    """Of many requirements and releases as many are shown as fit eight lines."""
    shelf = Shelf({wheel("c", f"{number}.0"): [] for number in range(20)})
    asking = [(f"p{number} 1.0", Requirement(f"c=={number}")) for number in range(20)]
    found = contradiction(asking, JOB, shelf, ["base.txt:3"])
    assert len(str(found).splitlines()) == 8
    assert (found.project, found.requests) == ("c", ("base.txt:3",))
    assert found.what == "base--linux: the requirements contradict each other on c"
    assert "    and 16 more" in str(found).splitlines()
