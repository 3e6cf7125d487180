"""
A loopback index in front of the real ones: each page and each file crosses the network once, for all jobs together.

Every pip that we start sees this index alone. It merges the user's indexes and folders, hands out only files that fit
some target, takes METADATA from where it is cheapest, and keeps what the pages said. A second view offers exactly the
files of one lock, so that a download needs no page at all.
"""

from __future__ import annotations

import io
import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote, unquote

from packaging.utils import canonicalize_name

from pypi_subset import files
from pypi_subset.errors import HashMismatch, SubsetError, UpstreamError
from pypi_subset.fetch import Fetcher, matches
from pypi_subset.network import local_path, without_credentials
from pypi_subset.offers import Offer, from_folder, merge, read_page
from pypi_subset.wheelfile import read_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from packaging.utils import NormalizedName

    from pypi_subset.fetch import Page
    from pypi_subset.model import Target
    from pypi_subset.network import Network

_K = TypeVar("_K")
_V = TypeVar("_V")

#: Bytes: a wheel up to this size is fetched whole, since asking for its end costs as much.
SMALL = 1 << 17

#: Files fetched at the same time.
PARALLEL = 8

_JSON = "application/vnd.pypi.simple.v1+json"


class Once(Generic[_K, _V]):
    """Computes each value once, however many threads ask; an error is kept as well, and raised to all who ask."""

    def __init__(self, compute: Callable[[_K], _V]) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._values: dict[_K, Future[_V]] = {}

    def __call__(self, key: _K) -> _V:
        with self._lock:
            mine = key not in self._values
            future = self._values.setdefault(key, Future())
        if mine:
            try:
                future.set_result(self._compute(key))
            except BaseException as error:  # noqa: BLE001 - handed on to everybody who waits for this value
                future.set_exception(error)
        return future.result()

    def results(self) -> list[tuple[_K, _V]]:
        """Return what was computed so far without an error, in the order of asking."""
        with self._lock:
            done = [(key, future) for key, future in self._values.items() if future.done()]
        return [(key, future.result()) for key, future in done if future.exception() is None]


