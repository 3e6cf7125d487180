"""rsync as a destination: which places are its own, and each of its errors as one line with the next step."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError
from pypi_subset.publishing.destinations.rsync import Rsync, is_remote
from tests.support.sites.places import rsync_daemon

if TYPE_CHECKING:
    from pathlib import Path

needs_rsync = pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync is not installed")


@pytest.mark.parametrize(
    ("to", "remote"),
    [
        ("host:path", True),
        ("me@host:/srv/www", True),
        ("host::module/path", True),
        ("rsync://host/module", True),
        ("/srv/www", False),
        ("public", False),
        ("./odd:name", False),
        ("/srv/odd:name", False),
    ],
)
def test_what_rsync_is_for(to: str, *, remote: bool) -> None:
    """A place is rsync's where rsync itself reads it as remote."""
    assert is_remote(to) is remote


@needs_rsync
@pytest.mark.parametrize(
    ("to", "settings", "words"),
    [
        ("rsync://127.0.0.1:1/web", "", "; see that the machine is up and can be reached"),
        ("{}/nothing/public", "", "; see that the directory above it is there, can be written, and has room"),
        ("{}-not/public", "", "Unknown module 'web-not'; see that the module is there"),
        ("{}/public", "read only = yes\n", "ERROR: module is read only; mend that, and run the same command again"),
    ],
)
def test_what_rsync_says_is_one_line(tmp_path: Path, to: str, settings: str, words: str) -> None:
    """Whatever is wrong over there: one line with the place, the first words of rsync's, and the next step."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file").touch()
    with rsync_daemon(tmp_path / "place", settings) as place:
        named = to.format(place.to.removesuffix("/public"))
        with pytest.raises(FolderError) as caught:
            send(Rsync(named), tmp_path / "source")
    assert str(caught.value).startswith(f"{named}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def send(destination: Rsync, source: Path) -> None:
    """Look, then send one file."""
    destination.look()
    destination.send(source, ["file"], lambda _count: None, {})


def test_no_rsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rsync is not installed, that is what is said."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FolderError, match="host:/srv: rsync is not installed; install it, or name a directory"):
        Rsync("host:/srv").look()
