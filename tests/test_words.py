"""Words that hide a subject or have no meaning here: none is in the sources, the manual and the suite."""

from __future__ import annotations

import re

import pytest

from tests.support.checkout import ROOT

#: Each has a plain word: a user, no process, is, again, states.
BANNED = re.compile(r"\b(?:somebody|nobody|anybody|whoever|everybody|lies|told|anew)\b", re.IGNORECASE)
#: What a system calls its user without rights.
_USER = re.compile(r"nobody:|=nobody\b|user `nobody`")
TEXTS = sorted(
    path
    for top, pattern in (("src", "*"), ("verify", "*.py"), ("docs", "*.md"))
    for path in (ROOT / top).rglob(pattern)
    # Of the sources, everything is shipped: templates of web servers and of pages too.
    if path.is_file() and "decisions" not in path.parts and path.suffix != ".pyc"
)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_plain_words(path: str) -> None:
    """Records of decisions keep the words of their day."""
    text = _USER.sub("", ROOT.joinpath(path).read_text(encoding="utf-8"))
    found = [f"{number}: {line.strip()}" for number, line in enumerate(text.split("\n"), 1) if BANNED.search(line)]
    assert found == []


def test_the_words_are_found() -> None:
    """The list is not empty, and a word counts as a whole one."""
    assert len(TEXTS) > 300
    assert BANNED.search("Nobody knows.")
    assert not BANNED.search("relies on replies")
