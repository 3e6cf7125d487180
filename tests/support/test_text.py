"""Text of others: what a terminal obeys or a reader does not see, what of a URL is secret, and text in HTML."""

from __future__ import annotations

import html
import unicodedata
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_subset.support.text import (
    escape,
    has_long_number,
    href,
    printable,
    shortened,
    url_without_secrets,
    without_secrets,
)
from tests.support.programs.ending import ending
from tests.support.stages.values import BRISK


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("naïve 漢字 - 5 €", "naïve 漢字 - 5 €"),
        ("\x1b[2J\x9b1m\x07\0", r"\x1b[2J\x9b1m\x07\x00"),
        ("a\u202eb\u2066c\u200bd\ufeffe", r"a\u202eb\u2066c\u200bd\ufeffe"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d"),
        ("a\nerror: b\rc\td", r"a\nerror: b\rc\td"),
        ("half \udc80", r"half \udc80"),
        ("\U000e0041\U000e0101\ufe0f\u3164", r"\U000e0041\U000e0101\ufe0f\u3164"),
    ],
)
def test_what_is_not_seen_is_shown(text: str, shown: str) -> None:
    """Controls, marks of direction, characters without width, separators and half surrogate pairs are escapes."""
    assert printable(text) == shown


@BRISK
@given(st.text(st.characters()))
def test_all_of_unicode(text: str) -> None:
    """What is shown is printable, has no invisible character, and can be written; shown twice it is the same."""
    shown = printable(text)
    assert shown.isprintable()
    assert bool(shown.encode()) is bool(text)
    assert printable(shown) == shown
    assert not {unicodedata.category(sign) for sign in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_lines_that_the_writer_meant() -> None:
    """With lines, a line feed stays, and what stands behind it does not begin at the margin."""
    assert printable("pip ended\nerror: \x1b[1m", lines=True) == "pip ended\n    error: \\x1b[1m"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://user:pass@host:8/a/b.whl?sig=1#sha256=2", "https://host:8/a/b.whl"),
        ("https://user:p@ss@host/a", "https://host/a"),
        ("cannot fetch 'http://h/a?token=1', nor //u@h/b", "cannot fetch 'http://h/a', nor //h/b"),
        ("https://host/a@b/c", "https://host/a@b/c"),
        ("git+ssh://git@host/a#egg=b", "git+ssh://host/a"),
        ("https://host/?next=https://u:p@other/", "https://host/"),
        ("https://u:p'S@h/a'S, https://u:p\"<S>@h/a?s=b'S' is none", "https://h/a'S, https://h/a' is none"),
        ("('https://h/a?s=b\"S').", "('https://h/a')."),
        ("with url: /c.txt?S (Caused by x)", "with url: /c.txt (Caused by x)"),
        ("a constraint of c.txt?x=S, or c.txt?y=S&z", "a constraint of c.txt, or c.txt"),
        ("mail to a@b, see a/b#d; is it in /etc/x?", "mail to a@b, see a/b#d; is it in /etc/x?"),
        ("is it? No: a?b, 'a/b?'", "is it? No: a?b, 'a/b?'"),
    ],
)
def test_secrets_of_urls(text: str, kept: str) -> None:
    """Users, passwords, queries and fragments go, in a sentence as well; all else stays."""
    assert without_secrets(text) == kept


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://u:p'S \"<S>@h:8/a b'c", "https://h:8/a b'c"),
        ("https://h/a?s='S >S#x", "https://h/a"),
        ("https://h/a#S ?S", "https://h/a"),
        ("ht\ntps:/\t/u:S@h/a@b", "https://h/a@b"),
        ("../a'b?S", "../a'b"),
    ],
)
def test_secrets_of_a_url_as_a_whole(url: str, kept: str) -> None:
    """No character ends the user, the password or the query early."""
    assert url_without_secrets(url) == kept


@pytest.mark.parametrize("piece", ["a", "/", "/a", "?", "a?", "@", "?a/", "//a", "//@", "'?a="])
def test_secrets_are_found_in_linear_time(piece: str) -> None:
    """No text takes a time that grows with the square of its length."""
    with ending():
        without_secrets(f"// ? @ {piece * 300_000}")


@pytest.mark.parametrize("before", [0, 1, 149, 150, 151, 299, 300, 301])
def test_long_numbers_are_found_wherever_they_begin(before: int) -> None:
    """301 digits are found, and 300 are not; so in the keys and values of a document."""
    for count in (300, 301):
        text = f"{'x' * before}{'9' * count}x"
        assert {has_long_number(each) for each in (text, {"a": [{"b": (text,)}]}, {text: 1})} == {count > 300}
    assert not has_long_number([None, 1.5, True, 10**300, {"a": "9x" * 1000}])


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


def test_what_is_very_long_is_shortened() -> None:
    """A word and a line keep their beginning and their end: a next step stands last. Shorter ones stay as they are."""
    for line in ("a" * 400, "ab " * 900, "a line\n"):
        assert shortened(line) == line
    assert shortened(f"x: {'v' * 5000}; choose another") == f"x: {'v' * 300}…{'v' * 79}; choose another"
    long = shortened(f"x: {'v ' * 5000}; choose another")
    assert long.startswith("x: v v ")
    assert long.endswith("v ; choose another")
    assert len(long) < 3000
