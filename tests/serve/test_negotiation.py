"""Which form of an index page a client prefers."""

from __future__ import annotations

import pytest

from pypi_subset.model.paths import JSON_TYPE
from pypi_subset.serve.negotiation import API_HTML_TYPE, HTML_TYPE, preferred

LATEST = "application/vnd.pypi.simple.latest"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", HTML_TYPE),
        ("*/*", HTML_TYPE),
        ("application/*", API_HTML_TYPE),
        ("text/*", HTML_TYPE),
        ("nothing", HTML_TYPE),
        (";,;q=1,", HTML_TYPE),
        (JSON_TYPE, JSON_TYPE),
        (JSON_TYPE.upper(), JSON_TYPE),
        (f"{LATEST}+json", JSON_TYPE),
        (f"{LATEST}+html", API_HTML_TYPE),
        ("application/vnd.pypi.simple.v2+json, */*;q=0.1", HTML_TYPE),
        ("application/json", HTML_TYPE),
        (f"{JSON_TYPE}, text/html", JSON_TYPE),
        (f"{JSON_TYPE};q=0.5, text/html", HTML_TYPE),
        (f"{JSON_TYPE};q=0.5, {API_HTML_TYPE};q=0.6, text/html;q=0.1", API_HTML_TYPE),
        (f"{JSON_TYPE};q=0.5, */*;q=0.6", HTML_TYPE),
        (f"{JSON_TYPE} ; q=0.5 , */* ; q=0.4", JSON_TYPE),
        (f"{JSON_TYPE};q=0", HTML_TYPE),
        (f"{JSON_TYPE};q=0.000, application/*", API_HTML_TYPE),
        (f"{JSON_TYPE};q=high, text/html;q=0.1", HTML_TYPE),
        (f"{JSON_TYPE};q=1.5", HTML_TYPE),
        (f"{JSON_TYPE};charset=utf-8;q=0.9, text/html;q=0.5", JSON_TYPE),
        (f"{JSON_TYPE};q=0, {LATEST}+json", JSON_TYPE),
    ],
)
def test_the_heaviest_form_wins(accept: str, wanted: str) -> None:
    """Names go before wildcards, JSON goes to who names it, and what cannot be read is as if it were not there."""
    assert preferred(accept, has_json=True) == wanted


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [(JSON_TYPE, HTML_TYPE), (f"{JSON_TYPE}, {API_HTML_TYPE};q=0.1, text/html;q=0.01", API_HTML_TYPE)],
)
def test_without_json_it_is_html(accept: str, wanted: str) -> None:
    """A page that is there as HTML alone is sent as that."""
    assert preferred(accept, has_json=False) == wanted
