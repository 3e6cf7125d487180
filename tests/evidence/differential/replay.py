"""An index on loopback that serves a record: pages and METADATA, never a file."""

from __future__ import annotations

import hashlib
import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from tests.evidence.differential.record import project_of

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from tests.evidence.differential.record import File, Source

_JSON = "application/vnd.pypi.simple.v1+json"


class Replay:
    """
    The index, while the ``with`` block lasts.

    :param source: what it serves.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._server = _Server(self)
        #: Paths that were asked for in vain, or the reason why: a record that lacks one is too old for the comparison.
        self.missing: set[str] = set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What an ``--index-url`` wants."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/simple"

    def answer(self, path: str) -> bytes | None:
        """Return what stands at *path*; ``None``: nothing."""
        if path.startswith("/simple/"):
            files = self._source.page(project_of(path))
            return None if files is None else _page(project_of(path), files)
        found = None
        if path.endswith(".metadata"):
            found = self._source.metadata(path.rpartition("/")[2].removesuffix(".metadata"))
        if found is None:
            self.missing.add(path.rpartition("/")[2])
        return found


def _page(project: str, files: tuple[File, ...]) -> bytes:
    value = {"meta": {"api-version": "1.0"}, "name": project, "files": list(map(_entry, files))}
    return json.dumps(value).encode()


def _entry(file: File) -> dict[str, object]:
    """
    One file of a page (PEP 691).

    Nobody fetches it: hash and size only have to be there. They are made up from the name, and take no room in the record.
    """
    entry: dict[str, object] = {
        "filename": file.filename,
        "url": f"../../files/{quote(file.filename)}",
        "hashes": {"sha256": hashlib.sha256(file.filename.encode()).hexdigest()},
        "size": 1,
        "core-metadata": True,
        "yanked": file.yanked or True if file.yanked is not None else False,
    }
    if file.requires_python is not None:
        entry["requires-python"] = file.requires_python
    return entry


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, replay: Replay) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replay = replay


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        status, body = HTTPStatus.OK, b""
        try:
            found = self.server.replay.answer(path)
            status, body = (HTTPStatus.NOT_FOUND, b"") if found is None else (HTTPStatus.OK, found)
        except Exception as error:  # noqa: BLE001 - the network's; told at the end, since a resolver may hide it
            self.server.replay.missing.add(f"{path}: {error}")
            status = HTTPStatus.BAD_GATEWAY
        self.send_response(status)
        self.send_header("Content-Type", _JSON)
        self.send_header("Content-Length", str(len(body)))
        # Nothing changes while a comparison lasts: each resolver needs to ask once.
        self.send_header("Cache-Control", "max-age=86400")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
        self.wfile.flush()

    do_HEAD = do_GET  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Say nothing: what went wrong is kept in ``missing``."""

    def handle_one_request(self) -> None:
        """Answer; a client that went away is nobody's trouble."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True
