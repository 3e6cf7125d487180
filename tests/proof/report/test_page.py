"""The proof's page: valid and escaped, all there without a script, and in a real browser filtered and searched."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pypi_subset.model.checks import Check
from pypi_subset.proof.access import http_server
from pypi_subset.proof.report import page, report
from pypi_subset.proof.report.verdict import NOTHING, verdict_of
from tests.support.pages import browser
from tests.support.pages.page_check import anchors, document, elements, luminance, parts_of, tags
from tests.support.sites.published import AMBER
from tests.support.stages.values import BRISK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

GONE = "pywin32-ctypes (needed by keyring 25.7.0 on windows: pywin32-ctypes>=0.2) is not in the subset"
COMMAND = "pip install --no-index --find-links=<site>/find-links.html keyring"
FULL = Check(target="linux", set_name="base", request="", proof="installed", status="passed", way="simple", seconds=2)
KEYRING = replace(
    FULL, request="keyring", versions=("jeepney==0.9", "keyring==25.7.0"), interpreter="CPython 3.12.1 (/a/b)"
)
RED = replace(
    FULL, target="windows", request="keyring", proof="unpacked", status="failed", reason=GONE, command=COMMAND
)
CHECKS = (
    Check(target="", set_name="", request="", proof="inventory", status="passed", reason="3 files: all there"),
    FULL,
    KEYRING,
    replace(KEYRING, way="target", seconds=1.5),
    replace(FULL, request="six", notes=("installed, needs libX.so",)),
    replace(FULL, target="windows", proof="unpacked", reason=""),
    RED,
    replace(RED, way="find-links", status="passed", reason="", command=""),
    replace(RED, proof="second opinion", way="target", status="differs", reason="it takes keyring 25.6", command=""),
    replace(FULL, target="windows", request="six", proof="unpacked", status="skipped", reason="not requested here"),
    replace(FULL, set_name="more", request="Tomli"),
)


def page_of(checks: Sequence[Check], **more: Any) -> str:
    """Return the page of a report on *checks*."""
    made = structs.replace(report.report_of(checks, site=Path("nowhere"), isolation="network namespace"), **more)
    return page.render(made, verdict_of(made))


def words(element: Element) -> str:
    """Return the text of *element*, white space collapsed."""
    return " ".join("".join(element.itertext()).split())


def table(text: str, name: str) -> list[list[str]]:
    """Return the rows of the table with this name."""
    (found,) = (one for one in elements(text, "table") if one.get("id") == name)
    return [
        [" ".join(map(words, cell)) or words(cell) for cell in row]
        for part in found
        for row in part
        if row.tag.endswith("}tr")
    ]


def test_the_matrix_has_each_request_on_each_target() -> None:
    """A line for each kind of proof and outcome, never merged; red ones come first and lead to the reason."""
    assert table(page_of(CHECKS), "_matrix") == [
        ["Request", "linux", "windows"],
        ["Set base"],
        ["all together", "passed installed · simple · 2.0 s", "passed unpacked · simple · 2.0 s"],
        [
            "keyring",
            "passed installed · simple, target · 3.5 s",
            "failed unpacked · simple · 2.0 s passed unpacked · find-links · 2.0 s differs second opinion · target · 2.0 s",
        ],
        ["six", "passed installed · simple · 2.0 s", "skipped unpacked · simple · 2.0 s"],
        ["Set more"],
        ["Tomli", "passed installed · simple · 2.0 s", "not requested"],
    ]


def test_each_project_has_a_place() -> None:
    """The page of a project leads there by the normalized name, which no other id of the page can have."""
    text = page_of(CHECKS)
    ids = [str(one.get("id")) for one in document(text).iter() if one.get("id")]
    named = [one for one in ids if not one.startswith("_")]
    assert named == ["jeepney", "keyring", "six", "tomli"]
    assert table(text, "_projects")[2] == ["keyring", "failed on windows passed on linux, windows"]
    leads = {"/".join(one.segments) for one in anchors(text)}
    assert {f"../project/{name}/index.html" for name in named} < leads


def test_red_comes_first() -> None:
    """Whatever else was proven of a request, and in whatever order."""
    green = replace(RED, proof="emulated", status="passed", reason="", command="")
    (cell,) = (row[1] for row in table(page_of([green, RED]), "_matrix") if row[0] == "keyring")
    assert cell == "failed unpacked · simple · 2.0 s passed emulated · simple · 2.0 s"


def test_what_is_red_is_told_with_its_reason_and_command() -> None:
    """Each reason once, with all places; what a cell of the matrix leads to is there."""
    text = page_of([*CHECKS, replace(RED, request="", command="pip install all")])
    assert [words(head) for head in elements(text, "h3")] == [GONE]
    assert [words(item) for item in elements(text, "li")] == [
        "windows, base: all together unpacked · simple · 2.0 spip install all",
        f"windows, base: keyring unpacked · simple · 2.0 scommand{COMMAND}",
    ]
    assert {item.get("id") for item in elements(text, "li")} == {one.fragment for one in anchors(text) if one.fragment}


def test_notes_and_versions_are_folded_up() -> None:
    """For each target what was installed, which ways gave that, and what is worth knowing."""
    rows = table(page_of(CHECKS), "_details-2")
    assert rows[2] == [
        "keyring",
        "base",
        "passed",
        "installed",
        "simple, target",
        "3.5 s",
        "",
        ", ".join(KEYRING.versions),
    ]
    assert rows[3][6] == "installed, needs libX.so"


def test_it_names_what_is_amber() -> None:
    """A section of its own with each reason once, a class in the matrix, and the word explained."""
    text = page_of([AMBER, replace(AMBER, way="simple"), *CHECKS])
    assert text.count("<li>soupsieve lacks bs4 <small>linux</small></li>") == 1
    assert '<p class="amber" data-proof="installed"><b>amber</b>' in text
    assert "<dt>amber</dt>" in text
    assert "What is amber" not in page_of(CHECKS)


def test_it_says_how_each_target_was_proven() -> None:
    """Kind, Python and numbers; where that Python lies is not for everybody to read."""
    text = page_of(CHECKS)
    assert ["linux", "installed", "CPython 3.12.1", "2", "0", "0", "0", "0", "0", "3.5 s"] in table(text, "_kinds")
    assert ["windows", "second opinion", "-", "0", "0", "0", "0", "1", "0", "2.0 s"] in table(text, "_kinds")
    assert "/a/b" not in text


@pytest.mark.parametrize(
    ("more", "words_on_top"),
    [({}, "Not proven: 1 red"), ({"stale": True}, "Stale"), ({"targets": ["a"]}, "Not proven: 1 red")],
)
def test_it_opens_with_what_the_report_comes_to(more: dict[str, Any], words_on_top: str) -> None:
    """In the heading and in the window's title."""
    text = page_of(CHECKS, **more)
    assert words(elements(text, "h1")[0]) == words_on_top
    assert words(elements(text, "title")[0]).startswith(f"{words_on_top} - ")


