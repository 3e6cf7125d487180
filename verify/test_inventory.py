"""First of all: what was locked is there, byte for byte, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.proof.cases import case
from pypi_subset.proof.inventory import inventory

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypi_subset.proof.run.session import Suite


def test_inventory(suite: Suite, record: Callable[..., None]) -> None:
    """Every file of every lock and of the manifest is in the site with its hash, and nothing else does."""
    record(*inventory.take(suite.paths, suite.subset, suite.targets))


def test_every_request_has_a_case(suite: Suite, record: Callable[..., None]) -> None:
    """Each set on each of its targets, and each of its lines, is proven by a case."""
    record(
        *(inventory.check("failed", sentence) for sentence in case.unproven(suite.subset, suite.cases, suite.targets))
    )
