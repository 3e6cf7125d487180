"""The manual in docs/: it builds without a warning, its records have one form, its sentences keep the measure."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
RECORDS = [path for path in PAGES if path.parent.name == "decisions" and path.name != "index.md"]

#: Words in a sentence: at most 2 % of all sentences are longer than LONG, none is longer than LONGEST.
LONG, LONGEST, SHARE = 25, 40, 0.02
#: Columns of a line.
WIDTH = 100
#: Words that no sentence begins with.
OPENINGS = ("So", "And", "But", "Of", "By")
BANNED = re.compile(r"\b(?:nobody|somebody|whoever|lies|lying|told)\b", re.IGNORECASE)

#: What is no prose: a fenced block, a comment, the rule of a table, the definition of a link.
_SKIPPED = re.compile(
    r"^(`{3,}).*?^\1`*\s*?$|<!--.*?-->|^\|[\s|:-]+\|\s*?$|^\[[^\]]+\]: \S+$", re.MULTILINE | re.DOTALL
)
#: What begins a text of its own: a heading, an item, a quotation.
_BEGINS = re.compile(r"\s*(?:#+|[-*+]|\d+\.|>)\s+")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_END = re.compile(r"""(?<=[.!?])["')*_]*\s+""")


def texts(markdown: str) -> Iterator[str]:
    """Yield each heading, paragraph, item and table cell; code becomes the one word ``code``."""
    prose = _LINK.sub(r"\1", re.sub(r"`+[^`]+`+", "code", _SKIPPED.sub("", markdown)))
    pending: list[str] = []
    for line in [*prose.splitlines(), ""]:
        begins = _BEGINS.match(line)
        if pending and (begins or not line.strip() or line.startswith("|")):
            yield " ".join(pending)
            pending = []
        if line.startswith("|"):
            yield from (cell.strip() for cell in line.strip().strip("|").split("|"))
        elif begins and line.lstrip().startswith("#"):
            yield line[begins.end() :].strip()
        elif line.strip():
            pending.append(line[begins.end() if begins else 0 :].strip())


def sentences(markdown: str) -> list[str]:
    """Return the sentences of a page."""
    return [one for text in texts(markdown) for one in _END.split(text) if one.strip()]


def words(sentence: str) -> int:
    """Return how many words a sentence has; a dash alone is none."""
    return sum(any(map(str.isalnum, word)) for word in sentence.split())


def named(path: Path) -> str:
    """Return the name of a page, for the names of tests."""
    return path.relative_to(DOCS).as_posix()


def test_the_reader_of_sentences_sees_them() -> None:
    """Headings, wrapped paragraphs, items and cells are texts; code blocks, comments and rules of tables are none."""
    page = "# A title\n\nOne `x y` two.\nMore [text](a.md): 3.11.3 too. `End` here.\n\n- an item\n  that wraps\n- b\n"
    page += "1. first\n\n```\nNot this. Nor this.\n```\n<!-- nor\nthis -->\n| a | b c |\n| --- | ---: |\n| d. | e |\n\n[f]: g.md\n"
    expected = ["A title", "One code two.", "More text: 3.11.3 too.", "code here.", "an item that wraps", "b", "first"]
    assert sentences(page) == [*expected, "a", "b c", "d.", "e"]
    assert words("One - two, 3 (four).") == 4


def test_there_is_something_to_measure() -> None:
    """The manual has explanations and a record for each decision, numbered from 1 without a hole."""
    assert {"index.md", "decisions/index.md", "explanation/how-the-proof-works.md"} <= set(map(named, PAGES))
    assert [int(path.name[:4]) for path in RECORDS] == [*range(1, len(RECORDS) + 1)]
    assert sum(len(sentences(path.read_text(encoding="utf-8"))) for path in PAGES) > 500


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_sentences_keep_the_measure(path: Path) -> None:
    """No sentence is longer than 40 words, opens with a conjunction in place of its subject, or uses a banned word."""
    for sentence in sentences(path.read_text(encoding="utf-8")):
        assert words(sentence) <= LONGEST, sentence
        assert not sentence.lstrip("\"'(*_").startswith(tuple(f"{word} " for word in OPENINGS)), sentence
        assert not BANNED.search(sentence), sentence


def test_few_sentences_are_long() -> None:
    """At most 2 % of the sentences of the manual have more than 25 words."""
    found = [sentence for path in PAGES for sentence in sentences(path.read_text(encoding="utf-8"))]
    long = [sentence for sentence in found if words(sentence) > LONG]
    assert len(long) <= SHARE * len(found), "\n".join(long)


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_lines_are_short(path: Path) -> None:
    """No line has more than 100 columns."""
    assert [line for line in path.read_text(encoding="utf-8").splitlines() if len(line) > WIDTH] == []


@pytest.mark.parametrize("path", RECORDS, ids=named)
def test_a_record_has_the_form_of_a_decision(path: Path) -> None:
    """A record has 10 to 40 lines, its number in the title, and says context, decision and consequences."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert 10 <= len(lines) <= 40
    assert lines[0].startswith(f"# {path.name[:4]}: ")
    assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]


def test_every_wing_is_described() -> None:
    """The page on the structure names every sub-package."""
    page = (DOCS / "explanation" / "structure.md").read_text(encoding="utf-8")
    source = ROOT / "src" / "pypi_subset"
    wings = {path.parent.name for path in source.glob("*/__init__.py")}
    assert "proof" in wings
    assert wings <= set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE))


@pytest.mark.slow
def test_the_manual_builds_without_a_warning(tmp_path: Path) -> None:
    """Sphinx builds every page, and a page loads nothing from another host."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(DOCS), str(tmp_path)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    for page in PAGES:
        html = tmp_path.joinpath(named(page)).with_suffix(".html").read_text(encoding="utf-8")
        assert not re.findall(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=[\"']?(?:https?:)?//[^>]*>", html)
        assert not re.search(r"<style|<script>|\sstyle=|\son[a-z]+=", html), "the policy of a site refuses this"