@pytest.mark.parametrize("text", [page_of(CHECKS), page_of([]), page_of(CHECKS[:1]), page.placeholder(NOTHING)])
def test_the_page_needs_nothing_from_elsewhere(text: str) -> None:
    """No address of anything outside the site, and two parts beside it: nothing runs that is written into the page."""
    assert not re.findall(r"\w+://", text)
    assert not {"img", "iframe", "object"} & set(tags(text))
    assert parts_of(text) == (["page.css"], ["page.js"])


def test_tables_can_be_read_aloud() -> None:
    """Each has a caption, and each head of a row or a column says which it is (WCAG 2.2, 1.3.1)."""
    text = page_of(CHECKS)
    assert len(elements(text, "caption")) == len(elements(text, "table"))
    assert {head.get("scope") for head in elements(text, "th")} == {"col", "row", "rowgroup"}
    identifiers = [one.get("id") for tag in ("section", "li", "table", "caption", "h2") for one in elements(text, tag)]
    named = [one for one in identifiers if one]
    assert len(named) == len(set(named))


def test_colours_can_be_told_apart_by_everybody() -> None:
    """Every text has a contrast of 4.5 or more, on light and on dark (WCAG 2.2, 1.4.3)."""
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{[^}]*\}", page.parts()["proof/page.css"].decode())
    )
    pairs = [*product(("text", "faint", "link", "failed"), ("back", "box"))]
    pairs += [(name, f"{name}-back") for name in ("passed", "failed", "differs", "skipped")]
    for colours, (front, back) in product((light, dark), pairs):
        high, low = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (front, back, colours)


#: Elements that run, load or change something.
ACTIVE = ("script", "style", "link", "meta", "img", "iframe", "form", "base")
HOSTILE = st.text(max_size=15) | st.sampled_from(
    ["<script>", "</script>", "\"'>", "$content", "${x}", "<!--", "\0\ud800", "\x1b[31m"]
)


