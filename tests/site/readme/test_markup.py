"""READMEs as HTML: valid, safe whatever they hold, and fit for a page that has headings of its own."""

from __future__ import annotations

import re

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_subset.site.readme import markup
from pypi_subset.site.readme.markup import fitted, markup_of, plain
from tests.support.stages.values import BRISK

MARKDOWN = "text/markdown"
#: All that may be on the page; every attribute is one of these too.
TAGS = re.compile(
    r"<(?!/?(?:a|abbr|b|blockquote|br|caption|cite|code|dd|del|div|dl|dt|em|hr|i|h[3-6]|kbd|li|ol|p|pre|strong|sub|sup|table|tbody|td|th|thead|tr|ul|var)[ >])"
)


def valid(html: str) -> str:
    """Return *html*, which a page can hold."""
    parser = html5lib.HTMLParser()
    parser.parse(f"<!DOCTYPE html><title>x</title><div>{html}</div>")
    assert not parser.errors, (parser.errors, html)
    return html


@pytest.mark.parametrize(
    ("text", "kind", "html"),
    [
        ("*a*", MARKDOWN, "<p><em>a</em></p>"),
        ("~~a~~", f"{MARKDOWN}; variant=GFM", "<p><del>a</del></p>"),
        ("~~a~~", f"{MARKDOWN}; variant=CommonMark", "<p>~~a~~</p>"),
        ("*a*", "", "<p><em>a</em></p>"),
        ("*a*", "text/x-rst; charset=UTF-8", "<p><em>a</em></p>"),
        ("*a* <b>", "text/plain", "<pre>*a* &lt;b&gt;</pre>"),
        ("*a*", "text/unheard", "<pre>*a*</pre>"),
        # docutils warns of the title.
        ("a\n==\n\nb\n=\n\n`c", "", "<pre>a\n==\n\nb\n=\n\n`c</pre>"),
        ("", MARKDOWN, ""),
        (" \n", "", ""),
    ],
)
def test_the_media_type_decides(text: str, kind: str, html: str) -> None:
    """Markdown, reStructuredText, or the text as it is: also where it is not what it says."""
    assert valid(markup_of(text, kind)) == html


@pytest.mark.parametrize(
    ("source", "html"),
    [
        # Nothing is loaded: an image is a link, and within a link its text.
        (
            '<img src="https://x.example/a.png" alt="A chart">',
            '<a href="https://x.example/a.png" rel="nofollow noreferrer">A chart</a>',
        ),
        (
            '<a href="https://x.example"><img src="https://y.example/b.svg"></a>',
            '<a href="https://x.example" rel="nofollow noreferrer">b.svg </a>',
        ),
        ('<img src="docs/a.png" alt="">', "a.png"),
        ('<img src="javascript:alert(1)" onerror="alert(1)" alt="x">', "x"),
        # Addresses that run, or lead into the site, are none.
        ('<a href="javascript:alert(1)">a</a>', "a"),
        ('<a href="docs/index.html">a</a><a href="/x">b</a><a href="//x.example">c</a>', "abc"),
        ('<a href="https://x.example"></a>', ""),
        # An id that the page has itself, and links to what is not there.
        ('<p id="files">a</p>', "<p>a</p>"),
        (
            '<p id="user-content-a">a</p><a href="#user-content-a">b</a>',
            '<p id="user-content-a">a</p><a href="#user-content-a" rel="nofollow noreferrer">b</a>',
        ),
        ('<a href="#user-content-b">b</a>', "b"),
        # Headings begin below those of the page and leave no level out; one without a text is none.
        ("<h1>a</h1><h4>b</h4><h6>c</h6>", "<h3>a</h3><h4>b</h4><h5>c</h5>"),
        ("<h3>a</h3><h2>b</h2>", "<h3>a</h3><h3>b</h3>"),
        ("<h1></h1>", ""),
        (
            "<table><thead><tr><th></th><th>a</th></tr></thead></table>",
            "<table><thead><tr><td></td><th>a</th></tr></thead></table>",
        ),
        ('<input type="checkbox" checked=""> a', "☑  a"),
        ("<li>a</li>", "<div>a</div>"),
        ("<details><summary>a</summary><p>b</p></details>", "<div><p>a</p><p>b</p></div>"),
        ('<script>alert(1)</script><style>*{}</style><p style="x" onclick="y">a</p>', "<p>a</p>"),
        ('<iframe src="https://x.example"></iframe><form action="x"><b>a</b></form>', "<b>a</b>"),
        ('<span class="pre">a</span>', "a"),
        ("a\x01b&#x1;", "a\ufffdb\ufffd"),
    ],
)
def test_what_has_no_place_on_the_page(source: str, html: str) -> None:
    """Whatever a renderer hands on."""
    assert valid(fitted(source)) == html


@pytest.mark.parametrize(
    "source",
    ["<a href='docs/a'>b</a>", "<a href = javascript:c >b</a>", "<p id='files'>b</p>", "<img src='x' onerror='y'>b"],
)
def test_what_the_second_pass_does_not_see_is_removed(source: str) -> None:
    """nh3 comes last, with the same rules: an unusual spelling, which no renderer writes, gets nothing through."""
    html = valid(fitted(source))
    assert "b" in html
    assert not re.search("href|id=|src|onerror|javascript", html)


def test_a_long_readme_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to a bound; the HTML has one too."""
    monkeypatch.setattr(markup, "LONGEST", 10)
    assert markup_of("*a* " * 5, MARKDOWN) == "<pre>*a* *a* *a\n…</pre>"
    monkeypatch.setattr(markup, "LARGEST", 10)
    assert markup_of("*a* *b*", MARKDOWN) == "<pre>*a* *b*</pre>"
    assert plain("\0<") == "<pre>\ufffd&lt;</pre>"


PARTS = st.sampled_from(
    [
        *(
            "<script>",
            "</script>",
            "<img src=x onerror=y>",
            "[a](javascript:b)",
            "<a href='",
            "'>",
            "`",
            "```\n",
            "\n\n",
        ),
        *(
            "<svg><style>",
            "<math><mtext>",
            "<!--",
            "-->",
            "<table>",
            "<tr><td>",
            "<p>",
            "</p>",
            "<h1>",
            "* ",
            "> ",
            "|",
        ),
        *(
            "<a href=https://x>",
            "</a>",
            "<select>",
            "<noscript>",
            "&lt;",
            "&#0;",
            "\x00",
            "\ud800",
            "<li>",
            "<dl>",
            "a",
        ),
        *(".. raw:: html\n\n   <b>", ".. include:: /etc/passwd\n", "====\n", "|x|_ ", ":math:`x`", "<template>"),
    ]
)


@BRISK
@given(parts=st.lists(PARTS, max_size=25), kind=st.sampled_from([MARKDOWN, "", "text/plain"]))
def test_nothing_hostile_is_left(parts: list[str], kind: str) -> None:
    """Tags and attributes of the list alone, no address but of the web, whatever the README holds."""
    html = markup_of("".join(parts).encode(errors="replace").decode(), kind)
    assert not TAGS.search(html), html
    for tag in re.findall(r"<[^/][^>]*>", html):
        for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag):
            assert name in {"id", "href", "rel", "class", "start", "colspan", "rowspan"}, tag
            assert name != "href" or re.match(r"https?://|mailto:|#user-content-", value), tag
            assert name != "id" or value.startswith("user-content-"), tag
    assert "root:" not in html
