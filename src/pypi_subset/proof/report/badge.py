"""``badge.svg``: what the report comes to, as a small picture of two words on colour, without a font or script of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.support.html import escape

if TYPE_CHECKING:
    from pypi_subset.proof.report.verdict import Verdict


#: White on each of these has the contrast that WCAG 2.2, 1.4.3 asks for.
COLOURS = {"green": "#1a7f37", "red": "#cf222e", "part": "#8a5300", "stale": "#57606a", "none": "#57606a"}

# Fonts differ in width; textLength makes each of them fill this much for a letter.
_LETTER, _MARGIN, _LABEL = 7, 8, "packages"


def render(verdict: Verdict) -> str:
    """Return the badge as SVG 1.1, which stands in an ``img`` as well as by itself."""
    label, text = len(_LABEL) * _LETTER, len(verdict.words) * _LETTER
    left, width = label + 2 * _MARGIN, label + text + 4 * _MARGIN
    words = escape(verdict.words)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{_LABEL}: {words}">
<title>{_LABEL}: {words}</title>
<rect width="{width}" height="20" rx="3" fill="#3b4046"/>
<path d="M{left} 0h{width - left - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-{width - left - 3}z" \
fill="{COLOURS[verdict.state]}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{_MARGIN}" y="14" textLength="{label}" lengthAdjust="spacingAndGlyphs">{_LABEL}</text>
<text x="{left + _MARGIN}" y="14" textLength="{text}" lengthAdjust="spacingAndGlyphs">{words}</text>
</g>
</svg>
"""
