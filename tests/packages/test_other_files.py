"""Other files in ``packages/``: copied or fetched once, by their hash, and in the site as hard links."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import DiskError, HashMismatch, InputFaults, SubsetError, UpstreamError
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.packages.other_files import FOLDER, is_virtual, place_of
from pypi_subset.support import files
from pypi_subset.support.machine import room
from tests.support.others.entries import DATA, SHA256, TO, carrying, entry
from tests.support.sites.trees import tree
from tests.support.stages.mirroring import mirror

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")
PATH = "/files/small.onnx"
_MODE = 0o644


def url_of(index: Index) -> str:
    """Return the address of the file, which *index* has from now on."""
    index.overrides[PATH] = DATA
    return f"http://{index.host}{PATH}"


def published(space: Workspace) -> Path:
    """Return the file in the site."""
    return space.paths.site / "files" / TO


def test_a_file_of_this_machine_is_copied(workspace: Workspace, index: Index) -> None:
    """The user's own file gets no second name: it may be written to, and the site stays as it is; no user runs a file."""
    carrying(workspace, index)
    own = workspace.root / "small.onnx"
    own.chmod(0o755)
    summary, said = mirror(workspace)
    assert (summary.other_files, "1 other file" in said) == (1, False)
    place = place_of(workspace.paths.packages, SHA256)
    assert published(workspace).samefile(place)
    assert not own.samefile(place)
    assert published(workspace).read_bytes() == DATA
    assert stat.S_IMODE(published(workspace).stat().st_mode) == _MODE
    before = published(workspace).stat()
    again, _ = mirror(workspace)
    assert not again.published
    assert published(workspace).stat().st_ino == before.st_ino


def test_a_url_is_fetched_once(workspace: Workspace, index: Index) -> None:
    """What ``packages/`` or the site has is not fetched again; a wrong file there is replaced."""
    carrying(workspace, index, entry(url=url_of(index)))
    mirror(workspace)
    assert published(workspace).read_bytes() == DATA
    before = tree(workspace.paths.site)
    index.requests.clear()
    shutil.rmtree(workspace.paths.packages / FOLDER)
    mirror(workspace)
    assert index.gets(PATH) == 0
    assert published(workspace).samefile(place_of(workspace.paths.packages, SHA256))
    shutil.rmtree(workspace.paths.site)
    place = place_of(workspace.paths.packages, SHA256)
    place.unlink()
    place.write_bytes(b"other")
    _, said = mirror(workspace)
    assert "had a wrong hash, and is replaced" in " ".join(said.split())
    assert tree(workspace.paths.site) == before


def test_a_broken_download_goes_on(workspace: Workspace, index: Index, pauses: list[float]) -> None:
    """The rest is asked for, and the first part is not fetched again."""
    carrying(workspace, index, entry(url=url_of(index)))
    # The first answer is about the size alone.
    index.on_request = lambda path: index.cuts.update({PATH: 1}) if path == PATH and index.gets(PATH) == 1 else None
    mirror(workspace)
    assert published(workspace).read_bytes() == DATA
    assert sum(hit.sent for hit in index.hits(PATH)) < 2 * len(DATA)
    assert len(pauses) == 1


def test_other_bytes_are_refused(workspace: Workspace, index: Index) -> None:
    """The error names the entry and both hashes; nothing of the file stays, and the site is not made."""
    carrying(workspace, index, entry(url=url_of(index)))
    index.overrides[PATH] = b"other"
    with pytest.raises(HashMismatch, match=r"1 \(to = .*small\.onnx has the sha256 [0-9a-f]{64}, and the") as caught:
        mirror(workspace)
    assert str(caught.value).startswith(f"{workspace.paths.requirements / 'subset.toml'}:4: ")
    assert [*(workspace.paths.packages / FOLDER).iterdir()] == []
    assert not workspace.paths.site.exists()


def test_a_url_without_a_file_names_its_entry(workspace: Workspace, index: Index) -> None:
    """The error says which entry to correct, and nothing of pip's indexes."""
    carrying(workspace, index, entry(url=f"http://{index.host}/files/missing"))
    with pytest.raises(UpstreamError) as caught:
        mirror(workspace)
    said = str(caught.value)
    assert "/files/missing answered 404" in said
    assert f"([[files]] 1 (to = '{TO}') in subset.toml:4)" in said
    assert "correct its url" in said
    assert "index" not in said


def test_every_fault_of_this_machine_is_named_at_once(workspace: Workspace, index: Index) -> None:
    """A missing file, a directory, a link and another hash: one line each, before anything is resolved."""
    names = {"missing": "m", "directory": "d", "link": "l", "changed": "c"}
    carrying(workspace, index, *(entry(to, path=f"../{name}") for name, to in names.items()))
    (workspace.root / "directory").mkdir()
    (workspace.root / "link").symlink_to("small.onnx")
    (workspace.root / "changed").write_bytes(b"other")
    with pytest.raises(InputFaults) as caught:
        mirror(workspace)
    settings = workspace.paths.requirements / "subset.toml"
    for line, (number, (name, words)) in zip(
        caught.value.lines,
        enumerate(
            {
                "missing": "cannot be read: No such file or directory; correct path, or remove the entry",
                "directory": "is a directory; name one file, or an archive of the directory",
                "link": "is a symbolic link; name the file that it leads to",
                "changed": "has the sha256 d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa, and the entry says",
            }.items(),
            1,
        ),
        strict=True,
    ):
        assert line.startswith(f"{settings}:")
        assert f" [[files]] {number} (to = '{names[name]}'): {workspace.root / name} {words}" in line
    assert index.requests == []


