"""The key of reports: where it is, how the first proof makes it, and which files are none."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.proof.evidence import key
from pypi_subset.proof.evidence.key import KeyMissing, key_path

PLACES: dict[str, tuple[str, dict[str, str], str]] = {
    "named": ("linux", {"PYPI_SUBSET_KEY_FILE": "/secrets/one", "XDG_CONFIG_HOME": "/conf"}, "/secrets/one"),
    "configuration": ("linux", {"XDG_CONFIG_HOME": "/conf", "HOME": "/me"}, "/conf/pypi-subset/key"),
    "a relative one": ("linux", {"XDG_CONFIG_HOME": "conf", "HOME": "/me"}, "/me/.config/pypi-subset/key"),
    "home": ("linux", {"HOME": "/me"}, "/me/.config/pypi-subset/key"),
    "macOS": ("darwin", {"HOME": "/me"}, "/me/Library/Application Support/pypi-subset/key"),
    "Windows": ("win32", {"APPDATA": "/me/roaming", "HOME": "/me"}, "/me/roaming/pypi-subset/key"),
    "Windows without": ("win32", {"HOME": "/me"}, "/me/AppData/Roaming/pypi-subset/key"),
}


@pytest.mark.parametrize("what", PLACES)
def test_where_it_is(what: str) -> None:
    """The variable names it, else it is in the directory where the system keeps a user's configuration."""
    system, environment, path = PLACES[what]
    assert key_path(environment, system) == Path(path)


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home directory names a file."""

    def none() -> Path:
        msg = "no home"
        raise RuntimeError(msg)

    monkeypatch.setattr(Path, "home", none)
    with pytest.raises(
        SubsetError, match="no home directory for the key of reports; name a file for it by PYPI_SUBSET_KEY"
    ):
        key_path({}, "linux")


def test_the_first_proof_makes_it(tmp_path: Path) -> None:
    """32 random bytes that its user alone can read, in a directory of the user's own; later it is read, never replaced."""
    path = tmp_path / "config" / "pypi-subset" / "key"
    with pytest.raises(KeyMissing, match="there is no key of reports here; run `pypi-subset verify`, which makes one"):
        key.read(path)
    first = key.made(path)
    assert (first.path, len(first.secret)) == (path, 32)
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)] == [0o600, 0o700]
    assert key.made(path) == key.read(path) == first
    assert key.made(tmp_path / "other").secret != first.secret


def test_a_code_is_for_one_purpose() -> None:
    """Another key, other bytes, or another purpose gives another code; the secret shows in no representation."""
    one, other = (key.Key(path=Path("key"), secret=bytes([number]) * 32) for number in (1, 2))
    code = one.mac("report", b"data")
    assert one.made(code, "report", b"data")
    assert not one.made(code, "green results", b"data")
    assert not one.made(code, "report", b"date")
    assert not other.made(code, "report", b"data")
    assert not one.made("", "report", b"data")
    assert not one.made("é", "report", b"data")
    assert "1" not in repr(one)


def readable(path: Path) -> None:
    """Let others read the key."""
    path.chmod(0o640)


def world_readable(path: Path) -> None:
    """Let everybody read the key."""
    path.chmod(0o604)


def linked(path: Path) -> None:
    """Put a link to the key in its place."""
    path.rename(path.with_name("real"))
    path.symlink_to("real")


def linked_folder(path: Path) -> None:
    """Put a link to the directory of the key in its place."""
    path.parent.rename(path.parent.with_name("real"))
    path.parent.symlink_to("real")


def open_folder(path: Path) -> None:
    """Let others replace the key."""
    path.parent.chmod(0o777)


def short(path: Path) -> None:
    """Cut the key off."""
    path.write_text("ab" * 31)


def words(path: Path) -> None:
    """Put a password in the place of the key."""
    path.write_text("correct horse battery staple " * 3)


def binary(path: Path) -> None:
    """Put bytes that are no text in the place of the key."""
    path.write_bytes(b"\xff" * 64)


def empty(path: Path) -> None:
    """Empty the key, as a secret does that a build server does not know."""
    path.write_bytes(b"")


def folder(path: Path) -> None:
    """Put a directory in the place of the key."""
    path.unlink()
    path.mkdir(mode=0o700)


