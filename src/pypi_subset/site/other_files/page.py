"""``files/index.html``: the page that lists the other files, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.model.paths import OTHERS, PYTHON_DOWNLOADS
from pypi_subset.support import templates
from pypi_subset.support.machine.sizes import readable_size
from pypi_subset.support.text import href

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.intake.other_files import CarriedFile


def page_of(others: Sequence[CarriedFile], *, has_python: bool) -> str:
    """
    Return the page.

    :param has_python: whether uv's list of CPython archives is beside it.
    """
    return templates.render(
        "files.html",
        root="../",
        rows=[(one, href(*one.path.removeprefix(f"{OTHERS}/").split("/"))) for one in others],
        summary=summary_of(others),
        size_of=readable_size,
        downloads=PYTHON_DOWNLOADS if has_python else "",
    )


def summary_of(others: Sequence[CarriedFile]) -> str:
    """Return how many files there are, and their size: ``2 files · 31 MB``."""
    count = len(others)
    return f"{count:,} file{'s' * (count != 1)} · {readable_size(sum(one.size for one in others))}"
