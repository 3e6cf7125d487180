"""Bytes from the network, through pip's own sessions: pages, whole files, and the ends of files."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import queue
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from pip._internal.exceptions import DiagnosticPipError, PipError
from pip._internal.models.link import Link
from pip._vendor.requests import RequestException
from pip._vendor.urllib3.exceptions import HTTPError

from pypi_subset.errors import UpstreamError
from pypi_subset.support.files import folder_errors, part_of
from pypi_subset.upstream.pip_config import Network, without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger(__name__)

#: PEP 691: what we can read, best first.
ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"

#: The types of a page, as pip takes them.
MEDIA_TYPES = frozenset({"application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+html", "text/html"})

#: Bytes that are fetched from a wheel's end at once: directory and METADATA stand there (PEP 427 recommends it).
TAIL = 1 << 17

#: Bytes that are written at once; what of a piece has arrived when a connection breaks is lost.
PIECE = 1 << 16

_T = TypeVar("_T")

_OK, _PARTIAL = 200, 206
#: Answers that mean "not here". Object stores without a listing right answer 403 for a key that does not exist.
_ABSENT = frozenset({403, 404, 410})


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """An index page: its text, its media type, and the URL after redirects."""

    text: str
    content_type: str
    url: str


class Fetcher:
    """Fetches for one run, from any thread; sessions and their connections are reused."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()

    def page(self, url: str) -> Page | None:
        """
        Return the page at *url*, or ``None`` if the server has none.

        :raises UpstreamError: no answer, or one that is neither.
        """
        self._require_trust(url)
        with self._get(url, {"Accept": ACCEPT, "Cache-Control": "max-age=0"}) as response:
            if response.status_code in _ABSENT:
                return None
            _require(response, url, _OK)
            content_type = response.headers.get("Content-Type", "")
            if content_type.partition(";")[0].strip().lower() not in MEDIA_TYPES:
                msg = f"{without_credentials(url)} is of type {content_type or 'unknown'}, and no page of an index"
                raise UpstreamError(msg, next_step="check pip's 'index-url', and how that server is set up")
            # HTML and JSON are UTF-8 unless the header says otherwise, whatever HTTP once said about text.
            charset = re.search(r"charset=[\"']?([-\w.]+)", content_type, re.IGNORECASE)
            content = _guarded(url, lambda: response.content)
            try:
                text = content.decode(charset[1] if charset else "utf-8", "replace")
            except LookupError:
                text = content.decode("utf-8", "replace")
            return Page(text=text, content_type=content_type, url=response.url)

    def small(self, url: str) -> bytes | None:
        """Return the whole content at *url*, or ``None`` if there is none."""
        with self._get(url, {}) as response:
            if response.status_code in _ABSENT:
                return None
            _require(response, url, _OK)
            content: bytes = _guarded(url, lambda: response.content)
            return content

    def save(self, url: str, path: Path) -> None:
        """Fetch the file at *url* to *path* as a whole; resume it as often as pip's ``--resume-retries`` allows."""
        part, left, validator = part_of(path), self._network.options.resume_retries, ""
        # Closing writes too: what was kept back may not fit either.
        with folder_errors(path), part.open("wb") as stream:
            while True:
                start = stream.tell()
                headers = {"Range": f"bytes={start}-", "If-Range": validator} if start else {}
                with self._get(url, headers) as response:
                    if response.status_code == _OK:
                        stream.seek(0)
                        stream.truncate()
                    elif not (start and response.status_code == _PARTIAL):
                        _require(response, url, _OK)
                    validator = response.headers.get("ETag", "")
                    broken = _copy(response, stream)
                if broken is None:
                    break
                left -= 1
                if left < 0:
                    raise _failure(url, broken)
                if not validator or validator.startswith("W/"):
                    stream.seek(0)
                    stream.truncate()
        with folder_errors(path):
            part.replace(path)

    def tail(self, url: str, path: Path) -> RemoteFile | None:
        """Return a file that reads itself from *url* piece by piece; ``None`` if all of it came, and is at *path*."""
        with self._get(url, {"Range": f"bytes=-{TAIL}"}) as response:
            span = _content_range(response) if response.status_code == _PARTIAL else None
            if span is not None:
                first, total = span
                return RemoteFile(self, url, total, first, _guarded(url, lambda: response.content))
            if response.status_code == _OK:
                part = part_of(path)
                with folder_errors(path):
                    with part.open("wb") as stream:
                        broken = _copy(response, stream)
                    if broken is None:
                        part.replace(path)
                        return None
        # A range that cannot be satisfied, or a connection that broke: the plain way has its own retries.
        self.save(url, path)
        return None

    def span(self, url: str, first: int, last: int) -> bytes:
        """Return bytes *first* to *last*, both included, of the file at *url*."""
        with self._get(url, {"Range": f"bytes={first}-{last}"}) as response:
            _require(response, url, _PARTIAL)
            content: bytes = _guarded(url, lambda: response.content)
            return content

    @contextlib.contextmanager
    def _session(self) -> Iterator[Any]:
        """Lend a session to one thread; making one, and greeting a server anew, costs more than most pages."""
        try:
            session = self._idle.get_nowait()
        except queue.Empty:
            session = self._network.session()
        try:
            yield session
        finally:
            self._idle.put(session)

    @contextlib.contextmanager
    def _get(self, url: str, headers: dict[str, str]) -> Iterator[Any]:
        # Compressed transfer would change sizes and ranges.
        headers = {"Accept-Encoding": "identity", **headers}
        with (
            self._session() as session,
            _guarded(url, lambda: session.get(url, headers=headers, stream=True)) as response,
        ):
            logger.debug("GET %s %s: %d", without_credentials(url), headers.get("Range", ""), response.status_code)
            yield response

    def _require_trust(self, url: str) -> None:
        with self._session() as session:
            if not _guarded(url, lambda: session.is_secure_origin(Link(url))):
                msg = f"{without_credentials(url)} is plain http on another machine, which pip does not trust"
                raise UpstreamError(msg, next_step="use https, or name the server in pip's 'trusted-host'")