@pytest.mark.slow
@BRISK
@given(target=HOSTILE, set_name=HOSTILE, request=HOSTILE, reason=HOSTILE, other=HOSTILE)
def test_nothing_hostile_gets_into_the_page(target: str, set_name: str, request: str, reason: str, other: str) -> None:
    """Whatever a result holds, the page is valid HTML5 with the same kinds of elements, and no more programs or styles."""

    def told(target: str, set_name: str, request: str, reason: str, other: str) -> str:
        red = replace(RED, target=target, set_name=set_name, request=request, reason=reason, command=other)
        green = replace(KEYRING, notes=(other,), versions=(reason,), interpreter=request, way=other)
        return page_of([red, green], isolation=other, targets=[target])

    hostile = told(f"a{target}", f"a{set_name}", f"a{request}", f"a{reason}", f"a{other}")
    found, plain = tags(hostile), tags(told("a", "b", "c", "d", "e"))
    # How many rows there are depends on which projects the results name.
    assert {*found} <= {*plain}
    assert [found.count(name) for name in ACTIVE] == [plain.count(name) for name in ACTIVE]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Tab]:
    """Yield a tab of a real browser."""
    with browser.tab(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the address of a report on a disk."""
    report.write_report(report.report_of(CHECKS, site=tmp_path, isolation="network namespace"), tmp_path)
    return (tmp_path / "proof" / "index.html").as_uri()


#: What a person sees: the heads of the matrix's rows, its columns, and the places under the reasons.
SEEN = """(() => {
    const seen = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility())
        .map((one) => one.textContent);
    return [seen("#_matrix th[scope=row]"), seen("#_matrix thead th"), seen("#_red li").length,
        seen("#_matrix th[scope=rowgroup]").length, seen("output").join()];
})()"""
ALL = [["all together", "keyring", "six", "Tomli"], ["Request", "linux", "windows"], 1, 2, "4 of 4 rows"]


def choose(tab: browser.Tab, name: str, value: str) -> None:
    """Choose *value* in one of the lists."""
    tab.run(
        f"const {name} = document.querySelector('[name={name}]'); {name}.value = '{value}';"
        f" {name}.dispatchEvent(new Event('input', {{bubbles: true}}))"
    )


@pytest.mark.browser
@pytest.mark.parametrize(
    ("chosen", "rows", "columns", "red"),
    [
        ({"state": "failed"}, ["keyring"], ALL[1], 1),
        ({"state": "skipped"}, ["six"], ALL[1], 0),
        ({"target": "windows"}, ["all together", "keyring", "six"], ["Request", "windows"], 1),
        ({"target": "linux", "state": "failed"}, [], ["Request", "linux"], 0),
        ({"kind": "second opinion"}, ["keyring"], ALL[1], 0),
        ({"kind": "second opinion", "state": "failed"}, [], ALL[1], 0),
    ],
)
def test_filter(
    tab: browser.Tab, url: str, chosen: dict[str, str], rows: list[str], columns: list[str], red: int
) -> None:
    """Rows that hold such a result stay, with the one column that was chosen; one click shows all again."""
    tab.open(url)
    assert tab.run(SEEN) == ALL
    for name, value in chosen.items():
        choose(tab, name, value)
    assert tab.run(SEEN)[:3] == [rows, columns, red]
    assert tab.run(SEEN)[4] == f"{len(rows)} of 4 rows"
    tab.run("document.querySelector('button').click(); new Promise((done) => setTimeout(done, 50))")
    assert tab.run(SEEN) == ALL
    assert not tab.complaints


@pytest.mark.browser
@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ("KEYR", ["keyring"]),
        ("pywin32 not", ["keyring"]),
        ("tomli", ["Tomli"]),
        ("no such thing", []),
        (" ", ["all together", "keyring", "six", "Tomli"]),
    ],
)
def test_search(tab: browser.Tab, url: str, typed: str, rows: list[str]) -> None:
    """By keyboard alone: requests and reasons are found by all words that are typed, in any case."""
    tab.open(url)
    for _ in range(20):
        tab.press("Tab")
        if tab.run("document.activeElement.name") == "words":
            break
    tab.send("Input.insertText", text=typed)
    assert tab.run(SEEN)[0] == rows
    assert not tab.complaints


@pytest.mark.browser
def test_one_kind_of_proof_alone(tab: browser.Tab, url: str) -> None:
    """Chosen, it is all that the cells show."""
    tab.open(url)
    choose(tab, "kind", "second opinion")
    shown = "[...document.querySelectorAll('#_matrix p')].filter((one) => one.checkVisibility()).map((one) => one.textContent)"
    assert tab.run(shown) == ["differs second opinion · target · 2.0 s"]


@pytest.mark.browser
def test_the_browser_asks_for_nothing_else(tab: browser.Tab, url: str) -> None:
    """The page, its style and its script are all it reads, and nothing reaches its console."""
    tab.open(url)
    assert sorted(tab.requests) == [url, *(url.replace("index.html", name) for name in ("page.css", "page.js"))]
    assert not tab.complaints


@pytest.mark.browser
def test_without_scripts_all_is_there(tab: browser.Tab, url: str) -> None:
    """Only the form is missing; reasons, matrix and details can be read."""
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(url)
    tab.send("Emulation.setScriptExecutionDisabled", value=False)
    assert tab.run(SEEN) == [*ALL[:4], ""]
    assert tab.run("document.querySelector('form').checkVisibility()") is False


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(1300, False), (1300, True), (320, False)])
def test_a_large_report_is_quick_and_fits_the_window(
    tab: browser.Tab, tmp_path: Path, width: int, *, dark: bool
) -> None:
    """200 requests on 12 targets: there within seconds, filtered within one, and only the tables are scrolled sideways."""
    checks = [
        replace(
            KEYRING, target=f"target-{target}", request=f"project-{number}>=1", way=way, versions=KEYRING.versions * 9
        )
        for target, number, way in product(range(12), range(200), ("find-links", "simple", "target"))
    ]
    report.write_report(report.report_of([*checks, RED], site=tmp_path, isolation="none"), tmp_path)
    tab.show(width=width, dark=dark)
    tab.open((tmp_path / "proof" / "index.html").as_uri())
    taken = tab.run("performance.timing.loadEventStart - performance.timing.navigationStart")
    assert taken < 8000
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    assert tab.run("getComputedStyle(document.body).backgroundColor") == (
        "rgb(20, 23, 26)" if dark else "rgb(255, 255, 255)"
    )
    quick = "(() => {const start = performance.now(); const form = document.querySelector('form');"
    quick += "form.elements.words.value = 'project-19'; form.dispatchEvent(new Event('input'));"
    quick += "document.body.offsetHeight; return performance.now() - start})()"
    assert tab.run(quick) < 2000
    assert tab.run(SEEN)[4] == "11 of 201 rows"


@pytest.mark.browser
def test_the_badge_is_a_picture(tab: browser.Tab, url: str) -> None:
    """A browser draws it in a page of its own, as wide as its words want."""
    badge = url.replace("index.html", "badge.svg")
    tab.open(url)
    drawn = f"new Promise((done) => {{const image = new Image(); image.onload = () => done(image.width); image.src = '{badge}'}})"
    assert tab.run(drawn) > 150
    assert not tab.complaints


@pytest.mark.browser
def test_a_page_that_waits_for_a_proof(tab: browser.Tab, tmp_path: Path) -> None:
    """What stands there before the first proof has no form, and its script nothing to complain of."""
    report.carry_over(tmp_path / "nothing", tmp_path)
    tab.open((tmp_path / "proof" / "index.html").as_uri())
    assert tab.run("document.querySelector('h1').textContent") == "Nothing proven yet"
    assert not tab.complaints


INJECTED = "<script>window.hacked = 1</script><img src='x' onerror='window.hacked = 2'><style>h1 {color: red}</style>"


@pytest.mark.browser
@pytest.mark.parametrize("served", [False, True])
def test_what_is_written_into_the_page_does_not_run(tab: browser.Tab, tmp_path: Path, *, served: bool) -> None:
    """If some text were not escaped, the policy would hold it, on a disk as from a server; the page's own script runs."""
    report.write_report(report.report_of(CHECKS, site=tmp_path, isolation="none"), tmp_path)
    place = tmp_path / "proof" / "index.html"
    place.write_text(place.read_text().replace("</main>", f"{INJECTED}</main>"))
    with http_server.serving(tmp_path) if served else contextlib.nullcontext(tmp_path.as_uri()) as url:
        tab.open(f"{url}/proof/index.html")
        assert tab.run("window.hacked === undefined")
        assert tab.run("document.querySelector('form').checkVisibility()") is True
        assert tab.run("getComputedStyle(document.querySelector('h1')).color") != "rgb(255, 0, 0)"
    assert "Content Security Policy" in json.dumps(tab.complaints)
