"""What one reading of a project's pages gives: the wheels for any target, and facts about all other files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pypi_subset.upstream.checks import wanted
from pypi_subset.upstream.places.facts import requires_python, yanked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.tags import Tag
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate


class Facts:
    """
    Wants the wheels that have one of *tags*, and takes in facts about each file that it is asked about.

    :param before: facts that count as well.
    """

    def __init__(self, tags: frozenset[Tag], before: Facts | None = None) -> None:
        self.tags = tags
        #: Each Requires-Python that a wheel has, with the newest version that has it.
        self.newest: dict[str, Version] = dict(before.newest) if before else {}
        #: The newest final release that was not yanked, with any file.
        self.final: Version | None = before.final if before else None

    def __call__(self, version: Version, has: frozenset[Tag] | None, entry: Mapping[str, Any], /) -> bool:
        """Return whether a file is wanted, by its version, its tags and its entry as in PEP 691."""
        final = self.final
        if (final is None or version > final) and not version.is_prerelease:
            self.final = version if yanked(entry.get("yanked", False)) is None else final
        if has is None:
            return False
        bound = requires_python(entry.get("requires-python"))
        if bound and ((known := self.newest.get(bound)) is None or known < version):
            self.newest[bound] = version
        return not has.isdisjoint(self.tags)


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """
    One reading.

    :param candidates: wheels that have a tag of any target, and all files of directories.
    :param facts: about all files of pages.
    """

    candidates: tuple[Candidate, ...]
    facts: Facts

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.candidates)

    def on(self, tags: frozenset[Tag], kept: Iterable[Candidate]) -> tuple[list[Candidate], Facts]:
        """
        Return the wheels that have one of *tags*, with the facts about all files.

        :param kept: candidates that count beside those of the reading; they may change during a run.
        """
        facts = Facts(tags, self.facts)
        every = [*self.candidates, *wanted(kept, facts)]
        local = (one.distribution.version for one in self.candidates if one.path is not None)
        facts.final = max((one for one in (facts.final, *local) if one and not one.is_prerelease), default=None)
        return [one for one in every if one.tags is not None and not one.tags.isdisjoint(tags)], facts
