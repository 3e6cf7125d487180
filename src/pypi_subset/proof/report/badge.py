"""``badge.svg``: what the report comes to, as a small picture of two words on colour, without a font or script of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.support import templates

if TYPE_CHECKING:
    from pypi_subset.proof.report.verdict import Verdict


#: White on each of these has the contrast that WCAG 2.2, 1.4.3 asks for.
COLOURS = {
    "green": "#1a7f37",
    "amber": "#8a5300",
    "red": "#cf222e",
    "part": "#8a5300",
    "stale": "#57606a",
    "none": "#57606a",
}

# Fonts differ in width; textLength makes each of them fill this much for a letter.
_LETTER, _MARGIN, _LABEL = 7, 8, "packages"


def render(verdict: Verdict) -> str:
    """Return the badge as SVG 1.1, which stands in an ``img`` as well as by itself."""
    label, text = len(_LABEL) * _LETTER, len(verdict.words) * _LETTER
    left, width = label + 2 * _MARGIN, label + text + 4 * _MARGIN
    texts = [(_LABEL, _MARGIN, label), (verdict.words, left + _MARGIN, text)]
    return templates.render(
        "badge",
        label=_LABEL,
        words=verdict.words,
        left=left,
        width=width,
        texts=texts,
        colour=COLOURS[verdict.state],
    )
