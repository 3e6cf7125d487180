"""The directory of a bundle: whole or none, whenever a run dies, and nothing in it that is of others is touched."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.bundle import medium
from pypi_subset.bundle.document import BUNDLE, KIND, SIGNATURE
from pypi_subset.bundle.medium import STAGE, install, require_size, require_whole, staged, write, written
from pypi_subset.errors import DiskError, FolderError
from pypi_subset.support import files
from pypi_subset.support.machine import holding
from tests.support.programs.mounts import PRELUDE, run_mounted, small_disk
from tests.support.sites.trees import tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def document(contents: dict[str, bytes]) -> bytes:
    """Return a document that names files with *contents*."""
    named = {name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in contents.items()}
    volumes = [{"name": name, **facts} for name, facts in named.items() if name.endswith(".zip")]
    found: dict[str, Any] = {
        "schema": "1.0",
        "kind": KIND,
        "serial": 1,
        "base": None,
        "manifest": "0" * 64,
        "manifest_from": None,
        "created": "2026-01-01T00:00:00Z",
        "expires": "2026-02-01T00:00:00Z",
        "paths": {},
        "beside": {},
        "removed": [],
        "blobs": {},
        "volumes": volumes,
        "parity": None,
        "helpers": {name: facts for name, facts in named.items() if not name.endswith(".zip")},
    }
    return json.dumps(found).encode()


def bundle(label: str, volumes: int = 2) -> dict[str, bytes]:
    """Return the files of a bundle whose contents hold *label*."""
    contents = {f"volume-{number:03}.zip": f"{label} {number}".encode() for number in range(1, volumes + 1)}
    contents |= {"REVIEW.md": f"review of {label}".encode()}
    return {**contents, BUNDLE: document(contents), SIGNATURE: f"signed {label}".encode()}


def put(to: Path, contents: dict[str, bytes]) -> None:
    """Write a bundle to *to*, as the exporter does."""
    with staged(to) as stage:
        for name, data in contents.items():
            write(stage / name, data)
        install(stage, to)


def seen(to: Path) -> dict[str, bytes]:
    """Return the files of *to* without what a dead run left to the next one."""
    return {path: data for path, data in tree(to).items() if not path.startswith(STAGE)}


def test_a_bundle_replaces_another(tmp_path: Path) -> None:
    """Volumes that the new one does not have are gone, other files of the directory stay, and no stage is left."""
    tmp_path.joinpath("thesis.doc").write_bytes(b"mine")
    put(tmp_path, bundle("old", volumes=3))
    put(tmp_path, bundle("new", volumes=1))
    assert tree(tmp_path) == {**bundle("new", volumes=1), "thesis.doc": b"mine"}
    assert {path.name for path in tmp_path.iterdir()} == {*bundle("new", volumes=1), "thesis.doc"}


def test_a_document_names_no_file_elsewhere(tmp_path: Path) -> None:
    """A medium that comes back may have any document: names that no bundle has are not removed for the next bundle."""
    to, mine = tmp_path / "to", tmp_path / "thesis.doc"
    put(to, bundle("old"))
    mine.write_bytes(b"mine")
    (to / "notes").write_bytes(b"mine too")
    (to / BUNDLE).write_bytes(document({**bundle("old"), "../thesis.doc": b"mine", "notes": b"mine too"}))
    put(to, bundle("new"))
    assert tree(to) == {**bundle("new"), "notes": b"mine too"}
    assert mine.read_bytes() == b"mine"


def test_a_stage_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """What a link on the medium leads to is not emptied."""
    to, mine = tmp_path / "to", tmp_path / "mine"
    for folder in (to, mine):
        folder.mkdir()
    (mine / "thesis.doc").write_bytes(b"mine")
    (to / STAGE).symlink_to(mine)
    with pytest.raises(FolderError, match="symbolic link") as caught:
        put(to, bundle("new"))
    assert (caught.value.path, tree(mine)) == (to / STAGE, {"thesis.doc": b"mine"})
    assert [path.name for path in to.iterdir()] == [STAGE]


def test_a_missing_directory_is_made(tmp_path: Path) -> None:
    """The directory of the bundle need not be there."""
    put(tmp_path / "a" / "b", bundle("new"))
    assert tree(tmp_path / "a" / "b") == bundle("new")


@pytest.mark.parametrize("name", [BUNDLE, SIGNATURE, "REVIEW.html", "import_bundle.py", "volume-007.zip", "parity.xor"])
def test_files_of_others_are_not_overwritten(tmp_path: Path, name: str) -> None:
    """A file of such a name that no bundle of ours names stops the run before anything is written."""
    put(tmp_path, bundle("old"))
    before = tree(tmp_path)
    (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / name).write_bytes(b"{}")
    if name == SIGNATURE:
        (tmp_path / BUNDLE).unlink()
    with pytest.raises(FolderError, match="no file of a bundle that pypi-subset wrote there") as caught:
        put(tmp_path, bundle("new"))
    assert caught.value.path is not None
    assert (tmp_path / name).read_bytes() == b"{}"
    assert {**before, name: b"{}"}.items() >= tree(tmp_path).items()


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    """What a link of the medium leads to is never written."""
    put(tmp_path / "to", bundle("old"))
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / "to" / "volume-001.zip").unlink()
    (tmp_path / "to" / "volume-001.zip").symlink_to(victim)
    with pytest.raises(FolderError, match="not overwritten"):
        put(tmp_path / "to", bundle("new"))
    assert victim.read_bytes() == b"mine"


class DiedError(BaseException):
    """The run died here."""


def dying(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], int]:
    """Let the run die before the change number *at* of the directory; return what counts the changes."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == at:
            raise DiedError

    for kind, names in ((type(medium_path()), ("replace", "unlink", "touch")),):
        for name in names:
            real = getattr(kind, name)

            def wrapped(self: Path, *arguments: Any, real: Any = real, **options: Any) -> Any:
                step()
                return real(self, *arguments, **options)

            monkeypatch.setattr(kind, name, wrapped)
    return lambda: count


