"""The sdists that a site keeps: built here once for each target, since the target's own METADATA counts, and locked as sdists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from pypi_subset.distributions import filenames
from pypi_subset.locks import memory
from pypi_subset.model.candidates import Candidate
from pypi_subset.sdists.backend import USUAL
from pypi_subset.sdists.build import TAG, attempt
from pypi_subset.sdists.closure import Closure
from pypi_subset.sdists.releases import refused, sdists_of, standin, wheel_of
from pypi_subset.support import files
from pypi_subset.targets.patch_levels import at_patch
from pypi_subset.upstream.builds import WHEEL_BESIDE, NotBuilt

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.targets import Target
    from pypi_subset.pip.pool import Pips
    from pypi_subset.sdists.build import Required
    from pypi_subset.sdists.builder import Builder
    from pypi_subset.sdists.releases import Search
    from pypi_subset.sdists.rooms import Python, Rooms
    from pypi_subset.support.progress import Progress
    from pypi_subset.upstream.catalog import Upstream

#: What a pip before 24.1 installs besides, where an sdist states no build requirement.
_OLDER_PIPS = Requirement("wheel")


class Keeper:
    """
    Offers what is kept, beside what is built (`pypi_subset.upstream.builds.Builds`).

    :param builder: builds the projects that are not kept, and what builds require.
    :param projects: normalized names of the projects whose sdists are kept.
    :param targets: those of the run.
    :param work: a directory for the builds of this run.
    :param search: as in `Builder`.
    :param known: as in `Builder`.
    :param unnamed: as in `Builder`.
    """

    def __init__(  # noqa: PLR0913 - what a build needs
        self,
        builder: Builder,
        upstream: Upstream,
        *,
        projects: Collection[str],
        targets: Sequence[Target],
        rooms: Rooms,
        pips: Pips,
        work: Path,
        progress: Progress,
        search: Search,
        known: Mapping[str, str],
        unnamed: Mapping[tuple[str, str], frozenset[str]],
    ) -> None:
        self._builder, self._upstream, self._projects = builder, upstream, frozenset(projects)
        self._targets = {one.name: one for one in targets}
        #: A name for each target that a build tag can hold.
        self._tags = {name: f"{TAG}{number}" for number, name in enumerate(self._targets, start=1)}
        self._rooms, self._pips, self._work, self._progress = rooms, pips, work, progress
        self._locked, self._unnamed = known, unnamed
        self._search = search
        self._made: dict[tuple[str, str], Candidate | NotBuilt] = {}

    def candidates(
        self, project: NormalizedName, offered: Sequence[Candidate], target: str = ""
    ) -> tuple[Candidate, ...]:
        """Return what the builder offers, and one wheel for each release of *project* that *target* keeps as an sdist."""
        if project not in self._projects or target not in self._targets:
            return self._builder.candidates(project, offered, target)
        if self._builder.turn.chain:
            # What a build requires is a wheel.
            return ()
        tags = frozenset(self._targets[target].tags)
        return tuple(replace(standin(one, self._tags[target]), kept_for=target) for one in sdists_of(offered, [tags]))

    def built(self, candidate: Candidate, asker: tuple[str, ...] = ()) -> Candidate:
        """
        Return the wheel for one of `candidates`, built by the first call.

        :param asker: as `Builder.built`.
        :raises NotBuilt: it cannot be built.
        """
        if not candidate.kept_for or candidate.sdist is None:
            return self._builder.built(candidate, asker)
        key = candidate.sdist.distribution.filename, candidate.kept_for
        with self._builder.turn.taken(candidate.sdist.distribution, asker):
            if key not in self._made:
                try:
                    self._made[key] = self._wheel(candidate.sdist, self._targets[candidate.kept_for])
                except NotBuilt as error:
                    self._made[key] = error
            found = self._made[key]
        if isinstance(found, NotBuilt):
            raise found
        return found

    def again(self, one: Distribution) -> Path:
        """Return a wheel that was built, as `Builder.again`."""
        return self._builder.again(one)

    def _wheel(self, sdist: Candidate, target: Target) -> Candidate:
        one = sdist.distribution
        python = self._rooms.python_for(target)
        if python is None:
            raise _foreign(one, target)
        self._search.count(one, target.name)
        path = self._upstream.file(sdist)
        memory.require_same(self._locked, {one.filename: self._upstream.sha256(sdist)})
        self._rooms.isolation  # noqa: B018 - raises where builds are refused
        self._progress.say(
            f"{one.project} {one.version}: building {one.filename} for {target.name}, which keeps the sdist"
        )
        work = self._work / f"kept-{one.project}-{one.version}-{target.name}"
        with files.folder_errors(self._work):
            self._work.mkdir(exist_ok=True)
            work.mkdir()
        held: dict[str, Required] = {}
        made = attempt(
            path,
            one,
            rooms=self._rooms,
            python=python,
            work=work / "first",
            resolve=lambda requires: self._required(one, requires, target, python, work, held),
        )
        wheel = wheel_of(one, made)
        return Candidate(
            distribution=wheel,
            source=sdist.source,
            hashes=(("sha256", made.sha256),),
            tags=filenames.parse(wheel.filename)[2],
            path=made.path,
            sdist=sdist,
            kept_for=target.name,
            build=tuple(sorted((each.distribution for each in held.values()), key=lambda each: each.filename)),
            verdicts=sdist.verdicts,
        )

    def _required(
        self,
        one: Distribution,
        requires: Sequence[Requirement],
        target: Target,
        python: Python,
        work: Path,
        held: dict[str, Required],
    ) -> tuple[Required, ...]:
        """Return the wheels of a build environment; *held* gets every wheel of every environment of this build."""
        usual = [str(each) for each in requires][:1] == [USUAL]
        asked = [*requires, *([_OLDER_PIPS] if usual else [])]
        exact = replace(at_patch(target, int(python.version.split(".")[2])), exact=True)
        closure = Closure(self._upstream, host=exact, pips=self._pips, known=self._locked, unnamed=self._unnamed)
        found = closure.of(one, self._builder.turn.chain, work, lambda: None)(asked)
        held |= {each.distribution.filename: each for each in found}
        return found


def _foreign(one: Distribution, target: Target) -> NotBuilt:
    """Return why the sdist of a release is not kept for *target*."""
    what = f"no interpreter of this machine is {target.name} ({target.tag}), so no proof could build it"
    step = f"build its wheel on such a machine, with auditwheel on Linux, and {WHEEL_BESIDE}; or leave {one.project} out there"
    return refused(one, what, step)
