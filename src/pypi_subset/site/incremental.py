"""
Incremental builds: which projects of the live site a new site can link, instead of rendering them again.

Everything is compared by digest: the inputs of the whole site, the inputs of one project, and the directories on disk.
"""

from __future__ import annotations

import functools
import hashlib
import os
import stat
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pypi_subset.model import paths
from pypi_subset.model.distributions import Distribution, version_texts
from pypi_subset.model.policy import GAP
from pypi_subset.site import simple_index
from pypi_subset.site.build_state import UNKNOWN, BuildState
from pypi_subset.site.stage_writer import usual_mode
from pypi_subset.support import files
from pypi_subset.support.fingerprint import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

    from pypi_subset.model.distributions import Artifact, Project
    from pypi_subset.model.locks import Lock
    from pypi_subset.site.content import Content


#: What no build writes again: the user's README, and the report of the proof.
NOT_BUILT = frozenset({paths.README, paths.PROOF})

#: Every fact of a distribution but its version, whose text takes a call of its own.
_FACTS = attrgetter(*(name for name in Distribution.__struct_fields__ if name != "version"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """
    The projects of a new site, compared with the live site.

    :param digests: digest of the inputs of each project.
    :param pages: paths of the pages of each project.
    :param unchanged: projects whose pages and files in the live site are right, with their lines in the find-links page.
    """

    digests: Mapping[NormalizedName, str]
    pages: Mapping[NormalizedName, Sequence[str]]
    unchanged: Mapping[NormalizedName, str]

    @property
    def directories(self) -> list[str]:
        """The directories of the unchanged projects, sorted."""
        return sorted({folder for name in self.unchanged for folder in _directories(self.pages[name])})


def look_at(site: Path, *, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """
    Return the `snapshot` of *site* without `NOT_BUILT`.

    :param known: digests of directories that need not be looked at.
    :raises FolderError: *site* cannot be read.
    """
    with files.folder_errors(site):
        return snapshot(site, but=NOT_BUILT, known=known)


def usable(last: BuildState, live: Mapping[str, str]) -> BuildState:
    """
    Return the part of the state *last* that still holds.

    :param live: the `snapshot` of the live site.
    """
    if last.program != program_of_site():
        return UNKNOWN
    same = {path: digest for path, digest in live.items() if last.directories.get(path) == digest}
    return msgspec.structs.replace(last, directories=same)


def compare(
    projects: Sequence[Project], views: Mapping[str, frozenset[str]], site: Path, last: BuildState, texts: Texts
) -> Comparison:
    """
    Return which of *projects* are in the live *site* exactly as they will be.

    :param views: file names of each target.
    :param last: the `usable` state of the last build.
    :param texts: the `texts_of` all distributions.
    :raises FolderError: *site* cannot be read.
    """
    digests = {project.name: _digest(project, views, texts) for project in projects}
    pages = {project.name: simple_index.pages_of(project.name, _targets(project, views)) for project in projects}
    same = [
        name
        for name, digest in digests.items()
        if name in last.projects and last.projects[name].digest == digest
        if last.directories.keys() >= {*_directories(pages[name])}
    ]
    # The find-links page is in the top directory.
    lines = _lines_in(site, last) if same and "" in last.directories else {}
    return Comparison(digests=digests, pages=pages, unchanged={name: lines[name] for name in same if lines})


def same_site(stage: Path, site: Path) -> bool:
    """Whether both hold the same files with the same bytes and modes, and *site* has a README."""
    if (stage / paths.README).is_file() and not (site / paths.README).is_file():
        return False
    new, old = dict(files.walk(stage, but=NOT_BUILT)), dict(files.walk(site, but=NOT_BUILT))
    return new.keys() == old.keys() and all(
        old[path].st_mode == facts.st_mode
        and stat.S_ISREG(facts.st_mode)
        and (old[path].st_ino == facts.st_ino or files.same_bytes(stage / path, site / path))
        for path, facts in new.items()
    )


#: Text of a distribution's facts, by the identity of the object: many pins share one.
Texts = dict[int, str]


def texts_of(distributions: Iterable[Distribution]) -> Texts:
    """Return one line of text for each of *distributions*, which have to live as long as the result is used."""
    unique = {id(one): one for one in distributions}
    versions = version_texts(unique.values())
    return {key: f"{versions[id(one.version)]} {_FACTS(one)!r}" for key, one in unique.items()}


def digest_of(content: Content, texts: Texts) -> str:
    """
    Return the digest of all inputs of a site, this program included.

    :param texts: the `texts_of` the distributions of *content*.
    """
    # A tag's repr differs from run to run; a target's digest covers all its tags.
    subset = content.subset
    targets = [(one.name, one.tag, one.python, one.exact, one.digest) for one in (subset.targets if subset else ())]
    pinned = {id(each) for one in content.locks for each in one.distributions}
    # An artifact may join the facts of several locks.
    joined = [texts[id(one.distribution)] for one in content.artifacts if id(one.distribution) not in pinned]
    present = [one.distribution.filename for one in content.artifacts]
    locks = [_text_of(one, texts) for one in content.locks]
    gaps = [one for one in (subset.accepted if subset else ()) if one.rule == GAP]
    facts = (
        program_of_site(),
        _renderers() if subset else "",
        targets,
        subset.sets if subset else None,
        content.bad,
        gaps,
        [(one.path, one.sha256, one.size, one.url) for one in content.others],
        len(locks),
        len(joined),
    )
    about = map(repr, facts)
    # No part holds a line end of its own.
    text = "\n".join([*about, *locks, *joined, *present])
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()


def program_of_site() -> str:
    """Return what identifies this program and the modes of the files that it writes."""
    return f"{usual_mode():o} {_program()}"


def _digest(project: Project, views: Mapping[str, frozenset[str]], texts: Texts) -> str:
    """Return the digest of what the pages of *project* are rendered from: its files, and which targets get each."""

    def facts(artifact: Artifact) -> str:
        one = artifact.distribution
        targets = [name for name, own in views.items() if one.filename in own]
        return f"{texts[id(one)]} {artifact.metadata} {artifact.identity} {targets!r}"

    text = "\n".join(map(facts, project.artifacts))
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()


def _targets(project: Project, views: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the names of the targets that get a file of *project*."""
    return [name for name, own in views.items() if any(one.distribution.filename in own for one in project.artifacts)]


def _directories(pages: Iterable[str]) -> list[str]:
    return [*dict.fromkeys(path.rpartition("/")[0] for path in pages)]


def _lines_in(site: Path, last: BuildState) -> dict[str, str]:
    """Return the lines of each project in the find-links page of *site*, which is as *last* says."""
    with files.folder_errors(site):
        page = (site / paths.FIND_LINKS).read_bytes().decode()
    names = sorted(last.projects)
    counts = (last.projects[name].lines for name in names)
    return dict(zip(names, simple_index.lines_of(page, counts), strict=True))


def _text_of(one: Lock, texts: Texts) -> str:
    """Return the text of a whole lock, one line for each pin."""
    pins = [
        " ".join(
            [
                *(texts[id(each)] for each in (pin.distribution, *pin.build)),
                f"{pin.reasons!r} {pin.extras!r} {pin.marker!r}",
            ]
        )
        for pin in one.pins
    ]
    return "\n".join(
        [repr((one.set_name, one.target_name, one.inputs, one.patches, one.as_of, one.gaps, len(pins))), *pins]
    )


def _renderers() -> str:
    # An index alone renders no README.
    from pypi_subset.site.readme.cache import renderers  # noqa: PLC0415

    return renderers()


@functools.cache
def _program() -> str:
    """Return names, times and sizes of all files of this package: another version may write other pages."""
    found = []
    for folder, folders, names in os.walk(Path(__file__).parents[1]):
        # The interpreter's cache comes and goes.
        folders[:] = sorted({*folders} - {"__pycache__"})
        for name in sorted(names):
            facts = os.stat(f"{folder}/{name}")  # noqa: PTH116 - a string
            found.append(f"{name} {facts.st_mtime_ns} {facts.st_size};")
    return "".join(found)
