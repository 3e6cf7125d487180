"""Bytes from the network, through pip's own sessions: pages, whole files, and the ends of files."""

from __future__ import annotations

import contextlib
import functools
import logging
import queue
from typing import TYPE_CHECKING, Any, TypeVar

from pip._vendor.urllib3.exceptions import HTTPError

from pypi_subset.errors import UpstreamError
from pypi_subset.support import bounds
from pypi_subset.support.files import new_part
from pypi_subset.upstream.pip_config import Network, without_credentials
from pypi_subset.upstream.session import guarded, patience_of
from pypi_subset.upstream.transport import bodies, patience
from pypi_subset.upstream.transport.denials import FORBIDDEN, GONE, Denials
from pypi_subset.upstream.transport.hosts import Hosts
from pypi_subset.upstream.transport.kept import Answer, Kept
from pypi_subset.upstream.transport.presence import ACCEPT, MEDIA_TYPES, is_page, stated_size
from pypi_subset.upstream.transport.remote_file import TAIL, RemoteFile
from pypi_subset.upstream.transport.replies import (
    FAILURES,
    START,
    Beginning,
    attempt,
    beginning_of,
    content_range,
    exactly,
    failure,
    page_of,
    require,
    suffix_range,
)
from pypi_subset.upstream.transport.unfinished import Unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pypi_subset.upstream.transport.page import Page

logger = logging.getLogger(__name__)
_T = TypeVar("_T")

#: Bytes of a file after which a broken connection is new trouble.
_PROGRESS = 1 << 16
_OK, _PARTIAL, _UNCHANGED = 200, 206, 304
#: Answers that mean "not here". Object stores without a listing right answer 403 for a key that does not exist.
_ABSENT = frozenset({FORBIDDEN, 404, GONE})


