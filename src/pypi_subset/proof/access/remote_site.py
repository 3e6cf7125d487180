"""A site on another machine, served here: each file that the proof reads is compared with the manifest byte for byte."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from pypi_subset.errors import ProofFailed
from pypi_subset.model.door import decode
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.paths import FIND_LINKS, MANIFEST, METADATA, SIMPLE, view_of
from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from pypi_subset.model.manifest import File, Manifest


#: Seconds without a byte after which a server counts as gone, and how often it is asked.
PATIENCE, TRIES = 30, 3
#: Bytes that are read at once.
_PIECE = 1 << 16
#: How many small files are fetched at a time.
_AT_ONCE = 8

#: What a server says of a file that it does not have; pip will miss it too, and the proof says what that means.
_NOT_THERE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}

#: The manifest of each directory that this process filled. The code of a package may write there: no file is read again.
_READ: dict[Path, Manifest] = {}
#: How many manifests a process keeps: a worker lives for many runs.
_SITES = 16

#: Threads of one process prove cases of one site: the first of them fetches what all will read.
_ALONE = threading.Lock()


def outline(url: str, digest: str, target: str, folder: Path) -> Path:
    """
    Return *folder*, which holds of the site at *url* what the proof of *target* looks into.

    That is the manifest, the pages that lead there, and in place of each wheel one that holds its METADATA alone: so much
    is needed to find patch levels and to explain why something failed. Everything is fetched once.

    :param digest: the manifest's SHA-256; with another, nothing is read.
    :raises ProofFailed: the site is another, cannot be reached, or contradicts its manifest.
    """
    with _ALONE:
        if (manifest := _READ.get(folder)) is None:
            data = _manifest(url, digest)
            while len(_READ) >= _SITES:
                _READ.pop(next(iter(_READ)))
            manifest = _READ[folder] = decode(data, path=manifest_path(folder), next_step="do not trust that site")
            _put(manifest_path(folder), data)
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            for _ in pool.map(lambda page: _page(url, page, manifest.pages[page], folder), _pages(manifest, target)):
                pass
            for _ in pool.map(lambda entry: _stand_in(url, entry, folder), manifest.files):
                pass
    return folder


def whole(url: str, folder: Path, path: str) -> Path:
    """
    Return the file *path* of the site at *url*, fetched into *folder* where it was not yet.

    :param folder: what `outline` filled.
    :raises ProofFailed: it cannot be had, or has other bytes than the manifest says.
    """
    place = folder / ".whole" / path
    if place.is_file():
        return place
    entry = _entry(folder, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    # A name that no other thread has.
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as part:
        found = _fetch(url, path, part, entry.size if entry else 0)
    if not entry or found != entry.sha256:
        Path(part.name).unlink()
        words = "has other bytes than the manifest says" if found else "is not there"
        msg = f"{place.name} {words}, at {url}"
        raise ProofFailed(msg)
    with files.folder_errors(place):
        Path(part.name).replace(place)
    return place


def sha256_of(folder: Path, path: str) -> str:
    """Return the SHA-256 of the file *path* in the manifest in *folder*, ``""`` if the manifest does not name it."""
    entry = _entry(folder, path)
    return entry.sha256 if entry else ""


def _entry(folder: Path, path: str) -> File | None:
    return next((one for one in _READ[folder].files if one.path == path), None)


def _manifest(url: str, digest: str) -> bytes:
    """Return the bytes of the manifest of the site at *url*."""
    stream = io.BytesIO()
    if not (found := _fetch(url, MANIFEST, stream, bounds.LARGEST_DOCUMENT)):
        msg = f"there is no site at {url}: it has no manifest.json"
        raise ProofFailed(msg)
    if found != digest:
        msg = f"another site is served at {url}: the hash of its manifest is {found[:12]}…, not {digest[:12]}…"
        raise ProofFailed(msg, next_step="publish this one there first")
    return stream.getvalue()


def _pages(manifest: Manifest, target: str) -> list[str]:
    """Return the HTML pages that an installer may be led through on its way to the files of *target*."""
    prefixes = (f"{SIMPLE}/", f"{view_of(target)}/", FIND_LINKS)
    return [page for page in manifest.pages if page.startswith(prefixes) and page.endswith(".html")]


def _page(url: str, page: str, digest: str, folder: Path) -> None:
    """Fetch a page; where it is missing, it stays missing."""
    if not (folder / page).is_file() and (data := _held_to(digest, url, page, f"the page {page}")):
        _put(folder / page, data)


def _stand_in(url: str, entry: File, folder: Path) -> None:
    """Write a wheel that holds METADATA alone, as it is beside the real one (PEP 658); without that, the real one."""
    path = folder / entry.path
    try:
        project, version, _, _ = parse_wheel_filename(path.name)
    except InvalidWheelFilename:
        return
    if path.is_file():
        return
    if not entry.metadata:
        with contextlib.suppress(ProofFailed):
            real = whole(url, folder, entry.path)
            path.parent.mkdir(parents=True, exist_ok=True)
            files.link(real, path)
        return
    name = entry.path + METADATA
    data = _held_to(entry.metadata, url, name, f"the metadata of {path.name}")
    if data and _fetch(url, entry.path, io.BytesIO(), 0, "HEAD"):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr(f"{project.replace('-', '_')}-{version}.dist-info/METADATA", data)
        _put(path, stream.getvalue())


def _held_to(digest: str, url: str, path: str, what: str) -> bytes:
    """Return the bytes of a small file, none if it is not there."""
    stream = io.BytesIO()
    if _fetch(url, path, stream, bounds.LARGEST_DOCUMENT) not in {digest, ""}:
        msg = f"{what} has other bytes than the manifest says, at {url}"
        raise ProofFailed(msg)
    return stream.getvalue()


def _fetch(url: str, path: str, stream: Any, limit: int, method: str = "GET") -> str:
    """
    Return the SHA-256 of what the server has at *path* and *stream* holds now, ``""`` if there is nothing.

    No proxy and no setting of this machine is heeded.

    :param limit: the most bytes that are read.
    :param method: ``HEAD`` asks only whether it is there.
    """
    address = f"{url}/{quote(path)}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Redirects())
    request = urllib.request.Request(address, method=method)  # noqa: S310 - checked to be HTTP where it was given
    for left in reversed(range(TRIES)):
        stream.seek(0)
        stream.truncate()
        try:
            with opener.open(request, timeout=PATIENCE) as response:
                _copy(response, stream, limit, address)
            stream.seek(0)
            return hashlib.file_digest(stream, "sha256").hexdigest()
        except (OSError, http.client.HTTPException) as error:
            # A connection that is lost is tried again, as a fault of the server is.
            status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
            if isinstance(error, urllib.error.HTTPError):
                error.close()
                status = error.code
            if status in _NOT_THERE:
                return ""
            if not left or status < HTTPStatus.INTERNAL_SERVER_ERROR:
                msg = f"{address} cannot be read: {getattr(error, 'reason', '') or error}"
                raise ProofFailed(msg) from error
    return ""


def _copy(response: Any, stream: Any, limit: int, address: str) -> None:
    """Write the body to *stream*, unless it has more bytes than *limit*, or comes more slowly than a site may."""
    start = time.monotonic()
    # Not `read`: that waits until so many bytes are here.
    while piece := response.read1(_PIECE):
        stream.write(piece)
        if stream.tell() > limit:
            msg = f"{address} has more than {limit} bytes"
            raise ProofFailed(msg)
        if time.monotonic() - start > bounds.PATIENCE + stream.tell() / bounds.LEAST_SPEED:
            msg = f"{address} is slower than {bounds.LEAST_SPEED >> 10} KiB a second"
            raise ProofFailed(msg)
    if response.length:
        raise http.client.IncompleteRead(bytes(0), response.length)


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects, to the web alone, and from https to nothing less."""

    max_redirections = bounds.MOST_REDIRECTS

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any) -> Any:
        """Return the request that follows *req*, ``None`` if the answer is not followed."""
        allowed = ("https://",) if req.full_url.startswith("https://") else ("https://", "http://")
        if not newurl.startswith(allowed):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, data)