def medium_path() -> Path:
    """Return a path of the kind that the module works with."""
    from pathlib import Path  # noqa: PLC0415 - the kind itself

    return Path()


def dead(to: Path, contents: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, at: int) -> bool:
    """Return whether a run that installs *contents* died at the step *at*, with nothing tidied up behind it."""
    stage = to / STAGE
    stage.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        (stage / name).write_bytes(data)
    with monkeypatch.context() as patch:
        dying(patch, at)
        try:
            install(stage, to)
        except DiedError:
            return True
    return False


@pytest.mark.parametrize("first", [True, False])
def test_a_run_that_dies_leaves_a_whole_bundle_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, first: bool
) -> None:
    """At each step, bundle.json stands there only beside exactly the files that it names; the next run ends as ever."""
    old, new = bundle("old", volumes=3), bundle("new")
    for at in range(1, 100):
        to = tmp_path / str(at)
        if not first:
            put(to, old)
        (to / "thesis.doc").parent.mkdir(exist_ok=True)
        (to / "thesis.doc").write_bytes(b"mine")
        died = dead(to, new, monkeypatch, at)
        left = seen(to)
        assert left.pop("thesis.doc") == b"mine"
        if BUNDLE in left:
            assert left in (old, new)
        put(to, bundle("next", volumes=1))
        assert tree(to) == {**bundle("next", volumes=1), "thesis.doc": b"mine"}
        if not died:
            break
    assert at > 6


def test_what_a_dead_run_left_is_no_bundle_of_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run may fail as well: files of two bundles never stand beside each other with a bundle.json."""
    put(tmp_path, bundle("old", volumes=3))
    assert dead(tmp_path, bundle("new"), monkeypatch, 5)
    with pytest.raises(DiedError), staged(tmp_path):
        raise DiedError
    assert tree(tmp_path) == {}


def test_a_run_that_died_early_owns_nothing(tmp_path: Path) -> None:
    """A run that died before it gave any name owns no file: what a user put there since stays."""
    stage = tmp_path / STAGE
    stage.mkdir()
    (stage / BUNDLE).write_bytes(bundle("dead")[BUNDLE])
    (tmp_path / "REVIEW.md").write_bytes(b"mine")
    with pytest.raises(FolderError, match="not overwritten"):
        put(tmp_path, bundle("new"))
    assert tree(tmp_path) == {"REVIEW.md": b"mine"}


def test_two_runs_at_once(tmp_path: Path) -> None:
    """The second run is refused, and changes nothing."""
    put(tmp_path, bundle("old"))
    with holding.exclusive(tmp_path / STAGE):
        before = tree(tmp_path)
        with pytest.raises(FolderError, match="another run is working"):
            put(tmp_path, bundle("new"))
        assert tree(tmp_path) == before


def test_a_block_that_fails_leaves_the_old_bundle(tmp_path: Path) -> None:
    """After an error nothing of the new bundle is left."""
    put(tmp_path, bundle("old"))

    def fail() -> None:
        with staged(tmp_path) as stage:
            write(stage / "volume-001.zip", b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert tree(tmp_path) == bundle("old")


def test_what_is_written_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A medium that returns other bytes is named as broken; size and hash are those of what was written."""
    with written(tmp_path / "good") as sink:
        sink.write(b"one")
        sink.write(b"two")
    assert (sink.size, sink.sha256) == (6, hashlib.sha256(b"onetwo").hexdigest())
    monkeypatch.setattr(files, "sha256_of", lambda _: "0" * 64)
    with pytest.raises(DiskError, match="the medium returns other bytes than were written"):
        write(tmp_path / "bad", b"one")


