"""``deny``: releases that the user names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from pypi_subset.model.intake.rules import DENY
from pypi_subset.model.intake.sources import covers
from pypi_subset.model.intake.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pypi_subset.model.candidates import Candidate


class Denied:
    """
    The releases that are refused.

    :param entries: a normalized project or a prefix with ``*``, and versions (PEP 440); ``""``: all.
    """

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        self._entries = [(pattern, SpecifierSet(text), text) for pattern, text in entries]

    def verdicts(self, candidate: Candidate) -> tuple[Verdict, ...]:
        """Return why *candidate* is refused, none if no entry names it."""
        one = candidate.distribution
        for pattern, versions, text in self._entries:
            if covers(pattern, one.project) and versions.contains(one.version, prereleases=True):
                sentence = f"deny: subset.toml has '{pattern}{text}'"
                return (Verdict(rule=DENY, project=one.project, version=one.version, sentence=sentence),)
        return ()
