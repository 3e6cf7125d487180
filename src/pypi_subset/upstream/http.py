"""Bytes from the network, through pip's own sessions: pages, whole files, and the ends of files."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import queue
import re
from typing import TYPE_CHECKING, Any, TypeVar

from pip._internal.exceptions import DiagnosticPipError, PipError
from pip._vendor.requests import RequestException
from pip._vendor.urllib3.exceptions import HTTPError

from pypi_subset.errors import UpstreamError
from pypi_subset.support import bounds
from pypi_subset.support.files import new_part
from pypi_subset.support.text import without_secrets
from pypi_subset.upstream.pip_config import Network, without_credentials
from pypi_subset.upstream.session import guarded
from pypi_subset.upstream.transport import bodies, patience
from pypi_subset.upstream.transport.denials import FORBIDDEN, GONE, Denials
from pypi_subset.upstream.transport.page import Page
from pypi_subset.upstream.transport.presence import is_page
from pypi_subset.upstream.transport.remote_file import TAIL, RemoteFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

#: PEP 691: what we can read, best first.
ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"

#: The types of a page, as pip takes them.
MEDIA_TYPES = frozenset({"application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+html", "text/html"})

#: Encodings of a page that are taken by its header. Other decoders may take a time that grows with the square.
CHARSETS = re.compile(r"utf-?8|(us-)?ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d", re.IGNORECASE)

#: What pip's sessions raise: an OSError where a certificate is missing, a ValueError for a URL that is none.
FAILURES = (RequestException, HTTPError, PipError, OSError, ValueError)

_T = TypeVar("_T")

_OK, _PARTIAL = 200, 206
#: Answers that mean "not here". Object stores without a listing right answer 403 for a key that does not exist.
_ABSENT = frozenset({FORBIDDEN, 404, GONE})


class Fetcher:
    """Fetches for one run, from any thread; sessions and their connections are reused."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self.denials = Denials(self.page)

    def page(self, url: str) -> Page | None:
        """
        Return the page at *url*, or ``None`` if the server has none.

        :raises UpstreamError: no answer, or one that is neither.
        """
        with self._get(url, {"Accept": ACCEPT, "Cache-Control": "max-age=0"}) as response:
            self.denials.note(url, response.status_code)
            if response.status_code in _ABSENT:
                return None
            _require(response, url, _OK)
            content_type = response.headers.get("Content-Type", "")
            if content_type.partition(";")[0].strip().lower() not in MEDIA_TYPES:
                msg = f"{without_credentials(url)} is of type {content_type or 'unknown'}, and no page of an index"
                raise UpstreamError(msg, next_step="check pip's 'index-url', and how that server is set up")
            # HTML and JSON are UTF-8 unless the header says otherwise, whatever HTTP once said about text.
            charset = re.search(r"charset=[\"']?([-\w.]+)", content_type, re.IGNORECASE)
            content = _guarded(url, lambda: bodies.content(response, url, bounds.LARGEST_PAGE))
            known = charset is not None and CHARSETS.fullmatch(charset[1])
            try:
                text = content.decode(charset[1] if charset and known else "utf-8", "replace")
            except LookupError:
                text = content.decode("utf-8", "replace")
            return Page(text=text, content_type=content_type, url=response.url)

    def has_page(self, url: str) -> bool:
        """Return whether there is a page of an index at *url*, without reading it; no answer is an UpstreamError."""
        with self._get(url, {"Accept": ACCEPT}) as response:
            return is_page(response, MEDIA_TYPES)

    def refusal(self, url: str) -> str:
        """Return why the server does not give the file at *url*, ``""`` if it does; one byte of it is asked for."""
        try:
            with self._get(url, {"Range": "bytes=0-0"}) as response:
                if response.status_code != _PARTIAL:
                    _require(response, url, _OK)
        except UpstreamError as error:
            return error.what
        return ""

    def small(self, url: str, limit: int) -> bytes | None:
        """
        Return the whole content at *url*, or ``None`` if there is none.

        :param limit: bytes.
        :raises UpstreamError: no answer, or one of more than *limit* bytes.
        """
        with self._get(url, {}) as response:
            if response.status_code in _ABSENT:
                return None
            _require(response, url, _OK)
            return _guarded(url, lambda: bodies.content(response, url, limit))

    def save(
        self,
        url: str,
        path: Path,
        limit: int = bounds.LARGEST_FILE,
        arrived: Callable[[int], None] | None = None,
    ) -> str:
        """
        Return the SHA-256 of the file at *url*, after fetching it to *path* as a whole.

        It is hashed while it is written, and resumed as often as pip's ``--resume-retries`` allows.

        :param limit: bytes; the size that a page promised, where it did.
        :param arrived: called with the number of bytes of each block; of one that arrives again, as well.
        :raises TooLargeError: it has more bytes.
        :raises UpstreamError: it cannot be fetched.
        """
        left, validator = self._network.options.resume_retries, ""
        digest = hashlib.sha256()

        def heard(block: bytes) -> None:
            digest.update(block)
            if arrived is not None:
                arrived(len(block))

        # Closing writes too: what was kept back may not fit either.
        with new_part(path) as stream:
            while True:
                start = stream.tell()
                headers = {"Range": f"bytes={start}-", "If-Range": validator} if start else {}
                with self._get(url, headers) as response:
                    if response.status_code == _OK:
                        stream.seek(0)
                        stream.truncate()
                        digest = hashlib.sha256()
                    elif not (start and response.status_code == _PARTIAL):
                        _require(response, url, _OK)
                    validator = response.headers.get("ETag", "")
                    broken = bodies.copy(response, stream, url, limit - stream.tell(), heard)
                if broken is None:
                    break
                left -= 1
                if left < 0:
                    raise _failure(url, broken)
                if not validator or validator.startswith("W/"):
                    stream.seek(0)
                    stream.truncate()
        return digest.hexdigest()

    def tail(self, url: str, path: Path, limit: int = bounds.LARGEST_FILE) -> RemoteFile | None:
        """
        Return a file that reads itself from *url* piece by piece; ``None`` if all of it came, and is at *path*.

        :param limit: as for `save`.
        """
        with self._get(url, {"Range": f"bytes=-{TAIL}"}) as response:
            span = _content_range(response) if response.status_code == _PARTIAL else None
            if span is not None:
                first, total = span
                if total > limit:
                    raise bodies.too_large(url, limit)
                data = self._exactly(response, url, total - first)
                return RemoteFile(functools.partial(self.span, url), total, first, data)
            if response.status_code == _OK:
                with contextlib.suppress(_BrokenError), new_part(path) as stream:
                    if bodies.copy(response, stream, url, limit):
                        raise _BrokenError
                    return None
        # A range that cannot be satisfied, or a connection that broke: the plain way has its own retries.
        self.save(url, path, limit)
        return None

    def span(self, url: str, first: int, last: int) -> bytes:
        """Return bytes *first* to *last*, both included, of the file at *url*."""
        with self._get(url, {"Range": f"bytes={first}-{last}"}) as response:
            _require(response, url, _PARTIAL)
            return self._exactly(response, url, last - first + 1)

    def _exactly(self, response: Any, url: str, count: int) -> bytes:
        """Return the body of *response*, a part of a file, which must have *count* bytes."""
        data = _guarded(url, lambda: bodies.content(response, url, min(count, TAIL)))
        if len(data) != count:
            msg = f"{without_credentials(url)} answered with {len(data)} bytes of {count} that were asked for"
            raise UpstreamError(msg, next_step="tell the index's operator")
        return data

    @contextlib.contextmanager
    def _session(self) -> Iterator[Any]:
        """Lend a session to one thread; making one, and connecting again, costs more than most pages."""
        try:
            session = self._idle.get_nowait()
        except queue.Empty:
            session = guarded(self._network.session())
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
            patience.limited(without_credentials(url), float(session.timeout or 0)),
            _guarded(url, lambda: session.get(url, headers=headers, stream=True)) as response,
        ):
            logger.debug("GET %s %s: %d", without_credentials(url), headers.get("Range", ""), response.status_code)
            yield response


