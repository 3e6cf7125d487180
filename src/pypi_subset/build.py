"""The site from locks and files: every page and every file of it, in a new folder that takes the old one's place."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import stat
from collections import defaultdict
from dataclasses import dataclass
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset import files, hosts, index, lock, manifest
from pypi_subset.layout import place, planned
from pypi_subset.pages import front_page
from pypi_subset.proof.report import carry_over
from pypi_subset.sidecars import described, write_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pypi_subset.memory import Memory
    from pypi_subset.model import Artifact, BadFile, Lock, Plan, Project

#: What mirror and verify put into a site. A folder that holds anything else is somebody's work, and never replaced.
GENERATED = frozenset(
    {
        *("simple", "simple-json", "targets", "locks", "hosts", "find-links.html"),
        *(".nojekyll", "404.html", "_headers"),
        *("index.html", "manifest.json", "proof", "README.md"),
    }
)
#: What is not made from locks and files: the user's README, and the report of the proof.
_THEIRS = frozenset({"README.md", "proof"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """
    What a site is made of.

    :param artifacts: every file of *locks* that was let in, its hash checked.
    :param bad: what the site is left without.
    """

    plan: Plan
    locks: Sequence[Lock]
    artifacts: Sequence[Artifact]
    bad: Sequence[BadFile] = ()


class _NothingNewError(Exception):
    """The site that was made is the one that is there."""


def build(content: Content, site: Path, memory: Memory) -> bool:
    """
    Put a new site in place of the old one, unless the old one is just that; whether it was replaced.

    :param memory: what is known of files that have not changed, and how the last site was left.
    :raises SubsetError: something cannot be read or written; the old site stays as it was.
    """
    inputs = digest_of(content)
    if (site / "README.md").is_file() and is_current(inputs, site, memory):
        return False
    replaced = False
    with contextlib.suppress(_NothingNewError), files.staged(site) as stage:
        fill(content, stage, before=site, memory=memory)
        if _same(stage, site):
            raise _NothingNewError
        replaced = True
    memory.site = (inputs, tree_of(site))
    return replaced


def is_current(inputs: str, site: Path, memory: Memory) -> bool:
    """Whether *site* is just as it was left when it was made of *inputs*."""
    # To look at every file costs more than all the rest, and is vain where other things are asked for.
    return memory.site[0] == inputs and memory.site[1] == tree_of(site)


def fill(content: Content, stage: Path, *, before: Path, memory: Memory) -> None:
    """
    Make *stage* a whole site.

    :param stage: an empty folder that no reader sees yet.
    :param before: the site that is replaced; what did not change is linked from there.
    """
    filling = files.Filling(stage, before=before)
    projects, pages = fill_index(content.artifacts, views(content.locks), filling, memory)
    for path, data in _others(content, projects):
        filling.put(path, data)
        pages[path] = _sha256(data)
    filling.put("manifest.json", manifest.render(content.plan, content.locks, projects, content.bad, pages=pages))
    # The user's own, if there is one, takes its place.
    files.write(stage / "README.md", readme_of("site"))
    carry_over(before, stage)


def fill_index(
    artifacts: Sequence[Artifact], wanted: Mapping[str, frozenset[str]], filling: files.Filling, memory: Memory
) -> tuple[tuple[Project, ...], dict[str, str]]:
    """
    Put all files, their metadata and every page of every index into a site.

    :param wanted: the names of the files that each target gets.
    :return: the projects as laid out, and the SHA-256 of each page by its path.
    """
    stage, before = Path(filling.stage), Path(filling.before)
    projects = planned(described(artifacts, memory), stage)
    pages: dict[str, str] = {}
    below = index.render(projects, views=wanted)
    left: list[tuple[str, bytes]] = []

    def write_others() -> None:
        for path, data in below:
            pages[path] = _sha256(data)
            if path.startswith("simple/"):
                left.append((path, data))
                return
            filling.put(path, data)

    place(artifacts, stage, before=before, meanwhile=write_others)
    write_metadata(projects, filling, memory)
    for path, data in chain(left, below):
        pages[path] = _sha256(data)
        filling.put(path, data)
    return projects, pages


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def readme_of(folder: str) -> bytes:
    """Return the README that *folder* (``packages`` or ``site``) gets if it has none."""
    return resources.files("pypi_subset").joinpath("templates", f"{folder}.md").read_bytes()


def views(locks: Sequence[Lock]) -> Mapping[str, frozenset[str]]:
    """Return the names of the files that each target gets, by the target's name."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in locks:
        found[one.target_name].update(pin.distribution.filename for pin in one.pins)
    return {target: frozenset(names) for target, names in found.items()}


def _others(content: Content, projects: Sequence[Project]) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of what is no page of an index: locks, what web hosts need, and the page for people."""
    yield from lock.published(content.locks, {target.name: target for target in content.plan.targets}).items()
    yield from hosts.render(sorted(views(content.locks))).items()
    yield "index.html", front_page(content.plan, content.locks, projects).encode()


def tree_of(site: Path) -> str:
    """
    Return a digest of all files of *site* and when they were written, but for the user's README and the proof's report.

    :raises FolderError: it cannot be read.
    """
    with files.folder_errors(site):
        listed = sorted(
            f"{path} {facts.st_ino} {facts.st_size} {facts.st_mtime_ns} {facts.st_mode}"
            for path, facts in files.walk(site, but=_THEIRS)
        )
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()


def _same(stage: Path, site: Path) -> bool:
    """Whether both hold the same files with the same bytes, and the site its README."""
    if not (site / "README.md").is_file():
        return False
    new, old = dict(files.walk(stage, but=_THEIRS)), dict(files.walk(site, but=_THEIRS))
    return new.keys() == old.keys() and all(
        old[path].st_mode == facts.st_mode
        and stat.S_ISREG(facts.st_mode)
        and (old[path].st_ino == facts.st_ino or files.same_bytes(stage / path, site / path))
        for path, facts in new.items()
    )


def digest_of(content: Content) -> str:
    """Return a digest of all that a site is made from, this program included."""
    made_from = hashlib.sha256()
    # What a tag prints of itself differs from run to run; a target's digest has them all.
    targets = [(one.name, one.tag, one.python, one.exact, one.digest) for one in content.plan.targets]
    facts = (one.distribution for one in content.artifacts)
    for part in (_program(), targets, content.plan.sets, content.bad, *content.locks, *facts):
        made_from.update(repr(part).encode())
    return made_from.hexdigest()


@functools.cache
def _program() -> str:
    """Return what tells one state of this package from another: another one may write other pages."""
    folder = Path(__file__).parent
    return "".join(
        f"{path.name} {path.stat().st_mtime_ns} {path.stat().st_size};" for path in sorted(folder.glob("**/*.*"))
    )
