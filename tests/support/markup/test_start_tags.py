"""Start tags: as the standard and the standard library read them, the same by both ways, and in a bounded time."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pypi_subset.support.markup import start_tags as module
from pypi_subset.support.markup.start_tags import start_tags
from tests.support.programs.ending import ending
from tests.support.stages.values import BRISK


class Tags(HTMLParser):
    """Collects start tags as the standard library reads them; of two attributes of one name the first counts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag."""
        self.found.append((tag, {name: value or "" for name, value in reversed(attrs)}))


_WORDS = st.text(alphabet="abcXYZ019-_.", min_size=1, max_size=8)
_VALUES = st.text(alphabet="abc <>&\"'=/\n\té☃", max_size=12)


@st.composite
def _attribute(draw: st.DrawFn) -> str:
    name, value = draw(st.from_regex(r"[a-zA-Z][a-zA-Z-]{0,6}", fullmatch=True)), draw(_VALUES)
    quoted = html.escape(value, quote=False)
    forms = [
        name,
        f'{name}="{quoted.replace(chr(34), "&quot;")}"',
        f"{name} = '{quoted.replace(chr(39), '&#39;')}'",
        f"{name}={draw(_WORDS)}",
    ]
    return draw(st.sampled_from(forms))


@st.composite
def _element(draw: st.DrawFn) -> str:
    attributes = "".join(f"{draw(st.sampled_from([' ', '  ', chr(10)]))}{one}" for one in draw(st.lists(_attribute())))
    forms = [
        f"<{draw(st.sampled_from(['a', 'A', 'br', 'base', 'meta', 'h1']))}{attributes}>",
        html.escape(draw(_VALUES), quote=False),
        f"<!-- {draw(_WORDS)} <a href=x> -->",
        "</a>",
        "<!DOCTYPE html>",
        f"<script>if (a < b) '<a href=\"{draw(_WORDS)}\">'</script>",
    ]
    return draw(st.sampled_from(forms))


@given(page=st.lists(_element()).map("".join))
@BRISK
def test_tags_are_those_of_the_standard_library(page: str) -> None:
    """Of an ordinary page both read the same tags with the same attributes."""
    assert list(start_tags(page)) == Tags(page).found


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('<a href="x>y">', [{"href": "x>y"}]),
        ("<a href='x", []),
        ("<a href=x", []),
        ("<a href=x><a href='y>", [{"href": "x"}]),
        ("<a/href=x/>", [{"href": "x/"}]),
        ("<a href=x href=y HREF=z>", [{"href": "x"}]),
        ("<a =b=c>", [{"=b": "c"}]),
        ("<a b='c'd=e>", [{"b": "c", "d": "e"}]),
        ("<!--><a b>", [{"b": ""}]),
        ("<!-- --!><a b>", [{"b": ""}]),
        ("<!-- <a b> -- ><a c>", []),
        ("<!x <a b>><a c>", [{"c": ""}]),
        ("<?x <a b>><a c>", [{"c": ""}]),
        ("</x y='<a b>'><a c>", [{"c": ""}]),
        ("</ <a b>><a c>", [{"c": ""}]),
        ("< a b><a c>", [{"c": ""}]),
        ("<title><a b></title><a c>", [{"c": ""}]),
        ("<SCRIPT><a b></scripts></script ><a c>", [{"c": ""}]),
        ("<style><a b>", []),
        ("<plaintext><a b></plaintext><a c>", []),
        ("<a b=&#x26;amp;>", [{"b": "&amp;"}]),
    ],
)
def test_tags_of_odd_pages(page: str, expected: list[dict[str, str]]) -> None:
    """What is odd is read as the standard says (HTML Living Standard, 13.2.5)."""
    assert [attributes for name, attributes in start_tags(page) if name == "a"] == expected


@pytest.mark.parametrize(
    "piece",
    [
        *("<a ", "<a", "<", "<!", "<!--", "<!-- -", "</", "</a ", "<?", "<a b='", "<a b=", "<a =", "<a b ", "<script>"),
        *('<a b="&lt">', "</script", "<title", " ", "<a \n/", "<!--->", "=", "<a b=c ", "--!", "&"),
        *(' b="c"', ' b="c"X', '<a b="c"></a', '<a b="c"></a>', "<script></b>", "</b>", "<title></title>", '<a b="'),
    ],
)
@pytest.mark.parametrize("before", ["", "<a ", "<script>", "<!--", "<a b='", "<a b", "</a "])
def test_time_grows_with_the_page(piece: str, before: str) -> None:
    """A megabyte of any odd piece is read in one go, and not once more for each piece."""
    page = before + piece * ((1 << 20) // len(piece))
    with ending():
        for _ in start_tags(page):
            pass


def test_attributes_are_counted() -> None:
    """A tag of a million attributes does not become a million entries."""
    ((_, attributes),) = start_tags(f"<a {' '.join(f'b{number}' for number in range(10_000))}>")
    assert len(attributes) == 100


#: Pieces of tags: joined at random, they make pages that no program writes.
_PIECES = (
    *(
        "<a",
        "<A",
        "<br",
        "<title",
        "<script",
        "<plaintext",
        "</a",
        "</title",
        "</script",
        "<!--",
        "-->",
        "<!x",
        "<?",
        "<",
    ),
    *(
        ">",
        "/>",
        " />",
        "/",
        " ",
        "\n",
        "\r",
        "\f",
        "\t",
        "\v",
        "\0",
        "=",
        '"',
        "'",
        "&",
        "&lt;",
        "&#x26;",
        "text",
        "é",
    ),
    *(
        ' href="x"',
        ' href="y>"',
        ' HREF="z"',
        " href=x",
        " data-yanked",
        ' a-="b',
        '="',
        '-="',
        ' b1="',
        ' "c="d"',
        " x='\"'",
    ),
)
_ODD = st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)


@given(page=_ODD)
@settings(max_examples=2000, deadline=None, database=None)
def test_the_quick_way_gives_the_same(page: str) -> None:
    """Tags that are read in one piece are those that are read sign by sign, whatever stands around them."""
    quick = list(start_tags(page))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PLAIN", re.compile("(?!)"))
        assert quick == list(start_tags(page))


@pytest.mark.parametrize("count", [99, 100, 101, 10_000])
def test_the_quick_way_counts_attributes_too(count: int) -> None:
    """Both ways read the same ones of a tag with many."""
    stated = " ".join(f'b{number}="c"' for number in range(count))
    ((_, attributes),) = start_tags(f"<a {stated}>")
    assert [*attributes] == [f"b{number}" for number in range(min(count, 100))]
