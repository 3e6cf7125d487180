"""A file is written in one step or not at all; what the disk refuses is one line with the next step."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pypi_subset.errors import FolderError
from pypi_subset.support import files
from tests.support.programs.commands import subset
from tests.support.programs.ending import until
from tests.support.programs.mounts import PRELUDE, run_mounted, small_disk


def test_a_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    """SHA-256 of a file, in hexadecimal (FIPS 180-4, "abc")."""
    (tmp_path / "file").write_bytes(b"abc")

    assert files.sha256_of(tmp_path / "file") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_reader_sees_old_bytes_or_new_ones(tmp_path: Path) -> None:
    """While a file is written again and again, who reads it finds it there, and whole."""
    path, sizes = tmp_path / "file", (100_000, 200_000)
    files.write(path, b"x" * sizes[0])
    stop, seen = threading.Event(), set()

    def read() -> None:
        while not stop.is_set():
            seen.add(len(path.read_bytes()))

    reader = threading.Thread(target=read)
    reader.start()
    until(lambda: seen, "the reader reads")
    for number in range(200):
        files.write(path, b"x" * sizes[number % 2])
    stop.set()
    reader.join()

    assert seen <= {*sizes}
    assert seen
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_link_is_one_file_and_no_symbolic_link(tmp_path: Path) -> None:
    """The second name is a name of the same bytes, and replaces what stood there."""
    (tmp_path / "source").write_text("new")
    (tmp_path / "second").write_text("old")
    (tmp_path / "symbolic").symlink_to("source")

    files.link(tmp_path / "source", tmp_path / "second")
    files.link(tmp_path / "source", tmp_path / "second")
    files.link(tmp_path / "symbolic", tmp_path / "third")

    for name in ("second", "third"):
        assert (tmp_path / name).samefile(tmp_path / "source")
        assert not (tmp_path / name).is_symlink()
    assert len([*tmp_path.iterdir()]) == 4


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_where_no_link_can_be_made_a_copy_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Another file system, one without links, too many links: a real file with the same bytes and time."""

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "source").write_text("text")
    os.utime(tmp_path / "source", (1, 1))

    files.link(tmp_path / "source", tmp_path / "second")

    assert (tmp_path / "second").read_text() == "text"
    assert (tmp_path / "second").stat().st_mtime == 1
    assert not (tmp_path / "second").samefile(tmp_path / "source")


def test_names_may_be_as_long_as_the_disk_takes(tmp_path: Path) -> None:
    """A file name of 255 bytes can be written and linked, although a hidden name is needed meanwhile."""
    name, other = "n" * 251 + ".whl", "m" * 251 + ".whl"

    files.write(tmp_path / name, b"text")
    files.link(tmp_path / name, tmp_path / other)

    assert sorted(path.name for path in tmp_path.iterdir()) == [other, name]


def test_one_name_or_the_same_bytes(tmp_path: Path) -> None:
    """Two files are the same if they are one, or hold the same; a missing one never is."""
    for name, text in {"one": "abc", "equal": "abc", "as long": "abd", "longer": "abcd"}.items():
        (tmp_path / name).write_text(text)
    files.link(tmp_path / "one", tmp_path / "linked")

    same = [name for name in ("linked", "equal", "as long", "longer", "absent") if _same(tmp_path, name)]

    assert same == ["linked", "equal"]


def _same(folder: Path, name: str) -> bool:
    return files.same_bytes(folder / "one", folder / name)


def test_a_link_into_no_folder_is_one_line(tmp_path: Path) -> None:
    """Only what a copy can mend is mended by one: a missing directory is an error."""
    (tmp_path / "source").write_text("text")

    with pytest.raises(FolderError, match="No such file or directory; see that the path is right"):
        files.link(tmp_path / "source", tmp_path / "absent" / "second")


