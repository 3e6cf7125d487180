"""
A package index on loopback, as real as the ones outside: what the tests mirror from, count and break.

::

    with Index({"demo": [make_wheel("demo")]}, ranges=False) as index:
        pip("download", "--index-url", index.url, "demo")
        assert index.gets(".whl") == 1

Every switch is an attribute too, and may be turned while the server runs.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import io
import json
import re
import socket
import tarfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal, Protocol, Self, cast
from urllib.parse import quote, unquote, urlsplit

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

JSON = "application/vnd.pypi.simple.v1+json"


class File(Protocol):
    """What an index can offer: a `Wheel`, a `Sdist`, or anything else with a name, bytes and metadata."""

    @property
    def filename(self) -> str:
        """Name on the index."""

    @property
    def data(self) -> bytes:
        """The bytes."""

    @property
    def metadata(self) -> bytes:
        """The METADATA or PKG-INFO inside."""


@dataclass(frozen=True)
class Sdist:
    """A source distribution's file name and bytes."""

    filename: str
    data: bytes = field(repr=False)
    metadata: bytes = field(repr=False)


def make_sdist(name: str, version: str = "1.0", *, requires: Sequence[str] = ()) -> Sdist:
    """Return an sdist that holds PKG-INFO, a ``setup.py`` that must never run, and one module."""
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata = "\n".join([*lines, *(f"Requires-Dist: {line}" for line in requires), "", ""]).encode()
    members = {
        "PKG-INFO": metadata,
        "setup.py": b"raise SystemExit('an sdist was built')\n",
        f"{canonicalize_name(name).replace('-', '_')}.py": b"",
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, data in members.items():
            info = tarfile.TarInfo(f"{stem}/{path}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return Sdist(f"{stem}.tar.gz", buffer.getvalue(), metadata)


@dataclass(frozen=True)
class Hit:
    """
    One request that the index saw.

    :param range: the ``Range`` header, or ``""``.
    :param headers: all headers, names in lower case.
    :param status: of the answer; 0 if the connection was cut instead.
    :param sent: bytes of body in the answer.
    """

    method: str
    path: str
    range: str
    status: int
    sent: int
    headers: Mapping[str, str] = field(repr=False)


class CutError(Exception):
    """Raised by an `Index.on_request` hook: the connection is cut without an answer."""


class Index:
    """
    A running simple index on 127.0.0.1, on a port that the system chose; use it as a context manager.

    :param projects: project → its files; more come by `add`.
    :param style: ``"json"`` or ``"html"`` whatever is asked for; ``"both"`` obeys ``Accept`` (PEP 691).
    :param metadata: whether ``.metadata`` is served and advertised (PEP 658, 714).
    :param ranges: whether ``Range`` is honoured.
    :param hashes: whether the pages give hashes.
    :param facts: whether the JSON pages give size and upload time (PEP 700).
    :param cache_headers: whether answers may be cached, and carry an ``ETag``; else no cache header at all.
    :param auth: user and password that every request must carry.
    :param delay: seconds that every answer takes.
    :param on_request: called with the path before each answer: returns ``None`` to go on or an HTTP status to fail
        with, or raises `CutError`.
    :param on_sent: called with the path after each answer has left.
    """

    def __init__(  # noqa: PLR0913 - one switch for each way in which real indexes differ
        self,
        projects: Mapping[str, Sequence[File]] | None = None,
        *,
        style: Literal["json", "html", "both"] = "json",
        metadata: bool = True,
        ranges: bool = True,
        hashes: bool = True,
        facts: bool = True,
        cache_headers: bool = False,
        auth: tuple[str, str] | None = None,
        delay: float = 0.0,
        on_request: Callable[[str], int | None] | None = None,
        on_sent: Callable[[str], None] | None = None,
    ) -> None:
        self.projects = {name: list(files) for name, files in (projects or {}).items()}
        self.style, self.metadata, self.ranges, self.hashes, self.facts = style, metadata, ranges, hashes, facts
        self.cache_headers, self.auth, self.delay = cache_headers, auth, delay
        self.on_request, self.on_sent = on_request, on_sent
        #: File name → reason (perhaps empty) of what was yanked (PEP 592).
        self.yanked: dict[str, str] = {}
        #: File name → upload time; every other file gets the same fixed one.
        self.upload_times: dict[str, str] = {}
        #: Project → what its page says of it (PEP 792), and what that says of each file besides, by the key in JSON.
        self.status: dict[str, dict[str, str]] = {}
        self.told: dict[str, dict[str, str]] = {}
        #: Path, e.g. ``/files/demo-1.0-py3-none-any.whl`` or ``/simple/demo/`` → a body to send instead of the true one.
        self.overrides: dict[str, bytes] = {}
        self.requests: list[Hit] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.index = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def add(self, *files: File) -> None:
        """Offer *files* too, each below the project that its name says."""
        for file in files:
            self.projects.setdefault(project_of(file.filename), []).append(file)

    def yank(self, file: File, reason: str = "") -> None:
        """Mark *file* as yanked."""
        self.yanked[file.filename] = reason

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        """``127.0.0.1:PORT``."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """What ``--index-url`` wants, without credentials."""
        return f"http://{self.host}/simple/"

    @property
    def login_url(self) -> str:
        """`url` with the credentials that it asks for."""
        return f"http://{':'.join(self.auth)}@{self.host}/simple/" if self.auth else self.url

    def hits(self, ending: str = "", method: str = "GET") -> list[Hit]:
        """Return the requests so far whose path ends in *ending*."""
        return [hit for hit in self.requests if hit.method == method and hit.path.endswith(ending)]

    def gets(self, ending: str = "") -> int:
        """Return how many ``GET`` requests so far had a path that ends in *ending*."""
        return len(self.hits(ending))

    def counts(self) -> Counter[str]:
        """Return path → how many times it was GET."""
        return Counter(hit.path for hit in self.requests if hit.method == "GET")

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop answering and cut all connections."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.cut_all()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def body(self, path: str, accept: str) -> tuple[str, bytes] | None:
        """Return content type and bytes of what lies at *path*, ``None`` if nothing does."""
        found = self._page(path, accept) if path.startswith("/simple/") else self._file(path)
        if path in self.overrides:
            return (found[0] if found else "application/octet-stream"), self.overrides[path]
        return found

    def _file(self, path: str) -> tuple[str, bytes] | None:
        for file in self._files():
            if path == f"/files/{file.filename}":
                return "application/octet-stream", file.data
            if self._has_metadata(file) and path == f"/files/{file.filename}.metadata":
                return "application/octet-stream", file.metadata
        return None

    def _files(self) -> Iterable[File]:
        return (file for files in list(self.projects.values()) for file in list(files))

    def _has_metadata(self, file: File) -> bool:
        return self.metadata and file.filename.endswith(".whl")

    def _page(self, path: str, accept: str) -> tuple[str, bytes] | None:
        as_json = self.style == "json" or (self.style == "both" and JSON in accept)
        name = path.removeprefix("/simple/").rstrip("/")
        meta = {"api-version": "1.1" if self.facts else "1.0"}
        if not name:
            value: dict[str, object] = {"meta": meta, "projects": [{"name": each} for each in sorted(self.projects)]}
            links = [f'<a href="{each}/">{each}</a><br>' for each in sorted(self.projects)]
        elif name in self.projects:
            entries = [self._entry(file) for file in self.projects[name]]
            entries = [entry | self.told.get(name, {}) for entry in entries]
            value = {"meta": meta, "name": name, "files": entries}
            if name in self.status:
                value["project-status"] = self.status[name]
            if self.facts:
                value["versions"] = sorted({version_of(file.filename) for file in self.projects[name]})
            links = [_anchor(entry) for entry in entries]
        else:
            return None
        if as_json:
            return JSON, json.dumps(value).encode()
        metas = [
            f'<meta name="pypi:project-status{"-reason" * (key == "reason")}" content="{html.escape(text)}">'
            for key, text in self.status.get(name, {}).items()
        ]
        page = f'<!DOCTYPE html><html lang="en"><head><title>{name or "all"}</title>{"".join(metas)}</head><body>\n'
        return "text/html", "\n".join([page, *links, "</body></html>"]).encode()

    def _entry(self, file: File) -> dict[str, object]:
        """Return one element of ``files`` (PEP 691, 700)."""
        name = file.filename
        entry: dict[str, object] = {"filename": name, "url": f"../../files/{quote(name)}", "hashes": {}}
        if self.hashes:
            entry["hashes"] = {"sha256": hashlib.sha256(file.data).hexdigest()}
        if self._has_metadata(file):
            entry["core-metadata"] = {"sha256": hashlib.sha256(file.metadata).hexdigest()}
        if self.facts:
            entry["size"] = len(file.data)
            entry["upload-time"] = self.upload_times.get(name, "2024-02-03T04:05:06.789000Z")
        requires_python = BytesHeaderParser().parsebytes(file.metadata)["Requires-Python"]
        if requires_python:
            entry["requires-python"] = requires_python
        if name in self.yanked:
            entry["yanked"] = self.yanked[name] or True
        return entry


def project_of(filename: str) -> str:
    """Return the normalized project that the file's name says; a name that says nothing is read up to its version."""
    with contextlib.suppress(ValueError):
        return str((parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename)(filename)[0])
    return str(canonicalize_name(re.split(r"-\d", filename)[0]))


def version_of(filename: str) -> str:
    """Return the version that the file's name says, ``0`` if it says none."""
    with contextlib.suppress(ValueError):
        return str((parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename)(filename)[1])
    return "0"


def _anchor(entry: Mapping[str, object]) -> str:
    """Return a project page's line for one file (PEP 503, 592, 714)."""
    hashes = cast("dict[str, str]", entry["hashes"])
    metadata = cast("dict[str, str]", entry.get("core-metadata", {}))
    attributes = {"href": f"{entry['url']}" + "".join(f"#{kind}={digest}" for kind, digest in hashes.items())}
    if metadata:
        attributes["data-core-metadata"] = f"sha256={metadata['sha256']}"
    if "requires-python" in entry:
        attributes["data-requires-python"] = str(entry["requires-python"])
    if "yanked" in entry:
        attributes["data-yanked"] = "" if entry["yanked"] is True else str(entry["yanked"])
    for key in {"provenance", "upload-time", "size"} & entry.keys():
        attributes[f"data-{key}"] = str(entry[key])
    listed = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<a {listed}>{html.escape(str(entry['filename']))}</a><br>"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    index: Index

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: object, client_address: object) -> None:
        self._open.add(cast("socket.socket", request))
        super().process_request(cast("socket.socket", request), client_address)

    def shutdown_request(self, request: object) -> None:
        self._open.discard(cast("socket.socket", request))
        super().shutdown_request(cast("socket.socket", request))

    def cut_all(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client goes away in the middle of an answer: some tests kill it there."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        index = cast("_Server", self.server).index
        path = unquote(urlsplit(self.path).path)
        try:
            if index.delay:
                time.sleep(index.delay)
            forced = index.on_request(path) if index.on_request else None
            status, headers, body = self._answer(index, path) if forced is None else (forced, {}, b"")
        except CutError:
            self.close_connection = True
            self._count(index, path, 0, 0)
            return
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD" or status == HTTPStatus.NOT_MODIFIED:
            body = b""
        # Counted before it leaves: a client that has it all may look at the counter at once.
        self._count(index, path, status, len(body))
        self.wfile.write(body)
        self.wfile.flush()
        if index.on_sent:
            index.on_sent(path)

    do_HEAD = do_GET  # noqa: N815 - the names that http.server calls

    def _count(self, index: Index, path: str, status: int, sent: int) -> None:
        asked = {name.lower(): value for name, value in self.headers.items()}
        index.requests.append(Hit(self.command, path, asked.get("range", ""), int(status), sent, asked))

    def _answer(self, index: Index, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body."""
        if index.auth:
            wanted = base64.b64encode(":".join(index.auth).encode()).decode()
            if self.headers["Authorization"] != f"Basic {wanted}":
                return HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": 'Basic realm="test"'}, b""
        if path.startswith("/simple/") and not path.endswith("/"):
            return HTTPStatus.MOVED_PERMANENTLY, {"Location": f"{path}/"}, b""
        found = index.body(path, self.headers["Accept"] or "")
        if found is None:
            return HTTPStatus.NOT_FOUND, {}, b""
        kind, body = found
        headers = {"Content-Type": kind}
        if index.cache_headers:
            tag = f'"{hashlib.sha256(body).hexdigest()}"'
            headers |= {"Cache-Control": "max-age=600", "ETag": tag}
            if self.headers["If-None-Match"] == tag:
                return HTTPStatus.NOT_MODIFIED, headers, b""
        if index.ranges and path.startswith("/files/"):
            return self._ranged(headers, body)
        return HTTPStatus.OK, headers, body

    def _ranged(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Return the part that was asked for (RFC 9110, section 14), or all of it."""
        headers["Accept-Ranges"] = "bytes"
        wanted_range = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["Range"] or "")
        if not wanted_range or wanted_range[0] == "bytes=-":
            return HTTPStatus.OK, headers, body
        first, last = _span(wanted_range[1], wanted_range[2], len(body))
        if first > last:
            return HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{len(body)}"}, b""
        headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
        return HTTPStatus.PARTIAL_CONTENT, headers, body[first : last + 1]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Stay quiet."""


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    """Return the first and the last byte of a ``Range`` (RFC 9110, section 14.1.2)."""
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(size - 1, int(last or size - 1))
