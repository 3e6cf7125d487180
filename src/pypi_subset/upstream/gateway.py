"""
The index that every pip of ours sees: an HTTP server on 127.0.0.1 in front of `Upstream`.

Each target has a view: what fits it. Another of that target has the newest releases alone, which pip reads first. A view
for downloading has the files of one lock. Every path begins with a token that the pips of this run alone are given: other
users of this machine reach the port too.
"""

from __future__ import annotations

import contextlib
import hmac
import itertools
import secrets
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, unquote

from msgspec import structs
from packaging.tags import Tag
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.distributions import filenames
from pypi_subset.errors import BadDistribution, SubsetError
from pypi_subset.model.intake.rules import YANKED
from pypi_subset.model.intake.verdicts import Verdict
from pypi_subset.support import http_server
from pypi_subset.support.once import Once
from pypi_subset.upstream.builds import NotBuilt, require_fitting
from pypi_subset.upstream.checks import matches, newest_of
from pypi_subset.upstream.pages import Where
from pypi_subset.upstream.shared import Known, entry_of, page_of
from pypi_subset.upstream.transport.answers import Handler

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from packaging.requirements import Requirement

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.targets import Target
    from pypi_subset.upstream.catalog import Upstream

#: Bytes of the token.
TOKEN = 16

#: Final releases of a project that pip reads first; they are kept in memory. It tries an older one of hardly any project.
FIRST = 4

#: What is between a target and the number of a run, and between that and the key of a file; no name holds them.
_OF_RUN, _BETWEEN = ".", "~"

#: pip passes over a release whose metadata speaks of another project, and tries the next.
_OF_NOBODY = b"Metadata-Version: 2.1\nName: refused-by-pypi-subset\nVersion: 0\n\n"


