"""The patch levels of a Python at which the answer may differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement

from pypi_subset.distributions.metadata import dependencies_of, parse_requirement
from pypi_subset.targets.patch_levels import of_bound, of_marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.markers import Marker
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model.requests import Job
    from pypi_subset.model.targets import Target
    from pypi_subset.resolve.answer import Answer
    from pypi_subset.upstream.offers import TargetOffers


def patches_of_set(job: Job, constraints: Iterable[str]) -> set[int]:
    """The patch levels that lines of the set, or the user's constraints, ask for."""
    if job.target.exact:
        return set()
    own = job.requirement_set
    markers = [one.requirement.marker for one in (*own.requests, *own.constraints)]
    markers += [_marker_of(line.partition(" --hash")[0]) for line in constraints]
    return {patch for marker in markers for patch in of_marker(marker, job.target)}


def patches_in_reach(target: Target, upstream: TargetOffers) -> set[int]:
    """
    The patch levels that any metadata asks for that decided, or may have decided, about the answer.

    pip tries the newest release first, and reads the metadata of each that it tries. A release older than all that were
    tried of its project has no say; one that Requires-Python shut out may be newer than those.
    """
    patches: set[int] = set()
    oldest: dict[NormalizedName, Version] = {}
    for one, data in upstream.metadata_seen():
        stated = dependencies_of(data)
        for text in stated.requires:
            # Parsing takes longest, and hardly any marker reads the version.
            if "_version" in text:
                patches |= of_marker(_marker_of(text), target, stated.extras)
        patches |= of_bound(stated.requires_python, *target.python[:2])
        oldest[one.project] = min(one.version, oldest.get(one.project, one.version))
    for project, version in oldest.items():
        for bound, newest in upstream.bounds(project).items():
            if newest >= version:
                patches |= of_bound(bound, *target.python[:2])
    return patches


def _marker_of(text: str) -> Marker | None:
    """Return the marker of a requirement; pip ignores one that it cannot read."""
    try:
        return parse_requirement(text).marker
    except InvalidRequirement:
        return None


def distinct(answers: Mapping[int, Answer]) -> dict[int, Answer]:
    """
    The answers by the patch level from which on they hold, without those that have the files of the one before.

    That one gets what requires them: a requirement may begin to hold within a span, and change no file.
    """
    kept: dict[int, Answer] = {}
    first = 0
    for patch in sorted(answers):
        one = answers[patch]
        if kept and kept[first].files == one.files:
            kept[first] = _joined(kept[first], one)
        else:
            first = patch
            kept[first] = one
    return kept


def _joined(one: Answer, other: Answer) -> Answer:
    """Return *one*, required by what requires either."""
    return replace(
        one,
        reasons={project: found | other.reasons[project] for project, found in one.reasons.items()},
        extras={project: found | other.extras[project] for project, found in one.extras.items()},
    )
