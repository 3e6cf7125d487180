"""A remote file that is read in pieces: what METADATA of a wheel costs without the whole of it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from pypi_subset.support import bounds

if TYPE_CHECKING:
    from collections.abc import Callable

#: Bytes that are fetched from a wheel's end at once: directory and METADATA stand there (PEP 427 recommends it).
TAIL = 1 << 17


class RemoteFile(io.RawIOBase):
    """
    A remote file that can seek; what was read stays, so that a ZIP directory and one member cost few requests.

    :param span: returns the bytes from a first to a last position, both included.
    :param total: size of the file, bytes.
    :param first: position of *data*, bytes that are here already.
    """

    # Blocks of what is here, as (first, data): of a wheel for macOS, METADATA often stands at the very beginning, and
    # tens of megabytes may be between it and the directory.

    def __init__(self, span: Callable[[int, int], bytes], total: int, first: int, data: bytes) -> None:
        super().__init__()
        self._span = span
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
        """Get the block at the position; close before another, also the bytes before it, where METADATA often is."""
        if sum(len(data) for _, data in self._blocks) > bounds.LARGEST_PIECES:
            msg = f"its METADATA cannot be found in {bounds.LARGEST_PIECES:,} bytes of it"
            raise ValueError(msg)
        end = min([self._position + TAIL, *(first for first, _ in self._blocks if first > self._position)])
        start = min(self._position, max([0, end - TAIL, *(one + len(data) for one, data in self._blocks if one < end)]))
        self._blocks.append((start, self._span(start, end - 1)))
        return self._blocks[-1]
