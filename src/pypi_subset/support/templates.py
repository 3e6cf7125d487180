"""Pages for people: the package's Jinja2 templates, with this project's own escaping."""

from __future__ import annotations

import functools

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from pypi_subset.support.html import escape
from pypi_subset.support.resources import shipped


def render(template: str, **values: object) -> str:
    """Return the file *template* of the package's ``templates/`` with *values*; all of them are escaped."""
    return _environment().get_template(template).render(values)


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(lambda name: shipped("templates", name).decode()),
        autoescape=True,
        finalize=_escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _escaped(value: object) -> object:
    """Return *value* as markup. Jinja2's own escaping keeps characters that HTML cannot carry."""
    return value if hasattr(value, "__html__") else Markup(escape(str(value)))  # noqa: S704 - escaped one call earlier
