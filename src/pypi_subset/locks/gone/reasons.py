"""Why a release that a lock has cannot be had any more."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.locks.gone.look import files_of
from pypi_subset.targets.tag import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.tags import Tag
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.intake.sources import Source
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.targets import Target


class Reasons:
    """
    Says why releases of earlier locks cannot be had.

    :param before: these locks: where a release came from.
    """

    def __init__(self, before: Iterable[Lock]) -> None:
        self._sources = defaultdict[tuple[str, "Version"], set[str | None]](set)
        for one in (each for lock in before for each in files_of(lock)):
            self._sources[one.project, one.version].add(one.source)

    def why(
        self, project: str, version: Version, offered: Sequence[Candidate], target: Target, source: Source | None
    ) -> str:
        """
        Return why *version* cannot be had for *target* any more, ``""`` if it can.

        :param offered: what the source of *project* has, and pip's indexes if they serve it.
        :param source: that source; ``None`` for pip's indexes.
        """
        tags = frozenset(target.tags)
        wheels = [one for one in offered if one.distribution.version == version and one.tags]
        left = [one for one in wheels if one.tags and one.tags & tags]
        if wheels and not left:
            # The index has the release: the target differs from the one of the earlier lock.
            return _unfit([one.tags for one in wheels if one.tags], target)
        if not left:
            then = self._sources.get((project, version))
            names = {one.name for one in source.chain} if source and not source.is_open else set[str]()
            if source is None or not names or not then or not then.isdisjoint(names):
                return "is not offered any more"
            return f"is not from [sources.{source.name}], and {project} comes from there alone now"
        refused = [one.verdicts[0].sentence for one in left if one.verdicts]
        if len(refused) == len(left):
            return f"is refused: {refused[0]}"
        yanked = [one.distribution.yanked for one in left if one.distribution.yanked is not None]
        if len(yanked) == len(left):
            return f"was yanked: {yanked[0]}" if yanked[0] else "was yanked"
        return ""


def _unfit(wheels: Iterable[frozenset[Tag]], target: Target) -> str:
    """Return why *target* takes none of the wheels of a release, each with its tags."""
    platforms = (*target.platforms, *target.unseen)
    newest = {*tags_of(target.implementation, target.python[:2], target.abis, platforms)} if target.pip else set()
    if any(one & newest for one in wheels):
        return f"has no wheel that pip {target.pip} sees"
    return f"has no wheel for {target.tag}"
