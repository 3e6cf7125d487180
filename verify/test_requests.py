"""Then each set on each target, all together and line by line, from the files of the site alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.proof.methods.prove import prove

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypi_subset.proof.cases.case import Case


def test_request(case: Case, record: Callable[..., None]) -> None:
    """It installs there, with everything it needs, by each way in."""
    record(*prove(case))
