"""Since which bundle a file of the site has been carried, as the ledger of bundles and the last receipt know it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pypi_subset.bundle import ledger as ledgers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pypi_subset.bundle.ledger import Known


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """
    What bundles carried.

    :param since: file name and target → number of the first bundle since which each one has carried the file there.
    :param last: number of the last bundle, ``None`` if none is known.
    :param arrived: what the site has that the last receipt names; ``None`` without a receipt or without its manifest.
    """

    since: dict[tuple[str, str], int] = field(default_factory=dict)
    last: int | None = None
    arrived: frozenset[tuple[str, str]] | None = None


def carried(packages: Path, wanted: Iterable[tuple[str, str]]) -> Carried:
    """
    Return since when bundles have carried each of *wanted*: file name and target.

    :raises SubsetError: the ledger is damaged.
    """
    ledger = ledgers.read(packages)
    since: dict[tuple[str, str], int] = {}
    left = frozenset(wanted)
    # From the newest back: most requests are about what came last, and a manifest takes a part of a second.
    for one in reversed(ledger.sent):
        base = ledgers.base_of(packages, one) if left else None
        if base is None:
            break
        left &= files_of(base.manifest)
        since |= dict.fromkeys(left, one.serial)
    known = ledger.arrived and ledger.of(ledger.arrived.manifest)
    base = ledgers.base_of(packages, known) if known else None
    last = ledger.sent[-1].serial if ledger.sent else None
    return Carried(since=since, last=last, arrived=None if base is None else files_of(base.manifest))


def files_of(manifest: Known) -> frozenset[tuple[str, str]]:
    """Return name and target of each file that a target needs."""
    return frozenset((one.filename, need.target) for one in manifest.files for need in one.needed_by)
