"""Then each set on each target, all together and line by line, from the files of the site alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.errors import BoxFailed
from pypi_subset.proof.methods.prove import prove
from pypi_subset.proof.run.session import BROKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypi_subset.proof.cases.case import Case


def test_request(case: Case, record: Callable[..., None], record_property: Callable[[str, object], None]) -> None:
    """It installs there, with everything it needs, by each way in."""
    try:
        checks = prove(case)
    except BoxFailed as error:
        # Of the machine, not of the case: no result is sent.
        record_property(BROKEN, error.what)
        raise
    record(*checks)
