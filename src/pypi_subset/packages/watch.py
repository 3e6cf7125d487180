"""The looks of one run for locked files that an index does not offer any more."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pypi_subset.errors import UpstreamError
from pypi_subset.locks import offered
from pypi_subset.locks.gone.look import files_of, look, with_pins
from pypi_subset.locks.lockfile import path_of
from pypi_subset.locks.lost import look_locally
from pypi_subset.locks.why import lines_of
from pypi_subset.model.intake.gone import Looked, keys_of
from pypi_subset.model.intake.sources import OWN_WHEELS
from pypi_subset.model.locks import Reason
from pypi_subset.model.paths import file_path
from pypi_subset.packages import gone_list
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from pypi_subset.locks.gone.look import Listing, Look
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.intake.gone import Key, Missing
    from pypi_subset.model.locks import Lock, Pin
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Job, Subset
    from pypi_subset.support.progress import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """
    The looks of one run for locked files that an index does not offer any more.

    :param paths: where locks and files are; ``packages/`` remembers the looks.
    :param pages: opens what the sources list, at its first call: a run with nothing to do never calls it.
    :param known: what looks found of the locks of this run.
    :param answered: the files about which a look had an answer, also of other locks.
    :param doubted: names of locked files of which this run cannot know it, each with the reason.
    """

    subset: Subset
    paths: Paths
    pages: Callable[[], Listing]
    known: tuple[Missing, ...]
    answered: frozenset[Key] = frozenset()
    doubted: tuple[tuple[str, str], ...] = ()

    @classmethod
    def start(cls, subset: Subset, paths: Paths, pages: Callable[[], Listing], standing: Mapping[str, Lock]) -> Watch:
        """
        Return the watch with what looks found of *standing* locks.

        :raises SubsetError: the list of that is damaged.
        """
        looked = gone_list.read(paths.packages)
        known = of_locks(looked, standing.values())
        return cls(subset=subset, paths=paths, pages=pages, known=known, answered=looked.keys)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Why nothing is known of some files, sorted."""
        return tuple(sorted({why for _, why in self.doubted}))

    def caught_up(self, standing: Mapping[str, Lock], progress: Progress) -> Watch:
        """
        Return the watch after a look for the files that this run must fetch, and at the directories of the user.

        A file about which no look had an answer is looked for as well: a lock may come from version control, and a page may
        have said nothing. A run with nothing to do asks no index.

        :param standing: the locks on disk.
        :raises UpstreamError: an index does not answer.
        """
        sources, own = self.subset.sources, self.paths.requirements / OWN_WHEELS
        local = look_locally(sources, standing.values(), own)
        due = self._due(standing.values())
        return replace(self, known=local.joined(self.known)).look_for(due, standing, progress)

    def before(
        self,
        standing: Mapping[str, Lock],
        looked: Sequence[Lock],
        progress: Progress,
        *,
        decided: bool,
    ) -> Watch:
        """
        Return the watch before anything is resolved, and let the indexes offer the missing files that the user keeps.

        :param standing: the locks on disk.
        :param looked: those of them whose files are looked for.
        :param decided: whether the user must have decided about each file that is gone.
        :raises PolicyError: the user did not.
        :raises UpstreamError: an index does not answer.
        """
        found = self.look_for(looked, standing, progress)
        if looked and decided:
            offered.require_decided(offered.judged(self.subset, found.known, standing.values()))
        if looked:
            offered.admit(self.subset, found.known, looked, self.pages())
        return found

    def require_known(self, jobs: Iterable[Job], standing: Mapping[str, Lock]) -> None:
        """
        Return if it is known of each locked file that *jobs* still need whether it is gone, before they are resolved.

        What an earlier look found to be gone is known. `require_read` finds what this one cannot foresee.

        :param jobs: those that are resolved again.
        :raises UpstreamError: it is not: their resolutions would take the file for absent.
        """
        whys = self._undecided(self.doubted)
        for job in (one for one in jobs if one.name in standing):
            lock = standing[job.name]
            wanted = {Reason(requirement=one.requirement).text for one in job.requirement_set.requests}
            for pin in lock.pins:
                one = pin.distribution
                why = next((whys[each.filename] for each in (one, *pin.build) if each.filename in whys), "")
                if why and not wanted.isdisjoint(lines_of(lock, one.project)):
                    raise self._not_known(one, [lock], why, self.unknown)

    def require_read(self, locks: Iterable[Lock]) -> None:
        """
        Return if the pages that the resolutions of this run read say of each file of *locks* whether it is gone.

        :param locks: those on disk, also of other sets and targets, and those that no job has any more.
        :raises UpstreamError: a page does not: a resolution took the file for absent.
        """
        locks = [*locks]
        found = look(locks, self.pages(), only_read=True)
        whys = self._undecided(found.doubted)
        for one in (each for lock in locks for each in files_of(lock)):
            if why := whys.get(one.filename):
                having = [lock for lock in locks if one in files_of(lock)]
                raise self._not_known(one, having, why, found.unknown)

    def _undecided(self, doubted: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Return those of *doubted* that no earlier look found to be gone, by name."""
        decided = {one.filename for one in self.known if one.suspicious}
        return {name: why for name, why in doubted if name not in decided}

    def _not_known(self, one: Distribution, locks: Sequence[Lock], why: str, unknown: Collection[str]) -> UpstreamError:
        """Return the error about a file that *locks* have; *unknown* are all sentences of that kind."""
        names = ", ".join(lock.name for lock in locks)
        paths = " and ".join(str(path_of(self.paths.locks, lock.name)) for lock in locks)
        msg = f"whether {one.project} {one.version} of {names} is gone is not known: {why}"
        step = f"see what that page shows; if it is right, remove {paths} and run `pypi-subset mirror`"
        error = UpstreamError(msg, project=one.project, target=locks[0].target_name, next_step=step)
        error.documents = {"unknown": sorted({*self.unknown, *unknown})}
        return error

    def after(self, reused: Collection[Lock], resolved: Collection[Lock]) -> Watch:
        """
        Return the watch after the files of *reused* locks were looked for on the pages that this run read.

        What was *resolved* in this run was on such a page. A wheel that is built may be an earlier one: what it was built
        with is looked for too.
        """
        built = [replace(lock, pins=tuple(pin for pin in lock.pins if _is_built(pin))) for lock in resolved]
        files = [one for lock in (*reused, *built) for one in files_of(lock)]
        found = look([*reused, *built], self.pages(), only_read=True)
        doubted = {name for name, _ in found.doubted}
        fresh = {keys_of(pin.distribution)[0] for lock in resolved for pin in lock.pins}
        answered = {key for key in fresh if key[0] not in doubted}
        return replace(self, known=found.joined(self.known), answered=self.answered | answered | _answers(found, files))

    def look_for(self, looked: Sequence[Lock], standing: Mapping[str, Lock], progress: Progress) -> Watch:
        """
        Return the watch after a look for the files of *looked*, which ``packages/`` remembers.

        :raises UpstreamError: an index does not answer.
        """
        if not looked:
            return self
        found = look(looked, self.pages())
        for sentence in (one for one in found.unknown if one not in self.unknown):
            progress.warn(f"whether locked files are gone is not known: {sentence}")
        doubted = tuple(sorted({**dict(self.doubted), **dict(found.doubted)}.items()))
        answered = self.answered | _answers(found, [one for lock in looked for one in files_of(lock)])
        known = of_locks(Looked(files=found.joined(self.known)), standing.values())
        watch = replace(self, known=known, answered=answered, doubted=doubted)
        gone_list.keep(self.paths, standing.values(), watch.known, watch.answered)
        return watch

    def _due(self, standing: Iterable[Lock]) -> list[Lock]:
        """Return *standing* with those pins alone whose files are looked for: those that are not on this machine."""
        packages, site = self.paths.packages, self.paths.site
        with files.folder_errors(packages):
            present = {entry.name for entry in os.scandir(packages)} if packages.is_dir() else set()
        stale = {one.filename for one in self.known if one.state == "local"}

        def absent(one: Distribution) -> bool:
            if one.filename in stale:
                return True
            return one.filename not in present and not (site / file_path(one.project, one.filename)).is_file()

        def due(lock: Lock) -> Lock:
            unanswered = (pin for one, pin in with_pins(lock) if keys_of(one)[0] not in self.answered)
            lacking = (pin for pin in lock.pins if any(map(absent, (pin.distribution, *pin.build))))
            names = {pin.distribution.filename for pin in (*unanswered, *lacking)}
            return replace(lock, pins=tuple(pin for pin in lock.pins if pin.distribution.filename in names))

        return [lock for lock in map(due, standing) if lock.pins]


def of_locks(looked: Looked, locks: Iterable[Lock]) -> tuple[Missing, ...]:
    """Return what is known of the files of *locks*."""
    return looked.of(one for lock in locks for one in files_of(lock))


def _is_built(pin: Pin) -> bool:
    return bool(pin.build or pin.distribution.built)


def _answers(found: Look, files: Iterable[Distribution]) -> frozenset[Key]:
    """Return name and hash of those of *files* about which a look had an answer."""
    names = found.asked | found.elsewhere
    return frozenset(keys_of(one)[0] for one in files if one.filename in names)
