"""A file that is being fetched: what arrived of it stays beside its name, for this run and for the next."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from typing import IO, TYPE_CHECKING, Self

from pypi_subset.support import files

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

#: How the name of the part ends, and that of the file with its validator.
PART, VALIDATOR = ".unfinished", ".etag"
#: Bytes of a validator; a longer one is not kept.
_LONGEST = 1000
_BLOCK = 1 << 20
_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | files.BINARY


class Unfinished:
    """
    The part of the file at *path* that is here, open for more while the ``with`` block lasts.

    :param path: gets its name by `finish`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # File systems take 255 bytes.
        self._part, self._note = (path.with_name(f".{path.name[-200:]}{ending}") for ending in (PART, VALIDATOR))
        self._stream: IO[bytes]
        self._digest = hashlib.sha256()
        #: Bytes that are here.
        self.size = 0
        #: The ETag of the file that they are from, if it is a strong one (RFC 9110, 8.8.3); ``""`` without it.
        self.validator = ""

    def __enter__(self) -> Self:
        with files.folder_errors(self._path):
            self._stream = self._opened()
            while block := self._stream.read(_BLOCK):
                self._digest.update(block)
                self.size += len(block)
            with contextlib.suppress(OSError, UnicodeDecodeError):
                self.validator = files.read_input(self._note, _LONGEST).decode("latin-1")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing writes what was kept back, which may not fit either.
        with files.folder_errors(self._path):
            self._stream.close()
            if self.size == 0:
                for path in (self._part, self._note):
                    path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes so far, in hexadecimal."""
        return self._digest.hexdigest()

    def write(self, block: bytes) -> int:
        """Add *block*, and return its size in bytes."""
        with files.folder_errors(self._path):
            self._stream.write(block)
        self._digest.update(block)
        self.size += len(block)
        return len(block)

    def restart(self, etag: str = "") -> None:
        """
        Drop what is here.

        :param etag: of the file that comes now.
        """
        strong = etag if etag.isprintable() and not etag.startswith("W/") and len(etag) < _LONGEST else ""
        with files.folder_errors(self._path):
            self._stream.seek(0)
            self._stream.truncate()
            if strong:
                self._note.write_bytes(strong.encode("latin-1", "replace"))
            else:
                self._note.unlink(missing_ok=True)
        self._digest, self.size, self.validator = hashlib.sha256(), 0, strong

    def finish(self) -> None:
        """Give the file its name."""
        with files.folder_errors(self._path):
            self._stream.close()
            self._part.replace(self._path)
            self._note.unlink(missing_ok=True)

    def _opened(self) -> IO[bytes]:
        """Return the part, opened; a link or anything else under its name is removed first: it is not followed."""
        with contextlib.suppress(FileNotFoundError):
            facts = self._part.lstat()
            if not stat.S_ISREG(facts.st_mode) or facts.st_nlink > 1:
                self._part.unlink()
        return open(os.open(self._part, _OPEN, 0o666), "r+b")  # noqa: PTH123 - a descriptor, closed by `__exit__`
