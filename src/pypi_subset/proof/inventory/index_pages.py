"""Every index of the site, page by page: does it lead to just the files that it should, and say of each what is true."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.model.intake.variants import held_in, variants_of
from pypi_subset.model.paths import FIND_LINKS, JSON_PAGE, PAGE, SIMPLE, SIMPLE_JSON, view_of
from pypi_subset.proof.access import page_links
from pypi_subset.proof.access.wheel_metadata import metadata_in
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from pypi_subset.model.manifest import File


def pages_of(entries: Iterable[File], targets: Iterable[str]) -> tuple[dict[str, list[File]], dict[str, set[str]]]:
    """
    Return what each page must lead to: by page the entries of its files, and by root page the names of its projects.

    The union has two forms, HTML and JSON, and JSON once more under a prefix of its own; each target has both forms of
    what it needs (PEP 503, 691).

    Of a project with variants the pages for all targets lead to no file.

    :param entries: the manifest's.
    :param targets: names of the targets that some set serves.
    """
    entries = tuple(entries)
    variants = variants_of(held_in(entries))
    pages: dict[str, list[File]] = {FIND_LINKS: [one for one in entries if one.project not in variants]}
    roots: dict[str, set[str]] = {}
    needed: defaultdict[str, list[File]] = defaultdict(list)
    for entry in entries:
        for target in {need.target for need in entry.needed_by}:
            needed[target].append(entry)
    both = (PAGE, JSON_PAGE)
    wanted = {view_of(name): (needed[name], both) for name in targets}
    for folder, (own, forms) in {SIMPLE: (entries, both), SIMPLE_JSON: (entries, both[:1]), **wanted}.items():
        for form in forms:
            roots[f"{folder}/{form}"] = {entry.project for entry in own}
            for entry in own:
                led = pages.setdefault(f"{folder}/{entry.project}/{form}", [])
                if entry.project not in variants or folder not in {SIMPLE, SIMPLE_JSON}:
                    led.append(entry)
    return pages, roots


def views_from(entries: Iterable[File]) -> dict[str, set[str]]:
    """Return the pages of the union that name views in place of files, each with the pages that it must lead to."""
    return {
        f"{SIMPLE}/{project}/{PAGE}": {f"{view_of(target)}/{project}/{PAGE}" for target in targets}
        for project, targets in variants_of(held_in(entries)).items()
    }


def of_page(
    page: str, path: Path, wanted: Iterable[File], views: Collection[str] = ()
) -> Iterator[tuple[File | None, str]]:
    """
    Yield what is wrong with the page of a project or of all: the entry concerned, if it is one, and words.

    :param page: the page's path below the site.
    :param path: its file.
    :param views: pages that it must lead to besides.
    """
    found = page_links.links(path, page)
    for entry in sorted(wanted, key=lambda one: one.path):
        link, name = found.pop(entry.path, None), entry.filename
        if link is None or link.sha256 != entry.sha256:
            yield entry, f"the page {page} does not lead to {name} by its hash"
        elif link.requires_python != entry.requires_python:
            yield entry, f"the page {page} has another Requires-Python for {name}"
        elif link.metadata != (entry.metadata or ""):
            yield entry, f"the page {page} has another hash for the metadata of {name}"
    yield from ((None, f"the page {page} does not lead to {view}") for view in sorted({*views} - found.keys()))
    found = {where: link for where, link in found.items() if where not in views}
    yield from ((None, f"the page {page} leads to {where}, which is not in the manifest") for where in sorted(found))


def of_root(page: str, path: Path, projects: set[str]) -> Iterator[str]:
    """Yield a sentence for each project that a root page does not lead to, and each that it should not."""
    folder = page.rpartition("/")[0]
    wanted = {f"{folder}/{name}" for name in projects}
    found = set(page_links.links(path, page))
    yield from (f"the page {page} does not lead to {name}/" for name in sorted(wanted - found))
    yield from (f"the page {page} leads to {name}, where there is no project" for name in sorted(found - wanted))


def of_metadata(entry: File, wheel: Path | None, beside: Path | None) -> str:
    """Return what is wrong with the metadata beside a wheel, ``""`` if nothing: it must be the wheel's own (PEP 658)."""
    if entry.metadata is None:
        return ""
    if beside is None or beside.is_symlink():
        return f"the metadata of {entry.filename} is not in the site"
    if files.sha256_of(beside) != entry.metadata:
        return f"the metadata of {entry.filename} has other bytes than the manifest says"
    # A wheel that has none is damaged: its own hash tells.
    own = metadata_in(wheel) if wheel is not None else []
    if len(own) == 1 and hashlib.sha256(own[0]).hexdigest() != entry.metadata:
        return f"the metadata of {entry.filename} is not that of the wheel"
    return ""
