"""Looking for locked files on the pages of their sources."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from pypi_subset.model.intake.gone import Missing
from pypi_subset.model.intake.sources import BUILD, OWN_WHEELS
from pypi_subset.model.policy import today
from pypi_subset.support.threads import DaemonThreadPool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution, Standing
    from pypi_subset.model.intake.gone import State
    from pypi_subset.model.intake.sources import Source
    from pypi_subset.model.locks import Lock, Pin
    from pypi_subset.policy.judge import Judge

#: A project and the source that serves it, ``None`` for the indexes of pip's configuration.
Where: TypeAlias = "tuple[NormalizedName, Source | None]"

#: Pages that are fetched at a time.
_AT_ONCE = 8


class Listing(Protocol):
    """What is asked of `pypi_subset.upstream.pages.Pages`."""

    judge: Judge
    kept: dict[Where, tuple[Candidate, ...]]

    def where(self, project: NormalizedName, target: str, /) -> Where:
        """Return which source serves a project on a target."""

    def is_private(self, project: NormalizedName, /) -> bool:
        """Return whether pip's indexes are never asked for a project."""

    def read(self, project: NormalizedName, /) -> list[Where]:
        """Return the sources whose pages of a project were read."""

    def listed(self, where: Where, names: Collection[str], /) -> dict[str, Distribution]:
        """Return those files that a source has now, by name."""

    def doubt(self, where: Where, /) -> str:
        """Return why a file that is not listed may be there all the same."""

    def quarantine(self, where: Where, /) -> Standing | None:
        """Return what an index says of a project in quarantine."""

    def find_local(self, one: Distribution, /) -> Path | None:
        """Return the path of a file from a directory of the user."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """
    What a look at the indexes found.

    :param asked: names of the files that were looked for.
    :param missing: those of them that are not offered as they were locked.
    :param doubted: names of files of which nothing is known, each with the reason, one sentence.
    :param elsewhere: names of files that come from another source now: there is no page to look for them.
    """

    asked: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    missing: tuple[Missing, ...] = ()
    doubted: tuple[tuple[str, str], ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """Why nothing is known of some files, sorted."""
        return tuple(sorted({why for _, why in self.doubted}))

    def joined(self, known: Iterable[Missing]) -> tuple[Missing, ...]:
        """Return what is missing, with what was *known* before of files that were not looked for."""
        before = {one.filename: one for one in known}
        own = (_since(one, before.get(one.filename)) for one in self.missing)
        return (*own, *(one for name, one in before.items() if name not in self.asked))


def files_of(lock: Lock) -> tuple[Distribution, ...]:
    """Return the files of *lock* that are looked for, those that builds required among them."""
    return tuple(one for one, _ in with_pins(lock))


def with_pins(lock: Lock) -> tuple[tuple[Distribution, Pin], ...]:
    """Return the same with the pin that each is, or that is built with it."""
    return (*((pin.distribution, pin) for pin in lock.pins), *lock.built_with)


def look(locks: Iterable[Lock], pages: Listing, *, only_read: bool = False) -> Look:
    """
    Return which files of *locks* their sources do not offer any more.

    :param only_read: ask no page that this run has not read.
    :raises UpstreamError: an index does not answer. That is no answer about a file.
    """
    wanted: defaultdict[Where, dict[str, Distribution]] = defaultdict(dict)
    builds: defaultdict[str, set[str]] = defaultdict(set)
    elsewhere: set[str] = set()
    for lock in locks:
        for one, target, built in files_with_builds(lock):
            builds[one.filename].add(built)
            where = pages.where(one.project, target)
            if not _is_asked(one, where, pages):
                elsewhere.add(one.filename)
            elif not only_read or where in pages.read(one.project):
                wanted[where][one.filename] = one
    with DaemonThreadPool(_AT_ONCE) as pool:
        futures = [pool.submit(_look_at, where, own, pages) for where, own in wanted.items()]
        found = [future.result() for future in futures]
    # Two targets may have two sources for a file: that one lacks it counts most, and that one says nothing comes next.
    missing = {one.filename: _for_builds(one, builds) for each in found for one in each.missing}
    doubted = {name: why for each in found for name, why in each.doubted if name not in missing}
    asked = frozenset(name for each in found for name in each.asked) - doubted.keys() | missing.keys()
    return Look(
        asked=asked,
        elsewhere=frozenset(elsewhere - asked - doubted.keys()),
        missing=tuple(missing[name] for name in sorted(missing)),
        doubted=tuple(sorted(doubted.items())),
    )


def files_with_builds(lock: Lock) -> Iterator[tuple[Distribution, str, str]]:
    """Yield each file of *lock* with the target that it comes from a source for, and what it builds, ``""`` for a pin."""
    for pin in lock.pins:
        yield pin.distribution, lock.target_name, ""
    for one, pin in lock.built_with:
        # The build of a kept sdist is that of its target, each other one is for all targets.
        target = lock.target_name if one in pin.build else BUILD
        yield one, target, f"{pin.distribution.project} {pin.distribution.version}"


def _for_builds(one: Missing, builds: Mapping[str, Collection[str]]) -> Missing:
    """Return *one* with the releases that are built with it, if it is no pin itself."""
    releases = sorted(builds[one.filename])
    if not releases or not releases[0]:
        return one
    more = f" and {len(releases) - 1} more" if len(releases) > 1 else ""
    return replace(one, what=f"{one.what}; {releases[0]}{more} is built with it")


def _is_asked(one: Distribution, where: Where, pages: Listing) -> bool:
    """Whether a file comes from where its project comes from now."""
    source = where[1]
    if source is None and one.source == OWN_WHEELS:
        # requirements/wheels has no wheel of the project any more.
        return True
    if source is None:
        return one.source is None and not pages.is_private(one.project)
    return source.is_open or one.source in {each.name for each in source.chain}


def _look_at(where: Where, own: dict[str, Distribution], pages: Listing) -> Look:
    local = {name: one for name, one in own.items() if one.offered.url is None}
    found = [not_there(one) for one in local.values() if pages.find_local(one.offered) is None]
    remote = {name: one for name, one in own.items() if name not in local}
    if not remote:
        return Look(asked=frozenset(local), missing=tuple(found))
    listed = pages.listed(where, {one.offered.filename for one in remote.values()})
    lost = [one for one in remote.values() if (gone := _against(one, listed)) and gone.state == "gone"]
    standing = pages.quarantine(where) if lost else None
    why = pages.doubt(where) if lost and standing is None else ""
    doubted = {one.filename: why for one in lost} if why else {}
    against = [(one, gone) for name, one in remote.items() if name not in doubted and (gone := _against(one, listed))]
    found += [_in_quarantine(one, standing) if standing and gone.state == "gone" else gone for one, gone in against]
    return Look(asked=frozenset(own) - doubted.keys(), missing=tuple(found), doubted=tuple(doubted.items()))


def not_there(one: Distribution) -> Missing:
    """Return that the directory of *one*, or of the sdist that it was built from, does not have that file any more."""
    return _missing(one, "local", f"{one.offered.filename} is not in its directory any more")


def _against(one: Distribution, listed: dict[str, Distribution]) -> Missing | None:
    """Return how what is listed differs from what was locked, ``None`` if it does not."""
    name, sha256 = one.offered.filename, one.offered.sha256
    now = listed.get(name)
    if now is None:
        return _missing(one, "gone", f"the index does not list {name} any more, and did not yank it")
    if now.sha256 and sha256 and now.sha256 != sha256:
        return _missing(
            one, "changed", f"the index lists {name} with sha256 {now.sha256}, and it was locked with {sha256}"
        )
    if now.yanked is not None and one.yanked is None:
        return _missing(one, "yanked", f"yanked: {now.yanked}" if now.yanked else "yanked, without a reason")
    return None


def _in_quarantine(one: Distribution, standing: Standing) -> Missing:
    why = f" ({standing.reason})" if standing.reason else ""
    return _missing(one, "quarantined", f"{one.project} is in quarantine{why}")


def _missing(one: Distribution, state: State, what: str) -> Missing:
    return Missing(
        project=one.project,
        version=str(one.version),
        filename=one.filename,
        sha256=one.sha256 or "",
        state=state,
        what=what,
        since=today(),
    )


def _since(one: Missing, before: Missing | None) -> Missing:
    return replace(one, since=before.since) if before and before.state == one.state else one
