"""Ticks: what a run changes, counted and written down; at one of them it sends itself a signal."""

from __future__ import annotations

import builtins
import io
import os
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.killer.orders import Order

#: Calls that change what a directory holds, all of them found in `os` by whoever calls them.
CHANGES = ("rename", "replace", "link", "symlink", "mkdir", "unlink", "remove", "rmdir", "truncate", "sendfile")
#: The same as the interpreter itself reports them (see "audit events table"); ``os.sendfile`` is not reported.
AUDITED = {
    "os.rename": ("rename", "replace"),
    "os.link": ("link",),
    "os.symlink": ("symlink",),
    "os.mkdir": ("mkdir",),
    "os.remove": ("unlink", "remove"),
    "os.rmdir": ("rmdir",),
    "os.truncate": ("truncate",),
    "open": ("open",),
}


class Ticks:
    """Counts, writes down, and sends the signal when its time has come."""

    def __init__(self, order: Order, folder: Path) -> None:
        self._order, self._root, self._seen = order, f"{order.root}/", 0
        self._lock = threading.RLock()
        self._log = os.open(folder / "ticks", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._audit_log = os.open(folder / "audited", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._pid = os.getpid()
        self._places: dict[int, str] = {}
        self._halved: set[int] = set()

    def tick(self, label: str) -> None:
        """Say that *label* has just happened."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            _RAW_WRITE(self._log, f"{label}\n".encode())
            self._seen += self._order.after in label
            due = self._seen == self._order.nth and self._order.after in label
        if due and self._order.nth:
            (os.killpg if self._order.group else os.kill)(self._pid, self._order.kill)

    def place(self, path: Any) -> str | None:
        """Return *path* below the root, without process ids; ``None`` if it is elsewhere."""
        if not isinstance(path, str | bytes | os.PathLike):
            return None
        name = os.fsdecode(path)
        if name.startswith(os.sep) and not name.startswith(self._root):
            return None
        return re.sub(r"\.\d+\.(part|stage|new)", r".PID.\1", name.removeprefix(self._root))

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return *function* with a tick behind it."""

        def wrapped(*arguments: Any, **options: Any) -> Any:
            try:
                return function(*arguments, **options)
            finally:
                command = ["dir2pi" if "dir2pi" in str(arguments) else "pip"] if name == "start" else []
                self.tick(" ".join([name, *command, *filter(None, map(self.place, arguments[-2:]))]))

        return wrapped

    def install(self) -> None:
        """Wrap all that changes files, starts processes or answers requests."""
        from pypi_subset.support import staging  # noqa: PLC0415 - the nursery imports them, not the tests
        from pypi_subset.upstream.transport import answers  # noqa: PLC0415 - as above

        for name in CHANGES:
            setattr(os, name, self.wrap(name, getattr(os, name)))
        os.open, os.write, os.close = self._raw_open, self._raw_write, self._raw_close
        io.open = self._open  # type: ignore[assignment]
        builtins.open = self._open  # type: ignore[assignment]
        staging._exchange_names = self.wrap("exchange", staging._exchange_names)  # noqa: SLF001
        subprocess.Popen.__init__ = self.wrap("start", subprocess.Popen.__init__)  # type: ignore[method-assign]
        answers.Handler.do_GET = self.wrap("answer", answers.Handler.do_GET)  # type: ignore[method-assign]
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in AUDITED or os.getpid() != self._pid:
            return
        if event == "open" and not (arguments[2] or 0) & WRITABLE:
            return
        place = self.place(arguments[0])
        if place is not None:
            _RAW_WRITE(self._audit_log, f"{event} {place}\n".encode())

    def _open(self, path: Any, mode: str = "r", buffering: int = -1, *others: Any, **options: Any) -> Any:
        """What `open` does, with a tick when the file is there and one after each half that is written."""
        known = isinstance(path, int)
        # The file closes the descriptor by itself.
        place = self._places.pop(path, None) if known else self.place(os.fspath(path))
        if place is None or set(mode) <= {"r", "b", "t"}:
            return OPEN(path, mode, buffering, *others, **options)
        # The opener makes files without a name, as those of `tempfile`.
        opener = options.pop("opener", None)
        raw = _Halves(path if known else os.fspath(path), re.sub("[bt]", "", mode), opener=opener)
        raw.told = lambda: self.tick(f"write {place}")
        if not known:
            self.tick(f"open {place}")
        stream: Any = (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw)
        return stream if "b" in mode else io.TextIOWrapper(stream, *others, **options)

    def _raw_open(self, path: Any, flags: int, *others: Any, **options: Any) -> int:
        """What `os.open` does, with a tick when a file that may be written is there."""
        descriptor = _RAW_OPEN(path, flags, *others, **options)
        place = self.place(path) if flags & WRITABLE else None
        if place is not None:
            self._places[descriptor] = place
            self.tick(f"open {place}")
        return descriptor

    def _raw_write(self, descriptor: int, data: Any) -> int:
        """What `os.write` does, every other time of the first half alone, which it may do."""
        whole = memoryview(data).cast("B")
        place = self._places.get(descriptor)
        half = place is not None and len(whole) > 1 and descriptor not in self._halved
        self._halved ^= {descriptor} if place is not None else set()
        done = _RAW_WRITE(descriptor, whole[: len(whole) // 2] if half else whole)
        if place is not None:
            self.tick(f"write {place}")
        return done

    def _raw_close(self, fd: int) -> None:
        self._places.pop(fd, None)
        self._halved.discard(fd)
        _RAW_CLOSE(fd)


#: The function as it is before a run replaces it.
OPEN = io.open
_RAW_OPEN, _RAW_WRITE, _RAW_CLOSE = os.open, os.write, os.close
#: What tells that a file is opened to be written.
WRITABLE = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class _Halves(io.FileIO):
    """A file whose every write is two."""

    told: Callable[[], None]
    _second = False

    def write(self, data: Any) -> int:
        whole = memoryview(data).cast("B")
        self._second = not self._second and len(whole) > 1
        done = super().write(whole[: len(whole) // 2] if self._second else whole)
        self.told()
        return done
