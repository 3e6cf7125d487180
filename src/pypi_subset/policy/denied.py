"""``deny``: releases that the user names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pypi_subset.model.intake.rules import DENY
from pypi_subset.model.intake.sources import covers
from pypi_subset.model.intake.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pypi_subset.model.candidates import Candidate


class _Versions:
    """
    The versions that a specifier denies.

    ``>1.4`` has all above 1.4, and ``<2.0`` all below 2.0. In a requirement the one has neither 1.4.post1 nor 1.4+local,
    and the other not 2.0rc1 (PEP 440, "Exclusive ordered comparison"), which would let them in here.
    """

    def __init__(self, text: str) -> None:
        every = SpecifierSet(text)
        self._above, self._below = (
            [Version(one.version) for one in every if one.operator == operator] for operator in (">", "<")
        )
        self._others = SpecifierSet(",".join(str(one) for one in every if one.operator not in {">", "<"}))

    def has(self, version: Version) -> bool:
        """Return whether *version* is denied."""
        if not all(version > bound for bound in self._above) or not all(version < bound for bound in self._below):
            return False
        return self._others.contains(version, prereleases=True)


class Denied:
    """
    The releases that are refused.

    :param entries: a normalized project or a prefix with ``*``, and versions (PEP 440); ``""``: all.
    """

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        self._entries = [(pattern, _Versions(text), text) for pattern, text in entries]

    def verdicts(self, candidate: Candidate) -> tuple[Verdict, ...]:
        """Return why *candidate* is refused, none if no entry names it."""
        one = candidate.distribution
        for pattern, versions, text in self._entries:
            if covers(pattern, one.project) and versions.has(one.version):
                sentence = f"deny: subset.toml has '{pattern}{text}'"
                return (Verdict(rule=DENY, project=one.project, version=one.version, sentence=sentence),)
        return ()