class Loopback:
    """
    The index, while the ``with`` block lasts.

    :param upstream: where pages, files and metadata come from.
    :param targets: each has a view of what fits it.
    :param asker: the releases that are being built, if what they require is asked for here.
    """

    def __init__(self, upstream: Upstream, targets: Sequence[Target], asker: tuple[str, ...] = ()) -> None:
        self.upstream, self._asker = upstream, asker
        self._tags = {target.name: frozenset(target.tags) for target in targets}
        self._hosts = {target.name for target in targets if target.host}
        self._all_tags = frozenset[Tag]().union(*self._tags.values())
        if not asker:
            upstream.pages.tags = self._all_tags
        #: By project and target the wheels that pip tries first.
        self._first: dict[tuple[Where, str], list[Candidate]] = {}
        self._newest = Once[Where, dict[str, bytes | None]](self._read_newest)
        self._known = Known()
        self._locked: dict[tuple[str, str], Candidate] = {}
        #: The first thing that went wrong while a pip was waiting: truer than what that pip can tell.
        self.failure: SubsetError | None = None
        #: Why a pip must end, by the run that its view is for.
        self._ended: dict[str, NotBuilt] = {}
        self._runs = itertools.count(1)
        #: What is wrong with the wheels that a pip passes over, by file name.
        self.refused: dict[str, BadDistribution] = {}
        self._server = http_server.Server(Handler, self)
        #: What every path begins with. Hexadecimal: `runner.hidden` knows it again in what pip says.
        self.token = secrets.token_hex(TOKEN)
        self._url = f"{self._server.url}/{self.token}"
        self._running = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._running.enter_context(self._server.running())
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def target_url(self, target: Target) -> str:
        """Return the view for resolving: of each project the wheels that fit *target*."""
        return f"{self._url}/simple/{target.name}/"

    def run_of(self, target: Target) -> tuple[str, str]:
        """Return a name for one run of pip, and its view for resolving: as `target_url`, with what could be built."""
        run = f"{target.name}{_OF_RUN}{next(self._runs)}"
        return run, f"{self._url}/simple/{run}/"

    def ended(self, run: str) -> NotBuilt | None:
        """Return why a run had to end: a wheel that it asked for cannot be built, or does not fit; else ``None``."""
        return self._ended.get(run)

    def hashes_of_built(self, target: Target, requirement: Requirement, hashes: Iterable[str]) -> list[str]:
        """
        Return ``sha256:…`` of each wheel that is built from an sdist with one of *hashes*, and that *target* could get.

        Clients state the hash of the sdist. What they install is the wheel.

        :raises NotBuilt: one cannot be built.
        """
        found, wanted = [], {tuple(one.partition(":")[::2]) for one in hashes}
        for candidate in self._to_build(target.name, canonicalize_name(requirement.name)):
            version = candidate.distribution.version
            if candidate.sdist is None or not requirement.specifier.contains(version, prereleases=True):
                continue
            path = self.upstream.file(candidate.sdist)
            if any(matches(path, ((algorithm, stated),)) is None for algorithm, stated in wanted):
                found.append(f"sha256:{self.upstream.built(candidate, self._asker).distribution.sha256}")
        return found

    def known(self, run: str) -> dict[str, dict[str, str]]:
        """
        Return the answers that the pip of *run* need not ask for, as `pypi_subset.pip.sharing` takes them.

        Other pips have asked for them. They are bounded, since all of it is held in memory: a pip asks for what is beyond.
        """
        target, where = run.partition(_OF_RUN)[0], self.upstream.pages.where
        # What other targets have from another source, no pip has asked for here. What could be built, each pip asks for.
        read = self._newest.results() if self.upstream.builds is None else ()
        found = ((project, pages[target]) for (project, source), pages in read if where(project, target)[1] == source)
        pages = ((f"{self._url}/newest/{run}/{project}/", page.decode()) for project, page in found if page)
        seen = self.upstream.metadata_of_candidates()
        texts = ((f"{self._url_of(one)}.metadata", data.decode("latin-1")) for one, data in seen)
        return self._known.order(pages, texts)

    def locked_url(self, name: str, candidates: Iterable[Candidate]) -> str:
        """Return the view for downloading exactly *candidates*, one file of a project at most; *name* tells views apart."""
        for candidate in candidates:
            self.upstream.know(candidate)
            self._locked[name, candidate.distribution.project] = candidate
        return f"{self._url}/locked/{quote(name)}/"

    def first(self, project: NormalizedName, target: Target) -> list[Candidate]:
        """
        Return the newest releases of *project* for *target*, the first that pip tries among them.

        :raises SubsetError: a source does not answer, or not with a page.
        """
        where = self.upstream.pages.where(project, target.name)
        self._newest(where)
        return self._first.get((where, target.name), [])

    def candidate_at(self, url: str) -> Candidate | None:
        """Return what is offered at one of our own URLs, as pip's report names it; what was built, as it is now."""
        prefix = f"{self._url}/files/"
        found = self._file_at(url.removeprefix(prefix)) if url.startswith(prefix) else None
        return None if found is None else self.upstream.built(found, self._asker)

    def answer(self, path: str) -> bytes | Path | None:
        """
        Return what stands at *path*: a page as PEP 691 JSON, metadata, or the path of a whole file; ``None``: nothing.

        Without the token there is nothing at any path.

        :raises SubsetError: it should be there, and could not be had.
        """
        token, kind, *rest = [*path.strip("/").split("/"), ""]
        if not hmac.compare_digest(token.encode(errors="replace"), self.token.encode()):
            return None
        rest = rest[:-1]
        if kind in {"simple", "newest", "locked"} and len(rest) == 2:  # noqa: PLR2004 - view and project
            view, project = rest[0], canonicalize_name(rest[1])
            if locked := self._locked.get((view, project)) if kind == "locked" else None:
                return page_of(project, [self._entry(locked)])
            if view in self._ended:
                return None
            return (
                self._newest_of(view, project) if kind == "newest" else page_of(project, self._fitting(view, project))
            )
        candidate = self._file_at("/".join(rest)) if kind == "files" else None
        if candidate is not None and candidate.sdist is not None:
            candidate = self._built(candidate, rest[0].rpartition(_BETWEEN)[0])
        if candidate is None:
            return None
        return self._metadata(candidate) if path.endswith(".metadata") else self.upstream.file(candidate)

    def _file_at(self, place: str) -> Candidate | None:
        """Return the candidate of a path below ``files/``, ``None`` if it is none of ours."""
        key, _, filename = place.partition("/")
        key = key.rpartition(_BETWEEN)[2]
        with contextlib.suppress(*filenames.INVALID):
            return self.upstream.known(key, filenames.parse(unquote(filename).removesuffix(".metadata"))[0])
        return None

    def _metadata(self, candidate: Candidate) -> bytes:
        try:
            return self.upstream.metadata(candidate)
        except BadDistribution as error:
            self.refused[candidate.distribution.filename] = error
            return _OF_NOBODY

    def _built(self, candidate: Candidate, run: str) -> Candidate | None:
        """Return the wheel of *candidate*; ``None`` if there is none for *run*, which gets no page any more."""
        if run in self._ended:
            return None
        try:
            wheel = self.upstream.built(candidate, self._asker)
            if not wheel.kept_for:
                target = run.partition(_OF_RUN)[0]
                require_fitting(wheel, self._tags.get(target, frozenset()), host=target in self._hosts)
        except NotBuilt as error:
            # Otherwise pip would try all older releases, each of which would be built.
            self._ended[run] = error
            return None
        return wheel

    def _newest_of(self, view: str, project: NormalizedName) -> bytes | None:
        target, _, run = view.partition(_OF_RUN)
        if run and self._to_build(target, project):
            # What could be built is not at its place among the newest.
            return page_of(project, self._fitting(view, project))
        return self._newest(self.upstream.pages.where(project, target))[target]

    def _fitting(self, view: str, project: NormalizedName) -> list[str]:
        target, _, run = view.partition(_OF_RUN)
        fitting = self.upstream.pages.fitting(self.upstream.pages.where(project, target), self._tags[target])
        found = [self._entry(one) for one in fitting if self._is_served(one, target)]
        if run:
            found += [self._entry(one, f"{view}{_BETWEEN}") for one in self._to_build(target, project)]
        return found

    def _to_build(self, target: str, project: NormalizedName) -> list[Candidate]:
        """Return what could be built for *target*, of the releases that have no wheel for it."""
        if self.upstream.builds is None:
            return []
        pages = self.upstream.pages
        every = pages.candidates(pages.where(project, target))
        offered = tuple(one for one in every if not pages.judge.standing(one.verdicts, target))
        tags = self._tags[target]
        served = {one.distribution.version for one in offered if one.tags and not one.tags.isdisjoint(tags)}
        found = [
            one
            for one in self.upstream.builds.candidates(project, offered, target)
            # What a build requires is a wheel.
            if one.distribution.version not in served and not (one.kept_for and self._asker)
        ]
        for one in found:
            self.upstream.know(one)
        return found

    def _is_served(self, one: Candidate, target: str) -> bool:
        """Return whether a wheel fits *target*, and no rule refuses it there."""
        fits = one.tags is not None and not one.tags.isdisjoint(self._tags[target])
        return fits and not (one.verdicts and self.upstream.pages.judge.standing(one.verdicts, target))

    def _read_newest(self, where: Where) -> dict[str, bytes | None]:
        """The page of each target with the newest releases that it gets, all made at once: pages have thousands of files."""
        fitting, pages = self.upstream.pages.fitting(where, self._all_tags), {}
        kept: dict[str, Candidate] = {}
        for target in self._tags:
            newest = newest_of([one for one in fitting if self._is_served(one, target)], FIRST)
            kept |= {one.distribution.filename: one for one in newest}
            self._first[where, target] = newest
            pages[target] = page_of(where[0], [self._entry(one) for one in newest])
        for filename, candidate in kept.items():
            # An older one is read from its page again.
            self.upstream.know(candidate)
            offered = (not tags.isdisjoint(candidate.tags or ()) for tags in self._tags.values())
            self._known.offer(filename, self._url_of(candidate), offered)
        return pages

    def _url_of(self, candidate: Candidate, run: str = "") -> str:
        return f"{self._url}/files/{run}{candidate.key}/{quote(candidate.distribution.filename)}"

    def _entry(self, candidate: Candidate, run: str = "") -> str:
        one = candidate.distribution
        if one.yanked is not None and self._asker:
            verdict = Verdict(rule=YANKED, project=one.project, version=one.version, sentence="")
            (target, *_), judge = self._tags, self.upstream.pages.judge
            if not judge.standing((verdict,), target):
                # No line of the user names what a build requires, so that pip would never take it.
                one = structs.replace(one, yanked=None)
        return entry_of(one, self._url_of(candidate, run))