def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    """On a disk of 64 kB: what does not fit is refused by write and by link, the old bytes stay, no half file does."""
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    (tmp_path / "disk").mkdir()
    code = f"""{PRELUDE}
files.write(directory / "page", b"old")
errors = [attempt(files.write, directory / "page", bytes(100_000)),
          attempt(files.link, Path(sys.argv[2]), directory / "wheel")]
print(json.dumps([errors, names(), (directory / "page").read_text()]))
"""

    errors, names, text = run_mounted(small_disk(tmp_path / "disk", "64k"), code, tmp_path / "disk", tmp_path / "large")

    step = "the disk is full; free some space and run the same command again"
    assert errors == [f"{tmp_path / 'disk' / name}: {step}" for name in ("page", "wheel")]
    assert (names, text) == (["page"], "old")


def test_another_file_system_gets_a_copy(tmp_path: Path) -> None:
    """A link from one disk to another is a copy, and no part of it is left under a hidden name."""
    (tmp_path / "source").write_text("text")
    (tmp_path / "disk").mkdir()
    code = f"""{PRELUDE}
files.link(Path(sys.argv[2]), directory / "copy")
print(json.dumps([names(), (directory / "copy").read_text(), (directory / "copy").is_symlink()]))
"""

    found = run_mounted(small_disk(tmp_path / "disk", "64k"), code, tmp_path / "disk", tmp_path / "source")

    assert found == [["copy"], "text", False]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.EDQUOT, "the disk quota is used up; free some space and run the same command again"),
        (errno.EACCES, "permission denied; make the directory writable, or name another"),
        (errno.ENAMETOOLONG, "the path is too long; choose a directory with a shorter path"),
        (errno.EIO, f"{os.strerror(errno.EIO)}; see that the directory can be written"),
    ],
)
def test_what_the_system_says_becomes_one_line(tmp_path: Path, code: int, message: str) -> None:
    """Every error of the operating system has a path and a next step."""
    with pytest.raises(FolderError) as caught, files.folder_errors(tmp_path):
        raise OSError(code, os.strerror(code))

    assert str(caught.value) == f"{tmp_path}: {message}"


@pytest.mark.parametrize("below", ["deep", "deep/down"])
def test_a_file_in_the_place_of_a_directory_is_named(tmp_path: Path, below: str) -> None:
    """The step is to move that file, whichever directory below it was to be made."""
    (tmp_path / "packages").write_text("")
    with pytest.raises(FolderError) as caught, files.folder_errors(tmp_path / "packages" / below):
        (tmp_path / "packages" / below).mkdir(parents=True, exist_ok=True)
    step = "a file is in the place of a directory; move it away, or name another directory"
    assert str(caught.value) == f"{tmp_path / 'packages'}: {step}"


def test_files_are_read_as_bytes_everywhere() -> None:
    """Where the system has a mode for text, as Windows does, it is not that in which wheels are read and pages written."""
    code = "import os; os.O_BINARY = 0x8000; from pypi_subset.support import files; raise SystemExit(files.BINARY != 0x8000)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("plant", ["symlink", "hardlink", "fifo", "file"])
def test_a_part_is_a_new_file(tmp_path: Path, plant: str) -> None:
    """What others left under the name of a part is not written, followed or awaited."""
    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_bytes(b"precious")
    part = files.part_of(path)
    if plant == "symlink":
        part.symlink_to(victim)
    elif plant == "hardlink":
        part.hardlink_to(victim)
    elif plant == "fifo":
        os.mkfifo(part)
    else:
        part.write_bytes(b"left by a run that was killed")
    files.write(path, b"new")
    assert (victim.read_bytes(), path.read_bytes()) == (b"precious", b"new")
    assert {one.name for one in tmp_path.iterdir()} == {"victim", "file"}
    assert path.is_file()
    assert not path.is_symlink()


