"""Links of pages: those that pypi-subset writes, and nothing that two readers could read in two ways."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.reading.pages import MOST_TAGS, links_of_html, links_of_json

if TYPE_CHECKING:
    from collections.abc import Callable

SHA = "0" * 64
#: Bytes of a hostile page, and the seconds of one processor that it may take.
HOSTILE, SECONDS = 4_000_000, 8.0


def test_links_of_html() -> None:
    """Addresses are unescaped; other tags and empty ones have none."""
    text = f'<a href="a&amp;b.whl#sha256={SHA}">x</a><p title="c">y</p><a>z</a><a href=""></a><a href="d#e"><br />'
    assert links_of_html(text.encode(), "page") == [("a&b.whl", SHA), ("d", "")]


def test_links_after_a_title() -> None:
    """A title ends where it says so."""
    assert links_of_html(b"<title>x</title><meta charset=\"utf-8\"><a href='1'>".replace(b"'", b'"'), "page") == [
        ("1", "")
    ]


@pytest.mark.parametrize(
    "text",
    [
        '<base href="/x/">',
        '<BASE href="/x/">',
        "<script>",
        '<!-- <a href="x"> -->',
        "<style>",
        "<textarea>",
        "<title><a>",
        "<a href='x'>",
        "<a href=x>",
        '<a\nhref="x">',
        '<a href="x" href="y">',
        '<a href="x#sha256=12">',
        '<a href="x',
        "<",
        "<a/b>",
        "<![CDATA[",
        "<?xml?>",
        "\udcff",
        f'<a href="{"x" * 5000}">',
    ],
)
def test_what_no_page_has(text: str) -> None:
    """Anything that pypi-subset does not write is refused."""
    with pytest.raises(Refused):
        links_of_html(text.encode(errors="surrogateescape"), "page")


def test_links_of_json() -> None:
    """Each file has an address and a SHA-256."""
    page = {"name": "a", "files": [{"url": "a.whl", "hashes": {"sha256": SHA, "md5": "x"}, "size": 1}]}
    assert links_of_json(json.dumps(page).encode(), "page") == [("a.whl", SHA)]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"files": {}}',
        '{"files": [1]}',
        '{"files": [{"url": 1, "hashes": {"sha256": "0"}}]}',
        '{"files": [{"url": "a", "hashes": []}]}',
        '{"files": [{"url": "a", "hashes": {"sha256": "0"}}]}',
        '{"files": [], "files": []}',
        '{"files": [], "x": NaN}',
        f'{{"files": [{{"url": "{"x" * 5000}", "hashes": {{"sha256": "{SHA}"}}}}]}}',
    ],
)
def test_what_no_page_in_json_has(text: str) -> None:
    """A page of another form is refused."""
    with pytest.raises(Refused):
        links_of_json(text.encode(), "page")


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (links_of_html, b"<!--" * (HOSTILE // 4)),
        (links_of_html, b"<a " * (HOSTILE // 3)),
        (links_of_html, b"<br>" * (MOST_TAGS + 1)),
        (links_of_html, b"<a" + b" b" * (HOSTILE // 2)),
        (links_of_html, b"<a" + b' b=""' * (HOSTILE // 5)),
        (links_of_html, b"<a " + b"b" * HOSTILE),
        (links_of_html, b'<a href="' + b"&#" * (HOSTILE // 2)),
        (links_of_html, b'<a href="&#' + b"9" * HOSTILE + b'">'),
        (links_of_html, b"<" * HOSTILE),
        (links_of_json, b"9" * HOSTILE),
        (links_of_json, b'{"files": ' + b"9" * HOSTILE + b"}"),
        (links_of_json, b'{"files": [' + b"{" * HOSTILE),
        (links_of_json, b'{"files": [' + b"1," * HOSTILE),
        (links_of_json, b'{"files": [{"url": "' + b"%" * HOSTILE + b'", "hashes": {}}]}'),
    ],
    ids=range(14),
)
def test_hostile_pages_take_no_time(read: Callable[[bytes, str], object], text: bytes) -> None:
    """A page of many megabytes is refused in a time that grows with its bytes."""
    begin = time.process_time()
    with pytest.raises(Refused):
        read(text, "page")
    assert time.process_time() - begin < SECONDS
