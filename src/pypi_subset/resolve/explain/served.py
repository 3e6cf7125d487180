"""Gaps that follow from the source of a project: other versions are elsewhere, and do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.model.intake.sources import OWN_WHEELS
from pypi_subset.resolve.explain.sentences import tables_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.errors import NoSolution, SubsetError
    from pypi_subset.upstream.offers import TargetOffers


def with_source(
    gaps: Sequence[NoSolution], offers: TargetOffers, limit: SubsetError | None = None
) -> Sequence[NoSolution]:
    """
    Return *gaps*; those of a project with a source of its own say so, and so do those of a private project.

    :param limit: the error about the releases that were not tried, since enough of their project were built.
    """
    for gap in gaps:
        if limit is not None:
            gap.next_step = "; ".join(filter(None, (gap.next_step, limit.what, limit.next_step)))
        if gap.kind == "hash" or gap.refused:
            # Other hashes, or an acceptance, are the way, and no other place.
            continue
        project = canonicalize_name(gap.project or "")
        source = offers.source_of(project) if project else None
        if source is None:
            if project and (lost := offers.lost_file(project)):
                what = f"it was locked from {lost}, which is not in requirements/{OWN_WHEELS} any more"
                step = "put the file there again; if the project of the index is meant, write [sources.wheels] with only = false"
                _extend(gap, what, step=step)
            elif project and offers.is_private(project):
                what = f"{project} is private, and no source serves it on {offers.target}"
                _extend(
                    gap, what, step=f"name {offers.target} in the targets of its source, or leave the set out there"
                )
        elif project in source.found and source.only:
            step, other = "put another wheel there", offers.beside_own(project)
            if other or not offers.is_private(project):
                also = f"[sources.{other.name}]" if other else "the index"
                step += f", or write [sources.wheels] with only = false, which allows {also} too"
            _extend(gap, f"all versions of {project} come from requirements/{OWN_WHEELS}", step=step)
        elif not source.is_open:
            names = tables_of(source)
            places = " and ".join(one.place for one in source.chain)
            _extend(gap, f"{project} comes from {places} alone, by {names}", step=f"see {names} in subset.toml")
    return gaps


def _extend(gap: NoSolution, what: str, *, step: str) -> None:
    """Let *gap* say *what* besides, and first what the user can do about that."""
    gap.what, gap.problem = f"{gap.what}; {what}", f"{gap.problem}; {what}"
    gap.next_step = "; or ".join(filter(None, (step, gap.next_step)))
