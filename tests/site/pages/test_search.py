"""The list of projects, its pages, and the script that the search looks through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pypi_subset.model import paths
from pypi_subset.model.distributions import Standing
from pypi_subset.site.pages.facts import FileFacts, ProjectFacts, ReleaseFacts
from pypi_subset.site.pages.search import Entry, entry_of, lists, part_of, script_of
from tests.support.pages.page_check import anchors, document, elements, parts_of


def facts(*targets: str, yanked: str | None = None, standing: Standing | None = None) -> ProjectFacts:
    """Return a project with two releases, of which the newest is for *targets*."""
    file = FileFacts("demo-2-py3-none-any.whl", 1500, "a" * 64, "b" * 64, None, None, "lab", None, targets)
    old = file._replace(filename="demo-1-py3-none-any.whl", source=None)
    releases = (ReleaseFacts("2", yanked, "", (file,)), ReleaseFacts("1", None, "", (old,)))
    return ProjectFacts("demo", standing, releases, (), (), ())


def entries(count: int) -> list[Entry]:
    """Return so many entries."""
    return [Entry(f"p{number:04d}", "1.0", "A", "MIT", "1 kB", "linux", "") for number in range(count)]


@pytest.mark.parametrize(
    ("targets", "every", "shown"),
    [
        (("a", "b"), 2, "all targets"),
        (("a",), 1, "all targets"),
        (("a", "b"), 3, "a, b"),
        (("a", "b", "c", "d"), 5, "4 of 5 targets"),
    ],
)
def test_targets_are_named_where_they_are_few(targets: tuple[str, ...], every: int, shown: str) -> None:
    """All of them need no names."""
    assert entry_of(facts(*targets), ("", ""), every).targets == shown


def test_an_entry_says_what_a_reader_has_to_know() -> None:
    """Status, yanks and sources; invisible characters of METADATA are escapes."""
    entry = entry_of(facts("a", yanked="", standing=Standing(status="archived")), ("Fits\x1b", "MIT"), 1)
    assert entry == Entry("demo", "2, 1", r"Fits\x1b", "MIT", "3.0 kB", "all targets", "archived; 2 yanked; from lab")
    assert entry_of(facts("a", yanked="bad"), ("", ""), 1).note == "2 yanked: bad; from lab"
    assert entry.page == "project/demo/index.html"


def test_the_script_is_data_alone() -> None:
    """An array in JSON, in which no character opens markup or ends a line of JavaScript."""
    hostile = Entry("demo", "1", "</script><!-- \u2028 ' \" \\ é", "", "", "", "")
    text = script_of([hostile]).decode()
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text.removeprefix("const PROJECTS = ").removesuffix(";\n")) == [[*hostile]]
    assert script_of([hostile._replace(summary="\ud800")])


def test_a_long_list_has_pages() -> None:
    """Each lists its part, and leads to all others; the front page is the first."""
    made = dict(lists(entries(paths.LISTED * 2 + 1)))
    assert sorted(made) == ["list/2/index.html", "list/3/index.html", "search.js"]
    page = made["list/3/index.html"].decode()
    document(page)
    assert parts_of(page) == (["../../page.css"], ["../../page.js"])
    links = ["/".join(one.segments) for one in anchors(page)]
    assert links[:5] == [
        "../../index.html",
        "../../project/p0400/index.html",
        "../../index.html",
        "../../list/2/index.html",
        "../../list/3/index.html",
    ]
    (current,) = (one for one in elements(page, "a") if one.get("aria-current"))
    assert current.get("href") == "../../list/3/index.html"


@pytest.mark.parametrize("count", [0, 1, paths.LISTED])
def test_a_short_list_has_none(count: int) -> None:
    """All of it is on the front page."""
    assert [path for path, _ in lists(entries(count))] == ["search.js"]
    assert part_of(entries(count), 1)["parts"] == []
    assert len(str(part_of(entries(count), 1)["entries"]).split("Entry(")) == count + 1


def test_the_directory_is_one_of_the_site() -> None:
    """Each path is one that a manifest may name."""
    count = paths.LISTED * 2 + 1
    allowed = paths.written({}, [one.name for one in entries(count)], (), minor=4)
    assert {path for path, _ in lists(entries(count))} <= allowed
    assert Path(paths.SEARCH).suffix == ".js"
