"""Text in HTML: whatever it holds comes back as it was, where HTML can carry it, and never becomes markup."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_subset.support.html import escape, href
from tests.support.values import BRISK


class Reader(HTMLParser):
    """Collects text and attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.attributes = "", dict[str, str | None]()
        self.feed(page)
        self.close()

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the attributes."""
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


@BRISK
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"])))
def test_text_comes_back(text: str) -> None:
    """From content and from attributes in either quotes."""
    read = Reader(f"<p a=\"{escape(text)}\" b='{escape(text)}'>{escape(text)}</p>")
    assert (read.text, read.attributes) == (text, {"a": text, "b": text})


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x85", "\ud800", "\ufdd0", "\uffff", "\U0010ffff"])
def test_what_html_cannot_carry(character: str) -> None:
    """It becomes the replacement character (HTML, 13.2.5)."""
    assert escape(f"a{character}b<") == "a\ufffdb&lt;"


def test_what_is_harmless_stays() -> None:
    """Tab and line feed are characters of HTML."""
    assert escape("pandas>=2".replace(">", "")) == "pandas=2"
    assert escape("a\tb\nc") == "a\tb\nc"


@BRISK
@given(st.lists(st.text(min_size=1).filter(lambda text: not {*text} & {*"/"} and text not in {".", ".."}), min_size=1))
def test_a_link_leads_to_its_path(segments: list[str]) -> None:
    """However odd a name is: below the page, and to just that name."""
    address = urljoin("https://host.example/site/", html.unescape(href(*segments)))
    wanted = [segment.encode(errors="replace").decode() for segment in segments]
    assert address.startswith("https://host.example/site/")
    assert [unquote(part) for part in address.removeprefix("https://host.example/site/").split("/")] == wanted


@pytest.mark.parametrize(("name", "link"), [("a-1.0+cpu.whl", "a-1.0%2Bcpu.whl"), ("c:d", "c%3Ad"), ("a b", "a%20b")])
def test_links_of_names(name: str, link: str) -> None:
    """A plus would be a space to object stores, a colon the end of a scheme."""
    assert href(name) == link
