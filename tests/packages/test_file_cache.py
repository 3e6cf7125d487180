"""What is known of files that have not changed: known again by inode, size and time, and never when in doubt."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.distributions import wheel
from pypi_subset.errors import BadDistribution
from pypi_subset.packages import file_cache
from pypi_subset.packages.file_cache import FileCache
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO = 1_700_000_000_123_456_789
WHEEL = make_wheel("app", requires=["lib"])


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files that are hashed or opened as wheels from here on."""
    names: list[str] = []
    hashed, opened = FileCache._hashed, wheel.check_wheel  # noqa: SLF001 - where each file is read

    def hashing(self: FileCache, path: Path, *more: Any) -> str:
        names.append(path.name)
        return hashed(self, path, *more)

    def read_metadata(source: Path, filename: str) -> bytes:
        names.append(f"{filename} METADATA")
        return opened(source, filename)

    monkeypatch.setattr(FileCache, "_hashed", hashing)
    monkeypatch.setattr(file_cache, "check_wheel", read_metadata)
    return names


def aged(path: Path, moment: int = LONG_AGO) -> Path:
    """Return *path*, as it would be if it had been written then."""
    os.utime(path, ns=(moment, moment))
    return path


def asked(folder: Path, path: Path) -> tuple[str, str]:
    """Return what a run is told of the wheel at *path*, and let it write down what it knows."""
    one = FileCache(folder / "memory")
    answer = one.sha256(path), one.metadata(path, WHEEL.filename)
    one.save()
    return answer


def test_nothing_is_read_twice(tmp_path: Path, read: list[str]) -> None:
    """The second run, under whatever name the file is then, reads neither the file nor its METADATA."""
    path = aged(WHEEL.save(tmp_path))
    first = asked(tmp_path, path)
    assert read == [WHEEL.filename, f"{WHEEL.filename} METADATA"]
    (tmp_path / "elsewhere").mkdir()
    # A link moves the time of the last change, which must not count.
    (tmp_path / "elsewhere" / "link").hardlink_to(path)
    assert asked(tmp_path, tmp_path / "elsewhere" / "link") == first
    assert len(read) == len(first)


@pytest.mark.parametrize("change", ["content", "time", "file"])
def test_what_changed_is_read_again(tmp_path: Path, read: list[str], change: str) -> None:
    """Another size, another time, or another file under the name: each is a reason."""
    path = aged(WHEEL.save(tmp_path))
    asked(tmp_path, path)
    if change == "time":
        aged(path, LONG_AGO + 1)
    else:
        path.unlink()
        data = make_wheel("app", requires=["other"]).data if change == "content" else WHEEL.data
        (tmp_path / "keeps the inode").write_bytes(b"")
        path.write_bytes(data)
        aged(path)
    del read[:]
    asked(tmp_path, path)
    assert read == [WHEEL.filename, f"{WHEEL.filename} METADATA"]


@pytest.mark.parametrize("moment", [0, 1_000_000_000])
def test_what_was_written_just_now_is_not_trusted(tmp_path: Path, read: list[str], moment: int) -> None:
    """A file that may change again within one tick of its file system's clock is read again next time."""
    path = WHEEL.save(tmp_path)
    if moment:
        # Whole seconds: a clock that ticks every second or two.
        facts = path.stat()
        aged(path, facts.st_mtime_ns // moment * moment)
    asked(tmp_path, path)
    asked(tmp_path, path)
    assert read.count(WHEEL.filename) == 2


def test_the_same_bytes_under_another_name_are_another_wheel(tmp_path: Path) -> None:
    """What METADATA says is held against the name, so a link with another name is read for itself."""
    path = aged(WHEEL.save(tmp_path))
    asked(tmp_path, path)
    other = tmp_path / "other-1.0-py3-none-any.whl"
    other.hardlink_to(path)
    one = FileCache(tmp_path / "memory")
    assert one.sha256(other) == WHEEL.sha256
    with pytest.raises(BadDistribution, match="holds 0 METADATA files for other"):
        one.metadata(other, other.name)


@pytest.mark.parametrize(
    "damage",
    [
        *("", "{", "[]", '{"schema": 2}', '{"schema": 0, "known": {}}', "\udcff", '{"x": ' + "[" * 100_000, "a pipe"),
        f'{{"schema": {file_cache.SCHEMA}, "known": []}}',
        f'{{"schema": {file_cache.SCHEMA}, "known": {{"a": 1}}}}',
    ],
)
def test_a_damaged_cache_is_empty(tmp_path: Path, read: list[str], damage: str) -> None:
    """Lost, cut off, of another form: everything is read, and written down again."""
    path = aged(WHEEL.save(tmp_path))
    first = asked(tmp_path, path)
    if damage == "a pipe":
        (tmp_path / "memory").unlink()
        os.mkfifo(tmp_path / "memory")
    else:
        (tmp_path / "memory").write_text(damage, encoding="utf-8", errors="surrogateescape")
    assert asked(tmp_path, path) == asked(tmp_path, path) == first
    assert read.count(WHEEL.filename) == 2


def test_what_nobody_asks_for_is_forgotten(tmp_path: Path) -> None:
    """The file does not grow with every release that was ever mirrored."""
    path = aged(WHEEL.save(tmp_path))
    asked(tmp_path, path)
    full = (tmp_path / "memory").stat().st_size
    one = FileCache(tmp_path / "memory")
    one.sha256(path)
    one.save(forget=False)
    assert (tmp_path / "memory").stat().st_size == full
    one.save()
    one = FileCache(tmp_path / "memory")
    one.sha256(path)
    one.save()
    assert (tmp_path / "memory").stat().st_size < full


def test_what_other_commands_learn(tmp_path: Path) -> None:
    """It is saved beside what mirror knows; without a packages directory there is no cache, and none is made."""
    with file_cache.remembered(tmp_path) as cache:
        assert cache is not None
        cache.wrote("judged", "admitted")
    assert FileCache(tmp_path / file_cache.FILE).recall("judged") == "admitted"
    for absent in (None, tmp_path / "packages"):
        with file_cache.remembered(absent) as cache:
            assert cache is None
    assert not (tmp_path / "packages").exists()
