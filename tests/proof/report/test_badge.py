"""The badge: readable, and without anything from elsewhere."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from pypi_subset.proof.report import badge
from pypi_subset.proof.report.verdict import NOTHING, State, Verdict
from tests.support.pages.page_check import luminance


def test_the_badge_can_be_read() -> None:
    """White on each of its colours has a contrast of 4.5 or more (WCAG 2.2, 1.4.3), and it needs nothing from elsewhere."""
    for colour in (*badge.COLOURS.values(), "#3b4046"):
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour
    assert re.findall(r"\w+://[^\"]+", badge.render(NOTHING)) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize("state", badge.COLOURS)
def test_each_state_has_its_colour(state: State) -> None:
    """The words stand in the picture, for the eye and for those who hear it, and the colour is that of the state."""
    text = badge.render(Verdict(state=state, words="a < b", meaning=""))
    root = ET.fromstring(text)  # noqa: S314 - it is ours
    assert badge.COLOURS[state] in text
    assert "a < b" in [element.text for element in root.iter()]
    assert "a < b" in root.attrib["aria-label"]