class RemoteFile(io.RawIOBase):
    """A remote file that can seek; what was read stays, so that a ZIP directory and one member cost few requests."""

    # Blocks of what is here, as (first, data): of a wheel for macOS, METADATA often stands at the very beginning, and
    # what lies between it and the directory may be tens of megabytes.

    def __init__(self, fetcher: Fetcher, url: str, total: int, first: int, data: bytes) -> None:
        super().__init__()
        self._fetcher, self._url = fetcher, url
        self.total, self._blocks = total, [(first, data)]
        self._position = 0

    def seekable(self) -> bool:
        """Return ``True``."""
        return True

    def readable(self) -> bool:
        """Return ``True``."""
        return True

    def tell(self) -> int:
        """Return the position, bytes from the start."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Return the new position."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.total}[whence]
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Return how many bytes were put into *buffer*; what is not here yet is fetched."""
        if self._position >= self.total:
            return 0
        here = (block for block in self._blocks if 0 <= self._position - block[0] < len(block[1]))
        first, block = next(here, None) or self._fetch()
        data = block[self._position - first :][: len(buffer)]
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _fetch(self) -> tuple[int, bytes]:
        """Get the block at the position; close before another, what lies before it too, since METADATA often does."""
        end = min([self._position + TAIL, *(first for first, _ in self._blocks if first > self._position)])
        start = min(self._position, max([0, end - TAIL, *(one + len(data) for one, data in self._blocks if one < end)]))
        self._blocks.append((start, self._fetcher.span(self._url, start, end - 1)))
        return self._blocks[-1]


def matches(path: Path, hashes: tuple[tuple[str, str], ...]) -> tuple[str, str, str] | None:
    """Return ``None`` if the file has all *hashes*, else the first ``(algorithm, promised, found)`` that differs."""
    for algorithm, promised in hashes:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, algorithm).hexdigest()
        if found != promised:
            return algorithm, promised, found
    return None


def _copy(response: Any, stream: IO[bytes]) -> Exception | None:
    """Write the body to *stream*; return what broke the connection, if something did."""
    try:
        for chunk in response.iter_content(PIECE):
            with folder_errors(Path(stream.name)):
                stream.write(chunk)
    except (RequestException, HTTPError) as error:
        return error
    return None


def _content_range(response: Any) -> tuple[int, int] | None:
    """``bytes 10-19/20`` as ``(10, 20)``; ``None`` if the server does not say the total (RFC 9110, section 14.4)."""
    span, _, total = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    first = span.partition("-")[0]
    return (int(first), int(total)) if first.isdecimal() and total.isdecimal() else None


def _require(response: Any, url: str, status: int) -> None:
    if response.status_code != status:
        msg = f"{without_credentials(url)} answered {response.status_code} {response.reason}"
        steps = {401: "give pip credentials for it (in the URL, .netrc or a keyring)", 403: "see who may read it"}
        raise UpstreamError(msg, next_step=steps.get(response.status_code, "try again later, or name another index"))


def _guarded(url: str, action: Callable[[], _T]) -> _T:
    """Return what *action* gives; whatever the network layer raises becomes one line."""
    try:
        return action()
    except (RequestException, HTTPError, PipError, ValueError) as error:
        # A ValueError is a URL that is none.
        raise _failure(url, error) from error


def _said(error: Exception) -> str:
    """What pip or the system below it says about *error*; pip's own errors keep the cause apart."""
    return str(error.context or error.message) if isinstance(error, DiagnosticPipError) else str(error)


def _failure(url: str, error: Exception) -> UpstreamError:
    reason = without_credentials(_said(error).strip().partition("\n")[0]) or type(error).__name__
    msg = f"cannot fetch {without_credentials(url)}: {reason}"
    return UpstreamError(msg, next_step="check the network, and pip's 'index-url' and 'proxy' settings")