class _BrokenError(Exception):
    """A connection broke."""


def matches(path: Path, hashes: tuple[tuple[str, str], ...], sha256: str | None = None) -> tuple[str, str, str] | None:
    """
    Return ``None`` if the file has all *hashes*, else the first ``(algorithm, promised, found)`` that differs.

    :param sha256: that of the file, if it is known: the file is read for other algorithms alone.
    """
    for algorithm, promised in hashes:
        found = sha256 if algorithm == "sha256" else None
        if found is None:
            with path.open("rb") as stream:
                found = hashlib.file_digest(stream, algorithm).hexdigest()
        if found != promised:
            return algorithm, promised, found
    return None


def _content_range(response: Any) -> tuple[int, int] | None:
    """``bytes 10-19/20`` as ``(10, 20)``; ``None`` if the server does not say the total (RFC 9110, section 14.4)."""
    found = re.fullmatch(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})", response.headers.get("Content-Range", ""))
    return (int(found[1]), int(found[2])) if found else None


def _require(response: Any, url: str, status: int) -> None:
    if response.status_code != status:
        msg = f"{without_credentials(url)} answered {response.status_code} {response.reason}"
        steps = {401: "give pip credentials for it (in the URL, .netrc or a keyring)", 403: "see who may read it"}
        raise UpstreamError(msg, next_step=steps.get(response.status_code, "try again later, or name another index"))


def _guarded(url: str, action: Callable[[], _T]) -> _T:
    """Return what *action* gives; whatever the network layer raises becomes one line."""
    try:
        return action()
    except FAILURES as error:
        raise _failure(url, error) from error


def said(error: Exception) -> str:
    """What pip or the system below it says about *error*; pip's own errors keep the cause apart."""
    return str(error.context or error.message) if isinstance(error, DiagnosticPipError) else str(error)


def _failure(url: str, error: Exception) -> UpstreamError:
    bare = without_credentials(url)
    reason = without_secrets(said(error).strip().partition("\n")[0].replace(url, bare)) or type(error).__name__
    msg = f"cannot fetch {bare}: {reason}"
    return UpstreamError(msg, next_step="check the network, and pip's 'index-url' and 'proxy' settings")