def test_each_file_is_synced_before_it_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are on the medium, and the system's copy of them is dropped, before they are read."""
    done: list[str] = []
    sync, advise, read = os.fsync, os.posix_fadvise, files.sha256_of

    def synced(descriptor: int) -> None:
        done.append("sync")
        sync(descriptor)

    def advised(*arguments: Any) -> None:
        done.append("forget")
        advise(*arguments)

    def reading(path: Path) -> str:
        done.append("read")
        return read(path)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "posix_fadvise", advised)
    monkeypatch.setattr(files, "sha256_of", reading)
    write(tmp_path / "file", b"data")
    assert done == ["sync", "forget", "read"]


def test_a_file_that_is_in_the_way(tmp_path: Path) -> None:
    """A new file never takes the place of one that is there."""
    (tmp_path / "file").write_bytes(b"there")
    with pytest.raises(FolderError, match="file"):
        write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"there"


def test_a_full_medium(tmp_path: Path) -> None:
    """The error names the directory that the user knows; the old bundle stands."""
    code = f"""{PRELUDE}
from pypi_subset.bundle.medium import STAGE, staged, write

def fill():
    with staged(directory) as stage:
        write(stage / "volume-001.zip", bytes(1 << 20))

print(json.dumps([attempt(fill), names()]))
"""
    said, left = run_mounted(small_disk(tmp_path, "256k"), code, tmp_path)
    assert said == f"{tmp_path}: the disk is full; free some space and run the same command again"
    assert left == []


def test_files_that_the_file_system_cannot_hold(tmp_path: Path) -> None:
    """A limit on the size of files is seen before the first byte is written; sizes of FAT32 are not tried."""
    code = f"""{PRELUDE}
import resource
from pypi_subset.bundle.medium import require_size

resource.setrlimit(resource.RLIMIT_FSIZE, (5 << 30, 5 << 30))
print(json.dumps([attempt(require_size, directory, size) for size in ((1 << 32) - 1, 1 << 32, 6 << 30)] + [names()]))
"""
    small, middle, large, left = run_mounted("true", code, tmp_path)
    assert (small, middle, left) == (None, None, [])
    assert "the file system there takes no file of 6.4 GB; run it again with `--volume fat32`" in large


def test_a_file_system_with_large_files(tmp_path: Path) -> None:
    """No room is taken to find out."""
    require_size(tmp_path, 1 << 40)
    assert tree(tmp_path) == {}


def test_what_another_program_changed(tmp_path: Path) -> None:
    """A file that has another size at the end is an error: the medium must not be removed."""
    put(tmp_path, bundle("new"))
    sizes = [(name, len(data)) for name, data in bundle("new").items()]
    require_whole(tmp_path, sizes)
    (tmp_path / "volume-002.zip").write_bytes(b"")
    with pytest.raises(DiskError, match="this has 0 bytes, and 5 were written"):
        require_whole(tmp_path, sizes)
    (tmp_path / "volume-002.zip").unlink()
    with pytest.raises(FolderError, match=r"volume-002\.zip"):
        require_whole(tmp_path, sizes)


def test_names_fit_fat32() -> None:
    """No name of a bundle's file is a device of Windows, differs by case alone, or has a sign that FAT32 refuses."""
    names = [*bundle("x"), "REVIEW.html", "import_bundle.py", "parity.xor", STAGE]
    assert len({name.lower() for name in names}) == len(names)
    assert not [name for name in names if set(name) & set('"*/:<>?\\|') or name.endswith((".", " "))]


def test_the_module_knows_all_names() -> None:
    """Each name that a bundle may have is recognized as one."""
    assert {name for name in bundle("x") if not name.startswith("volume-")} <= medium._TOP  # noqa: SLF001
