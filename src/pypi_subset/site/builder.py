"""The site from locks and files: every page and every file of it, in a new folder that takes the old one's place."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.locks import exports
from pypi_subset.site import manifest, web_servers
from pypi_subset.site.assembly import NOTHING, Before, Words, assemble
from pypi_subset.site.content import Content, views
from pypi_subset.site.incremental import digest_of, is_current, known, left, look_at, same_site
from pypi_subset.site.pages.front_page import front_page
from pypi_subset.site.stage_writer import Filling
from pypi_subset.support import files, staging
from pypi_subset.support.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypi_subset.model.distributions import Project
    from pypi_subset.packages.file_cache import Memory
    from pypi_subset.site.assembly import Assembled


class _SameSiteError(Exception):
    """The staged site and the live site are the same."""


@contextlib.contextmanager
def staged_site(content: Content, site: Path, memory: Memory) -> Iterator[Path | None]:
    """
    Yield the staged site of *content*; it replaces *site* atomically when the block ends without an error.

    If *site* already has exactly this content, yield ``None`` and replace nothing.

    :param memory: the hashes of unchanged files, and the state of the last build.
    :raises SubsetError: a file cannot be read or written; *site* stays as it was.
    """
    words = Words()
    inputs, before = digest_of(content, words), look_at(site)
    if (site / "README.md").is_file() and is_current(inputs, before, memory):
        yield None
        return
    replaced = False
    with contextlib.suppress(_SameSiteError), staging.staged(site) as stage:
        filling = Filling(stage, before=site)
        done = fill(content, filling, memory, known(before, memory), words)
        if not filling.made and same_site(stage, site):
            raise _SameSiteError
        yield stage
        replaced = True
    memory.site = left(inputs, site, done, before)
    if not replaced:
        yield None


def fill(
    content: Content, filling: Filling, memory: Memory, before: Before = NOTHING, words: Words | None = None
) -> Assembled:
    """
    Make a whole site of a stage; return what of it was assembled.

    :param filling: fills the stage, which is empty, and no reader sees it yet.
    :param before: what is known of the site that is replaced; nothing unless told.
    :param words: those in which the files were put already.
    """
    done = assemble(content.artifacts, views(content.locks), filling, memory, before, words)
    pages = dict(done.pages)
    for path, data in _others(content, done.projects):
        filling.put(path, data)
        pages[path] = _sha256(data)
    written = manifest.render(content.subset, content.locks, done.projects, content.bad, pages=pages)
    filling.put("manifest.json", written)
    stage = Path(filling.stage)
    # The user's own, if there is one, takes its place.
    files.write(stage / "README.md", readme_of("site"))
    return done


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def readme_of(folder: str) -> bytes:
    """Return the README that *folder* (``packages`` or ``site``) gets if it has none."""
    return shipped("templates", f"{folder}.md")


def _others(content: Content, projects: Sequence[Project]) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of what is no page of an index: locks, what web hosts need, and the page for people."""
    yield from exports.published(content.locks, {target.name: target for target in content.subset.targets}).items()
    yield from web_servers.render(sorted(views(content.locks))).items()
    yield "index.html", front_page(content.subset, content.locks, projects).encode()
