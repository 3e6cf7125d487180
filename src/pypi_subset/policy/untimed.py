"""How many files of each index are left out since their page states no upload time."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from pypi_subset.model.intake.rules import MIN_AGE
from pypi_subset.model.intake.verdicts import Untimed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from packaging.utils import NormalizedName

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.policy import Acceptance

#: Projects that a sentence names.
_SHOWN = 3


class Count:
    """
    Counts the files of each index that `MinAge` refuses because they have no upload time.

    :param accepted: what the user accepts; a file that is let in on any target is not counted.
    """

    def __init__(self, accepted: Iterable[Acceptance] = ()) -> None:
        self._accepted = [one for one in accepted if one.rule == MIN_AGE]
        # Pages are read in threads, and some of them twice: with all their files, and with those of one target.
        self._lock = threading.Lock()
        self._files: dict[tuple[str, NormalizedName, bool], int] = {}

    def add(self, project: NormalizedName, judged: Iterable[Candidate]) -> None:
        """Count those of *judged*, files of one page of *project*, that are left out."""
        found = Counter(
            (index_of(one, project), one.tags is None)
            for one in judged
            if one.distribution.upload_time is None and any(verdict.rule == MIN_AGE for verdict in one.verdicts)
            if not self._is_let_in(one)
        )
        with self._lock:
            for (index, is_sdist), count in found.items():
                key = (index, project, is_sdist)
                self._files[key] = max(count, self._files.get(key, 0))

    def _is_let_in(self, one: Candidate) -> bool:
        return any(
            each.project == one.distribution.project
            and (not each.version or SpecifierSet(each.version).contains(one.distribution.version, prereleases=True))
            for each in self._accepted
        )

    def found(self, built: Collection[str] = ()) -> tuple[Untimed, ...]:
        """
        Return what was left out, by index: wheels that fit a target, and sdists of the projects *built*.

        :param built: normalized names of projects whose sdists are built.
        """
        files: Counter[str] = Counter()
        projects: defaultdict[str, set[str]] = defaultdict(set)
        for (index, project, is_sdist), count in self._files.items():
            if not is_sdist or project in built:
                files[index] += count
                projects[index].add(project)
        return tuple(
            Untimed(index=one, files=files[one], projects=tuple(sorted(projects[one]))) for one in sorted(files)
        )


def index_of(one: Candidate, project: NormalizedName) -> str:
    """Return the URL of the index that offers *one*, from that of its page of *project*."""
    return one.source.rstrip("/").removesuffix(f"/{project}")


def sentence_of(one: Untimed, setting: str = MIN_AGE) -> str:
    """
    Return a line about files that were left out, with the way to admit them.

    :param setting: what leaves them out.
    """
    count = len(one.projects)
    names = f"{', '.join(one.projects[:_SHOWN])}{', …' if count > _SHOWN else ''}"
    files = f"{one.files} file{'s' * (one.files != 1)} of {count} project{'s' * (count != 1)} ({names})"
    return (
        f"note: {setting} leaves out {files} on {one.index}, which states no upload time of them in the form of PEP 700; "
        f'no_times = ["{one.index}"] below [policy] admits them'
    )
