"""The words and the sentences of README.md, CONTRIBUTING.md, CHANGELOG.md and the manual."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from tests.support.checkout import ROOT, SOURCE
from tests.test_words import BANNED

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
#: Words in a sentence: at most 2 % of all sentences are longer than LONG, none is longer than LONGEST.
LONG, LONGEST, SHARE = 25, 40, 0.02
#: Sentences in a paragraph, and columns of a line.
SENTENCES, WIDTH = 5, 100
OPENING = re.compile(r"[\"'(*_]*(?:So|And|But|Of|By) ")
#: Words in place of those of the glossary, docs/reference/glossary.md.
SYNONYMS = re.compile(
    r"\b(?:folders?|web hosts?|(?:ways? in)(?! which)|seal(?:ed|s)?|pages? of links|over there|lying|spelt)\b",
    re.IGNORECASE,
)
#: Names of the code in a docstring, and programs in a text.
_NAMES = re.compile(r"\*\w+\*|:param \w+|`+[^`]*`+|\w*[=(\[{.]\w+|folder[,.)/ ]*(?==)")
_END = re.compile(r"""(?<=[.!?])["')*_]*\s+""")


def paragraphs(markdown: str) -> Iterator[str]:
    """Yield the text of each heading, paragraph, item and table cell; code becomes the one word ``code``."""
    tokens = (
        MarkdownIt().enable("table").parse(re.sub(r"\A---\n.*?^---\n", "", markdown, flags=re.DOTALL | re.MULTILINE))
    )
    for before, token in pairwise(tokens):
        if token.type == "inline" and before.type != "html_block":
            kinds = {"text": None, "code_inline": "code", "softbreak": " ", "hardbreak": " "}
            children = token.children or []
            yield "".join(kinds[one.type] or one.content for one in children if one.type in kinds)


def sentences(paragraph: str) -> list[str]:
    """Return the sentences of one paragraph."""
    return [one for one in _END.split(paragraph) if one.strip()]


def words(sentence: str) -> int:
    """Return how many words a sentence has; a dash alone is none."""
    return sum(any(map(str.isalnum, word)) for word in sentence.split())


def test_the_reader_sees_sentences() -> None:
    """Headings, wrapped paragraphs, items and cells are texts; code blocks and comments are none."""
    page = "# A title\n\nOne `x y` two.\nMore [text](a.md): 3.11.3 too. `End` here.\n\n- an item\n  that wraps\n- b\n"
    page += "1. first\n\n```\nNot this. Nor this.\n```\n<!-- nor\nthis -->\n\n| a | b c |\n| --- | ---: |\n| d. | e |\n"
    found = [one for paragraph in paragraphs(page) for one in sentences(paragraph)]
    expected = ["A title", "One code two.", "More text: 3.11.3 too.", "code here.", "an item that wraps", "b", "first"]
    assert found == [*expected, "a", "b c", "d.", "e"]
    assert words("One - two, 3 (four).") == 4
    assert OPENING.match("**But this")
    assert SYNONYMS.search("the folder")


@pytest.fixture(scope="module")
def pages() -> dict[str, list[list[str]]]:
    """The sentences of each paragraph, by page."""
    found = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
    assert len(found) > 120
    return {name: [sentences(one) for one in paragraphs(text)] for name, text in found.items()}


def test_paragraphs_and_sentences(pages: dict[str, list[list[str]]]) -> None:
    """A sentence has at most 40 words and opens with no conjunction; a paragraph has at most five sentences."""
    found = [
        f"{name}: {sentence}"
        for name, texts in pages.items()
        for text in texts
        for sentence in text
        if len(text) > SENTENCES or words(sentence) > LONGEST or OPENING.match(sentence)
    ]
    assert not found, "\n".join(found)


def test_words(pages: dict[str, list[list[str]]]) -> None:
    """No page has a banned word or a synonym of a word in the glossary."""
    every = [f"{name}: {one}" for name, texts in pages.items() for text in texts for one in text]
    found = [one for one in every if BANNED.search(one) or SYNONYMS.search(one)]
    assert not found, "\n".join(found)


def test_few_sentences_are_long(pages: dict[str, list[list[str]]]) -> None:
    """At most 2 % of the sentences of the manual, and of each page at the top, have more than 25 words."""
    groups = [[name] for name in pages if "/" not in name] + [[name for name in pages if "/" in name]]
    for group in groups:
        every = [sentence for name in group for text in pages[name] for sentence in text]
        long = [sentence for sentence in every if words(sentence) > LONG]
        assert len(long) <= SHARE * len(every), "\n".join([*group[:1], *long])


def test_lines() -> None:
    """No line outside a code block or a table has more than 100 columns."""
    code = re.compile(r"^( *`{3,}).*?^\1`*\s*?$|^\|[^\n]*$", re.MULTILINE | re.DOTALL)
    texts = {path.relative_to(ROOT).as_posix(): code.sub("", path.read_text(encoding="utf-8")) for path in PAGES}
    found = [f"{name}: {line}" for name, text in texts.items() for line in text.splitlines() if len(line) > WIDTH]
    assert not found, "\n".join(found)


def test_messages() -> None:
    """No message, docstring or help in the sources has a synonym of a word in the glossary."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            # One word is a name in the code; a parameter may have an old one.
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
                text = _NAMES.sub("", node.value)
                found += [f"{path.relative_to(SOURCE)}:{node.lineno}: {one[0]}" for one in SYNONYMS.finditer(text)]
    assert not found, "\n".join(found)
