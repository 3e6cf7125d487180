"""Build the site of locks and distributions in a staged directory, which then replaces the live site."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.locks import exports
from pypi_subset.model import paths
from pypi_subset.site import build_state, incremental, manifest, web_servers
from pypi_subset.site.assembly import assemble
from pypi_subset.site.build_state import UNKNOWN, BuildState
from pypi_subset.site.content import Content, views
from pypi_subset.site.pages.front_page import front_page
from pypi_subset.site.stage_writer import StageWriter
from pypi_subset.support import files, staging
from pypi_subset.support.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypi_subset.model.distributions import Project
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset
    from pypi_subset.packages.file_cache import FileCache
    from pypi_subset.site.assembly import Assembled
    from pypi_subset.site.incremental import Texts


class _SameSiteError(Exception):
    """The staged site and the live site are the same."""


@contextlib.contextmanager
def staged_site(content: Content, site: Path, cache: FileCache, state: Path) -> Iterator[Path | None]:
    """
    Yield the staged site of *content*; it replaces *site* atomically when the block ends without an error.

    If *site* already has exactly this content, yield ``None`` and replace nothing.

    :param state: the file that holds the `build_state` of *site*; it is replaced together with the site.
    :raises SubsetError: a file cannot be read or written; *site* stays as it was.
    """
    last, live = build_state.read(state), incremental.look_at(site)
    pinned = (pin.distribution for lock in content.locks for pin in lock.pins)
    texts = incremental.texts_of([*pinned, *(one.distribution for one in content.artifacts)])
    inputs = incremental.digest_of(content, texts)
    complete = content.subset is None or (site / paths.README).is_file()
    if complete and last.inputs == inputs and last.directories == live:
        yield None
        return
    replaced = False
    with contextlib.suppress(_SameSiteError), staging.staged(site) as stage:
        writer = StageWriter(stage, live=site)
        done = fill(content, writer, cache, last=incremental.usable(last, live), texts=texts)
        if not writer.written and incremental.same_site(stage, site):
            raise _SameSiteError
        yield stage
        replaced = True
    # Digests from before the links were made: a change that somebody made meanwhile will show.
    known = {path: live[path] for path in done.linked}
    directories = incremental.look_at(site, known=known)
    program = incremental.program_of_site()
    left = BuildState(program=program, inputs=inputs, directories=directories, projects=done.built)
    build_state.write(state, left)
    if not replaced:
        yield None


def fill(
    content: Content,
    writer: StageWriter,
    cache: FileCache,
    *,
    last: BuildState = UNKNOWN,
    texts: Texts | None = None,
) -> Assembled:
    """
    Write the whole site of *content* but for the report of the proof; return what `assemble` returned.

    :param writer: writes the staged directory, which is empty.
    :param last: the `incremental.usable` state of the last build.
    """
    done = assemble(content.artifacts, views(content.locks), writer, cache, last=last, texts=texts)
    if content.subset is None:
        return done
    pages = dict(done.pages)
    for path, data in _others(content.subset, content.locks, done.projects):
        writer.put(path, data)
        pages[path] = hashlib.sha256(data).hexdigest()
    written = manifest.render(content.subset, content.locks, done.projects, content.bad, pages=pages)
    writer.put(paths.MANIFEST, written)
    # The user's own README, if there is one, replaces it.
    files.write(Path(writer.stage, paths.README), readme_of("site"))
    return done


def readme_of(folder: str) -> bytes:
    """Return the README that *folder* (``packages`` or ``site``) gets if it has none."""
    return shipped("templates", f"{folder}.md")


def _others(subset: Subset, locks: Sequence[Lock], projects: Sequence[Project]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of what is no index page: locks, the files for web servers, and the front page."""
    yield from exports.published(locks, {target.name: target for target in subset.targets}).items()
    yield from web_servers.render(sorted(views(locks))).items()
    yield paths.PAGE, front_page(subset, locks, projects).encode()
