"""The pages and directories that list the distributions of a project: each is fetched once, and kept on disk."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from packaging.tags import Tag

from pypi_subset.errors import UpstreamError
from pypi_subset.model.candidates import Candidate
from pypi_subset.policy.judge import ADMIT_ALL, Judge
from pypi_subset.policy.untimed import Count
from pypi_subset.support.once import Once, Recent, Spool
from pypi_subset.upstream.checks import Named, called, hashed, localized, merge, of_source, remote
from pypi_subset.upstream.pip_config import Network, local_path, without_credentials
from pypi_subset.upstream.places.fitting import Facts, Read
from pypi_subset.upstream.places.locations import Locations
from pypi_subset.upstream.places.unusable import DAMAGED, UnusableFiles
from pypi_subset.upstream.settings.blame import name_source
from pypi_subset.upstream.simple_api import from_folder, read_page
from pypi_subset.upstream.transport.denials import FORBIDDEN
from pypi_subset.upstream.transport.page import Page
from pypi_subset.upstream.transport.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model.distributions import Distribution, Standing
    from pypi_subset.model.intake.sources import Source
    from pypi_subset.upstream.http import Fetcher
    from pypi_subset.upstream.simple_api import Wants

#: Candidates that are kept in memory, of the projects asked for of late: about a kilobyte each. The pages of some
#: hundred projects have some hundred thousand; they are kept on disk, and read again if they are asked for again.
KEPT = 1 << 14


#: A project, and the source that serves it; ``None``: the indexes and directories of pip's configuration.
Where: TypeAlias = "tuple[NormalizedName, Source | None]"


class Pages:
    """
    What the user's indexes and directories list.

    :param spool: keeps the pages.
    :param kept: how many candidates are kept in memory.
    :param judge: the rules that may refuse a candidate.
    """

    def __init__(
        self, network: Network, fetcher: Fetcher, spool: Spool, kept: int = KEPT, judge: Judge = ADMIT_ALL
    ) -> None:
        self._network, self._fetcher, self._spool, self.judge = network, fetcher, spool, judge
        own = network.sources
        #: As in `Sources`.
        self.is_private, self.lost_file, self.beside_own = own.is_private, own.lost_file, own.beside_own
        self._seen: dict[Where, dict[str, Version]] = {}
        self._final: dict[Where, Version | None] = {}
        self._quarantined: dict[Where, Standing] = {}
        #: Names of wheel variants, and of files about them, that the pages and directories of a project have (PEP 825).
        self.wheel_variants: defaultdict[NormalizedName, set[str]] = defaultdict(set)
        #: Projects that more than one index of pip's configuration has.
        self.shared: set[NormalizedName] = set()
        #: Pages that an index did not show.
        self.denials = fetcher.denials
        #: Which setting names an index.
        self.owner, self._named = fetcher.blame.owner, fetcher.blame.named
        #: Files with a fault that a page or two pages made.
        self.unusable = UnusableFiles()
        #: Files that are left out since their page states no upload time.
        self.untimed = Count(judge.accepted)
        #: The distributions that the sources have of a project, as `_read_project`.
        self.candidates = Recent[Where, tuple[Candidate, ...]](self._read_project, kept)
        #: The tags of all targets: of one reading, the wheels that have one are kept.
        self.tags = frozenset[Tag]()
        self._fitting = Recent[Where, Read](self._read_fitting, kept)
        #: Whether all projects are resolved again in this run: then one reading does for all questions.
        self.resolves = False
        # A page needs ten times its bytes while it is read, and threads read no faster together than one by one.
        self._reading = threading.Lock()
        locations = Locations(fetcher, spool)
        self.page_at, self._links_at = Once(locations.page), Once(locations.links)
        self._is_index = Once[str, bool](lambda url: fetcher.has_page(f"{url}/"))
        #: What locks have of a project beside its pages, and no source offers any more.
        self.kept: dict[Where, tuple[Candidate, ...]] = {}

    def where(self, project: NormalizedName, target: str) -> Where:
        """Return which source serves *project* on *target*."""
        return project, self._network.sources.source_of(project, target)

    def origin(self, one: Distribution) -> Where:
        """Return which source *one* came from, as the only place: another one has other files."""
        source = self._network.sources.named_as(one.source) if one.source else None
        return one.project, source and replace(source, only=True)

    def read(self, project: NormalizedName) -> list[Where]:
        """Return the sources whose pages of *project* were read."""
        return [where for where in [*self._seen] if where[0] == project]

    def bounds(self, where: Where) -> dict[str, Version]:
        """Return each Requires-Python that a wheel of a project has, with the newest version that has it."""
        if where not in self._seen:
            self.fitting(where, frozenset())
        return self._seen[where]

    def newest(self, where: Where) -> Version | None:
        """Return the newest final release of a project that was not yanked, with any file; ``None`` without one."""
        if where not in self._final:
            self.fitting(where, frozenset())
        return self._final[where]

    def fitting(self, where: Where, tags: frozenset[Tag]) -> tuple[Candidate, ...]:
        """
        Return the wheels of a project that have one of *tags*, in the order of `candidates`, without keeping them.

        Most files of a page fit no target: they are not even made.

        :raises UpstreamError: a source does not answer, or not with a page.
        :raises HashMismatch: two sources give one file name to different bytes.
        """
        read = self._fitting(where) if tags <= self.tags else self._read_fitting(where, tags)
        found, facts = read.on(tags, self.kept.get(where, ()))
        self._seen[where], self._final[where] = facts.newest, facts.final
        judged = self._judged(found)
        self.untimed.add(where[0], judged)
        return judged

    def _read_fitting(self, where: Where, tags: frozenset[Tag] | None = None) -> Read:
        """Return the wheels of a project that have one of *tags*, by default those of all targets, in one reading."""
        facts = Facts(self.tags if tags is None else tags)
        return Read(candidates=self._merged(where, facts), facts=facts)

    def quarantine(self, where: Where) -> Standing | None:
        """Return what an index says of a project if that is in quarantine there (PEP 792), and its page was read."""
        return self._quarantined.get(where)

    def listed(self, where: Where, names: Collection[str]) -> dict[str, Distribution]:
        """Return those files called *names* that `fitting` would find whatever tags and rules say, by name."""
        read = self._fitting(where) if self.resolves else self._fitting.kept(where)
        found = called(names, read.candidates) if read else {}
        return found if len(found) == len({*names}) else called(names, self._merged(where, Named(names)))

    def doubt(self, where: Where, *, moved: bool = True) -> str:
        """
        Return why a file that is not listed may be there all the same, ``""`` if it is gone.

        :param moved: look whether an index without a page of the project, or a location of links, has moved.
        :raises UpstreamError: an index does not answer.
        """
        project, source = where
        if moved and (source is None or source.is_open):
            linked = (one for one in self._network.find_links if local_path(one) is None and not self._links_at(one))
            if location := next(linked, None):
                return f"{without_credentials(location)} has no page"

        def shown_at(url: str) -> tuple[str, str] | None:
            kept = self.page_at((url, project))
            return None if kept is None else (kept.content_type, kept.page(self._spool).text)

        asked = Presence(
            project=project,
            forbidden=lambda url: self.denials.status(url, project) == FORBIDDEN,
            page_at=shown_at,
            lists=lambda url: bool(self._read_index(url, where, lambda *_: True)),
            # Some indexes have pages of projects alone.
            is_index=lambda url: self.denials.has_shown(url) or self._is_index(url),
        )
        return asked.doubt(self.indexes_of(source), moved=moved)

    def indexes_of(self, source: Source | None) -> list[str]:
        """Return the indexes that are asked for a project of *source*."""
        own = [one.index for one in source.chain if one.index] if source else []
        return own if source and not source.is_open else [*own, *self._network.index_urls]

    @property
    def asked(self) -> str:
        """The setting of pip that names the indexes, or keeps all of them away, and where it was read from."""
        name = "no-index" if self._network.options.no_index else "index-url"
        return f"pip's {name!r}{self._network.place(name)}"

    def find_local(self, one: Distribution) -> Path | None:
        """Return the path of a file from one of the user's directories, without the network."""
        where, wants = self.origin(one), lambda *_: True
        if one.source:
            laid = self._of(where[1], where, wants) if where[1] and where[1].wheels else ()
            return next((each.path for each in laid if each.distribution.filename == one.filename), None)
        groups = [self._linked(location, where, wants) for location in self._network.find_links]
        locals_ = [url for url in self._network.index_urls if local_path(url) is not None]
        groups += [self._read_index(url, where, wants) for url in locals_]
        found = (each for group in groups for each in group if each.distribution.filename == one.filename)
        return next((each.path for each in found if each.path is not None), None)

    def _read_project(self, where: Where) -> tuple[Candidate, ...]:
        """
        Return everything that the source of a project has of it, fitting or not, sdists included.

        :raises UpstreamError: a source does not answer, or not with a page.
        :raises HashMismatch: two sources give one file name to different bytes.
        """
        found = self._judged((*self._merged(where, lambda *_: True), *self.kept.get(where, ())))
        self.untimed.add(where[0], (one for one in found if one.tags is None))
        return found

    def _judged(self, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
        """Return *candidates* with the rules that refuse them."""
        if not self.judge.rules:
            return tuple(candidates)
        return tuple(
            replace(one, verdicts=verdicts) if (verdicts := self.judge.judged(one)) else one for one in candidates
        )

    def readers(self, where: Where) -> list[Callable[[Wants], tuple[Candidate, ...]]]:
        """
        Return a function for each place that a project may come from, which reads what is wanted there.

        The order is pip's: ``find-links`` does not outrank an index. Each function raises what `candidates` raises.
        """
        project, source = where
        if source is None and self.is_private(project):
            # Another project of that name could be there, and no index learns the name.
            return []
        own = [partial(self._of, one, where) for one in (source.chain if source else ())]
        if source is not None and not source.is_open:
            return [*own]
        indexes = [partial(self._read_index, url, where) for url in self._network.index_urls]
        return [*own, *indexes, *(partial(self._linked, location, where) for location in self._network.find_links)]

    def _merged(self, where: Where, wants: Wants) -> tuple[Candidate, ...]:
        """Return what is wanted of a project."""
        readers = self.readers(where)
        groups = [read(wants) for read in readers]
        if len(readers) < 2:  # noqa: PLR2004 - nothing to compare
            return merge(groups)
        if sum(self.page_at((url, where[0])) is not None for url in self.indexes_of(where[1])) > 1:
            self.shared.add(where[0])
        names = Counter(candidate.distribution.filename for group in groups for candidate in group)
        twice = {name for name, count in names.items() if count > 1}
        merged = merge(
            (tuple(hashed(one) if one.distribution.filename in twice else one for one in each) for each in groups),
            left_out=self.unusable.leave_out if self._network.first_source_wins else None,
        )
        return self.unusable.noted(merged)

    def _of(self, source: Source, where: Where, wants: Wants) -> tuple[Candidate, ...]:
        """Return what one source has of a project."""
        place = str(source.wheels.absolute()) if source.wheels is not None else source.index
        read = self._read_index if source.index else self._linked
        try:
            return tuple(of_source(one, source) for one in read(place, where, wants))
        except UpstreamError as error:
            name_source(error, source.name, where[0], only=where[1] == source)
            raise

    def _linked(self, location: str, where: Where, wants: Wants) -> tuple[Candidate, ...]:
        found = self._links_at(location)
        if isinstance(found, Page):
            candidates = self._parsed(found, where, wants)
            return remote(candidates) if local_path(location) is None else localized(candidates)
        return from_folder(
            found,
            source=str(local_path(location)),
            project=where[0],
            on_variant=self.wheel_variants[where[0]].add,
        )

    def _read_index(self, index: str, where: Where, wants: Wants) -> tuple[Candidate, ...]:
        found = self.page_at((index, where[0]))
        if found is None:
            return ()
        # A path of this machine must never reach a lock.
        stated = without_credentials(index) if local_path(index) is None else None
        with self._reading:
            candidates = self._parsed(found.page(self._spool), where, wants, stated)
        return remote(candidates) if stated else localized(candidates)

    def _parsed(self, page: Page, where: Where, wants: Wants, index: str | None = None) -> tuple[Candidate, ...]:
        try:
            return read_page(
                page.text,
                content_type=page.content_type,
                url=page.url,
                project=where[0],
                wants=wants,
                on_variant=self.wheel_variants[where[0]].add,
                on_damaged=partial(self.unusable.add, without_credentials(page.url), where[0], DAMAGED),
                quarantined=lambda standing: self._quarantined.setdefault(where, standing),
                index=index,
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            msg = f"{without_credentials(page.url)} is no page of the simple API: {error if type(error) is ValueError else repr(error)}"
            raise UpstreamError(msg, project=where[0], next_step=f"check {self._named(page.url)}") from error
