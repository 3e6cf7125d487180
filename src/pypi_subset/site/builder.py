"""Build a site, or an index alone, in a staged directory that replaces the live one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pypi_subset.distributions import filenames
from pypi_subset.errors import BadDistribution
from pypi_subset.model import paths
from pypi_subset.model.distributions import Artifact, Distribution
from pypi_subset.packages import file_cache
from pypi_subset.packages.file_cache import FileCache, identity_of, status_of
from pypi_subset.site import build_state, incremental
from pypi_subset.site.assembly import assemble
from pypi_subset.site.build_state import UNKNOWN, BuildState
from pypi_subset.site.content import Content, views
from pypi_subset.site.ownership import require_own
from pypi_subset.site.stage_writer import StageWriter
from pypi_subset.support import files, staging
from pypi_subset.support.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset
    from pypi_subset.site.build_state import BuiltPage, BuiltProject
    from pypi_subset.site.incremental import Texts


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """
    What the next build has to know of a staged site.

    :param built: of each project.
    :param linked: directories in which every file is a hard link of the live site's file.
    :param people: of each page for people that has a directory of its own, by path.
    :param described: SHA-256 of each METADATA whose README is on a page.
    """

    built: dict[str, BuiltProject]
    linked: frozenset[str]
    people: dict[str, BuiltPage] = field(default_factory=dict)
    described: frozenset[str] = frozenset()


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
    pinned = (one for lock in content.locks for one in lock.distributions)
    texts = incremental.texts_of([*pinned, *(one.distribution for one in content.artifacts)])
    inputs = incremental.digest_of(content, texts)
    complete = content.subset is None or (site / paths.README).is_file()
    if complete and last.inputs == inputs and last.directories == live:
        yield None
        return
    replaced = False
    with contextlib.suppress(_SameSiteError), staging.staged(site) as stage:
        writer = StageWriter(stage, live=site)
        done = fill(content, writer, cache, last=incremental.usable(last, live), texts=texts, packages=state.parent)
        if not writer.written and incremental.same_site(stage, site):
            raise _SameSiteError
        yield stage
        replaced = True
    # Digests from before the links were made: a change since then will show.
    known = {path: live[path] for path in done.linked}
    directories, program = incremental.look_at(site, known=known), incremental.program_of_site()
    left = BuildState(program=program, inputs=inputs, directories=directories, projects=done.built, people=done.people)
    files.write(state, msgspec.json.encode(left))
    if content.subset is not None:
        from pypi_subset.site.readme import cache as readmes  # noqa: PLC0415 - an index alone renders no README

        readmes.forget(state.parent, done.described)
    if not replaced:
        yield None


def build_index(wheels: Iterable[str | os.PathLike[str]], site: Path, *, cache: Path | None = None) -> bool:
    """
    Build the simple index of *wheels* in the directory *site*; return whether *site* was replaced.

    The index is ``simple/`` in HTML and JSON, ``simple-json/``, the core metadata file beside each wheel, and
    ``find-links.html``. Each wheel is hard-linked, or copied if *site* is on another file system.

    :param wheels: paths of wheels and sdists, strings as well. Each keeps its file name.
    :param site: replaced atomically. It must be missing, empty, or a site that this program made.
    :param cache: existing directory that keeps hashes from call to call, so that unchanged projects are linked.
    :raises FolderError: *site* holds the files of another program, or cannot be written.
    :raises BadDistribution: a file is no distribution, is damaged, or contradicts its name.
    """
    require_own(site, index=True)
    with tempfile.TemporaryDirectory(prefix="pypi-subset-") as scratch:
        folder = cache or Path(scratch)
        known = FileCache(folder / file_cache.FILE)
        with staged_site(Content(artifacts=_artifacts(wheels, known)), site, known, folder / build_state.FILE) as stage:
            pass
        known.save(forget=stage is not None)
    return stage is not None


def fill(
    content: Content,
    writer: StageWriter,
    cache: FileCache,
    *,
    last: BuildState = UNKNOWN,
    texts: Texts | None = None,
    packages: Path | None = None,
) -> Filled:
    """
    Write the whole site of *content* but for the report of the proof; return what the next build has to know.

    :param writer: writes the staged directory, which is empty.
    :param last: the `incremental.usable` state of the last build.
    :param packages: the packages directory, which caches READMEs; ``None`` caches none.
    """
    texts = texts or incremental.texts_of(one.distribution for one in content.artifacts)
    done = assemble(content.artifacts, views(content.locks), writer, cache, last=last, texts=texts)
    if content.subset is None:
        return Filled(built=done.built, linked=done.linked)
    from pypi_subset.model import documents  # noqa: PLC0415 - an index alone has no manifest
    from pypi_subset.site import manifest  # noqa: PLC0415
    from pypi_subset.site.other_files.carrying import carry  # noqa: PLC0415
    from pypi_subset.site.pages import manual  # noqa: PLC0415
    from pypi_subset.site.pages.people import write_pages  # noqa: PLC0415

    needs = manifest.needs_of(content.subset, content.locks)
    inputs = content.subset, content.locks, done.projects
    laid = dict(manual.of_site(Path(writer.live)))
    people = write_pages(
        inputs, needs, writer, last=last, packages=packages, has_manual=manual.FRONT in laid, others=content.others
    )
    beside = writer.put_all(_beside(content.subset, content.locks))
    pages = done.pages | people.pages | beside | writer.put_all(laid.items()) | carry(content.others, writer)
    made = manifest.manifest_of(*inputs, content.bad, pages=pages, needs=needs, others=content.others)
    writer.put(paths.MANIFEST, documents.encode(made))
    # The user's own README, if there is one, replaces it.
    files.write(Path(writer.stage, paths.README), readme_of("site"))
    return Filled(built=done.built, linked=done.linked | people.linked, people=people.built, described=people.described)


def readme_of(folder: str) -> bytes:
    """Return the README that *folder* (``packages`` or ``site``) gets if it has none."""
    return shipped("templates", f"{folder}.md")


def _beside(subset: Subset, locks: Sequence[Lock]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of locks, of the files for web servers, and of the installer."""
    from pypi_subset.locks import exports  # noqa: PLC0415 - an index alone has none of them
    from pypi_subset.site import web_servers  # noqa: PLC0415
    from pypi_subset.standalone import launchers  # noqa: PLC0415

    yield from exports.published(locks, {target.name: target for target in subset.targets}).items()
    yield from web_servers.render(sorted(views(locks))).items()
    yield from launchers.render().items()


