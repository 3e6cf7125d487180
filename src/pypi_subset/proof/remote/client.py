"""
The process that talks to a cluster: it ends with the run, and has a connection to the scheduler and a pipe to the proof.

Dask unpickles what workers send. Here that has no effect (`inert`), and bytes alone go on to the proof. It needs no site,
no key and no home directory.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from pypi_subset.errors import MachineError, SubsetError
from pypi_subset.proof.remote import inert, pipe, worker
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: What Dask calls its error for a case whose workers died.
_KILLED = "distributed.scheduler.KilledWorker"

#: The functions by which tblib, a part of Dask, lets errors be pickled: of the class, and its arguments or attributes.
_PICKLED = "tblib.pickling_support.unpickle_exception"


def main() -> None:
    """Serve the proof at the other end of standard input and output."""
    # Who presses Ctrl-C ends the proof, which then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inert.install()
    # What else writes to standard output must not stand among the messages.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    opened = pipe.orders(sys.stdin.buffer)
    if not isinstance(opened, pipe.Open):
        return
    try:
        with _connected(opened) as client:
            _same_version(client, opened.version)
            pipe.send(out, pipe.Connected())
            _Run(client, opened.run, out).serve(sys.stdin.buffer)
    except SubsetError as error:
        pipe.send(out, pipe.Refused(what=_words(error.what), next_step=_words(error.next_step)))


@dataclass
class _Run:
    """The cases of a run that are at the scheduler."""

    client: Any
    run: str
    out: IO[bytes]
    _numbers: dict[Any, int] = field(default_factory=dict)

    def serve(self, orders: IO[bytes]) -> None:
        """Send out what is ordered, and send back what comes, until the orders end; then call off what is left."""
        waiting: queue.SimpleQueue[pipe.Order | None] = queue.SimpleQueue()
        threading.Thread(target=_receive, args=(orders, waiting), daemon=True).start()
        completing = _dask().as_completed([], loop=self.client.loop)
        reported = 0.0
        try:
            while True:
                with contextlib.suppress(queue.Empty):
                    while (order := waiting.get_nowait()) is not None:
                        completing.add(self._submit(order))
                    return
                while completing.has_ready():
                    for future in completing.next_batch(block=False):
                        pipe.send(self.out, self._outcome(self._numbers.pop(future), future))
                if (now := time.monotonic()) > reported + 1:
                    reported = now
                    pipe.send(self.out, pipe.Alive(workers=_workers(self.client)))
                time.sleep(0.05)
        finally:
            with contextlib.suppress(Exception):
                self.client.cancel(list(self._numbers), force=True)
            with contextlib.suppress(Exception):
                self.client.run(worker.forget, self.run, on_error="ignore")

    def _submit(self, order: Any) -> Any:
        # One result for each key: Dask starts a case again whose worker died, and counts one answer.
        future = self.client.submit(worker.answer, order.errand, key=order.key)
        self._numbers[future] = order.number
        return future

    def _outcome(self, number: int, future: Any) -> pipe.Event:
        """Return what became of a case."""
        if future.status != "finished":
            return _failed(number, future)
        try:
            answer = future.result()
            text = answer.decode() if isinstance(answer, bytes) else None
        except Exception as error:  # noqa: BLE001 - Dask raises anything where it cannot read what a worker sent
            return pipe.Broke(number=number, words=_words(f"its answer cannot be read: {error!r}"))
        if text is None or not pipe.fits(answered := pipe.Answered(number=number, answer=text)):
            return pipe.Broke(number=number, words="its answer was no text, or too long")
        return answered


def _failed(number: int, future: Any) -> pipe.Event:
    """Return why there is no answer."""
    if future.status != "error":
        return pipe.Broke(number=number, words=_words(f"its answer was {future.status}"))
    try:
        failure = future.exception()
    except Exception as error:  # noqa: BLE001 - as above
        return pipe.Broke(number=number, words=_words(f"its error cannot be read: {error!r}"))
    origin, arguments = _raised(failure)
    allowed = arguments[-1] if arguments else None
    if origin == _KILLED and isinstance(allowed, int) and 0 <= allowed < 1000:  # noqa: PLR2004 - as Dask may be set
        return pipe.Died(number=number, workers=allowed + 1)
    said = " ".join(one for one in arguments if isinstance(one, str))
    return pipe.Broke(number=number, words=_words(f"{origin.rpartition('.')[2]}: {said}"))


def _raised(failure: Any) -> tuple[str, Sequence[Any]]:
    """Return the full name of an error's class, and the arguments that it was raised with."""
    arguments: Sequence[Any] = getattr(failure, "args", ())
    if not isinstance(failure, inert.Inert):
        return type(failure).__name__, arguments
    if not failure.origin.startswith(_PICKLED) or len(arguments) < 2:  # noqa: PLR2004 - the class, and what it holds
        return failure.origin, arguments
    kind, held = arguments[:2]
    held = held.get("args", ()) if isinstance(held, dict) else held
    return getattr(kind, "origin", failure.origin), held if isinstance(held, tuple) else ()


def _words(text: str) -> str:
    """Return *text* on one line that a message may hold, without what a terminal would obey."""
    return printable(" ".join(text.split())[:5000])


def _receive(orders: IO[bytes], waiting: queue.SimpleQueue[pipe.Order | None]) -> None:
    """Hand on all *orders* and then ``None``: the proof never waits for this process to read."""
    try:
        while (order := pipe.orders(orders)) is not None:
            waiting.put(order)
    finally:
        waiting.put(None)


def _dask() -> Any:
    """Return Dask's `distributed`, imported after `inert` is in its place."""
    return importlib.import_module("distributed")


@contextlib.contextmanager
def _connected(opened: pipe.Open) -> Iterator[Any]:
    """Yield a client of the scheduler, which has at least one worker."""
    distributed, scheduler = _dask(), opened.scheduler
    try:
        client = distributed.Client(
            scheduler,
            timeout=opened.patience,
            set_as_default=False,
            name="pypi-subset",
            # Results pass through the scheduler: this process connects to it alone.
            direct_to_workers=False,
        )
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        msg = f"no Dask scheduler answers at {scheduler}: {error}"
        raise MachineError(msg, next_step="name one that runs, as in `--scheduler tcp://127.0.0.1:8786`") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=opened.patience)
        except TimeoutError as error:
            msg = f"the Dask scheduler at {scheduler} has no worker"
            raise MachineError(msg, next_step=f"start some: dask worker {scheduler}") from error
        yield client


def _same_version(client: Any, version: str) -> None:
    """Return if every worker has this *version*; raise if not."""
    for address, said in sorted(client.run(worker.version, on_error="return").items()):
        if said != version:
            has = f"pypi-subset {said}" if isinstance(said, str) else "no pypi-subset that it could load"
            msg = f"the Dask worker {address} has {has}, and this is {version}"
            raise MachineError(msg, next_step="install the same version on all workers")


def _workers(client: Any) -> int:
    """Return how many workers there are now, 0 if the scheduler does not say."""
    try:
        return len(client.scheduler_info(n_workers=-1)["workers"])
    except Exception:  # noqa: BLE001 - whatever Dask raises of a connection that is gone
        return 0


if __name__ == "__main__":
    main()
