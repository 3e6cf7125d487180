"""The page of a request: a picture of what it brings, and the same in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pypi_subset.model.locks import AcceptedGap
from pypi_subset.site.pages.facts import RequestFacts
from pypi_subset.site.pages.request_page import MOST, request_page
from tests.support.pages.page_check import anchors, elements, parts_of

BOTH = ("linux", "windows")
FACTS = RequestFacts(
    set_name="base",
    project="app",
    lines=(("App[x]>=1", "base.txt:3"),),
    targets=(("linux", ("1.0",)), ("windows", ("1.0", "1.1"))),
    steps=(
        ("", "app", "App[x]>=1", BOTH),
        ("app", "lib", "lib<3", BOTH),
        ("app", "win", "win; y", ("windows",)),
        ("win", "lib", "lib", ("windows",)),
    ),
    versions=(
        ("app", (("1.0", BOTH),)),
        ("lib", (("1.0", ("linux",)), ("2.0", ("windows",)))),
        ("win", (("1.0", ("windows",)),)),
    ),
)


def words(page: str, tag: str) -> list[str]:
    """Return the text of each element with this tag, white space collapsed."""
    return [" ".join("".join(element.itertext()).split()) for element in elements(page, tag)]


def many(count: int) -> RequestFacts:
    """Return a request that brings so many projects."""
    names = [f"p{number}" for number in range(count - 1)]
    return replace(
        FACTS,
        steps=(FACTS.steps[0], *(("app", name, name, BOTH) for name in names)),
        versions=(FACTS.versions[0], *((name, (("1", BOTH),)) for name in names)),
    )


def test_the_list_says_it_in_words() -> None:
    """Each project with its versions, and each requirement with the targets where it counts, if not on all."""
    page = request_page(FACTS, [])
    assert words(page, "h1") == ["What app brings"]
    assert words(page, "dd") == ["app 1.0", "app 1.0, 1.1"]
    assert words(page, "h2") == ["Targets", "Picture", "3 projects"]
    assert words(page, "li") == [
        "app 1.0 requested by the set base",
        "lib 1.0 on linux, 2.0 on windows required by app lib<3, win lib on windows",
        "win 1.0 on windows required by app win; y on windows",
    ]


def test_the_picture_has_a_box_for_each_project() -> None:
    """It leads to the page of each; a screen reader and the keyboard pass over it, since the list says the same."""
    page = request_page(FACTS, [])
    (picture,) = (one for one in elements(page, "div") if one.get("role") == "region")
    assert picture.get("tabindex") == "0"
    inside = page[page.index("<svg") : page.index("</svg>")]
    assert 'aria-hidden="true"' in inside
    assert inside.count("<rect") == 3
    assert inside.count('class="edge"') == 3
    assert inside.count('tabindex="-1"') == inside.count("<a ") == 3
    for label in ("app 1.0", "lib (2 versions)", "win 1.0"):
        assert f">{label}</text>" in inside
    assert request_page(FACTS, []) == page


@pytest.mark.parametrize(("count", "drawn"), [(MOST, True), (MOST + 1, False)])
def test_a_large_closure_is_a_list_alone(count: int, drawn: bool) -> None:  # noqa: FBT001 - a case
    """Above 60 projects a picture is of no use."""
    page = request_page(many(count), [])
    assert ("<svg" in page) is drawn
    assert (f"Above {MOST} projects there is no picture." in page) is not drawn
    assert len(words(page, "li")) == count


def test_a_gap_has_its_place() -> None:
    """On a target without a solution the page says why, who accepts it, and until when; without any, there is no picture."""
    gap = AcceptedGap(
        request="app",
        project="app",
        why="It has no wheel.",
        set="base",
        target="linux",
        reason="next year",
        until="2027-01-01",
    )
    bare = replace(FACTS, targets=(("linux", ()), ("windows", ())), steps=(), versions=())
    page = request_page(bare, [gap])
    assert words(page, "dd") == [
        "left out: It has no wheel. Accepted until 2027-01-01: next year",
        "not requested there",
    ]
    assert "<svg" not in page


def test_the_page_is_of_the_site() -> None:
    """Links lead to its pages, and it loads its style and script alone."""
    page = request_page(FACTS, [])
    assert parts_of(page) == (["../../page.css"], ["../../page.js"])
    found = {"/".join(one.segments) for one in anchors(page)}
    assert found == {
        *("../../index.html", "../../manifest.json", "../../proof/index.html"),
        *(f"../../project/{name}/index.html" for name in ("app", "lib", "win")),
    }


def test_long_names_are_cut() -> None:
    """A box is never wider than the picture can be read; hostile text stays text."""
    name = "a" * 80
    facts = replace(
        FACTS, steps=(*FACTS.steps, ("app", name, "<b>", BOTH)), versions=(*FACTS.versions, (name, (("1", BOTH),)))
    )
    page = request_page(facts, [])
    assert f">{'a' * 33}…</text>" in page
    assert "<code>&lt;b&gt;</code>" in page
