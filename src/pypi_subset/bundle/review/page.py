"""``REVIEW.html`` and ``REVIEW.md``: the same facts, to be printed and to be read in a terminal."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from markupsafe import Markup

from pypi_subset.bundle.document import BUNDLE, IMPORTER
from pypi_subset.support import templates
from pypi_subset.support.machine.sizes import readable_size
from pypi_subset.support.resources import shipped
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from pypi_subset.bundle.review.facts import Facts


def page_of(facts: Facts) -> str:
    """Return the page, one HTML5 document that loads nothing and runs nothing."""
    style = shipped("templates", "review.css").decode()
    known = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return templates.render(
        "review.html",
        facts=facts,
        size_of=readable_size,
        # The style is a file of this package; its hash lets no other one count.
        style=Markup(style),  # noqa: S704
        rules=f"default-src 'none'; style-src 'sha256-{known}'",
        importer=IMPORTER,
        document=BUNDLE,
    )


def text_of(facts: Facts) -> str:
    """Return the page as Markdown; foreign text is in code, where nothing of it counts as markup."""
    return templates.render_text(
        "review.md", facts=facts, size_of=readable_size, code=code, importer=IMPORTER, document=BUNDLE
    )


def code(text: str) -> str:
    """Return *text* as code of Markdown, also within a table; a backtick and a bar are escapes that the reader sees."""
    plain = printable(text).replace("`", r"\x60").replace("|", r"\x7c")
    return f"`{plain}`" if plain.strip() else "-"
