"""
Mirrors that die at a chosen moment: after a write, a link, a rename, a response, the start of a child.

A `Nursery` is a process that has imported everything and forks one child for each run, which saves the import and
leaves this process, with its threads, unforked. In the child the functions that change files are wrapped: each call is
a *tick* with a label, e.g. ``replace requirements/lock/pylock.base--linux.toml``, and at one of them it sends itself a
signal. A file is written in halves, so there are ticks at which it exists empty, half and whole.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Calls that change what a folder holds, all of them found in `os` by whoever calls them.
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


@dataclass(frozen=True, kw_only=True)
class Order:
    """
    One run.

    :param root: the folder that holds requirements/, packages/ and site/.
    :param variables: environment variables for it.
    :param update: whether to update.
    :param after: the signal comes at a tick whose label holds this.
    :param nth: at which of those, from 1; 0 for never.
    :param kill: the signal.
    :param group: whether it goes to the whole process group, as from a terminal, or to the process alone.
    :param atomic: whether the system has an exchange in one step.
    :param cores: how many the machine seems to have; 0 for as many as it has.
    :param watched: whether ticks are counted at all.
    :param mounts: shell commands that mount something, for this run alone.
    :param paths: other places than those below *root*, by the name of the folder.
    """

    root: str
    variables: Mapping[str, str] = field(default_factory=dict)
    update: bool = False
    after: str = ""
    nth: int = 0
    kill: int = signal.SIGKILL
    group: bool = False
    atomic: bool = True
    cores: int = 0
    watched: bool = True
    mounts: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    How a run ended.

    :param status: exit code, or the negative number of the signal that ended it.
    :param error: the type and text of what was raised, empty if nothing was.
    :param ticks: labels, in order.
    :param audited: what the interpreter reported of itself, in the same form.
    :param left: what lies below the root, where it is mounted for the run alone: path → SHA-256, empty for folders.
    :param said: all that was written to standard output and standard error.
    :param seconds: from start to end.
    :param ended: when that was, as `time.monotonic` has it.
    """

    status: int
    error: tuple[str, ...]
    ticks: tuple[str, ...]
    audited: tuple[str, ...]
    left: Mapping[str, str]
    said: str
    seconds: float
    ended: float


class Nursery:
    """
    Forks runs, one at a time, while the ``with`` block lasts.

    :param folder: for what the runs write beside their work.
    :param prefix: a command to start it with, e.g. ``unshare --mount``.
    """

    def __init__(self, folder: Path, prefix: Sequence[str] = ()) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        environment |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        environment |= {"PIP_CONFIG_FILE": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-P", __file__, str(folder)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = 0

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]

    def run(self, order: Order, meanwhile: Callable[[int], object] | None = None) -> Outcome:
        """
        Return how *order* ended.

        :param meanwhile: called with the process id as soon as there is one.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(asdict(order))}\n")
        self._process.stdin.flush()
        started = time.monotonic()
        self.pid = int(self._answer())
        if meanwhile is not None:
            meanwhile(self.pid)
        status = int(self._answer())
        ended = time.monotonic()
        self.pid = 0
        lines = {name: (self._folder / name).read_text(errors="replace") for name in ("ticks", "audited", "said")}
        error, left = (self._folder / name for name in ("error", "left"))
        return Outcome(
            status=os.waitstatus_to_exitcode(status),
            error=tuple(json.loads(error.read_text())) if error.exists() else (),
            left=json.loads(left.read_text()) if left.exists() else {},
            ticks=tuple(lines["ticks"].splitlines()),
            audited=tuple(lines["audited"].splitlines()),
            said=lines["said"],
            seconds=ended - started,
            ended=ended,
        )

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send the signal to the run that is going on, if it still is."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _answer(self) -> str:
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        assert line, "the nursery died"
        return line


def survivors(root: Path) -> list[str]:
    """Return the command lines of processes that know *root*, from their arguments or their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            known = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX" and any(bytes(root) in text for text in known):
                found.append(f"{process.name} {state} {known[0].replace(bytes(1), b' ').decode(errors='replace')}")
    return found


