"""The package's Jinja2 templates: HTML with this project's own escaping, and plain text."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from pypi_subset.support.resources import shipped
from pypi_subset.support.text import POLICY, escape, printable

if TYPE_CHECKING:
    from jinja2 import Environment

#: Texts whose markup is kept: a table has the same few words in each of its rows.
_KEPT = 4096


def render(template: str, **values: object) -> str:
    """Return the HTML of ``templates/TEMPLATE.jinja``; all *values* are escaped."""
    return _environment(html=True).get_template(template).render(values)


def render_text(template: str, **values: object) -> str:
    """Return the text of ``templates/TEMPLATE.jinja``, whose delimiters are ``<< >>`` and ``<% %>``; nothing is escaped."""
    return _environment(html=False).get_template(template).render(values)


@functools.cache
def _environment(*, html: bool) -> Environment:
    # A run that renders nothing does not load it, which takes 40 ms.
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415
    from markupsafe import Markup  # noqa: PLC0415

    @functools.lru_cache(_KEPT)
    def markup(text: str) -> Markup:
        text = "\n".join(map(printable, text.split("\n")))
        return Markup(escape(text))  # noqa: S704 - escaped in the same call

    def escaped(value: object) -> object:
        """Return *value* as markup, what a reader does not see as visible escapes; line feeds stay."""
        return value if hasattr(value, "__html__") else markup(str(value))

    # In text, braces belong to the file itself: ``${{ matrix.python }}`` in a workflow of GitHub.
    start, end, block_start, block_end = ("{{", "}}", "{%", "%}") if html else ("<<", ">>", "<%", "%>")
    environment = Environment(
        loader=FunctionLoader(lambda name: shipped("templates", f"{name}.jinja").decode()),
        autoescape=html,  # noqa: S701 - text is no HTML
        finalize=escaped if html else None,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        variable_start_string=start,
        variable_end_string=end,
        block_start_string=block_start,
        block_end_string=block_end,
    )
    environment.globals["policy"] = POLICY
    return environment
