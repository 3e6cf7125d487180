"""Archives of sdists: what is unpacked, and what is refused."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import BadDistribution
from pypi_subset.sdists import archive
from pypi_subset.sdists.archive import unpack
from pypi_subset.support import bounds
from tests.support.stages.sdists import packed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "app-1.0.tar.gz"
EPOCH = 1_400_000_000


def unpacked(tmp_path: Path, data: bytes, name: str = NAME) -> Path:
    """Return the directory of an sdist that holds *data*."""
    path, folder = tmp_path / name, tmp_path / "source"
    path.write_bytes(data)
    folder.mkdir()
    return unpack(path, name, folder, epoch=EPOCH)


def tar_of(change: Callable[[tarfile.TarInfo], object], name: str = "app-1.0/x") -> bytes:
    """Return an archive of one good member, and one that *change* was called with."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("app-1.0/good"))
        info = tarfile.TarInfo(name)
        change(info)
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    return buffer.getvalue()


def zip_of(*members: tuple[str, int]) -> bytes:
    """Return a ZIP archive of empty *members*, each a name and its mode."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, b"")
    return buffer.getvalue()


def test_files_have_one_time_and_two_modes(tmp_path: Path) -> None:
    """What is a program stays one; owners, times and other bits are not taken over."""

    def program(info: tarfile.TarInfo) -> None:
        info.mode, info.mtime, info.uid, info.size = 0o4777, 5, 1234, 3

    root = unpacked(tmp_path, tar_of(program, "app-1.0/./deep/x"))
    assert root == tmp_path / "source" / "app-1.0"
    facts = {path.name: path.stat() for path in (root / "deep" / "x", root / "good", root)}
    assert {name: oct(one.st_mode & 0o7777) for name, one in facts.items()} == {
        "x": "0o755",
        "good": "0o644",
        "app-1.0": "0o755",
    }
    assert {one.st_mtime for one in facts.values()} == {EPOCH}


def test_a_zip_archive_is_unpacked_too(tmp_path: Path) -> None:
    """Older sdists come as ``.zip``."""
    root = unpacked(tmp_path, zip_of(("app-1.0/", 0o40755), ("app-1.0/setup.py", 0o100644)), "app-1.0.zip")
    assert [path.name for path in root.iterdir()] == ["setup.py"]


def link(info: tarfile.TarInfo) -> None:
    """Be a symbolic link."""
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"


def hard_link(info: tarfile.TarInfo) -> None:
    """Be a hard link."""
    info.type, info.linkname = tarfile.LNKTYPE, "app-1.0/good"


def device(info: tarfile.TarInfo) -> None:
    """Be a device."""
    info.type = tarfile.CHRTYPE


def nothing(_info: tarfile.TarInfo) -> None:
    """Be an empty file."""


def test_a_last_dot_is_a_name_where_the_system_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uwsgi has such a file; where the system drops the dot, it would be another file."""
    data = tar_of(lambda _: None, "app-1.0/logging.")
    (tmp_path / "other").mkdir()
    assert (unpacked(tmp_path, data) / "logging.").is_file()
    monkeypatch.setattr(archive, "_DROPPED", (".", " "))
    with pytest.raises(BadDistribution, match="which not every system takes"):
        unpacked(tmp_path / "other", data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (tar_of(link), "app-1.0/x, which is no plain file and no directory"),
        (tar_of(hard_link), "app-1.0/x, which is no plain file and no directory"),
        (tar_of(device), "app-1.0/x, which is no plain file and no directory"),
        (tar_of(nothing, "../x"), "the name '../x', which not every system takes"),
        (tar_of(nothing, "app-1.0/../../x"), "the name 'app-1.0/../../x'"),
        (tar_of(nothing, "/etc/x"), "the name '/etc/x'"),
        (tar_of(nothing, "app-1.0/a\\b"), "which not every system takes"),
        (tar_of(nothing, "app-1.0/a\nb"), "which not every system takes"),
        (tar_of(nothing, f"app-1.0/{'x' * 300}"), "which not every system takes"),
        (tar_of(nothing, "other/x"), "more than one directory at its top"),
        (tar_of(nothing, "x"), "more than one directory at its top"),
        (tar_of(nothing, "app-1.0/good"), "two members of one name"),
        (tar_of(nothing, "app-1.0/good/x"), "two members of one name"),
        (packed({}), "it holds nothing"),
        (b"no archive", "Not a gzipped file"),
        (packed({"app-1.0/x": b"x" * 50_000})[:60], "ended before"),
    ],
    ids=[*map(str, range(16))],
)
def test_what_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    """No link, no device, no name that leads elsewhere; the error names the file."""
    with pytest.raises(BadDistribution) as caught:
        unpacked(tmp_path, data)
    assert caught.value.what.startswith(f"{NAME} cannot be unpacked: ")
    assert why in caught.value.what
    assert {path.name for path in tmp_path.iterdir()} == {NAME, "source"}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (zip_of(("app-1.0/x", 0o120777)), "app-1.0/x, which is no plain file and no directory"),
        (zip_of(("../x", 0o100644)), "the name '../x'"),
        (b"no archive", "not a zip file"),
    ],
)
def test_what_is_refused_of_a_zip_archive(tmp_path: Path, data: bytes, why: str) -> None:
    """The same rules hold."""
    with pytest.raises(BadDistribution) as caught:
        unpacked(tmp_path, data, "app-1.0.zip")
    assert why in caught.value.what


def test_what_is_unpacked_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member of more bytes ends it, before they are written, whatever a header states."""
    monkeypatch.setattr(bounds, "LARGEST_SOURCE", 100_000)
    with pytest.raises(BadDistribution, match="more than 100,000 bytes"):
        unpacked(tmp_path, packed({"app-1.0/x": bytes(200_000)}))
    assert sum(path.stat().st_size for path in tmp_path.rglob("x")) <= 100_000


def test_the_number_of_members_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty files take room as well."""
    monkeypatch.setattr(bounds, "MOST_SOURCES", 3)
    with pytest.raises(BadDistribution, match="more than 3 members"):
        unpacked(tmp_path, packed({f"app-1.0/{number}": b"" for number in range(5)}))


def test_a_header_is_limited(tmp_path: Path) -> None:
    """An extended header of 20 MB is not read into memory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("app-1.0/x")
        info.pax_headers = {"comment": "x" * (20 << 20)}
        archive.addfile(info)
    with pytest.raises(BadDistribution, match="a header of more than 1048576 bytes"):
        unpacked(tmp_path, buffer.getvalue())
