"""Attacks by an index, or by a pull request, that changes what was there: other bytes under a name, older versions."""

from __future__ import annotations

import functools
import os
import shutil
from typing import TYPE_CHECKING
from unittest import mock

from pypi_subset.locks import lockfile, memory
from pypi_subset.model.door import read_manifest
from pypi_subset.pipeline import recall
from pypi_subset.pipeline.mirror import mirror
from pypi_subset.proof.inventory import inventory
from pypi_subset.publishing import publication, publisher
from pypi_subset.publishing.destinations import folder as destination
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.publishing.publication import release_of
from pypi_subset.requirements.subset import read_subset
from pypi_subset.support.progress import SILENT
from tests.evidence.hostile.input.attack import InputAttack, both, setting, without
from tests.support.servers.index import Index
from tests.support.sites.workspace import Workspace
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_copied = destination.put

OLD, EVIL = make_wheel("app"), make_wheel("app", files={"app.py": b"evil = 1"})
LIB = make_wheel("lib")


def _mirrored(folder: Path, change: Callable[[Workspace, Index], object], reached: Callable[[Workspace], bool]) -> bool:
    """Mirror ``app`` and ``lib``, let *change* do what is hostile, and return whether it *reached* its aim."""
    space = Workspace(folder)
    with Index() as index, mock.patch.dict(os.environ, {"PIP_INDEX_URL": index.url}):
        index.add(OLD, LIB)
        space.write("base.txt", "app\nlib\n")
        space.toml({"linux": "cp310-manylinux2014_x86_64"})
        mirror(space.paths)
        change(space, index)
        return reached(space)


def _is_evil(space: Workspace) -> bool:
    return EVIL.data in [path.read_bytes() for path in space.paths.site.rglob("*.whl")]


def _updated(folder: Path) -> bool:
    def change(space: Workspace, index: Index) -> None:
        index.projects["app"] = [EVIL]
        mirror(space.paths, update=True)

    return _mirrored(folder, change, _is_evil)


def _with_another_line(folder: Path) -> bool:
    def change(space: Workspace, index: Index) -> None:
        index.projects["app"] = [EVIL]
        space.write("base.txt", "app>0\nlib\n")
        mirror(space.paths)

    return _mirrored(folder, change, _is_evil)


def _after_it_left(folder: Path) -> bool:
    def change(space: Workspace, index: Index) -> None:
        space.write("base.txt", "lib\n")
        mirror(space.paths)
        index.projects["app"] = [EVIL]
        space.write("base.txt", "app\nlib\n")
        mirror(space.paths)

    return _mirrored(folder, change, _is_evil)


def _by_the_lock(folder: Path) -> bool:
    def change(space: Workspace, index: Index) -> None:
        index.projects["app"] = [EVIL]
        path = lockfile.path_of(space.paths.locks, "base--linux")
        text = path.read_text().replace(OLD.sha256, EVIL.sha256)
        path.write_text(text.replace(f"size = {len(OLD.data)}", f"size = {len(EVIL.data)}"))
        mirror(space.paths)

    return _mirrored(folder, change, _is_evil)


def _by_another_index(folder: Path) -> bool:
    def change(space: Workspace, _: Index) -> None:
        with Index() as other, mock.patch.dict(os.environ, {"PIP_INDEX_URL": other.url}):
            other.add(EVIL, LIB)
            mirror(space.paths, update=True)

    return _mirrored(folder, change, _is_evil)


def _without_a_hash(folder: Path) -> bool:
    def change(space: Workspace, index: Index) -> None:
        index.projects["app"], index.hashes = [EVIL], False
        mirror(space.paths, update=True)

    return _mirrored(folder, change, _is_evil)


def _remembering_others(space: Workspace, _: Index) -> None:
    """Let the site have other bytes than its list says, as if the list came from somebody who has the true ones."""
    memory.write(space.paths.locks, {OLD.filename: "0" * 64})


def _verified(folder: Path) -> bool:
    def green(space: Workspace) -> bool:
        found = inventory.take(space.paths, read_subset(space.paths.requirements))
        return {one.status for one in found} == {"passed"}

    return _mirrored(folder, _remembering_others, green)


def _published(folder: Path) -> bool:
    def released(space: Workspace) -> bool:
        names = {one.filename for one in read_manifest(space.paths.site).files}
        release = release_of(space.paths.site, force=True, requirements=space.paths.requirements)
        return OLD.filename in names and bool(release.files)

    return _mirrored(folder, _remembering_others, released)


