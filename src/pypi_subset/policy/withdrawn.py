"""Releases that are withdrawn: yanked by their project (PEP 592), or vanished from their index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.candidates import LOCK
from pypi_subset.model.intake.rules import GONE, YANKED
from pypi_subset.model.intake.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.intake.gone import Missing


class Withdrawn:
    """``yanked = "refuse"``: what was yanked serves no request, not even one that pins it."""

    def verdicts(self, candidate: Candidate) -> tuple[Verdict, ...]:
        """Return why *candidate* is refused, none if it was not yanked."""
        one = candidate.distribution
        if one.yanked is None:
            return ()
        sentence = f"yanked: {one.yanked or 'no reason given'}"
        return (Verdict(rule=YANKED, project=one.project, version=one.version, sentence=sentence),)


class YankedSince:
    """
    ``yanked = "refuse"`` for files of locks, which do not say what was yanked after they were made.

    :param found: what is yanked now.
    """

    def __init__(self, found: Iterable[Missing]) -> None:
        self._found = {(one.project, Version(one.version)): one for one in found}

    def verdicts(self, candidate: Candidate) -> tuple[Verdict, ...]:
        """Return why *candidate* is refused, none if it is on a page, or was not yanked."""
        one = candidate.distribution
        gone = None if candidate.source else self._found.get((one.project, one.version))
        if gone is None:
            return ()
        return (Verdict(rule=YANKED, project=one.project, version=one.version, sentence=gone.what),)


class Vanished:
    """
    Refuses releases of which a locked file is gone.

    :param found: what is gone.
    :param drop: whether other files of such a release are refused too.
    """

    def __init__(self, found: Iterable[Missing], *, drop: bool) -> None:
        self._found = {(one.project, Version(one.version)): one for one in found if one.suspicious}
        self._drop = drop

    def of(self, project: str) -> tuple[Verdict, ...]:
        """Return the verdicts about the releases of *project*, newest first, whether or not any file is left of them."""
        own = [(version, one) for (name, version), one in self._found.items() if name == project]
        return tuple(_gone(one, version) for version, one in sorted(own, key=lambda each: each[0], reverse=True))

    def verdicts(self, candidate: Candidate) -> tuple[Verdict, ...]:
        """Return why *candidate* is refused, none if nothing of its release is gone."""
        one = candidate.distribution
        if not (self._drop or candidate.source == LOCK):
            return ()
        gone = self._found.get((one.project, one.version))
        if gone is None:
            return ()
        return (_gone(gone, one.version),)


def _gone(one: Missing, version: Version) -> Verdict:
    sentence = f"{one.state}: {one.what} (since {one.since})"
    return Verdict(rule=GONE, project=canonicalize_name(one.project), version=version, sentence=sentence)
