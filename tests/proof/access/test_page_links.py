"""Where a page leads, read as an installer reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.access.page_links import Link, links

if TYPE_CHECKING:
    from pathlib import Path

AA, BB = "a" * 64, "b" * 64
HERE = "simple/aa/index.html"


def read(tmp_path: Path, text: str, where: str = HERE) -> dict[str, Link]:
    """Return the links of a page that stands at *where* and holds *text*."""
    page = tmp_path / "page"
    page.write_text(text, encoding="utf-8")
    return links(page, where)


def test_both_forms_say_the_same(tmp_path: Path) -> None:
    """HTML and JSON with the same facts give the same links."""
    html = (
        f'<a href="../../files/aa-1.0%2Bx.whl#sha256={AA}" data-requires-python="&gt;=3.9"'
        f' data-core-metadata="sha256={BB}">aa</a>'
    )
    file = {
        "url": "../../files/aa-1.0%2Bx.whl",
        "hashes": {"sha256": AA},
        "requires-python": ">=3.9",
        "core-metadata": {"sha256": BB},
    }
    wanted = {"files/aa-1.0+x.whl": Link(sha256=AA, requires_python=">=3.9", metadata=BB)}
    assert read(tmp_path, html) == read(tmp_path, json.dumps({"files": [file]})) == wanted


@pytest.mark.parametrize(
    ("href", "where", "place"),
    [
        ("aa-1.0.whl", HERE, "simple/aa/aa-1.0.whl"),
        ("./x/../aa-1.0.whl", HERE, "simple/aa/aa-1.0.whl"),
        ("/aa-1.0.whl", HERE, "/aa-1.0.whl"),
        ("https://other.test/aa-1.0.whl", HERE, "https://other.test/aa-1.0.whl"),
        ("simple/aa/aa-1.0.whl", "find-links.html", "simple/aa/aa-1.0.whl"),
        ("../../../../simple/aa/aa-1.0.whl", "targets/linux/simple/aa/index.html", "simple/aa/aa-1.0.whl"),
    ],
)
def test_links_count_from_their_page(tmp_path: Path, href: str, where: str, place: str) -> None:
    """A relative link counts from the page's own path; one to another host stays a URL."""
    assert list(read(tmp_path, f'<a href="{href}">aa</a>', where)) == [place]


def test_a_base_leads_elsewhere(tmp_path: Path) -> None:
    """The first ``base`` holds for all links of the page, also for those before it; a second one means nothing."""
    text = '<a href="one.whl">1</a><base href="https://other.test/x/"><base href="y/"><a href="two.whl">2</a>'
    assert list(read(tmp_path, text)) == ["https://other.test/x/one.whl", "https://other.test/x/two.whl"]


def test_a_base_of_very_many_characters_leads_nowhere(tmp_path: Path) -> None:
    """Thousands of links that start at a long address would take a time that grows with both."""
    assert read(tmp_path, f'<base href="{"x/" * 1000}"><a href="two.whl">2</a>') == {}


@pytest.mark.parametrize("fragment", ["", "#md5=abc", "#egg=aa", "#sha512=abc"])
def test_only_sha256_counts(tmp_path: Path, fragment: str) -> None:
    """A fragment of another kind is no hash."""
    assert read(tmp_path, f'<a href="aa.whl{fragment}" data-core-metadata="true">aa</a>') == {
        "simple/aa/aa.whl": Link()
    }


def test_what_is_no_link(tmp_path: Path) -> None:
    """An anchor without an address, and text that looks like one, lead nowhere."""
    assert read(tmp_path, '<a name="aa">aa</a><p>href="aa.whl"</p><!-- <a href="bb.whl">bb</a> -->') == {}


def test_projects_of_a_root(tmp_path: Path) -> None:
    """The root of an index leads to the pages of its projects, in both forms."""
    names = {"projects": [{"name": "aa"}, {"name": "bb"}]}
    of_json = read(tmp_path, json.dumps(names), "simple/index.v1_json")
    of_html = read(tmp_path, '<a href="aa/">aa</a><a href="bb/">bb</a>', "simple/index.html")
    assert of_json == of_html == {"simple/aa": Link(), "simple/bb": Link()}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"files": [{"url": "aa.whl"}]}',
        '{"files": [1]}',
        '{"files": 1}',
        '{"projects": [{}]}',
        '{"files": [{"url": "aa.whl", "hashes": []}]}',
    ],
)
def test_json_that_is_no_page_leads_nowhere(tmp_path: Path, text: str) -> None:
    """JSON that PEP 691 does not describe has no links."""
    assert read(tmp_path, text) == {}
