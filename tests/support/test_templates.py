"""Templates: what is put into them is escaped as everywhere else, and nothing may be missing."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from pypi_subset.proof.report.verdict import NOTHING
from pypi_subset.support import templates
from pypi_subset.support.text import escape


def test_values_are_escaped_as_everywhere() -> None:
    """Quotes, markup and template syntax are text; what a reader does not see, or HTML cannot carry, is a visible escape."""
    text = "<b>&\"' {{ 7 }} \x1b\ud800"
    shown = "<b>&\"' {{ 7 }} \\x1b\\ud800"
    page = templates.render("proof.html", verdict=NOTHING, words=text, report=None)
    assert f"<title>{escape(shown)} - what" in page
    assert page.count(escape(shown)) == 2


def test_a_value_that_is_missing_is_an_error() -> None:
    """A template never prints an empty string in place of a value."""
    with pytest.raises(UndefinedError, match="words"):
        templates.render("proof.html", verdict=NOTHING, report=None)


def test_text_is_not_escaped_and_keeps_its_own_braces() -> None:
    """A workflow file holds braces of GitHub's, and quotes as they are."""
    actions = dict.fromkeys(("checkout", "setup-python", "upload-artifact", "download-artifact"), "name@<&>")
    actions = {f"actions/{name}": text for name, text in actions.items()}
    others = {"to": "", "rows": [], "parts": "", "locked": "x", "actions": actions}
    text = templates.render_text("workflow.github.yml", url='"<&>"', others=["mac (<&>)"], **others)
    assert 'SITE: "<&>"\n' in text
    assert "${{ " in text
    assert "speaks for them: mac (<&>).\n" in text
    assert "- uses: name@<&>\n" in text