class Fetcher:
    """
    Fetches for one run, from any thread; sessions and their connections are reused.

    A host in trouble is asked again, with pauses that grow, for 12 seconds times pip's ``retries``; after `close`, no more.

    :param kept: what an unfinished run has fetched; ``None``: nothing.
    :param say: receives a line when all requests to a host wait.
    """

    def __init__(self, network: Network, kept: Kept | None = None, say: Callable[[str], None] | None = None) -> None:
        self._network, self._kept, self.blame = network, kept or Kept(None), network.blame()
        self._hosts = Hosts(patience_of(network.options.retries), say)
        self.close = self._hosts.close
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self.denials = Denials(self.page)

    def page(self, url: str) -> Page | None:
        """
        Return the page at *url*, or ``None`` if the server has none.

        :raises UpstreamError: no answer, or one that is neither.
        """
        kept = self._kept.find(url)
        if kept is not None and kept.fresh:
            self.denials.note(url, _OK)
            return page_of(kept)

        def read(response: Any) -> Answer | None:
            self.denials.note(url, _OK if response.status_code == _UNCHANGED else response.status_code)
            if response.status_code in _ABSENT:
                return None
            if kept is not None and response.status_code == _UNCHANGED:
                return self._kept.keep(url, kept)
            require(response, url, _OK, self.blame)
            content_type = response.headers.get("Content-Type", "")
            if content_type.partition(";")[0].strip().lower() not in MEDIA_TYPES:
                msg = f"{without_credentials(url)} is of type {content_type or 'unknown'}, and no page of an index"
                raise UpstreamError(msg, next_step=f"check {self.blame.named(url)}, and how that server is set up")
            data = bodies.content(response, url, bounds.LARGEST_PAGE)
            etag = response.headers.get("ETag", "")
            return self._kept.keep(url, Answer(data=data, url=response.url, content_type=content_type, etag=etag))

        condition = {"If-None-Match": kept.etag} if kept is not None and kept.etag else {}
        found = self._read(url, {"Accept": ACCEPT, "Cache-Control": "max-age=0", **condition}, read)
        return None if found is None else page_of(found)

    def has_page(self, url: str) -> bool:
        """Return whether there is a page of an index at *url*, without reading it; no answer is an UpstreamError."""
        with self._get(url, {"Accept": ACCEPT}) as response:
            return is_page(response, MEDIA_TYPES)

    def beginning(self, url: str) -> Beginning:
        """Return what the file at *url* begins with, and its size; a refusal is an UpstreamError."""
        with self._get(url, {"Range": f"bytes=0-{START - 1}"}) as response:
            if response.status_code != _PARTIAL:
                require(response, url, _OK, self.blame)
            return beginning_of(response, url, self.blame)

    def size(self, url: str) -> int | None:
        """Return the bytes of the file at *url* if its server states them; an empty file has no first byte (416)."""
        with self._get(url, {"Range": "bytes=0-0"}) as response:
            if response.status_code not in {_PARTIAL, 416}:
                require(response, url, _OK, self.blame)
            return stated_size(response)

    def small(self, url: str, limit: int, *, patient: bool = True) -> bytes | None:
        """
        Return the whole content at *url*, or ``None`` if there is none.

        :param limit: bytes.
        :param patient: whether a host in trouble is asked again.
        :raises UpstreamError: no answer, or one of more than *limit* bytes.
        """
        if (kept := self._kept.find(url)) is not None and len(kept.data) <= limit:
            return kept.data

        def read(response: Any) -> bytes | None:
            if response.status_code in _ABSENT:
                return None
            require(response, url, _OK, self.blame)
            return self._kept.keep(url, Answer(data=bodies.content(response, url, limit))).data

        return self._read(url, {}, read, patient=patient)

    def save(
        self,
        url: str,
        path: Path,
        limit: int = bounds.LARGEST_FILE,
        arrived: Callable[[int], None] | None = None,
        sha256: str = "",
    ) -> str:
        """
        Return the SHA-256 of the file at *url*, after fetching it to *path* as a whole.

        It is hashed while it is written. What a broken connection, or a run before this one, left of it is kept: the rest is
        asked for, by its ETag or where *sha256* will tell whether both are from one file. pip's ``resume-retries = 0``
        turns that off.

        :param limit: bytes; the size that a page promised, where it did.
        :param arrived: called with the number of bytes of each block.
        :param sha256: what the file should have, ``""`` if that is not known.
        :raises TooLargeError: it has more bytes.
        :raises UpstreamError: it cannot be fetched.
        """
        attempts = self._hosts.at(url).attempts()
        with Unfinished(path) as part:
            if part.size > limit or not (sha256 or part.validator):
                part.restart()
            while not (part.size and part.sha256 == sha256):
                start, tied = part.size, bool(part.validator)
                broken = self._go_on(url, part, limit, arrived)
                if broken is None and part.size and start and not tied and part.sha256 != sha256:
                    # The two pieces were from two files: one attempt with the whole.
                    part.restart()
                    start, broken = 0, self._go_on(url, part, limit, arrived)
                if broken is None:
                    break
                if part.size - start >= _PROGRESS:
                    attempts.moved_on()
                if not self._network.options.resume_retries or not attempts.again("broke the connection"):
                    raise failure(url, broken, self.blame)
                if not (sha256 or part.validator):
                    part.restart()
            part.finish()
            return part.sha256

    def _go_on(self, url: str, part: Unfinished, limit: int, arrived: Callable[[int], None] | None) -> Exception | None:
        """Fetch what is missing of *part*; return what broke the connection, if something did."""

        def heard(block: bytes) -> None:
            if arrived is not None:
                arrived(len(block))

        start = part.size
        headers = {"Range": f"bytes={start}-"} if start else {}
        if start and part.validator:
            headers["If-Range"] = part.validator
        with self._get(url, headers) as response:
            span = content_range(response)
            rest = bool(start) and response.status_code == _PARTIAL and (span is None or span[0] == start)
            if start and not rest and response.status_code != _OK:
                # Another part than was asked for, or none: all of it, from the beginning.
                part.restart()
            else:
                if not rest:
                    require(response, url, _OK, self.blame)
                    part.restart(response.headers.get("ETag", ""))
                try:
                    return bodies.copy(response, part, url, limit - part.size, heard)
                except bodies.TooLargeError:
                    # No more of it makes that file.
                    part.restart()
                    raise
        return self._go_on(url, part, limit, arrived)

    def tail(self, url: str, path: Path, limit: int = bounds.LARGEST_FILE) -> RemoteFile | None:
        """
        Return a file that reads itself from *url* piece by piece; ``None`` if all of it came, and is at *path*.

        :param limit: as for `save`.
        """
        wanted = f"bytes=-{TAIL}"
        if kept := self._kept.find(url, wanted):
            return RemoteFile(functools.partial(self.span, url), kept.total, kept.first, kept.data)

        whole = False

        def read(response: Any) -> Answer | None:
            nonlocal whole
            span = suffix_range(response) if response.status_code == _PARTIAL else None
            if span is not None:
                first, total = span
                if total > limit:
                    raise bodies.too_large(url, limit)
                data = exactly(response, url, total - first)
                return self._kept.keep(url, Answer(data=data, first=first, total=total), wanted)
            if response.status_code == _OK:
                with contextlib.suppress(_BrokenError), new_part(path) as stream:
                    if bodies.copy(response, stream, url, limit):
                        raise _BrokenError
                    whole = True
            return None

        if end := self._read(url, {"Range": wanted}, read):
            return RemoteFile(functools.partial(self.span, url), end.total, end.first, end.data)
        # A range that cannot be satisfied, or a connection that broke: the plain way has its own retries.
        if not whole:
            self.save(url, path, limit)
        return None

    def span(self, url: str, first: int, last: int) -> bytes:
        """Return bytes *first* to *last*, both included, of the file at *url*."""
        wanted = f"bytes={first}-{last}"
        if kept := self._kept.find(url, wanted):
            return kept.data

        def read(response: Any) -> bytes:
            require(response, url, _PARTIAL, self.blame)
            return self._kept.keep(url, Answer(data=exactly(response, url, last - first + 1)), wanted).data

        return self._read(url, {"Range": wanted}, read)

    def _read(self, url: str, headers: dict[str, str], read: Callable[[Any], _T], *, patient: bool = True) -> _T:
        """Return what *read* makes of the answer; it is asked for again where its body breaks off."""
        attempts = self._hosts.at(url).attempts(patient=patient)
        while True:
            with self._get(url, headers, patient=patient) as response:
                try:
                    return read(response)
                except HTTPError as error:
                    broken = error
                except FAILURES as error:
                    raise failure(url, error, self.blame) from error
            if not attempts.again("broke the connection"):
                raise failure(url, broken, self.blame) from broken

    @contextlib.contextmanager
    def _session(self) -> Iterator[Any]:
        """Lend a session to one thread; making one, and connecting again, costs more than most pages."""
        try:
            session = self._idle.get_nowait()
        except queue.Empty:
            session = guarded(self._network.session(), self._hosts, self.blame.named)
        try:
            yield session
        finally:
            self._idle.put(session)

    @contextlib.contextmanager
    def _get(self, url: str, headers: dict[str, str], *, patient: bool = True) -> Iterator[Any]:
        # Compressed transfer would change sizes and ranges.
        headers = {"Accept-Encoding": "identity", **headers}
        with (
            self._hosts.at(url).turn(),
            self._session() as session,
            patience.limited(without_credentials(url), float(session.timeout or 0), patient=patient),
            attempt(url, lambda: session.get(url, headers=headers, stream=True), self.blame) as response,
        ):
            logger.debug("GET %s %s: %d", without_credentials(url), headers.get("Range", ""), response.status_code)
            yield response


class _BrokenError(Exception):
    """A connection broke."""
