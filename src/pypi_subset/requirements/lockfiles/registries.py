"""Where a lock takes its entries from: an index that pip or ``subset.toml`` names, or a place that no mirror has."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from pip._internal.models.index import PyPI

from pypi_subset.errors import Fault
from pypi_subset.requirements.lockfiles.telling import Alike, telling
from pypi_subset.requirements.reach import is_same_place
from pypi_subset.requirements.tools.finding import Asked, Finding, Index, listed
from pypi_subset.requirements.tools.served import lines_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from packaging.markers import Marker

    from pypi_subset.model.targets import Target
    from pypi_subset.requirements.lockfiles.entries import Entry
    from pypi_subset.requirements.source import Source
    from pypi_subset.requirements.toml import Settings

_ADD = "to take these projects from that index and from nowhere else, write in subset.toml:"


def misplaced(
    source: Source,
    document: Settings,
    used: Mapping[Entry, Sequence[Target]],
) -> Iterator[Fault]:
    """
    Yield a fault for each entry that no index of pip and no source of ``subset.toml`` can have.

    A hash decides which file it is. An index is therefore as good as another, and PyPI as the index that pip has in its
    place; what is refused is a project that pip would ask no index for that has it.

    :param used: the entries that count, each with the targets where it does.
    """
    away: dict[str, list[tuple[Entry, tuple[str, ...]]]] = {}
    for entry, targets in used.items():
        names = tuple(one.name for one in targets if not _is_served(source, entry, one))
        if names and entry.place:
            what = f"{entry.name} comes from {entry.place}: an index offers releases"
            step = f"lock a release from an index; or serve the locked file by [sources.NAME] with projects = [{entry.name!r}]"
            yield Fault(
                what=what,
                path=source.path,
                line=entry.line,
                next_step=step
                if entry.hashes
                else "lock a release from an index, or choose extras and groups without it",
            )
        elif names:
            away.setdefault(entry.registry, []).append((entry, names))
    shared = {one for one, count in Counter(entry.name for entry in used).items() if count > 1}
    for registry, found in away.items():
        yield _fault(source, document, registry, found, shared)


def _is_served(source: Source, entry: Entry, target: Target) -> bool:
    reach = source.reach
    has_source = reach.sources.source_of(canonicalize_name(entry.name), target.name) is not None
    if reach.index_urls is None or has_source:
        # What has no hash cannot be the file that was locked.
        return not entry.place or bool(entry.hashes)
    if entry.place:
        return False
    if not entry.registry or is_same_place(entry.registry, PyPI.simple_url):
        return True
    return reach.is_asked(entry.registry) or reach.is_linked(entry.registry)


def _marker(source: Source, names: Sequence[str]) -> Marker | None:
    try:
        return telling(source.targets, dict.fromkeys(names))
    except Alike:
        return None


def _fault(
    source: Source,
    document: Settings,
    registry: str,
    found: Sequence[tuple[Entry, tuple[str, ...]]],
    shared: Collection[str],
) -> Fault:
    """
    Return one fault for all entries *found* that come from *registry*, with the lines that make it a source.

    :param shared: projects with several entries: a target may get another one from another index.
    """
    findings = []
    for entry, names in found:
        marker = _marker(source, names) if entry.name in shared else None
        index = Index(url=registry, projects=(entry.name,), marker=None if marker is None else str(marker))
        findings.append(Finding(document=document, keys=(), what="", index=index))
    asked = Asked(requests=(), choice=source.choice, targets=source.targets, reach=source.reach)
    lines = lines_for(findings, asked) if "://" in registry else ()
    projects = [entry.name for entry, _ in found]
    what = f"the lock takes {listed(projects)} from an index that pip is not configured for"
    step = _ADD if lines else "name that place in pip's configuration, as index-url or find-links"
    return Fault(what=what, path=source.path, line=found[0][0].line, next_step=step, excerpt=lines)
