"""The value that a site is built of."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pypi_subset.model.distributions import Artifact, BadFile
    from pypi_subset.model.intake.other_files import CarriedFile
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """
    What a site is made of.

    :param artifacts: every file of the site, its hash checked.
    :param subset: without one, the site is an index alone.
    :param bad: files that the site leaves out.
    :param others: what it carries besides, sorted by path.
    """

    artifacts: Sequence[Artifact]
    subset: Subset | None = None
    locks: Sequence[Lock] = ()
    bad: Sequence[BadFile] = ()
    others: Sequence[CarriedFile] = ()


def views(locks: Sequence[Lock]) -> Mapping[str, frozenset[str]]:
    """Return the names of the files that each target gets, by the target's name."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in locks:
        found[one.target_name].update(each.filename for each in one.distributions)
    return {target: frozenset(names) for target, names in found.items()}