def all_gone(root: Path, seconds: float) -> list[str]:
    """Return what `survivors` still finds after *seconds*, nothing as soon as it finds nothing."""
    end = time.monotonic() + seconds
    while (left := survivors(root)) and time.monotonic() < end:
        time.sleep(0.005)
    return left


# What follows runs in the nursery and in its children.


class _Ticks:
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
        from pypi_subset.upstream import gateway  # noqa: PLC0415 - the nursery imports them, not the tests

        for name in CHANGES:
            setattr(os, name, self.wrap(name, getattr(os, name)))
        os.open, os.write, os.close = self._raw_open, self._raw_write, self._raw_close
        io.open = self._open  # type: ignore[assignment]
        builtins.open = self._open  # type: ignore[assignment]
        staging._exchange_names = self.wrap("exchange", staging._exchange_names)  # noqa: SLF001
        subprocess.Popen.__init__ = self.wrap("start", subprocess.Popen.__init__)  # type: ignore[method-assign]
        gateway._Handler.do_GET = self.wrap("answer", gateway._Handler.do_GET)  # type: ignore[method-assign]  # noqa: SLF001
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
        place = None if isinstance(path, int) or set(mode) <= {"r", "b", "t"} else self.place(os.fspath(path))
        if place is None:
            return _OPEN(path, mode, buffering, *others, **options)
        raw = _Halves(os.fspath(path), re.sub("[bt]", "", mode))
        raw.told = lambda: self.tick(f"write {place}")
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


_OPEN = io.open
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


def _mirror(order: Order) -> None:
    from rich.console import Console  # noqa: PLC0415

    from pypi_subset.cli.display import Display  # noqa: PLC0415
    from pypi_subset.model.paths import Paths  # noqa: PLC0415
    from pypi_subset.pipeline import mirror  # noqa: PLC0415

    root = Path(order.root)
    places = {name: Path(order.paths.get(name, root / name)) for name in ("requirements", "packages", "site")}
    mirror.mirror(Paths(**places), progress=Display(Console(file=io.StringIO())), update=order.update)


def _mount(commands: str) -> None:
    """Run *commands* where nobody else sees what they mount."""
    import ctypes  # noqa: PLC0415

    clone_newns = 0x20000
    if ctypes.CDLL(None, use_errno=True).unshare(clone_newns):
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["sh", "-ec", f"mount --make-rprivate /\n{commands}"], check=True)


def _content(root: Path) -> dict[str, str]:
    paths = {str(path.relative_to(root)): path for path in root.rglob("*")}
    return {
        name: "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()
    }


def _become(order: Order, folder: Path) -> NoReturn:
    """Be the run; never returns."""
    os.setpgid(0, 0)
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(said, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(order.variables)
    # Tests that run in the background may have been told to ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    status = 0
    try:
        if order.mounts:
            _mount(order.mounts)
        from pypi_subset.support import staging  # noqa: PLC0415

        if not order.atomic:
            staging._exchange_names = lambda *_: False  # noqa: SLF001
        if order.cores:
            os.cpu_count = lambda: order.cores
        ticks = _Ticks(order, folder)
        if order.watched:
            ticks.install()
        _mirror(order)
    except BaseException as error:  # noqa: BLE001 - handed to whoever asked for the run
        with _OPEN(folder / "error", "w") as stream:
            json.dump([type(error).__name__, str(error), "".join(traceback.format_exception(error))], stream)
        status = 1
    if order.mounts:
        with _OPEN(folder / "left", "w") as stream:
            json.dump(_content(Path(order.root)), stream)
    # As at the end of every program: threads that are not daemons are waited for.
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    os._exit(status)


def main(folder: Path) -> None:
    """Obey orders from standard input: fork, tell the process id, wait, tell the status."""
    import pypi_subset.cli.display  # noqa: PLC0415
    import pypi_subset.pipeline.mirror  # noqa: F401, PLC0415
    from pypi_subset.upstream.pip_config import read_network  # noqa: PLC0415

    read_network().session()
    for line in sys.stdin:
        for name in ("error", "left"):
            (folder / name).unlink(missing_ok=True)
        order = Order(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            _become(order, folder)
        print(pid, flush=True)  # noqa: T201
        print(os.waitpid(pid, 0)[1], flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
