"""A site in a directory or behind a web server: what is read is compared, and each fault is one line."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import os
import threading
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Hindered, ImporterError, Misused, Refused
from pypi_subset.standalone.installer.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST = b'{"schema": "1.5"}\n'


def digest_of(data: bytes) -> str:
    """Return a SHA-256."""
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a site of two files, in a directory whose name needs quoting."""
    folder = tmp_path / "my site"
    (folder / "locks").mkdir(parents=True)
    (folder / "manifest.json").write_bytes(MANIFEST)
    (folder / "locks/a+b.txt").write_bytes(b"app==1.0\n")
    return folder


@contextlib.contextmanager
def served(site: Path, status: int = 200) -> Iterator[str]:
    """Yield the address of *site*; each answer has *status*."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=site)  # type: ignore[arg-type]

        def do_GET(self) -> None:
            if status == 200:
                super().do_GET()
            elif status == 0:
                # A body that is shorter than its header says.
                self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n{")
            else:
                self.send_error(status)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(params=["directory", "address"])
def place(request: pytest.FixtureRequest, site: Path) -> Iterator[str]:
    """Yield the site in both forms; the address has a slash at its end, or not."""
    if request.param == "directory":
        yield str(site)
        return
    with served(site) as url:
        yield f"{url}/"


def test_what_is_read(place: str, tmp_path: Path) -> None:
    """Manifest, texts and files have the same bytes from both."""
    origin = Origin(place)
    assert origin.manifest("") == origin.manifest(digest_of(MANIFEST)) == MANIFEST
    assert origin.text("locks/a+b.txt", digest_of(b"app==1.0\n")) == "app==1.0\n"
    origin.save("manifest.json", digest_of(MANIFEST), str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == MANIFEST
    assert origin.url_of("targets/a b/simple").endswith("/targets/a%20b/simple")
    assert origin.url_of("").startswith("http://" if origin.is_remote else "file:///")


def test_other_bytes_are_refused(place: str, tmp_path: Path) -> None:
    """Each file has the hash that its reader knows."""
    origin = Origin(place)
    with pytest.raises(
        Refused, match=f"manifest.json of .* has the SHA-256 {digest_of(MANIFEST)}, and --manifest says"
    ):
        origin.manifest("0" * 64)
    for read in (
        lambda: origin.text("locks/a+b.txt", "0" * 64),
        lambda: origin.save("locks/a+b.txt", "0" * 64, str(tmp_path / "copy")),
    ):
        with pytest.raises(Refused, match=r"locks/a\+b.txt of .* is not the file that the manifest names"):
            read()


def test_missing_files(place: str, site: Path) -> None:
    """A site without a manifest is no site; one without another file is not whole."""
    with pytest.raises(Misused, match=r"has no locks/none.txt, which its manifest names; copy the site again"):
        Origin(place).text("locks/none.txt", "0" * 64)
    (site / "manifest.json").unlink()
    with pytest.raises(Misused, match=r"has no manifest.json; name the directory or the address of a site with --site"):
        Origin(place).manifest("")


def test_more_bytes_than_expected(place: str) -> None:
    """Reading ends at the limit."""
    with pytest.raises(Refused, match="has more than 5 bytes"):
        list(Origin(place).pieces("manifest.json", 5))


def test_bytes_that_are_no_text(place: str, site: Path) -> None:
    """Requirements are UTF-8."""
    (site / "locks/a+b.txt").write_bytes(b"\xff")
    with pytest.raises(Refused, match="is no text"):
        Origin(place).text("locks/a+b.txt", digest_of(b"\xff"))


@pytest.mark.parametrize(
    ("status", "message"),
    [(500, "the server answers 500 for manifest.json"), (0, "the answer for manifest.json is incomplete")],
)
def test_server_in_trouble(site: Path, status: int, message: str) -> None:
    """Neither a fault of the server nor half an answer is taken for a site."""
    with served(site, status) as url, pytest.raises(Hindered, match=message):
        Origin(url).manifest("")


def test_no_server() -> None:
    """An address where nothing listens."""
    with served(None) as url:  # type: ignore[arg-type]
        pass
    with pytest.raises(Hindered, match=r"manifest.json cannot be read: Connection re(fused|set)"):
        Origin(url).manifest("")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("/none\x1b[2J", r"/none\\x1b\[2J is no directory; name the directory or the address of a site with --site"),
        ("ftp://host/", r"ftp://host/ is no address; write http://HOST/ or https://HOST/"),
        ("https:///site", "is no address"),
        ("https://me:secret@host/", "the address of the site has a user; leave it out"),
    ],
)
def test_wrong_places(place: str, message: str) -> None:
    """One line; a password is in no message."""
    with pytest.raises(Misused, match=message) as caught:
        Origin(place)
    assert "secret" not in str(caught.value)


def test_certificates(site: Path, tmp_path: Path) -> None:
    """A file without certificates is named before a server is asked."""
    (tmp_path / "ca.pem").write_text("none\n")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ImporterError, match=f"{name} is no file of certificates"):
            Origin(str(site), str(tmp_path / name))


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    """Nothing waits for a pipe in the place of the manifest, or of the certificates."""
    os.mkfifo(tmp_path / "manifest.json")
    with pytest.raises(Misused, match=r"manifest\.json is no file"):
        Origin(str(tmp_path)).manifest("")
    with pytest.raises(Misused, match=r"manifest\.json is no file"):
        Origin("https://127.0.0.1:1/", str(tmp_path / "manifest.json"))