@pytest.mark.parametrize(
    ("kind", "said"),
    [("pipe", "not a regular file"), ("device", "not a regular file"), ("directory", "Is a directory")],
)
def test_input_is_a_regular_file(tmp_path: Path, kind: str, said: str) -> None:
    """A pipe does not let the run wait, a device has no end; a link to one is one."""
    made = tmp_path / "made"
    if kind == "pipe":
        os.mkfifo(made)
    elif kind == "device":
        made.symlink_to("/dev/zero")
    else:
        made.mkdir()
    (tmp_path / "link").symlink_to(made)
    for path in (made, tmp_path / "link"):
        with pytest.raises(OSError, match=said):
            files.read_input(path)


def test_input_has_a_bound(tmp_path: Path) -> None:
    """A file of as many bytes as the bound is read; one byte more is too much, also if the system states no size."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert files.read_input(path, 100) == b"x" * 100
    with pytest.raises(OSError, match="larger than 99 bytes"):
        files.read_input(path, 99)
    with pytest.raises(OSError, match="larger than 10 bytes"):
        # The system says that it has 0 bytes.
        files.read_input(Path("/proc/self/status"), 10)


@pytest.mark.parametrize("place", ["a", "a/b", ".", "link", "link/b"])
def test_directories_that_contain_another(tmp_path: Path, place: str) -> None:
    """One that is, contains or is in another is refused, also behind a link; a neighbour with the same beginning is not."""
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("a")
    files.require_apart(tmp_path / "ab", "the site", [tmp_path / "a"])
    with pytest.raises(
        FolderError, match="one of the site and a contains the other; name two directories side by side"
    ):
        files.require_apart(tmp_path / place, "the site", [tmp_path / "a"])


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel fills /proc on Linux alone")
@pytest.mark.parametrize(
    "words",
    [
        ("mirror", "six", "--into", "/proc/x"),
        ("init", "six", "--requirements", "/proc/x/requirements"),
        ("targets", "--log-file", "/proc/x"),
        ("fetch", "--url", "http://127.0.0.1:9/", "--site", "/proc/x"),
    ],
    ids=lambda words: words[0],
)
def test_a_file_system_that_takes_no_files(words: tuple[str, ...], tmp_path: Path) -> None:
    """The directory is at fault, and not the command line: exit code 3, and a step that works."""
    done = subset(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert re.fullmatch(
        r"error: /proc/\S+: the file system takes no new files; name a directory of another file system\n", done.stderr
    )


def test_a_file_that_is_not_there_is_wrong_input(tmp_path: Path) -> None:
    """On a file system that takes files, the path may be misspelt."""
    with pytest.raises(FolderError, match="see that the path is right") as caught, files.folder_errors(tmp_path / "x"):
        (tmp_path / "x").read_bytes()
    assert caught.value.exit_code == 2


def test_a_hash_comes_with_the_bytes_that_were_read(tmp_path: Path) -> None:
    """Also of a file that takes more than one piece, and of an empty one."""
    for size in (0, 1, 1 << 15, (1 << 15) + (1 << 18) + 7):
        (tmp_path / "file").write_bytes(b"x" * size)
        assert files.hashed(tmp_path / "file") == (hashlib.sha256(b"x" * size).hexdigest(), size)


def test_entries_are_all_but_directories(tmp_path: Path) -> None:
    """Files, links that are not followed, and directories with nothing in them."""
    (tmp_path / "inner" / "empty").mkdir(parents=True)
    (tmp_path / "inner" / "file").write_text("text")
    (tmp_path / "link").symlink_to("inner")
    found = {path: entry and entry.is_symlink() for path, entry in files.entries(tmp_path)}
    assert found == {"inner/empty/": None, "inner/file": False, "link": True}
    assert {path: facts.st_size for path, facts in files.walk(tmp_path) if path == "inner/file"} == {"inner/file": 4}
    assert {path for path, _ in files.walk(tmp_path)} == {*found}
    assert {*files.entries(tmp_path, but=("inner",))} != {*files.entries(tmp_path / "none")} == set()