def _forced(folder: Path) -> bool:
    """Exchange a wheel in the site, and have it published by force."""

    def change(space: Workspace, _: Index) -> None:
        (space.paths.site / "simple" / "app" / OLD.filename).write_bytes(EVIL.data)

    def sent(space: Workspace) -> bool:
        done = publisher.publish_to(
            space.paths.site, Folder(folder / "to"), force=True, grace=0, progress=SILENT, requirements=None
        )
        return done.sent > 0 and (folder / "to" / "simple" / "app" / OLD.filename).read_bytes() == EVIL.data

    return _mirrored(folder, change, sent)


def _under_another_case(folder: Path) -> bool:
    def change(space: Workspace, index: Index) -> None:
        twin = make_wheel("App", files={"app.py": b"evil = 1"})
        # The index still lists the locked name: if it did not, the policy would refuse the release first.
        index.projects["app"] = [OLD, twin]
        mirror(space.paths, update=True)

    return _mirrored(folder, change, lambda space: any(space.paths.packages.glob("App-*.whl")))


def _by_a_list_that_is_a_pipe(folder: Path) -> bool:
    def change(space: Workspace, index: Index) -> None:
        shutil.rmtree(space.paths.locks)
        space.paths.locks.mkdir()
        os.mkfifo(space.paths.locks / memory.FILE)
        index.projects["app"] = [EVIL]
        mirror(space.paths)

    return _mirrored(folder, change, _is_evil)


def _lowered(name: str) -> Callable[[Path], bool]:
    """Return an attempt of an index that makes ``lib`` older, without a line that asks for it."""

    def change(space: Workspace, index: Index) -> None:
        index.add(make_wheel("lib", "2.0"))
        mirror(space.paths, update=True)
        index.add(make_wheel("app", "3.0", requires=["lib<2"]))
        if name == "another line":
            index.add(make_wheel("other"))
            space.write("base.txt", "app\nlib\nother\n")
        if name == "mirror":
            # Nothing of the user's changed: another machine's lock is missing.
            space.toml({"linux": "cp310-manylinux2014_x86_64", "mac": "cp312-macosx_13_0_arm64"})
        mirror(space.paths, update=True)

    def reached(space: Workspace) -> bool:
        pins = lockfile.read(lockfile.path_of(space.paths.locks, "base--linux")).pins
        return "1.0" in {str(pin.distribution.version) for pin in pins if pin.distribution.project == "lib"}

    return lambda folder: _mirrored(folder, change, reached)


_KIND = functools.partial(InputAttack, kind="memory")
_COMPARED = without(memory, "require_same")
#: Neither looked at before, nor hashed while it is copied.
_FORCED = both(
    without(publication, "_require_files"), setting(destination, put=lambda source, to, _digest="": _copied(source, to))
)

ATTACKS = [
    _KIND(name="other-bytes-by-an-update", attempt=_updated, door=_COMPARED),
    _KIND(name="other-bytes-after-a-changed-line", attempt=_with_another_line, door=_COMPARED),
    _KIND(name="other-bytes-after-it-left", attempt=_after_it_left, door=without(memory, "write")),
    _KIND(name="other-bytes-by-a-changed-lock", attempt=_by_the_lock, door=_COMPARED),
    _KIND(name="other-bytes-by-another-index", attempt=_by_another_index, door=_COMPARED),
    _KIND(name="other-bytes-without-a-hash", attempt=_without_a_hash, door=_COMPARED),
    _KIND(name="other-bytes-verified", attempt=_verified, door=without(inventory, "_recalled", ())),
    _KIND(name="other-bytes-published", attempt=_published, door=_COMPARED),
    _KIND(name="lower-version-by-an-update", attempt=_lowered("update"), door=without(recall, "lowered", ())),
    _KIND(name="other-bytes-by-force", attempt=_forced, door=_FORCED),
    _KIND(name="other-bytes-under-another-case", attempt=_under_another_case, door=_COMPARED),
    _KIND(
        name="other-bytes-by-a-list-that-is-a-pipe",
        attempt=_by_a_list_that_is_a_pipe,
        door=setting(os.path, lexists=os.path.isfile),
    ),
    _KIND(
        name="lower-version-beside-another-line",
        attempt=_lowered("another line"),
        door=without(recall, "_is_limited_otherwise", result=True),
    ),
    _KIND(name="lower-version-beside-a-new-target", attempt=_lowered("mirror"), door=without(recall, "lowered", ())),
]