def pipe(path: Path) -> None:
    """Put a pipe in the place of the key, which nobody writes to."""
    path.unlink()
    os.mkfifo(path, 0o600)


WRONG = {
    readable: "others can read the key of reports; run `chmod go= ",
    world_readable: "others can read the key of reports; run `chmod go= ",
    linked: "this is a link, and the key of reports is not read through one; put a file there",
    linked_folder: "this is a link, and the key of reports is not read through one; put a file there",
    open_folder: "others can replace the key of reports; run `chmod go= ",
    short: "this is no key of reports, which is 32 bytes as 64 hexadecimal digits; put the key there again",
    words: "this is no key of reports",
    binary: "this is no key of reports",
    empty: "this is no key of reports",
    folder: "the key of reports is no plain file; put a file there",
    pipe: "the key of reports is no plain file; put a file there",
}


@pytest.mark.skipif(sys.platform == "win32", reason="rights and links of POSIX")
@pytest.mark.parametrize("spoil", WRONG, ids=lambda spoil: spoil.__name__)
def test_what_is_no_key(tmp_path: Path, spoil: object) -> None:
    """A link, what others can read or replace, and what holds no key is refused in one line, and not replaced."""
    path = tmp_path / "pypi-subset" / "key"
    key.made(path)
    assert callable(spoil)
    spoil(path)
    for used in (key.read, key.made):
        with pytest.raises(SubsetError) as caught:
            used(path)
        assert not isinstance(caught.value, KeyMissing)
        assert WRONG[spoil] in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_key_is_not_made_through_a_link(tmp_path: Path) -> None:
    """A link that leads nowhere is not followed to make a file there."""
    path = tmp_path / "key"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SubsetError, match="this is a link"):
        key.made(path)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="gives a file to another user")
def test_the_key_of_another_user(tmp_path: Path) -> None:
    """A file that belongs to another user is refused: that user knows the key."""
    path = tmp_path / "key"
    key.made(path)
    os.chown(path, 12345, 12345)
    with pytest.raises(SubsetError, match="the key of reports belongs to another user; name a file of your own"):
        key.read(path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A directory that is not there, or a file in its place, is one line with the next step."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "nowhere" / "key", tmp_path / "file" / "key"):
        with pytest.raises(
            SubsetError, match=r"the key of reports cannot be used: .*; name a file for it by PYPI_SUBSET_KEY"
        ):
            key.made(path)


def test_two_first_proofs_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that appears after the look is read, and never written over; nor is a link that appears then."""
    path, look, first = tmp_path / "key", key._content, key.made(tmp_path / "first")  # noqa: SLF001

    def late(place: Path) -> bytes:
        monkeypatch.setattr(key, "_content", look)
        path.write_bytes(first.path.read_bytes())
        path.chmod(0o600)
        raise FileNotFoundError(place)

    monkeypatch.setattr(key, "_content", late)
    assert key.made(path).secret == first.secret

    def late_link(place: Path) -> bytes:
        monkeypatch.setattr(key, "_content", look)
        path.unlink()
        path.symlink_to(tmp_path / "elsewhere")
        raise FileNotFoundError(place)

    monkeypatch.setattr(key, "_content", late_link)
    with pytest.raises(SubsetError, match="this is a link"):
        key.made(path)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_closed_home_ends_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Where the system closes the place of the key, a run has a key of its own, and says why; damage is still an error."""
    real = os.open

    def closed(path: str | Path, *arguments: int, **named: int) -> int:
        if Path(path).is_relative_to(tmp_path / "home"):
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *arguments, **named)

    place = tmp_path / "home" / "pypi-subset" / "key"
    monkeypatch.setattr(os, "open", closed)
    own, why = key.for_run(place, tmp_path / "spare")
    assert own == key.read(tmp_path / "spare")
    assert why == f"{place}: the key of reports cannot be used: {os.strerror(number)}"
    monkeypatch.setattr(os, "open", real)
    assert key.for_run(place, tmp_path / "spare") == (key.read(place), "")
    place.write_text("no key")
    with pytest.raises(SubsetError, match="this is no key of reports"):
        key.for_run(place, tmp_path / "spare")