class Upstream:
    """
    The loopback index, while the ``with`` block lasts.

    :param network: where to fetch from, and how.
    :param store: a folder for what is fetched; the caller removes it.
    :param shelf: the folder of files that an earlier run fetched: what lies there under the right hash is not fetched.
    :param targets: a file that fits none of them is not offered.
    :param progress: called with the number of bytes of each piece that arrives.
    """

    def __init__(
        self,
        network: Network,
        *,
        store: Path,
        shelf: Path,
        targets: Sequence[Target],
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._network, self._store, self._shelf, self._progress = network, store, shelf, progress
        self._fetcher = Fetcher(network)
        self._tags = frozenset(tag for target in targets for tag in target.tags)
        self._known: dict[str, Offer] = {}
        self._locked: dict[tuple[str, str], tuple[Offer, ...]] = {}
        self._ranges = True
        self._links = Once(self._read_links)
        self._sizes: dict[str, int] = {}
        #: ``offers(project)``: everything that the sources have of it, fitting or not, sdists included.
        self.offers = Once(self._read_project)
        self._file_of, self._metadata_of = Once(self._obtain), Once(self._extract)
        #: The first thing that went wrong while a pip was waiting: truer than what that pip can tell.
        self.failure: SubsetError | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def index_url(self) -> str:
        """The view for resolving: all that fits some target."""
        return f"{self._root}/simple/"

    def locked_url(self, name: str) -> str:
        """The view for downloading: the files that `lock` was told of under *name*."""
        return f"{self._root}/locked/{quote(name)}/"

    @property
    def _root(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def lock(self, name: str, offers: Iterable[Offer]) -> None:
        """Offer exactly *offers* under `locked_url`."""
        for offer in offers:
            self._known[offer.key] = offer
            self._locked[name, offer.distribution.project] = (offer,)

    def offer_at(self, url: str) -> Offer | None:
        """Return what was offered at one of our own URLs, as pip's report names it."""
        if not url.startswith(f"{self._root}/files/"):
            return None
        return self._known.get(url.removeprefix(f"{self._root}/files/").partition("/")[0])

    def file(self, offer: Offer) -> Path:
        """
        Return where the whole file lies, fetching it if this is the first time that anybody asks.

        :raises UpstreamError: it cannot be fetched.
        :raises HashMismatch: it is not what the index promised.
        """
        return self._file_of(offer.key)

    def fetch_all(self, offers: Iterable[Offer]) -> None:
        """Fetch several files at once, so that each pip finds its next file waiting."""
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="fetch") as pool:
            for future in [pool.submit(self.file, offer) for offer in offers]:
                future.result()

    def find_local(self, filename: str) -> Path | None:
        """Return the file of that name in one of the user's ``find-links`` folders."""
        for location in self._network.find_links:
            folder = local_path(location)
            if folder is not None and (folder / filename).is_file():
                return folder / filename
        return None

    def size(self, offer: Offer) -> int:
        """Return the file's size in bytes, which costs a fetch if no page told it."""
        stated = offer.distribution.size or self._sizes.get(offer.key)
        return stated if stated is not None else self.file(offer).stat().st_size

    # What the server answers.

    def page(self, view: str, project: NormalizedName) -> bytes | None:
        """Return the page of *project* as PEP 691 JSON; *view* is ``""`` or a lock's name; ``None``: no such page."""
        if view:
            offers = self._locked.get((view, project), ())
        else:
            offers = tuple(offer for offer in self.offers(project) if self._fits(offer))
            for offer in offers:
                self._known[offer.key] = offer
        if not offers:
            return None
        page = {"meta": {"api-version": "1.1"}, "name": project, "files": [self._entry(offer) for offer in offers]}
        return json.dumps(page).encode()

    def metadata(self, key: str) -> bytes:
        """Return METADATA of the wheel with that key."""
        return self._metadata_of(key)

    def metadata_seen(self) -> list[tuple[str, bytes]]:
        """Return file name and METADATA of every wheel that a pip has looked into, in that order."""
        return [(self._known[key].distribution.filename, data) for key, data in self._metadata_of.results()]

    def known(self, key: str) -> Offer | None:
        """Return the offer with that key."""
        return self._known.get(key)

    def _fits(self, offer: Offer) -> bool:
        return offer.tags is not None and not self._tags.isdisjoint(offer.tags)

    def _entry(self, offer: Offer) -> dict[str, Any]:
        """One file of a page. METADATA is promised for every wheel: `_extract` finds it wherever it is."""
        one = offer.distribution
        entry: dict[str, Any] = {
            "filename": one.filename,
            "url": f"{self._root}/files/{offer.key}/{quote(one.filename)}",
            "hashes": {"sha256": one.sha256} if one.sha256 else {},
            "core-metadata": True,
        }
        if one.requires_python:
            entry["requires-python"] = one.requires_python
        if one.yanked is not None:
            entry["yanked"] = one.yanked or True
        return entry

    # Where the facts come from.

    def _read_project(self, project: NormalizedName) -> tuple[Offer, ...]:
        """All offers of all sources, in pip's order: folders and pages of ``find-links`` do not outrank an index."""
        pages = [self._read_index(url, project) for url in self._network.index_urls]
        links = [self._links(location) for location in self._network.find_links]
        return merge([*pages, *(tuple(found) for found in (_of(project, link) for link in links))])

    def _read_index(self, index: str, project: NormalizedName) -> tuple[Offer, ...]:
        folder = local_path(index)
        if folder is not None:
            page = folder / project / "index.html"
            if not page.is_file():
                return ()
            with files.folder_errors(page):
                text = page.read_text(encoding="utf-8")
            return _localized(read_page(text, content_type="text/html", url=page.as_uri(), project=project))
        found = self._fetcher.page(f"{index}/{project}/")
        return () if found is None else _parsed(found, project)

    def _read_links(self, location: str) -> _Links:
        folder = local_path(location)
        if folder is None:
            return _Links(location, (), self._fetcher.page(location))
        with files.folder_errors(folder):
            if folder.is_dir():
                return _Links(str(folder), tuple(path for path in folder.iterdir() if path.is_file()), None)
            if folder.suffix in {".html", ".htm"}:
                from pypi_subset.fetch import Page  # noqa: PLC0415 - a value, needed here alone

                text = folder.read_text(encoding="utf-8")
                return _Links(str(folder), (), Page(text=text, content_type="text/html", url=folder.as_uri()))
            return _Links(str(folder), (folder,) if folder.is_file() else (), None)

    def _obtain(self, key: str) -> Path:
        """The whole file: on the shelf already, in a local folder, or fetched; its hashes hold in any case."""
        offer = self._known[key]
        one = offer.distribution
        shelved = self._shelf / one.filename
        if one.sha256 and shelved.is_file() and files.sha256_of(shelved) == one.sha256:
            return shelved
        path = offer.path or self._place(offer)
        if offer.path is None and not path.exists():
            self._fetcher.save(self._address(offer), path, self._progress)
        return _checked(offer, path)

    def _address(self, offer: Offer) -> str:
        if offer.distribution.url is None:
            msg = f"{offer.distribution.filename} came from a local folder and is not there any more"
            step = "put it into a folder of pip's 'find-links', or run the update"
            raise UpstreamError(msg, project=offer.distribution.project, next_step=step)
        return offer.distribution.url

    def _place(self, offer: Offer) -> Path:
        folder = self._store / offer.key
        with files.folder_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder / offer.distribution.filename

    def _extract(self, key: str) -> bytes:
        """METADATA from a file of its own (PEP 658), from the wheel's end, or from the whole wheel; cheapest first."""
        offer = self._known[key]
        one = offer.distribution
        if offer.metadata is not None and one.url is not None:
            data = self._fetcher.small(f"{one.url}.metadata")
            if data is not None:
                return _checked_metadata(offer, data)
        if one.url is not None and self._ranges and (one.size or SMALL + 1) > SMALL and not self._is_here(offer):
            path = self._place(offer)
            remote = self._fetcher.tail(one.url, path, self._progress)
            if remote is not None:
                self._sizes[key] = remote.total
                return read_metadata(io.BufferedReader(remote), one.filename)
            self._ranges = False
        path = self.file(offer)
        with files.folder_errors(path):
            return read_metadata(path, one.filename)

    def _is_here(self, offer: Offer) -> bool:
        return (self._shelf / offer.distribution.filename).is_file()


class _Links:
    """One location of ``find-links``, read once: files of a folder, or a page."""

    def __init__(self, source: str, paths: tuple[Path, ...], page: Page | None) -> None:
        self.source, self.paths, self.page = source, paths, page


def _of(project: NormalizedName, links: _Links) -> tuple[Offer, ...]:
    if links.page is not None:
        return _localized(_parsed(links.page, project))
    return from_folder(links.paths, source=links.source, project=project)


def _parsed(page: Page, project: NormalizedName) -> tuple[Offer, ...]:
    try:
        return read_page(page.text, content_type=page.content_type, url=page.url, project=project)
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{without_credentials(page.url)} is no page of the simple API: {error!r}"
        raise UpstreamError(msg, project=project, next_step="check pip's 'index-url'") from error


def _localized(offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """Offers with a ``file:`` URL become offers with a path: such a URL must never reach a lock."""
    from dataclasses import replace  # noqa: PLC0415

    def localize(offer: Offer) -> Offer:
        url = offer.distribution.url
        if url is None or not url.startswith("file:"):
            return offer
        return replace(offer, distribution=replace(offer.distribution, url=None), path=local_path(url))

    return tuple(map(localize, offers))


def _checked(offer: Offer, path: Path) -> Path:
    with files.folder_errors(path):
        wrong = matches(path, offer.hashes)
    if wrong is not None:
        algorithm, promised, found = wrong
        if offer.path is None:
            path.unlink()
        msg = f"{offer.distribution.filename} has {algorithm} {found}, but {offer.source} promised {promised}"
        step = "try again; if it stays so, the index is damaged or somebody changed the file on the way"
        raise HashMismatch(msg, project=offer.distribution.project, next_step=step)
    return path


def _checked_metadata(offer: Offer, data: bytes) -> bytes:
    import hashlib  # noqa: PLC0415

    found = hashlib.sha256(data).hexdigest()
    if offer.metadata and found != offer.metadata:
        name = f"{offer.distribution.filename}.metadata"
        msg = f"{name} has sha256 {found}, but {offer.source} promised {offer.metadata}"
        raise HashMismatch(msg, project=offer.distribution.project, next_step="try again, or tell the index's operator")
    return data


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    """Return the request handler of one loopback index."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                self._route(*unquote(self.path).strip("/").split("/"))
            except SubsetError as error:
                upstream.failure = upstream.failure or error
                self._reply(HTTPStatus.NOT_FOUND, b"")

        def _route(self, kind: str, *rest: str) -> None:
            if kind in {"simple", "locked"} and rest:
                view = rest[0] if kind == "locked" else ""
                page = upstream.page(view, canonicalize_name(rest[-1]))
                self._reply(HTTPStatus.NOT_FOUND if page is None else HTTPStatus.OK, page or b"", _JSON)
            elif kind == "files" and rest[-1].endswith(".metadata"):
                self._reply(HTTPStatus.OK, upstream.metadata(rest[0]))
            elif kind == "files" and (offer := upstream.known(rest[0])) is not None:
                self._send(upstream.file(offer))
            else:
                self._reply(HTTPStatus.NOT_FOUND, b"")

        def _reply(self, status: HTTPStatus, body: bytes, media: str = "application/octet-stream") -> None:
            self._head(status, len(body), media)
            self.wfile.write(body)

        def _head(self, status: HTTPStatus, length: int, media: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(length))
            self.end_headers()

        def _send(self, path: Path) -> None:
            with files.folder_errors(path):
                stream = path.open("rb")
            with stream:
                self._head(HTTPStatus.OK, path.stat().st_size, "application/octet-stream")
                self.wfile.flush()
                self.connection.sendfile(stream)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Say nothing: what went wrong is kept in ``failure``."""

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:
                # A pip that was killed or gave up; nobody is waiting for the answer.
                self.close_connection = True

    return Handler
