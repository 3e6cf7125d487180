"""A resolution whose licences are allowed: where one is not, an older release may have another licence."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from pypi_subset.errors import Gaps, NoSolution, SubsetError
from pypi_subset.model.intake.rules import LICENSE
from pypi_subset.resolve.explain.rejections import allows, fits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pypi_subset.model.locks import Pin
    from pypi_subset.model.requests import Job
    from pypi_subset.resolve.resolver import Resolution
    from pypi_subset.upstream.offers import TargetOffers

logger = logging.getLogger(__name__)

#: Older releases of a project whose licences are read. Few projects change theirs.
OLDER = 5
#: Times that the job is resolved again: what an older release requires may have a licence that is not allowed.
ROUNDS = 8


def with_allowed_licenses(
    job: Job, found: Resolution, offers: TargetOffers, again: Callable[[Sequence[str]], Resolution]
) -> Resolution:
    """
    Return *found*, or a resolution with older releases whose licences are allowed.

    If there is none, *found* is returned: the judgement of its lock names all licences that are not allowed.

    :param found: resolved without regard to licences.
    :param again: resolves the job with further constraints.
    """
    if offers.licenses is None:
        return found
    current, lines = found, list[str]()
    for _ in range(ROUNDS):
        refused = [pin for pin in current.lock.pins if offers.refuses_license(pin.distribution)]
        if not refused:
            return current
        for pin in refused:
            excluded = _excluded(job, pin, offers)
            if not excluded:
                return found
            lines += excluded
        logger.info("%s: resolved again, with %s", job.name, ", ".join(lines))
        try:
            current = again(lines)
        except (NoSolution, Gaps):
            return found
    return found


def _excluded(job: Job, pin: Pin, offers: TargetOffers) -> list[str]:
    """Return constraints down to the newest older release with an allowed licence; none if there is no such release."""
    project = pin.distribution.project
    lines = [f"{project}!={pin.distribution.version}"]
    for version, allowed in _older(job, pin, offers):
        if allowed:
            return lines
        lines.append(f"{project}!={version}")
    return []


def _older(job: Job, pin: Pin, offers: TargetOffers) -> Iterator[tuple[str, bool]]:
    """Yield the releases before that of *pin* that the target could have, newest first, and whether their licence is allowed."""
    own, target = pin.distribution.version, job.target
    releases = {
        one.distribution.version: one
        for one in offers.candidates(pin.distribution.project)
        if one.distribution.version < own
        and fits(one, target)
        and allows(one.distribution.requires_python, target.release)
        and one.distribution.yanked is None
        and (own.is_prerelease or not one.distribution.version.is_prerelease)
        and all(verdict.rule == LICENSE for verdict in one.verdicts)
    }
    for version in sorted(releases, reverse=True)[:OLDER]:
        # What cannot be read is refused when pip asks for it.
        with contextlib.suppress(SubsetError):
            yield str(version), not offers.refuses_license_of(releases[version])
