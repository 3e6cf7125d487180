"""The site from locks and files: every page and every file of it, in a new folder that takes the old one's place."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import stat
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset import files, hosts, lock, manifest, staging
from pypi_subset.assemble import NOTHING, Before, Words, assemble
from pypi_subset.filling import Filling, usual_mode
from pypi_subset.memory import Left
from pypi_subset.pages import front_page
from pypi_subset.shipped import shipped
from pypi_subset.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pypi_subset.assemble import Assembled
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
    words = Words()
    inputs, before = digest_of(content, words), look_at(site)
    if (site / "README.md").is_file() and is_current(inputs, before, memory):
        return False
    replaced = False
    with contextlib.suppress(_NothingNewError), staging.staged(site) as stage:
        filling = Filling(stage, before=site)
        done = fill(content, filling, memory, known(before, memory), words)
        # What was written is not what stood there.
        if not filling.made and _same(stage, site):
            raise _NothingNewError
        replaced = True
    memory.site = left(inputs, site, done, before)
    return replaced


def look_at(site: Path, *, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """
    Return the `snapshot` of *site*, but for the user's README and the proof's report.

    :param known: digests of folders that need not be looked at.
    :raises FolderError: it cannot be read.
    """
    with files.folder_errors(site):
        return snapshot(site, but=_THEIRS, known=known)


def is_current(inputs: str, before: Mapping[str, str], memory: Memory) -> bool:
    """Whether the site that looks like *before* is just as it was left when it was made of *inputs*."""
    return memory.site.inputs == inputs and memory.site.folders == before


def known(before: Mapping[str, str], memory: Memory) -> Before:
    """Return what of the site that looks like *before* is as this program left it."""
    last = memory.site
    if last.program != _made_by():
        return NOTHING
    folders = frozenset(path for path, one in before.items() if last.folders.get(path) == one)
    return Before(folders=folders, parts=last.parts)


def left(inputs: str, site: Path, done: Assembled, before: Mapping[str, str]) -> Left:
    """Return how *site* is left."""
    # As they were before anything was linked from them: what somebody changed since then will show.
    as_before = {path: before[path] for path in done.twins}
    folders = look_at(site, known=as_before)
    return Left(program=_made_by(), inputs=inputs, folders=folders, parts=done.parts)


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
    written = manifest.render(content.plan, content.locks, done.projects, content.bad, pages=pages)
    filling.put("manifest.json", written)
    stage = Path(filling.stage)
    # The user's own, if there is one, takes its place.
    files.write(stage / "README.md", readme_of("site"))
    # The proof brings a lot along that a site that did not change does not need.
    from pypi_subset.proof.report import carry_over  # noqa: PLC0415

    carry_over(Path(filling.before), stage)
    return done


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def readme_of(folder: str) -> bytes:
    """Return the README that *folder* (``packages`` or ``site``) gets if it has none."""
    return shipped("templates", f"{folder}.md")


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


def digest_of(content: Content, words: Words | None = None) -> str:
    """
    Return a digest of all that a site is made from, this program included.

    :param words: takes those in which the files are put.
    """
    words = words or Words()
    made_from = hashlib.sha256()
    # What a tag prints of itself differs from run to run; a target's digest has them all.
    targets = [(one.name, one.tag, one.python, one.exact, one.digest) for one in content.plan.targets]
    pinned = {id(pin.distribution) for one in content.locks for pin in one.pins}
    # What one lock knows of a file, another may know not.
    joined = [words(one.distribution) for one in content.artifacts if id(one.distribution) not in pinned]
    there = [one.distribution.filename for one in content.artifacts]
    locks = [_told(one, words) for one in content.locks]
    about = map(repr, (_made_by(), targets, content.plan.sets, content.bad, len(locks), len(joined)))
    # Nothing in it holds a line's end as it is.
    made_from.update("\n".join([*about, *locks, *joined, *there]).encode(errors="backslashreplace"))
    return made_from.hexdigest()


def _told(one: Lock, words: Words) -> str:
    """Return all of a lock, one line for each pin."""
    pins = [f"{words(pin.distribution)} {pin.reasons!r} {pin.extras!r} {pin.marker!r}" for pin in one.pins]
    return "\n".join([repr((one.set_name, one.target_name, one.inputs, one.patches, len(pins))), *pins])


def _made_by() -> str:
    """Return what tells a site from one of the same content that another program made, or with other permissions."""
    return f"{usual_mode():o} {_program()}"


@functools.cache
def _program() -> str:
    """Return what tells one state of this package from another: another one may write other pages."""
    found = []
    for folder, folders, names in os.walk(Path(__file__).parent):
        # What the interpreter keeps comes and goes.
        folders[:] = sorted({*folders} - {"__pycache__"})
        for name in sorted(names):
            facts = os.stat(f"{folder}/{name}")  # noqa: PTH116 - a string
            found.append(f"{name} {facts.st_mtime_ns} {facts.st_size};")
    return "".join(found)
