"""Locks, read a second time by `packaging.pylock` alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w

from pypi_subset.errors import LockError
from pypi_subset.proof.cases import lock_reader

if TYPE_CHECKING:
    from pathlib import Path

AA, BB = "a" * 64, "b" * 64


def lock(folder: Path, *packages: dict[str, Any], **more: Any) -> Path:
    """Return the path of a lock with *packages*, written."""
    path = lock_reader.lock_path(folder, "base", "linux")
    path.write_text(tomli_w.dumps({"lock-version": "1.0", "created-by": "tests", "packages": [*packages], **more}))
    return path


def package(name: str, digest: str = AA, **more: Any) -> dict[str, Any]:
    """Return a package with one wheel."""
    wheel = {
        "name": f"{name}-1.0-py3-none-any.whl",
        "path": f"{name}-1.0-py3-none-any.whl",
        "hashes": {"sha256": digest},
    }
    return {"name": name, "version": "1.0", "wheels": [wheel], **more}


def test_where_a_lock_lies(tmp_path: Path) -> None:
    """The name of a lock holds set and target (PEP 751)."""
    assert lock_reader.lock_path(tmp_path, "base", "linux") == tmp_path / "pylock.base--linux.toml"


def test_every_file_is_read(tmp_path: Path) -> None:
    """Wheels and an sdist come in the lock's order, each with the hash of its own."""
    sdist = {"name": "bb-1.0.tar.gz", "path": "bb-1.0.tar.gz", "hashes": {"sha256": BB}}
    found = lock_reader.read(lock(tmp_path, package("aa"), package("bb", sdist=sdist)))
    assert [(one.filename, one.project, str(one.version), one.sha256) for one in found] == [
        ("aa-1.0-py3-none-any.whl", "aa", "1.0", AA),
        ("bb-1.0-py3-none-any.whl", "bb", "1.0", AA),
        ("bb-1.0.tar.gz", "bb", "1.0", BB),
    ]


def test_a_pin_is_a_line_of_constraints(tmp_path: Path) -> None:
    """The marker stands in both lines, the hash behind it in one."""
    marker = 'python_full_version >= "3.10.4"'
    (one,) = lock_reader.read(lock(tmp_path, package("aa", marker=marker)))
    assert one.pin == f"aa==1.0 ; {marker}"
    assert one.hashed_pin == f"aa==1.0 ; {marker} --hash=sha256:{AA}"
    assert one.condition is not None
    assert one.condition.evaluate({"python_full_version": "3.10.4"})
    assert not one.condition.evaluate({"python_full_version": "3.10.3"})


def test_a_pin_without_a_marker(tmp_path: Path) -> None:
    """What holds always has no condition."""
    (one,) = lock_reader.read(lock(tmp_path, package("aa")))
    assert (one.pin, one.condition, one.metadata) == ("aa==1.0", None, "")


def test_the_metadata_that_the_lock_was_made_by(tmp_path: Path) -> None:
    """The SHA-256 of METADATA is read from the tool's own table."""
    (one,) = lock_reader.read(lock(tmp_path, package("aa", tool={"pypi-subset": {"metadata-sha256": BB}})))
    assert one.metadata == BB


def test_no_lock(tmp_path: Path) -> None:
    """A lock that is not there names the command that makes it."""
    with pytest.raises(LockError, match=r"there is no such lock.*run `pypi-subset mirror`"):
        lock_reader.read(tmp_path / "pylock.base--linux.toml")


@pytest.mark.parametrize(
    "text", ["[", 'lock-version = "1.0"\n', 'lock-version = "9.0"\ncreated-by = ""\npackages = []']
)
def test_a_damaged_lock(tmp_path: Path, text: str) -> None:
    """No TOML, no packages and another format are damage."""
    path = tmp_path / "pylock.base--linux.toml"
    path.write_text(text)
    with pytest.raises(LockError, match="the lock is damaged"):
        lock_reader.read(path)


def test_what_a_lock_was_made_for(tmp_path: Path) -> None:
    """The digests of set and target are read from the tool's own table."""
    inputs = {"set": "1", "target": "2"}
    assert lock_reader.made_for(lock(tmp_path, tool={"pypi-subset": {"inputs": inputs}})) == ("1", "2")


@pytest.mark.parametrize("text", ["[", "", "tool = 1", "[tool.pypi-subset.inputs]\nset = '1'"])
def test_a_lock_that_does_not_say(tmp_path: Path, text: str) -> None:
    """A lock of another tool, or a damaged one, was made for nothing known."""
    path = tmp_path / "pylock.toml"
    path.write_text(text)
    assert lock_reader.made_for(path) is None
    assert lock_reader.made_for(tmp_path / "none") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"digest": "a" * 63},
        {"digest": f"{AA}\n--index-url=http://evil.example"},
        {"marker": "sys_platform == 'linux' or platform_release == '\v--index-url=http://evil.example'"},
        {"tool": {"pypi-subset": {"metadata-sha256": "b" * 65}}},
    ],
)
def test_a_line_for_pip_holds_no_other(tmp_path: Path, wrong: dict[str, Any]) -> None:
    """A hash or a marker that would add a line or an option is damage."""
    with pytest.raises(LockError, match="the lock is damaged"):
        lock_reader.read(lock(tmp_path, package("aa", **wrong)))


def test_a_lock_is_a_regular_file(tmp_path: Path) -> None:
    """A pipe in the place of a lock, or one nested too deeply, is a damaged lock."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "deep").write_text("a = " + "[" * 100_000)
    for name in ("pipe", "deep"):
        with pytest.raises(LockError, match="the lock is damaged"):
            lock_reader.read(tmp_path / name)
        assert lock_reader.made_for(tmp_path / name) is None


def test_long_numbers_are_damage(tmp_path: Path) -> None:
    """`int` refuses a number of very many digits, wherever a version or a marker is read."""
    lock(tmp_path, package("app", marker=f"python_version < '{'9' * 301}'"))
    with pytest.raises(LockError, match="a number of more than 300 digits"):
        lock_reader.read(lock_reader.lock_path(tmp_path, "base", "linux"))
