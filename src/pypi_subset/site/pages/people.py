"""All pages for people: what did not change since the last build is linked from the live site."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.locks.gaps import accepted_gaps
from pypi_subset.model import paths
from pypi_subset.model.intake.variants import variants_locked
from pypi_subset.site.build_state import BuiltPage
from pypi_subset.site.pages import search
from pypi_subset.site.pages.facts import projects_of, requests_of
from pypi_subset.site.pages.front_page import front_page
from pypi_subset.site.pages.project_page import page_of
from pypi_subset.site.pages.request_page import request_page
from pypi_subset.site.readme import cache
from pypi_subset.site.readme.cache import NOTHING
from pypi_subset.support.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pypi_subset.model.distributions import Project
    from pypi_subset.model.intake.other_files import CarriedFile
    from pypi_subset.model.locks import AcceptedGap, Lock
    from pypi_subset.model.manifest import Need
    from pypi_subset.model.requests import Subset
    from pypi_subset.site.build_state import BuildState
    from pypi_subset.site.pages.facts import ProjectFacts, RequestFacts
    from pypi_subset.site.stage_writer import StageWriter


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """
    The pages for people in the staged directory.

    :param pages: SHA-256 of each page, by path.
    :param built: what the next build has to know of each page of a project and of a request, by path.
    :param linked: directories in which every file is a hard link of the live site's file.
    :param described: SHA-256 of each METADATA whose README is on a page.
    """

    pages: dict[str, str]
    built: dict[str, BuiltPage]
    linked: frozenset[str]
    described: frozenset[str]


def write_pages(  # noqa: PLR0913 - as `front_page`
    content: tuple[Subset, Sequence[Lock], Sequence[Project]],
    needs: Mapping[str, Sequence[Need]],
    writer: StageWriter,
    *,
    last: BuildState,
    packages: Path | None = None,
    has_manual: bool = False,
    others: Sequence[CarriedFile] = (),
) -> People:
    """
    Write all pages for people into the staged directory, which holds the distributions and their metadata.

    :param content: the subset, its locks, and the projects of the site.
    :param needs: the `manifest.needs_of` the locks.
    :param writer: writes the staged directory.
    :param last: the `incremental.usable` state of the last build.
    :param packages: the packages directory, which caches READMEs; ``None`` caches none.
    :param has_manual: whether the site has the manual, see `front_page`.
    :param others: the other files, see `front_page`.
    :raises SubsetError: METADATA cannot be read, or a page cannot be written.
    """
    subset, locks, projects = content
    facts, gaps = projects_of(locks, projects, needs), accepted_gaps(subset, locks)
    variants = variants_locked(locks)
    index = paths.view_of("TARGET") if variants else paths.SIMPLE
    digests = {paths.project_page(one.name): _digest((one, index, one.name in variants)) for one in facts}
    requests = {paths.request_page(one.set_name, one.project): one for one in requests_of(subset, locks)}
    own = {path: _gaps_of(one, gaps) for path, one in requests.items()}
    digests |= {path: _digest((one, own[path])) for path, one in requests.items()}
    same = {path for path, digest in digests.items() if _is_same(path, digest, last)}
    linked = writer.link_directories(sorted(path.rpartition("/")[0] for path in same))
    changed = [one for one in facts if paths.project_page(one.name) not in same]
    built = {path: last.people[path] for path in same}
    built |= _write_projects(changed, (index, variants), writer, packages, digests)
    for path in requests.keys() - same:
        data = request_page(requests[path], own[path]).encode()
        built[path] = BuiltPage(digests[path], writer.put_all([(path, data)])[path], ())
    entries = [search.entry_of(one, built[paths.project_page(one.name)].about, len(subset.targets)) for one in facts]
    pages = {path: one.sha256 for path, one in built.items()}
    pages |= writer.put_all(search.lists(entries))
    front = front_page(subset, locks, projects, entries, has_manual=has_manual, others=others)
    pages |= writer.put_all(_front(front))
    described = frozenset(str(one.described_by.metadata) for one in facts if one.described_by)
    return People(pages=pages, built=built, linked=frozenset(linked), described=described)


def _front(page: str) -> Iterator[tuple[str, bytes]]:
    yield paths.STYLE, shipped("templates", "site.css")
    yield paths.SCRIPT, shipped("templates", "site.js")
    yield paths.PAGE, page.encode()


def _write_projects(
    changed: Sequence[ProjectFacts],
    places: tuple[str, Collection[str]],
    writer: StageWriter,
    packages: Path | None,
    digests: Mapping[str, str],
) -> dict[str, BuiltPage]:
    """
    Write the pages of *changed* projects; return what the next build has to know of each.

    :param places: the directory of the index to install from, and the projects that are in views only.
    """
    index, in_views_only = places
    described = {one.name: one.described_by for one in changed}
    sources = {
        str(one.metadata): Path(writer.stage, paths.file_path(name, one.filename) + paths.METADATA)
        for name, one in described.items()
        if one is not None
    }
    shown = cache.shown_of(sources, packages)
    built = {}
    for one in changed:
        file, path = described[one.name], paths.project_page(one.name)
        about = NOTHING if file is None else shown[str(file.metadata)]
        sha256 = writer.put_all(
            [(path, page_of(one, about, index=index, in_views_only=one.name in in_views_only).encode())]
        )[path]
        built[path] = BuiltPage(digests[path], sha256, (about.summary, about.license))
    return built


def _is_same(path: str, digest: str, last: BuildState) -> bool:
    known = last.people.get(path)
    return known is not None and known.digest == digest and path.rpartition("/")[0] in last.directories


def _gaps_of(facts: RequestFacts, gaps: Sequence[AcceptedGap]) -> list[AcceptedGap]:
    return [one for one in gaps if (one.set, one.project) == (facts.set_name, facts.project)]


def _digest(facts: object) -> str:
    """Return the digest of what a page is rendered from: *facts*, and the renderers of READMEs."""
    return hashlib.sha256(f"{cache.renderers()} {facts!r}".encode(errors="backslashreplace")).hexdigest()