def _artifacts(wheels: Iterable[str | os.PathLike[str]], cache: FileCache) -> list[Artifact]:
    """Return the files at *wheels*, sorted by name, with all that name, bytes and METADATA of each say."""
    found = sorted(map(os.path.split, wheels), key=itemgetter(1))
    folders = {folder: Path(folder) for folder, _ in found}
    return [_artifact(folders[folder], name, cache) for folder, name in found]


def _artifact(folder: Path, name: str, cache: FileCache) -> Artifact:
    """Return the file *name* in *folder* with everything that its name, its bytes and its METADATA say."""
    path = f"{folder}/{name}"
    try:
        project, version, _ = filenames.parse(name)
    except filenames.INVALID as error:
        msg = f"{name!r} is not the name of a wheel or source distribution"
        raise BadDistribution(msg, path=Path(path), next_step="leave the file out") from error
    facts = status_of(path)
    identity = identity_of(facts)
    sha256, metadata, requires_python = cache.recall(identity) or cache.sha256(path, facts), None, None
    if name.endswith(".whl"):
        metadata, requires_python = cache.wheel(path, name, identity, facts)
    one = Distribution(
        filename=name,
        project=project,
        version=version,
        size=facts.st_size,
        sha256=sha256,
        requires_python=requires_python,
    )
    return Artifact(distribution=one, folder=folder, metadata=metadata, identity=identity)
