"""The formats of locks that relock reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.errors import LockError
from pypi_subset.relocking import formats
from pypi_subset.requirements.lockfiles.entries import Malformed

UV = b'version = 1\nrequires-python = ">=3.11"\nsupported-markers = ["sys_platform == \'linux\'"]\n'
STANDARD = (
    b'lock-version = "1.0"\ncreated-by = "tests"\nrequires-python = ">=3.11"\n'
    b"environments = [\"sys_platform == 'linux'\"]\npackages = []\n"
)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("uv.lock", UV, formats.Uv),
        ("job.py.lock", b"\xef\xbb\xbf" + UV, formats.Uv),
        ("pylock.toml", STANDARD, formats.Standard),
        ("pylock.lab.toml", STANDARD, formats.Standard),
    ],
)
def test_both_formats(name: str, data: bytes, kind: type) -> None:
    """The content decides; a mark of UTF-8 at the beginning is none of it."""
    found, text = formats.read(Path(name), data)
    assert type(found) is kind
    assert text.encode() == data.removeprefix(b"\xef\xbb\xbf")
    assert found.requires_python == ">=3.11"
    assert [*map(str, found.environments)] == ['sys_platform == "linux"']


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("uv.lock", b"\xff\xfe\xff", "the lock is no UTF-8 text"),
        ("uv.lock", UV.decode().encode("utf-16"), "the lock is no UTF-8 text"),
        ("uv.lock", b"version = ", "not TOML"),
        (
            "poetry.lock",
            b'[metadata]\nlock-version = "2.1"\n',
            "relock reads uv.lock, locks of scripts and pylock.toml",
        ),
        ("pyproject.toml", b"[project]\n", "relock reads uv.lock, locks of scripts and pylock.toml"),
        ("pylock.toml", b'lock-version = "2.0"\n', "the lock is of version 2.0"),
        ("pylock.toml", b'lock-version = "1.0"\n', "not a lock of PEP 751"),
    ],
)
def test_other_files_are_refused(name: str, data: bytes, said: str) -> None:
    """The error names the file, and what to do."""
    with pytest.raises(LockError, match=said) as caught:
        formats.read(Path(name), data)
    assert caught.value.path == Path(name)
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"version = 2\n", "the lock is of version 2"),
        (b"x = 1\n", "the lock has no version"),
        (b"version = 1\npackage = 1\n", "'package' must be a list of tables"),
        (b"version = 1\n[[package]]\nname = 1\n", "expected"),
        (UV.replace(b"sys_platform ==", b"?"), "supported-markers has a marker that is none"),
    ],
)
def test_a_damaged_lock_of_uv(data: bytes, said: str) -> None:
    """What is wrong is said."""
    with pytest.raises(Malformed, match=said):
        formats.read(Path("uv.lock"), data)
