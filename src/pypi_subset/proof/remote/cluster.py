"""The proof's end of the pipe to the process that talks to a cluster. Nothing is unpickled here, and Dask is not imported."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias

from pypi_subset.errors import MachineError
from pypi_subset.pip.runner import sealed_environment
from pypi_subset.proof.access.forwarding import Forward, reach_of
from pypi_subset.proof.isolation.box import Box
from pypi_subset.proof.isolation.pips import shut
from pypi_subset.proof.isolation.running import InBox
from pypi_subset.proof.machines import boxes
from pypi_subset.proof.remote import pipe
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

logger = logging.getLogger(__name__)

#: Starts a command while a ``with`` block lasts: the command, its environment, what it reads, and two descriptors.
Start: TypeAlias = (
    "Callable[[Sequence[str], Mapping[str, str], Sequence[Path], tuple[int, int]], AbstractContextManager[None]]"
)

#: Dask's own settings for TLS: files of the user's, which the process reads.
TLS = (
    "DASK_DISTRIBUTED__COMM__TLS__CA_FILE",
    "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT",
    "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY",
)

#: Messages that wait here. More stay in the pipe, so that no worker fills this memory.
_WAITING = 4

#: Seconds in which the process calls off its cases and ends, after its orders have ended.
_FAREWELL = 30


@contextlib.contextmanager
def start_plainly(
    command: Sequence[str], environment: Mapping[str, str], reads: Sequence[Path], streams: tuple[int, int]
) -> Iterator[None]:
    """
    Run *command* while the block lasts. An isolated start takes the same arguments.

    :param reads: files that it must be able to read, beside programs and libraries.
    :param streams: descriptors of its standard input and output.
    """
    del reads
    stdin, stdout = streams
    process = subprocess.Popen(command, env=environment, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def start_in_box(host: str, port: int) -> Start:
    """
    Return a start in a box that reaches the scheduler at *host* and *port*, and nothing else.

    It sees programs, libraries and the files of TLS: no site, no key, no home directory.
    """

    @contextlib.contextmanager
    def start(
        command: Sequence[str], environment: Mapping[str, str], reads: Sequence[Path], streams: tuple[int, int]
    ) -> Iterator[None]:
        stdin, stdout = streams
        where = f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
        reach = reach_of(where, Forward(where).also)
        with tempfile.TemporaryDirectory(prefix="pypi-subset-") as folder, contextlib.ExitStack() as stack:
            # Its user may not read the user's own files.
            copies = {str(path.absolute()): shutil.copy(path, folder) for path in reads}
            settings = {name: copies[value] for name, value in environment.items() if value in copies}
            box = Box(
                shown=boxes.own(),
                writable=(folder,),
                folder=Path(folder),
                listen=reach.listen,
                hosts=reach.hosts,
            )
            nowhere = os.open(os.devnull, os.O_WRONLY)
            stack.callback(os.close, nowhere)
            variables = {**box.variables(), **settings}
            running = stack.enter_context(box.started(command, (stdin, stdout, nowhere), variables=variables))
            if not isinstance(running, InBox):
                raise TypeError
            listener = running.listener()
            stack.callback(shut, listener)
            reach.serve(listener)
            yield

    return start


def line_of(text: str) -> str:
    """Return *text* on one line, without what a terminal would obey; 1,000 characters of it."""
    return printable(" ".join(text.split())[:1000])


class Cluster:
    """A process that talks to a scheduler."""

    def __init__(self, orders: IO[bytes], events: IO[bytes]) -> None:
        self._orders: queue.SimpleQueue[pipe.Order | None] = queue.SimpleQueue()
        self._events: queue.Queue[pipe.Event | None] = queue.Queue(_WAITING)
        self._writer = threading.Thread(target=self._write, args=(orders,), daemon=True)
        self._reader = threading.Thread(target=self._read, args=(events,), daemon=True)
        self._writer.start()
        self._reader.start()

    def send(self, order: pipe.Order) -> None:
        """Send *order*, without waiting for the process to read it."""
        self._orders.put(order)

    def next(self, timeout: float) -> pipe.Event | None:
        """
        Return the next event, ``None`` if there is none for *timeout* seconds.

        :raises EOFError: the process has ended, or sent what is no event.
        """
        try:
            event = self._events.get(timeout=timeout)
        except queue.Empty:
            return None
        if event is None:
            # For a thread that asks once more.
            self._events.put(None)
            raise EOFError
        return event

    def stop(self) -> None:
        """Tell the process that nothing more comes, and give it the time to call off what it has sent."""
        self._orders.put(None)
        end = time.monotonic() + _FAREWELL
        with contextlib.suppress(EOFError):
            while (left := end - time.monotonic()) > 0:
                self.next(left)

    def _write(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError), stream:
            while (order := self._orders.get()) is not None:
                pipe.send(stream, order)

    def _read(self, stream: IO[bytes]) -> None:
        try:
            with stream:
                while (event := pipe.events(stream)) is not None:
                    self._events.put(event)
        except (OSError, ValueError) as error:
            logger.warning("the process that talks to the cluster sent what is no message: %s", error)
        self._events.put(None)


@contextlib.contextmanager
def connected(opened: pipe.Open, *, start: Start = start_plainly) -> Iterator[Cluster]:
    """
    Yield a process that is connected to a scheduler with at least one worker.

    :raises SubsetError: there is no Dask, no scheduler, no worker, or one with another version.
    """
    if importlib.util.find_spec("distributed") is None:
        msg = "Dask is not installed here"
        raise MachineError(msg, next_step="run `pip install 'pypi-subset[dask]'`")
    tls = {name: os.environ[name] for name in TLS if os.environ.get(name)}
    with tempfile.TemporaryDirectory(prefix="pypi-subset-") as work, contextlib.ExitStack() as stack:
        (theirs, orders), (events, out) = os.pipe(), os.pipe()
        command = [sys.executable, "-I", "-m", "pypi_subset.proof.remote.client"]
        environment = sealed_environment(Path(work)) | {name: str(Path(path).absolute()) for name, path in tls.items()}
        try:
            stack.enter_context(start(command, environment, [*map(Path, tls.values())], (theirs, out)))
        finally:
            # The process has its own: each end must have one holder, or its other end never sees it closed.
            os.close(theirs)
            os.close(out)
        cluster = Cluster(os.fdopen(orders, "wb"), os.fdopen(events, "rb"))
        stack.callback(cluster.stop)
        cluster.send(opened)
        _require_connected(cluster, opened)
        yield cluster


def _require_connected(cluster: Cluster, opened: pipe.Open) -> None:
    """Return when the process is connected; raise what it says if it cannot."""
    try:
        # It waits for the scheduler and then for a worker, each for as long; Dask loads meanwhile, and asks all workers.
        event = cluster.next(3 * opened.patience + 30)
    except EOFError:
        event = None
    if isinstance(event, pipe.Refused):
        raise MachineError(line_of(event.what), next_step=line_of(event.next_step))
    if not isinstance(event, pipe.Connected):
        msg = f"the process that talks to the Dask scheduler at {opened.scheduler} does not answer"
        raise MachineError(
            msg, next_step="see that `python -c 'import distributed'` works, and look at the scheduler's log"
        )
