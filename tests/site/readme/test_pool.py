"""READMEs are rendered in child processes: a README that ends one, or keeps it busy, has no effect on the others."""

from __future__ import annotations

import sys

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.site.readme import pool
from pypi_subset.site.readme.pool import render_all

MARKDOWN = "text/markdown"


def test_each_readme_has_its_html_in_order() -> None:
    """By several children at once."""
    readmes = [(f"*{number}*", MARKDOWN) for number in range(20)]
    assert render_all(readmes) == [f"<p><em>{number}</em></p>" for number in range(20)]
    assert render_all([]) == []


def test_an_empty_readme_needs_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is started for it."""
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert render_all([("", "")]) == [""]


def test_a_readme_that_ends_its_child_is_shown_as_text() -> None:
    """The parser of Markdown calls itself for each of these, and leaves the stack; the next README is rendered."""
    deep = ">" * 200_000 + " x"
    first, second = render_all([(deep, MARKDOWN), ("*a*", MARKDOWN)])
    assert first.startswith("<pre>&gt;&gt;")
    assert second == "<p><em>a</em></p>"


def test_a_readme_that_takes_too_long_is_shown_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is ended after a while, here at once."""
    monkeypatch.setattr(pool, "PATIENCE", 0)
    assert render_all([("*a* " * 20_000, MARKDOWN)]) == [f"<pre>{('*a* ' * 20_000).strip()}</pre>"]


def test_a_library_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site whose READMEs are all plain text would hide it."""
    monkeypatch.setattr(pool, "MODULE", "pypi_subset.nowhere")
    with pytest.raises(
        SubsetError, match="that renders READMEs does not start: exit code 1; install pypi-subset again"
    ):
        render_all([("*a*", MARKDOWN)])
