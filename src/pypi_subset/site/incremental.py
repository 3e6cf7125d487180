"""What of a site is as the last run left it."""

from __future__ import annotations

import functools
import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.packages.file_cache import Left
from pypi_subset.site.assembly import NOTHING, Before, Words
from pypi_subset.site.stage_writer import usual_mode
from pypi_subset.support import files
from pypi_subset.support.fingerprint import snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pypi_subset.model.locks import Lock
    from pypi_subset.packages.file_cache import Memory
    from pypi_subset.site.assembly import Assembled
    from pypi_subset.site.content import Content

#: What is not made from locks and files: the user's README, and the report of the proof.
THEIRS = frozenset({"README.md", "proof"})


def look_at(site: Path, *, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """
    Return the `snapshot` of *site*, but for the user's README and the proof's report.

    :param known: digests of folders that need not be looked at.
    :raises FolderError: it cannot be read.
    """
    with files.folder_errors(site):
        return snapshot(site, but=THEIRS, known=known)


def is_current(inputs: str, before: Mapping[str, str], memory: Memory) -> bool:
    """Whether the site that looks like *before* is just as it was left when it was made of *inputs*."""
    return memory.site.inputs == inputs and memory.site.folders == before


def known(before: Mapping[str, str], memory: Memory) -> Before:
    """Return what of the site that looks like *before* is as this program left it."""
    last = memory.site
    if last.program != made_by():
        return NOTHING
    folders = frozenset(path for path, one in before.items() if last.folders.get(path) == one)
    return Before(folders=folders, parts=last.parts)


def left(inputs: str, site: Path, done: Assembled, before: Mapping[str, str]) -> Left:
    """Return how *site* is left."""
    # As they were before anything was linked from them: what somebody changed since then will show.
    as_before = {path: before[path] for path in done.twins}
    folders = look_at(site, known=as_before)
    return Left(program=made_by(), inputs=inputs, folders=folders, parts=done.parts)


def same_site(stage: Path, site: Path) -> bool:
    """Whether both hold the same files with the same bytes, and the site its README."""
    if not (site / "README.md").is_file():
        return False
    new, old = dict(files.walk(stage, but=THEIRS)), dict(files.walk(site, but=THEIRS))
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
    targets = [(one.name, one.tag, one.python, one.exact, one.digest) for one in content.subset.targets]
    pinned = {id(pin.distribution) for one in content.locks for pin in one.pins}
    # What one lock knows of a file, another may know not.
    joined = [words(one.distribution) for one in content.artifacts if id(one.distribution) not in pinned]
    there = [one.distribution.filename for one in content.artifacts]
    locks = [_told(one, words) for one in content.locks]
    about = map(repr, (made_by(), targets, content.subset.sets, content.bad, len(locks), len(joined)))
    # Nothing in it holds a line's end as it is.
    made_from.update("\n".join([*about, *locks, *joined, *there]).encode(errors="backslashreplace"))
    return made_from.hexdigest()


def _told(one: Lock, words: Words) -> str:
    """Return all of a lock, one line for each pin."""
    pins = [f"{words(pin.distribution)} {pin.reasons!r} {pin.extras!r} {pin.marker!r}" for pin in one.pins]
    return "\n".join([repr((one.set_name, one.target_name, one.inputs, one.patches, len(pins))), *pins])


def made_by() -> str:
    """Return what tells a site from one of the same content that another program made, or with other permissions."""
    return f"{usual_mode():o} {_program()}"


@functools.cache
def _program() -> str:
    """Return what tells one state of this package from another: another one may write other pages."""
    found = []
    for folder, folders, names in os.walk(Path(__file__).parents[1]):
        # What the interpreter keeps comes and goes.
        folders[:] = sorted({*folders} - {"__pycache__"})
        for name in sorted(names):
            facts = os.stat(f"{folder}/{name}")  # noqa: PTH116 - a string
            found.append(f"{name} {facts.st_mtime_ns} {facts.st_size};")
    return "".join(found)
