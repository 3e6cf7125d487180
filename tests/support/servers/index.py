"""
A package index on loopback, as real as public ones: what the tests mirror from, count and break.

::

    with Index({"demo": [make_wheel("demo")]}, ranges=False) as index:
        pip("download", "--index-url", index.url, "demo")
        assert index.gets(".whl") == 1

Every switch is an attribute too, and may be changed while the server runs.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Literal, Self

from tests.support.servers.index_http import Server
from tests.support.servers.index_pages import JSON, anchor, as_html, as_json, entry_of, project_of, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.support.servers.index_http import Answer, Hit
    from tests.support.servers.index_pages import File


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
    :param secret: ``("query", "token=…")``, which each file needs, or ``("path", "token")``, with which each path begins;
        else it is forbidden. The addresses of files on pages have it.
    :param tls: a file with a certificate and its key, for https.
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
        secret: tuple[str, str] = ("", ""),
        tls: Path | None = None,
        delay: float = 0.0,
        on_request: Callable[[str], int | None] | None = None,
        on_sent: Callable[[str], None] | None = None,
    ) -> None:
        self.projects = {name: list(files) for name, files in (projects or {}).items()}
        self.style, self.metadata, self.ranges, self.hashes, self.facts = style, metadata, ranges, hashes, facts
        self.cache_headers, self.auth, self.secret, self.delay = cache_headers, auth, secret, delay
        #: Whether pages say that there is METADATA beside wheels.
        self.announced = True
        #: How a range that is counted from the end is answered: rightly, with the beginning, or with half of it.
        self.suffixes: Literal["", "beginning", "short"] = ""
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
        #: Path → the answer there, whatever the index has.
        self.answers: dict[str, Answer] = {}
        #: Path → how often the connection is cut in the middle of an answer there.
        self.cuts: dict[str, int] = {}
        #: File name → what its entry says instead, by the key in JSON; `fragment` is that of the address in HTML.
        self.entries: dict[str, dict[str, object]] = {}
        #: Project → further entries of its page in JSON, as they are.
        self.strange: dict[str, list[object]] = {}
        self.requests: list[Hit] = []
        self._server, self._scheme = Server(self, tls), "https" if tls else "http"
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
        return f"{self._scheme}://{self.host}{self._secret_path}/simple/"

    @property
    def _secret_path(self) -> str:
        return f"/{self.secret[1]}" if self.secret[0] == "path" else ""

    @property
    def login_url(self) -> str:
        """`url` with the credentials that it asks for."""
        return self.url.replace("://", f"://{':'.join(self.auth)}@") if self.auth else self.url

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
        name = path.removeprefix("/simple/").rstrip("/")
        meta = {"api-version": "1.1" if self.facts else "1.0"}
        if not name:
            value: dict[str, object] = {"meta": meta, "projects": [{"name": each} for each in sorted(self.projects)]}
            links = [f'<a href="{each}/">{each}</a><br>' for each in sorted(self.projects)]
        elif name in self.projects:
            entries = [self._entry(file) for file in self.projects[name]]
            entries = [entry | self.told.get(name, {}) for entry in entries]
            value = {"meta": meta, "name": name, "files": [*entries, *self.strange.get(name, [])]}
            if name in self.status:
                value["project-status"] = self.status[name]
            if self.facts:
                value["versions"] = sorted({version_of(file.filename) for file in self.projects[name]})
            links = [anchor(entry) for entry in entries]
        else:
            return None
        if self.style == "json" or (self.style == "both" and JSON in accept):
            return JSON, as_json(value)
        return "text/html", as_html(name, links, self.status.get(name, {}))

    def _entry(self, file: File) -> dict[str, object]:
        uploaded = self.upload_times.get(file.filename, "2024-02-03T04:05:06.789000Z") if self.facts else None
        entry = entry_of(
            file, hashes=self.hashes, metadata=self.announced and self._has_metadata(file), uploaded=uploaded
        )
        if file.filename in self.yanked:
            entry["yanked"] = self.yanked[file.filename] or True
        if self.secret[0] == "query":
            entry["url"] = f"{entry['url']}?{self.secret[1]}"
        return entry | self.entries.get(file.filename, {})
