"""Tables ``[sources.NAME]`` for indexes of other tools' tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pypi_subset.model.intake.sources import Source, Sources
from pypi_subset.model.requests import Request
from pypi_subset.requirements.reach import Reach
from pypi_subset.requirements.subset_toml import Choice
from pypi_subset.requirements.toml import Settings
from pypi_subset.requirements.tools.finding import Asked, Finding, Index
from pypi_subset.requirements.tools.served import lines_for
from pypi_subset.targets.tag import parse

TARGETS = (parse("linux", "cp310-manylinux2014_x86_64"), parse("windows", "cp312-win_amd64"))
TAKEN = Sources(named=(Source(name="host", index="https://other", projects=("x",)),))


def lines(*found: Index | None) -> list[str]:
    """Return the lines for indexes that a document names which asks for ``Six`` and ``lib``."""
    document = Settings(path=Path("pyproject.toml"), document={}, places={})
    requests = tuple(Request(requirement=Requirement(name), path=Path("x"), line=1) for name in ("Six", "lib"))
    asked = Asked(requests=requests, choice=Choice(targets=()), targets=TARGETS, reach=Reach(sources=TAKEN))
    return [*lines_for([Finding(document=document, keys=("tool",), what="x", index=one) for one in found], asked)]


def table(name: str, url: str, projects: str, *more: str) -> list[str]:
    """Return the lines of one source."""
    return [f"[sources.{name}]", f'index = "{url}"', f"projects = [{projects}]", *more]


def test_one_table_for_each_index_and_choice_of_targets() -> None:
    """Projects of one index share a table where they count on the same targets."""
    here = "sys_platform == 'win32'"
    found = lines(
        Index(url="https://a/", name="A b", projects=("Torch.Vision",)),
        Index(url="https://a", name="A b", projects=("torch",)),
        Index(url="https://a", name="A b", projects=("lib",), marker=here),
        None,
    )
    assert found == [
        *table("a-b", "https://a", '"torch-vision", "torch"'),
        *table("a-b-2", "https://a", '"lib"', 'targets = ["windows"]'),
    ]


def test_an_index_without_projects() -> None:
    """It gets all that are requested, unless another entry names its projects."""
    assert lines(Index(url="https://a.example")) == table("a-example", "https://a.example", '"six", "lib"')
    assert lines(Index(url="https://a", name="a"), Index(url="https://a", name="a", projects=("lib",))) == table(
        "a", "https://a", '"lib"'
    )
    windows = Index(url="https://a", name="a", projects=("lib",), marker="sys_platform == 'win32'")
    assert lines(Index(url="https://a", name="a"), windows) == table("a", "https://a", '"lib"', 'targets = ["windows"]')


@pytest.mark.parametrize(("name", "expected"), [("private", "private-2"), ("wheels", "wheels-2"), ("!", "index")])
def test_names(name: str, expected: str) -> None:
    """A name is one that ``subset.toml`` may have, and that no source has."""
    assert lines(Index(url="https://host", name=name))[0] == f"[sources.{expected}]"
    assert lines(Index(url="https://host"))[0] == "[sources.host-2]"


@pytest.mark.parametrize("url", ["../wheels", "file:///wheels", "https://host/x?y", "https://[", ""])
def test_what_no_source_can_be(url: str) -> None:
    """A directory, or a URL that a source may not have, gets no lines."""
    assert lines(Index(url=url, name="a", projects=("lib",))) == []
