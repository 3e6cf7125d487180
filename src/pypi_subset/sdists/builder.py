"""The wheels that are built in a run: offered as candidates, built at the first look, once for all targets."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from pypi_subset.errors import HashMismatch
from pypi_subset.locks import memory
from pypi_subset.locks.judging import built_with
from pypi_subset.model.candidates import LOCK, Candidate
from pypi_subset.model.distributions import Built, Distribution
from pypi_subset.sdists import releases
from pypi_subset.sdists.build import TAG, build
from pypi_subset.sdists.closure import Closure, Earlier, RequirementGone
from pypi_subset.sdists.releases import Search, Turn, built_of, files_of, licenses_of, sdists_of, standin, wheel_of
from pypi_subset.sdists.repair import repaired
from pypi_subset.support import files
from pypi_subset.upstream.builds import NotBuilt

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.targets import Target
    from pypi_subset.pip.pool import Pips
    from pypi_subset.sdists.build import Made, Required
    from pypi_subset.sdists.rooms import Rooms
    from pypi_subset.support.progress import Progress
    from pypi_subset.upstream.catalog import Upstream


class Builder:
    """
    Builds the wheels of a run (`pypi_subset.upstream.builds.Builds`).

    One build runs at a time, with the builds that it requires: two that need each other cannot wait for each other.

    :param projects: normalized names of the projects that may be built.
    :param targets: those of the run.
    :param host: the interpreter that builds.
    :param shelf: directory of files from earlier runs.
    :param locks: directory of the locks.
    :param work: a directory for the builds of this run.
    :param unlike: receives a sentence for each wheel that was built to other bytes the second time.
    :param search: counts what is built.
    :param known: file name → SHA-256 of all that was ever locked, without what *forget* names.
    :param unnamed: what locks have no file names of, as `memory.unnamed`.
    :param forget: names of files that may have other bytes than when they were locked.
    """

    def __init__(  # noqa: PLR0913 - what a build needs
        self,
        upstream: Upstream,
        *,
        projects: Collection[str],
        targets: Sequence[Target],
        host: Target,
        rooms: Rooms,
        pips: Pips,
        shelf: Path,
        locks: Path,
        work: Path,
        progress: Progress,
        unlike: list[str],
        search: Search,
        known: Mapping[str, str],
        unnamed: Mapping[tuple[str, str], frozenset[str]],
        forget: Collection[str] = (),
    ) -> None:
        self._upstream, self._projects, self._host, self._rooms = upstream, frozenset(projects), host, rooms
        self._tags, self._names = [frozenset(one.tags) for one in (*targets, host)], [one.name for one in targets]
        self._locks, self._shelf, self._work, self._progress = locks, shelf, work, progress
        self._closure = Closure(upstream, host=host, pips=pips, known=known, unnamed=unnamed)
        self._earlier = Earlier(upstream, host=host, builds=self, forget=forget)
        self._locked, self._forget = known, forget
        self.turn, self._search, self._number = Turn(), search, count()
        self._built: dict[str, Candidate | NotBuilt] = {}
        self._known: dict[str, Distribution] = {}
        self._unlike = unlike

    def remember(self, locks: Iterable[Lock]) -> None:
        """Take what *locks* say of earlier builds: a release whose wheel is still there is not built again."""
        for one in (each for lock in locks for each in lock.distributions):
            if one.built is not None:
                self._known[one.built.filename] = one

    def candidates(
        self, project: NormalizedName, offered: Sequence[Candidate], target: str = ""
    ) -> tuple[Candidate, ...]:
        """Return one wheel for each release of *project* whose sdist would serve a target that no wheel of it fits."""
        del target
        if project not in self._projects:
            return ()
        return tuple(map(self._candidate, sdists_of(offered, self._tags)))

    def built(self, candidate: Candidate, asker: tuple[str, ...] = ()) -> Candidate:
        """
        Return the wheel for one of `candidates`, built by the first call.

        :param asker: the releases that are being built and require it.
        :raises NotBuilt: it cannot be built.
        """
        sdist = candidate.sdist
        if sdist is None or candidate.distribution.built is not None:
            return candidate
        one = sdist.distribution
        with self.turn.taken(one, asker):
            if one.filename not in self._built:
                try:
                    self._built[one.filename] = self._wheel(sdist)
                except NotBuilt as error:
                    self._built[one.filename] = error
            found = self._built[one.filename]
        if isinstance(found, NotBuilt):
            raise found
        return found

    def again(self, one: Distribution) -> Path:
        """
        Return the wheel that a lock has, built again as the lock says.

        :raises NotBuilt: it cannot be built.
        :raises HashMismatch: it has other bytes.
        """
        done = self._built.get(_built(one).filename)
        if isinstance(done, Candidate) and done.path is not None and done.distribution.sha256 == one.sha256:
            return done.path
        with self.turn.taken(one, ()):
            self._known[_built(one).filename] = one
            sdist = self._sdist(one)
            made = self._make(sdist, lambda: self._earlier.of(one, _built(one), self.turn.chain))
            if made.sha256 == one.sha256:
                return made.path
        then, now = _built(one), made
        changed = [f"Python was {then.python}, and is {_python(now)}" if then.python != _python(now) else ""]
        if then.repaired != now.repaired:
            changed.append(f"then {then.repaired or 'nothing'} repaired it, now {now.repaired or 'nothing'}")
        why = "; ".join(filter(None, changed)) or "its build does not give the same bytes each time"
        msg = f"{one.filename} was built again with sha256 {made.sha256}, and the lock says {one.sha256}: {why}"
        step = f"copy the file into packages/, or accept the new one: `pypi-subset update --forget {one.filename}`"
        raise HashMismatch(msg, project=one.project, next_step=step)

    # How a wheel is made.

    def _candidate(self, sdist: Candidate) -> Candidate:
        """Return the wheel that could be built of *sdist*."""
        known = self._built.get(sdist.distribution.filename)
        one = standin(sdist, TAG)
        return replace(one, tags=known.tags) if isinstance(known, Candidate) else one

    def _wheel(self, sdist: Candidate) -> Candidate:
        one, known = sdist.distribution, self._standing(sdist)
        if known is not None:
            shelved = self._shelf / known.filename
            if shelved.is_file() and files.sha256_of(shelved) == known.sha256:
                return built_of(sdist, known, shelved)
        made = self._make(sdist, lambda: self._as_before(known))
        built = Built(
            filename=one.filename,
            sha256=files.sha256_of(self._upstream.file(sdist)),
            url=one.url,
            epoch=made.epoch,
            python=_python(made),
            requires=tuple(sorted(each.stated for each in made.requires)),
            licenses=licenses_of(made.requires),
            files=files_of(made.requires),
            isolation=self._rooms.isolation,
            path=self._path(sdist),
            repaired=made.repaired,
            grafted=made.grafted,
        )
        return built_of(sdist, structs.replace(wheel_of(one, made), built=built), made.path)

    def _standing(self, sdist: Candidate) -> Distribution | None:
        """Return the wheel that a lock has of *sdist*, if all that it was built with is still admitted."""
        one = sdist.distribution
        known = self._known.get(one.filename)
        if known is None:
            return None
        # A file that is here, or that the user has forgotten, is looked at; no page states its hash.
        looked = sdist.path is not None or one.filename in self._forget
        sha256 = self._upstream.sha256(sdist) if looked else one.sha256
        if sha256 not in {None, _built(known).sha256} or self._refused(known, ages=False):
            return None
        known = self._with_files(known)
        return None if known is None or self._refused(known) else known

    def _with_files(self, known: Distribution) -> Distribution | None:
        """
        Return *known* with what older locks do not state of its build environment; ``None``: a file of it is gone.

        They may lack the files, or the upload times of these.
        """
        built = _built(known)
        if built.files or not built.requires:
            found = releases.timed(built.files, self._upstream.on(self._host.name))
        elif (again := self._as_before(known)) is None:
            return None
        else:
            found = files_of(again)
        return structs.replace(known, built=replace(built, files=found))

    def _path(self, sdist: Candidate) -> str | None:
        """Return where *sdist* is from the directory of the locks, ``None`` if it is in no directory of a source."""
        if sdist.path is None or not sdist.distribution.source:
            return None
        return Path(os.path.relpath(sdist.path, self._locks.absolute())).as_posix()

    def _as_before(self, known: Distribution | None) -> tuple[Required, ...] | None:
        """Return the environment of *known*, ``None`` where it is to be resolved, and say why it is resolved again."""
        if known is None:
            return None
        try:
            return self._earlier.of(known, _built(known), self.turn.chain)
        except RequirementGone as error:
            self._progress.warn(f"{error.what}: what its build requires is resolved again")
            return None

    def _refused(self, known: Distribution, *, ages: bool = True) -> bool:
        """
        Return whether *known* was built with what a rule or a source rules out now, and say so: it is built again.

        :param ages: whether upload times count, which the lock may not have.
        """
        if name := self._earlier.forgotten(_built(known)):
            self._progress.say(f"{known.project} {known.version} was built with {name}: building it again")
            return True
        for one in built_with(known):
            held = one.distribution
            # An acceptance may hold on some targets.
            every = [self._upstream.on(name) for name in self._names]
            sentences = [each.sentence for offers in every for each in offers.refusals(one, ages=ages)]
            if any(offers.refuses_license(held) for offers in every):
                sentences.append("its licence")
            why = f"is refused now ({sentences[0]})" if sentences else releases.elsewhere(held, self._upstream)
            if why:
                what = f"{known.project} {known.version} was built with {held.project} {held.version}"
                self._progress.say(f"{what}, which {why}: building it again")
                return True
        return False

    def _make(self, sdist: Candidate, earlier: Callable[[], tuple[Required, ...] | None]) -> Made:
        """
        Build *sdist*.

        :param earlier: returns the environment of an earlier build, as `Closure.of` takes it.
        """
        one = sdist.distribution
        release = f"{one.project} {one.version}"
        self._search.count(one)
        path = self._upstream.file(sdist)
        memory.require_same(self._locked, {one.filename: self._upstream.sha256(sdist)})
        self._rooms.isolation  # noqa: B018 - raises where builds are refused
        self._progress.say(f"{release}: building a wheel from {one.filename}")
        work = self._work / f"{one.project}-{one.version}-{next(self._number)}"
        with files.folder_errors(self._work):
            self._work.mkdir(exist_ok=True)
            work.mkdir()
        needed = self._closure.of(one, self.turn.chain, work, earlier)
        made = build(path, one, rooms=self._rooms, work=work, resolve=needed)
        if made.traces:
            what = f"{release} is built for every system, and its setup.py looks at this one"
            self._progress.say(f"note: {what} ({', '.join(made.traces)}): see that the wheel is right for the others")
        made, why = repaired(made, self._rooms, work)
        if why:
            self._progress.warn(f"{release}: {why}")
        if made.differs:
            sentence = f"{release} was built to other bytes {made.differs}"
            self._unlike.append(sentence)
            self._progress.warn(sentence)
        return made

    def _sdist(self, one: Distribution) -> Candidate:
        """Return the sdist that a locked wheel was built from."""
        built = _built(one)
        facts = one.offered
        found = Candidate(distribution=facts, source=LOCK, hashes=(("sha256", built.sha256),))
        if built.url is None:
            found = replace(found, path=self._upstream.pages.find_local(facts))
        return found


def _built(one: Distribution) -> Built:
    """Return how a wheel was built that is known to have been."""
    if one.built is None:
        raise TypeError(one.filename)
    return one.built


def _python(made: Made) -> str:
    return f"{made.python.tag} {made.python.version}"