def test_a_hash_of_a_file_elsewhere_is_not_shown(
    workspace: Workspace, index: Index, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A proposed change must not learn the hashes of files of the machine."""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_bytes(b"4711")
    carrying(workspace, index, entry(path=os.fspath(secret)))
    with pytest.raises(InputFaults) as caught:
        mirror(workspace)
    assert f"{secret} has another sha256 than the entry says" in str(caught.value.lines)


def test_room_is_known_before(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server states the size: without room for it, no byte of the file is fetched."""
    carrying(workspace, index, entry(url=url_of(index)))
    monkeypatch.setattr(room, "free", lambda _: len(DATA) - 1)
    with pytest.raises(DiskError, match=r"mirror, for 1 other file, needs 32\.0 kB"):
        mirror(workspace)
    assert sum(hit.sent for hit in index.hits(PATH)) == 1


def test_a_removed_entry_leaves_the_site(workspace: Workspace, index: Index) -> None:
    """Without entries, the site has no trace of other files."""
    carrying(workspace, index)
    mirror(workspace)
    assert (workspace.paths.site / "files" / "index.html").is_file()
    workspace.toml({"linux": "cp310-manylinux2014_x86_64"})
    summary, _ = mirror(workspace)
    assert (summary.other_files, (workspace.paths.site / "files").exists()) == (0, False)
    assert b"other_files" not in (workspace.paths.site / "manifest.json").read_bytes()


@pytest.mark.parametrize("name", ["site", "packages"])
def test_modes_of_files_are_mended(workspace: Workspace, index: Index, name: str) -> None:
    """A file that a user made runnable is as before after the next run."""
    carrying(workspace, index)
    mirror(workspace)
    place = published(workspace) if name == "site" else place_of(workspace.paths.packages, SHA256)
    place.chmod(0o700)
    mirror(workspace)
    assert stat.S_IMODE(published(workspace).stat().st_mode) == _MODE


def test_a_run_that_fails_later_keeps_what_it_fetched(workspace: Workspace, index: Index) -> None:
    """The file is in ``packages/``: the next run does not fetch it again."""
    carrying(workspace, index, entry(url=url_of(index)))
    workspace.write("base.txt", "missing\n")
    with pytest.raises(SubsetError):
        mirror(workspace)
    index.requests.clear()
    workspace.write("base.txt", "app\n")
    mirror(workspace)
    assert index.gets(PATH) == 0


@pytest.mark.parametrize("path", ["/proc/version", "/proc/self/mem", "/proc/kmsg", "/sys/kernel/notes"])
def test_a_file_of_the_kernel_is_refused(workspace: Workspace, index: Index, path: str) -> None:
    """Its size is not that of its bytes, and some wait for what comes next: the line names the entry and the way."""
    if not os.path.lexists(path):
        pytest.skip(f"this system has no {path}")
    carrying(workspace, index, entry(path="../small.onnx"), entry("other", path=path))
    with pytest.raises(InputFaults) as caught:
        mirror(workspace)
    (line,) = caught.value.lines
    assert line.endswith(
        f" [[files]] 2 (to = 'other'): {path} is made by the kernel, and has no bytes on a disk; "
        "copy what it says to a file, and name that one"
    )


def test_an_empty_file_is_a_file(workspace: Workspace, index: Index) -> None:
    """It has no blocks either, and is carried."""
    carrying(workspace, index, entry("empty", hashlib.sha256(b"").hexdigest(), path="../empty"))
    (workspace.root / "empty").touch()
    mirror(workspace)
    assert (workspace.paths.site / "files" / "empty").read_bytes() == b""


def test_a_disk_without_a_limit_has_files(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system in memory may state no size: a file with blocks is one all the same."""
    path = workspace.write("one", "data")
    with monkeypatch.context() as patch:
        patch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_blocks=0, f_files=0))
        assert not is_virtual(path, path.stat())


def test_a_file_that_cannot_be_read(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names the entry, and no directory that should be writable."""
    carrying(workspace, index)

    def refuse(*_: object) -> str:
        msg = "permission denied"
        raise DiskError(msg, next_step="make the directory writable")

    monkeypatch.setattr(FileCache, "sha256", refuse)
    with pytest.raises(InputFaults) as caught:
        mirror(workspace)
    (line,) = caught.value.lines
    assert line.endswith(
        f"{workspace.root / 'small.onnx'} cannot be read: permission denied; "
        "make it readable for this user, or remove the entry"
    )


def test_a_pipe_is_no_file(workspace: Workspace, index: Index) -> None:
    """Nothing waits for a writer, even if the file became a pipe behind the look at it."""
    carrying(workspace, index)
    (workspace.root / "small.onnx").unlink()
    os.mkfifo(workspace.root / "small.onnx")
    with pytest.raises(InputFaults) as caught:
        mirror(workspace)
    assert "small.onnx is no regular file; name a regular file" in caught.value.lines[0]
    files.sha256_of(workspace.root / "small.onnx")
