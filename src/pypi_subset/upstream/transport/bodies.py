"""The body of an answer, up to a bound: decoded, counted, and refused at the first byte too many."""

from __future__ import annotations

import contextlib
import zlib
from typing import TYPE_CHECKING, Any, Protocol

from pip._vendor.urllib3.exceptions import HTTPError

from pypi_subset.errors import UpstreamError
from pypi_subset.errors.tree import SURROUNDINGS
from pypi_subset.support import bounds
from pypi_subset.upstream.pip_config import without_credentials
from pypi_subset.upstream.transport import patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Bytes that are read at once.
PIECE = 1 << 16
#: Bytes of a file that are written and hashed at once.
_BLOCK = 1 << 18

#: Window sizes for `zlib.decompressobj`: a gzip header; a zlib header, which RFC 9110 means by "deflate"; none.
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class Writable(Protocol):
    """What a body is written to."""

    def write(self, block: bytes, /) -> object:
        """Write *block* as a whole."""


class TooLargeError(UpstreamError):
    """There is more than was promised, or than is read of anything of that kind."""

    exit_code = SURROUNDINGS


def pieces(response: Any, url: str, limit: int) -> Iterator[bytes]:
    """
    Yield the decoded body of *response*, at most *limit* bytes of it.

    :param response: of a session of `Network`, whose body was not read yet.
    :param url: for errors.
    :raises TooLargeError: there is more.
    :raises UpstreamError: it is encoded in a way that was not asked for, or comes too slowly.
    :raises HTTPError: the connection broke.
    """
    stated = response.headers.get("Content-Length", "")
    # int() takes no more digits than these.
    if stated.isdecimal() and (len(stated) > len(str(bounds.LARGEST_FILE)) + 1 or int(stated) > limit):
        raise too_large(url, limit)
    decoder = _decoder(response.headers.get("Content-Encoding", ""), url)
    total = 0
    for piece in _raw(response, url, limit):
        for part in decoder.decode(piece) if decoder else (piece,):
            total += len(part)
            if total > limit:
                raise too_large(url, limit)
            yield part
    if decoder is not None and not decoder.whole:
        msg = f"{without_credentials(url)} is encoded wrongly: it ends in the middle"
        raise UpstreamError(msg, next_step="tell the index's operator")


def content(response: Any, url: str, limit: int) -> bytes:
    """
    Return the whole body.

    :raises UpstreamError: as `pieces`.
    :raises HTTPError: the connection broke.
    """
    return b"".join(pieces(response, url, limit))


def drop(response: Any) -> None:
    """Let *response* have no body: a short one is read, so that its connection serves again; a longer one ends it."""
    raw, left = response.raw, bounds.LARGEST_REFUSAL
    try:
        while left > 0 and (piece := raw.read1(left, decode_content=False)):
            left -= len(piece)
    except HTTPError:
        left = 0
    if left <= 0:
        with contextlib.suppress(HTTPError, OSError):
            raw.close()
    # What `requests` sets when it has read a body.
    response._content, response._content_consumed = b"", True  # noqa: SLF001


def _raw(response: Any, url: str, limit: int) -> Iterator[bytes]:
    """Yield the body as it was sent, at most *limit* bytes."""
    clock, total = patience.current(), 0
    while True:
        try:
            # Not `read`: that waits until so many bytes are here.
            piece: bytes = response.raw.read1(PIECE, decode_content=False)
        except HTTPError:
            if clock:
                clock.require()
            raise
        total += len(piece)
        if clock:
            clock.arrived(total)
        if total > limit:
            raise too_large(url, limit)
        if not piece:
            return
        yield piece


def _decoder(encoding: str, url: str) -> _Decoder | None:
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return None
    if name in {"gzip", "x-gzip", "deflate"}:
        return _Decoder(url, gzip=name != "deflate")
    msg = f"{without_credentials(url)} is encoded as {name[:40]!r}, and identity was asked for"
    raise UpstreamError(msg, next_step="tell the index's operator")


class _Decoder:
    """Decodes gzip (RFC 1952) and deflate (RFC 1950; without its header too, as some servers send it)."""

    def __init__(self, url: str, *, gzip: bool) -> None:
        self._url, self._gzip = url, gzip
        self._members = 0
        self._stream: Any = None

    @property
    def whole(self) -> bool:
        """Whether the last member has ended, or there was none."""
        return self._stream is None

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what *data* holds, in pieces; a kilobyte can hold a megabyte."""
        while data:
            if self._stream is None:
                self._begin(data)
            try:
                part = self._stream.decompress(data, PIECE)
            except zlib.error as error:
                msg = f"{without_credentials(self._url)} is encoded wrongly: {error}"
                raise UpstreamError(msg, next_step="tell the index's operator") from error
            data = self._stream.unconsumed_tail
            yield part
            if self._stream.eof:
                data, self._stream = self._stream.unused_data, None
                if not self._gzip or not data.strip(b"\0"):
                    # What follows deflate's end, or pads the last member, means nothing.
                    return

    def _begin(self, data: bytes) -> None:
        self._members += 1
        if self._members > bounds.MOST_MEMBERS:
            msg = f"{without_credentials(self._url)} is encoded in more than {bounds.MOST_MEMBERS} members"
            raise UpstreamError(msg, next_step="tell the index's operator")
        # RFC 1950, 2.2: the method is 8, and the first two bytes are a multiple of 31.
        header = int.from_bytes(data[:2].ljust(2, b"\0"))
        named = header >> 8 & 15 == 8 and header % 31 == 0  # noqa: PLR2004 - the numbers of the RFC
        self._stream = zlib.decompressobj(_GZIP if self._gzip else _ZLIB if named or len(data) == 1 else _RAW)


def too_large(url: str, limit: int) -> TooLargeError:
    """Return the error for more than *limit* bytes at *url*."""
    msg = f"{without_credentials(url)} has more than {limit:,} bytes, the most that is taken"
    return TooLargeError(msg, next_step="tell the index's operator, or name another index")


def copy(
    response: Any, stream: Writable, url: str, limit: int, heard: Callable[[bytes], None] | None = None
) -> Exception | None:
    """
    Write the body to *stream*; return what broke the connection, if something did.

    :param limit: bytes.
    :param heard: called with each block that was written.
    """
    try:
        for block in _blocks(pieces(response, url, limit)):
            stream.write(block)
            if heard is not None:
                heard(block)
    except HTTPError as error:
        return error
    return None


def _blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """
    Yield what *pieces* yields in blocks of about `_BLOCK` bytes; the last one too if *pieces* raises an error.

    TLS gives 16 KiB at a time. Writing and hashing release the interpreter's lock and wait for it, each time.
    """
    block, size = [], 0
    try:
        for piece in pieces:
            block.append(piece)
            size += len(piece)
            if size >= _BLOCK:
                yield b"".join(block)
                block, size = [], 0
    except HTTPError:
        yield b"".join(block)
        raise
    yield b"".join(block)
