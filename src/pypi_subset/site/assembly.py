"""The index of a site in a staged directory: distributions, their core metadata, and every page that installers read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.site import incremental, simple_index
from pypi_subset.site.build_state import BuildState, BuiltProject
from pypi_subset.site.core_metadata import described, write_metadata
from pypi_subset.site.dir2pi import grouped, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pypi_subset.model.distributions import Artifact, Project
    from pypi_subset.packages.file_cache import FileCache
    from pypi_subset.site.incremental import Texts
    from pypi_subset.site.stage_writer import StageWriter


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembled:
    """
    The index in the staged directory.

    :param pages: SHA-256 of each page, by path.
    :param built: what the next build has to know of each project.
    :param linked: directories in which every file is a hard link of the live site's file.
    """

    projects: tuple[Project, ...]
    pages: dict[str, str]
    built: dict[str, BuiltProject]
    linked: frozenset[str]


def assemble(
    artifacts: Iterable[Artifact],
    views: Mapping[str, frozenset[str]],
    writer: StageWriter,
    cache: FileCache,
    *,
    last: BuildState,
    texts: Texts,
) -> Assembled:
    """
    Write all distributions, their core metadata and every index page into the staged directory.

    Projects that did not change since the last build are linked from the live site.

    :param views: file names of each target, by the target's name.
    :param writer: writes the staged directory, which is empty.
    :param last: the `incremental.usable` state of the last build.
    :param texts: the `incremental.texts_of` the artifacts' distributions.
    :raises SubsetError: a file cannot be read, laid out or written.
    """
    projects = grouped(described(one, cache) for one in artifacts)
    found = incremental.compare(projects, views, Path(writer.live), last, texts)
    linked = writer.link_directories(found.directories)
    changed = [project for project in projects if project.name not in found.unchanged]
    place([one for project in changed for one in project.artifacts], Path(writer.stage))
    write_metadata(changed, writer, cache)
    rendering = simple_index.Rendering(projects, views=views, unchanged=found.unchanged)
    pages = writer.put_all(rendering.pages())
    for name in found.unchanged:
        pages |= zip(found.pages[name], last.projects[name].pages, strict=True)
    built: dict[str, BuiltProject] = {
        name: BuiltProject(digest, rendering.lines[name].count("\n"), tuple(pages[path] for path in found.pages[name]))
        for name, digest in found.digests.items()
    }
    return Assembled(projects=projects, pages=pages, built=built, linked=frozenset(linked))
