"""
Files, their metadata and the pages of every index, put together in a stage.

Most of a site is as it was: of a project that did not change, all that the last site has is linked, and nothing is read,
laid out or put into words again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.model.distributions import Distribution
from pypi_subset.packages.file_cache import Part
from pypi_subset.site import simple_index
from pypi_subset.site.core_metadata import described, write_metadata
from pypi_subset.site.dir2pi import dir2pi_loading, place, planned
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

    from pypi_subset.model.distributions import Artifact, Project
    from pypi_subset.packages.file_cache import Memory
    from pypi_subset.site.stage_writer import Filling


#: All that is known of a file but its version, whose text takes a call of its own.
_FACTS = attrgetter(*(one.name for one in fields(Distribution) if one.name != "version"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembled:
    """
    What was put together.

    :param pages: SHA-256 of each page, by its path.
    :param parts: what the next run has to know of each project.
    :param twins: folders in which everything is a link of what the last site has there.
    """

    projects: tuple[Project, ...]
    pages: dict[str, str]
    parts: dict[str, Part]
    twins: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """
    What of the site that is replaced is as this program left it.

    :param folders: paths of the folders.
    :param parts: the projects, as far as their pages were remembered.
    """

    folders: frozenset[str] = frozenset()
    parts: Mapping[str, Part] = field(default_factory=dict)


#: No site, or one of which nothing is known.
NOTHING = Before()


def assemble(
    artifacts: Iterable[Artifact],
    views: Mapping[str, frozenset[str]],
    filling: Filling,
    memory: Memory,
    before: Before = NOTHING,
    words: Words | None = None,
) -> Assembled:
    """
    Put all files, their metadata and every page of every index into a stage.

    :param views: the names of the files that each target gets, by the target's name.
    :param filling: fills the stage, which is empty.
    :param before: what is known of the site that is replaced; nothing unless told.
    :param words: those in which the files were put already.
    :raises SubsetError: a file cannot be read, laid out or written.
    """
    # It is told what to do once it is known what is new: to find that out takes about as long as it loads.
    with dir2pi_loading() as dir2pi:
        projects = planned(described(artifacts, memory))
        there = _compared(projects, views, Path(filling.before), before, words or Words())
        changed = [project for project in projects if project.name not in there.kept]
        pages: dict[str, str] = {}
        lines: dict[NormalizedName, str] = {}
        waiting: list[tuple[str, bytes]] = []
        linked: list[str] = []

        def meanwhile() -> None:
            linked.extend(filling.twin(sorted(there.twins())))
            rendering = simple_index.Rendering(projects, views=views, kept=there.kept)
            lines.update(rendering.lines)
            for path, data in rendering.pages():
                pages[path] = hashlib.sha256(data).hexdigest()
                # The folders of what changed are not there yet.
                if path.startswith("simple/"):
                    waiting.append((path, data))
                else:
                    filling.put(path, data)
            there.finish(projects, views)

        moved = [one for project in changed for one in project.artifacts]
        place(moved, Path(filling.stage), dir2pi, before=Path(filling.before), meanwhile=meanwhile)
    write_metadata(changed, filling, memory)
    for path, data in waiting:
        filling.put(path, data)
    for name in there.kept:
        pages |= zip(there.places[name], before.parts[name].pages, strict=True)
    parts: dict[str, Part] = {
        name: Part(key=key, lines=lines[name].count("\n"), pages=tuple(pages[path] for path in there.places[name]))
        for name, key in there.keys.items()
    }
    return Assembled(projects=projects, pages=pages, parts=parts, twins=frozenset(linked))


@dataclass(kw_only=True, slots=True)
class _Compared:
    """
    What there will be, held against what is there.

    :param words: those in which the files were put.
    :param keys: a digest of each project; none as long as there is nothing that they could be held against.
    :param places: the paths of its pages.
    :param kept: the projects that are there just as they will be, and the lines that each has in the flat page.
    """

    words: Words
    keys: dict[NormalizedName, str]
    places: Mapping[NormalizedName, Sequence[str]]
    kept: Mapping[NormalizedName, str]

    def twins(self) -> set[str]:
        """Return the folders of the projects that are kept."""
        return {folder for name in self.kept for folder in _folders(self.places[name])}

    def finish(self, projects: Sequence[Project], views: Mapping[str, Collection[str]]) -> None:
        """Make the digests that nobody needed yet: the next run will."""
        self.keys.update(self.keys or _keys(projects, views, self.words))


def _compared(
    projects: Sequence[Project], views: Mapping[str, Collection[str]], site: Path, before: Before, words: Words
) -> _Compared:
    keys = _keys(projects, views, words) if before.parts else {}
    places = {project.name: simple_index.paths_of(project.name, _targets(project, views)) for project in projects}
    return _Compared(words=words, keys=keys, places=places, kept=_kept(keys, places, site, before))


class Words:
    """
    Puts all that is known of a file into words, once: two digests are made from that.

    What was put into words has to live as long as this does.
    """

    def __init__(self) -> None:
        # By the identity of the object: many files share one version, and many locks one file.
        self._versions: dict[int, str] = {}
        self._files: dict[int, str] = {}

    def __call__(self, distribution: Distribution) -> str:
        """Return all that is known of a file."""
        found = self._files.get(id(distribution))
        if found is None:
            version = distribution.version
            text = self._versions.get(id(version))
            if text is None:
                text = self._versions[id(version)] = str(version)
            found = self._files[id(distribution)] = f"{text} {_FACTS(distribution)!r}"
        return found


def _keys(projects: Iterable[Project], views: Mapping[str, Collection[str]], words: Words) -> dict[NormalizedName, str]:
    """Return for each project a digest of all that its pages are made from: its files, and the targets that get each."""

    def facts(artifact: Artifact) -> str:
        one = artifact.distribution
        targets = [name for name, own in views.items() if one.filename in own]
        return f"{words(one)} {artifact.metadata} {artifact.identity} {targets!r}"

    found = ((project.name, "\n".join(map(facts, project.artifacts))) for project in projects)
    return {name: hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest() for name, text in found}


def _targets(project: Project, views: Mapping[str, Collection[str]]) -> list[str]:
    """Return the names of the targets that get a file of *project*."""
    return [name for name, own in views.items() if any(one.distribution.filename in own for one in project.artifacts)]


def _folders(paths: Iterable[str]) -> list[str]:
    return [*dict.fromkeys(path.rpartition("/")[0] for path in paths)]


def _kept(
    keys: Mapping[NormalizedName, str], places: Mapping[NormalizedName, Sequence[str]], site: Path, before: Before
) -> dict[NormalizedName, str]:
    """
    Return the projects that are in *site* just as they will be, and the lines that each has in the flat page.

    :param keys: a digest of each project that there will be.
    :param places: the paths of its pages.
    """
    same = {
        name
        for name, key in keys.items()
        if name in before.parts and before.parts[name].key == key and before.folders.issuperset(_folders(places[name]))
    }
    # The flat page lies at the top.
    if not same or "" not in before.folders:
        return {}
    with files.folder_errors(site):
        page = (site / simple_index.FLAT_PAGE).read_bytes().decode()
    names = sorted(before.parts)
    lines = dict(zip(names, simple_index.lines_of(page, (before.parts[name].lines for name in names)), strict=True))
    return {name: lines[name] for name in keys if name in same}
