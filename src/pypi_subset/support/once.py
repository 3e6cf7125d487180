"""Computing a value once, however many threads want it; keeping those of late; and keeping bytes on disk."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from concurrent.futures import Future
from typing import IO, TYPE_CHECKING, Generic, TypeVar

from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Callable, Sized
    from pathlib import Path


_K = TypeVar("_K")
_V = TypeVar("_V")
_S = TypeVar("_S", bound="Sized")


class Once(Generic[_K, _V]):
    """Computes each value once, however many threads ask; an error is kept as well, and raised to all who ask."""

    def __init__(self, compute: Callable[[_K], _V]) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._values: dict[_K, Future[_V]] = {}

    def __call__(self, key: _K) -> _V:
        """Return the value for *key*: computed now, or by the thread that asked first."""
        with self._lock:
            mine = key not in self._values
            future = self._values.setdefault(key, Future())
        if mine:
            try:
                future.set_result(self._compute(key))
            except BaseException as error:  # noqa: BLE001 - handed on to every thread that waits for this value
                future.set_exception(error)
        return future.result()

    def results(self) -> list[tuple[_K, _V]]:
        """Return what was computed so far without an error, in the order of asking."""
        with self._lock:
            done = [(key, future) for key, future in self._values.items() if future.done()]
        return [(key, future.result()) for key, future in done if future.exception() is None]


class Recent(Generic[_K, _S]):
    """
    Computes sequences, and keeps the last ones that were asked for; an error is not kept.

    :param most: how many items they may have together; the last one is kept even if it has more.
    """

    def __init__(self, compute: Callable[[_K], _S], most: int) -> None:
        self._compute, self._most, self._count = compute, most, 0
        self._lock = threading.Lock()
        self._values: OrderedDict[_K, _S] = OrderedDict()
        # Threads that ask for the same at the same time wait for one of them.
        self._turns = Once[_K, threading.Lock](lambda _: threading.Lock())

    def __call__(self, key: _K) -> _S:
        """Return the sequence for *key*: kept, or computed now."""
        with self._turns(key):
            with self._lock:
                found = self._values.get(key)
                if found is not None:
                    self._values.move_to_end(key)
                    return found
            found = self._compute(key)
            with self._lock:
                self._values[key] = found
                self._count += len(found)
                while self._count > self._most and len(self._values) > 1:
                    self._count -= len(self._values.popitem(last=False)[1])
            return found

    def kept(self, key: _K) -> _S | None:
        """Return the sequence for *key* if it is kept, else ``None``."""
        with self._lock:
            return self._values.get(key)


#: Where bytes are kept in a `Spool`: the position of the first, and their number.
Place = tuple[int, int]


class Spool:
    """
    Keeps bytes on disk instead of in memory, in a file without a name that ends with this object.

    :param folder: an existing directory on that disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None

    def keep(self, data: bytes) -> Place:
        """
        Return where *data* is kept from now on.

        :raises FolderError: the disk is full, or refuses the file otherwise.
        """
        with self._lock, files.folder_errors(self._folder):
            file = self._opened()
            start = file.seek(0, 2)
            file.write(data)
            # What does not fit is found out now.
            file.flush()
        return start, len(data)

    def read(self, place: Place) -> bytes:
        """Return the bytes that are kept at *place*."""
        start, length = place
        with self._lock, files.folder_errors(self._folder):
            file = self._opened()
            file.seek(start)
            return file.read(length)

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            # The start of the command needs none of this.
            import tempfile  # noqa: PLC0415

            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - it ends with this object
            weakref.finalize(self, self._file.close)
        return self._file
