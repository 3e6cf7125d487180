"""The same cases on the workers of a Dask cluster, which reach the site by its URL."""

from __future__ import annotations

import contextlib
import importlib
import logging
import socket
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pypi_subset.errors import SubsetError
from pypi_subset.model.documents import parse
from pypi_subset.model.manifest import manifest_path, read_manifest
from pypi_subset.proof.access.http_server import serving
from pypi_subset.proof.cases import case as cases
from pypi_subset.proof.cases import shards
from pypi_subset.proof.evidence import key
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.methods.prove import check_of
from pypi_subset.proof.remote import worker
from pypi_subset.proof.remote.message import Answer, errands_of, to_text
from pypi_subset.proof.run.session import INTERRUPTED, Session, Suite
from pypi_subset.proof.run.suite import conclude
from pypi_subset.support import files
from pypi_subset.support.progress import SILENT
from pypi_subset.support.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pypi_subset.model.checks import Check
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.report import Report
    from pypi_subset.model.requests import Subset
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.support.progress import Progress


#: What the report says of the seal: a network namespace has no way to a site that lies elsewhere.
SEAL = "none: on Dask workers pip was sent to the site alone"

#: Seconds in which a scheduler must answer and have a worker, and for which all workers may be gone.
PATIENCE = 30
LONELY = 60


def prove_on_dask(  # noqa: PLR0913 - what a run can be told
    subset: Subset,
    paths: Paths,
    *,
    scheduler: str,
    url: str = "",
    targets: Sequence[str] = (),
    shard: str = "",
    progress: Progress = SILENT,
) -> Report:
    """
    Prove the site at *paths* as `run_suite` does, its cases on the workers of a cluster; return the report.

    The inventory is taken here. What was proven before is proven again: what workers prove with, nobody knows here.

    :param subset: what ``requirements/`` asks for.
    :param scheduler: its address, ``tcp://host:8786``.
    :param url: where the workers find the site; without one, it is served from here as long as this lasts.
    :raises SubsetError: there is no site yet, no Dask, no scheduler, no worker, or one without us or with another version.
    """
    part = shards.parse(shard)
    read_manifest(paths.site)
    root = _checked(url)
    every = cases.cases_of(subset, paths, (), Path())
    suite = Suite(paths=paths, subset=subset, cases=every, shard=part).restricted(targets)
    with _connected(scheduler) as client, ExitStack() as served:
        # Workers find a site that lies here at the address by which the scheduler sees this machine.
        root = root or served.enter_context(serving(paths.site.resolve(), _own_address(client.scheduler.address)))
        _same_version(client)
        session = Session(suite, seal=SEAL, key=key.made(key.key_path()), progress=progress)
        session.begin()
        try:
            session.take("", *inventory.take(paths, subset, suite.targets))
            missing = cases.unproven(subset, suite.cases, suite.targets)
            session.take("", *(inventory.check("failed", sentence) for sentence in missing))
            run, digest = uuid.uuid4().hex, files.sha256_of(manifest_path(paths.site))
            sent = [to_text(one) for one in errands_of(subset, paths, suite.own, url=root, digest=digest, run=run)]
            for case, checks in _Run(client, run, list(zip(suite.own, sent, strict=True))).results():
                session.take(case.name, *checks)
        except KeyboardInterrupt:
            session.end(INTERRUPTED)
            raise
        except BaseException:
            session.stop()
            raise
    return conclude(session.end(0), session.report, paths)


@dataclass
class _Run:
    """Cases on their way: each gets just one answer, whatever becomes of workers."""

    client: Any
    #: Tells runs apart.
    run: str
    #: Each case, and what is sent of it.
    errands: list[tuple[Case, str]]
    _killed: list[int] = field(default_factory=list)

    def results(self) -> Iterator[tuple[Case, tuple[Check, ...]]]:
        """Yield each case with its results, as they come."""
        yield from self._answers(range(len(self.errands)))
        # Dask blames a worker's death on all that the worker had before it: who is guilty shows alone.
        for number in tuple(self._killed):
            yield from self._answers([number], last=True)
        with contextlib.suppress(Exception):
            self.client.run(worker.forget, self.run, on_error="ignore")

    def _answers(self, numbers: Iterable[int], *, last: bool = False) -> Iterator[tuple[Case, tuple[Check, ...]]]:
        futures = {self._submit(number, last=last): number for number in numbers}
        try:
            for future in self._ended(_dask().as_completed(futures, loop=self.client.loop)):
                number = futures.pop(future)
                case, _ = self.errands[number]
                if not last and isinstance(_failure(future), _dask().KilledWorker):
                    self._killed.append(number)
                else:
                    yield case, _checks(case, future)
            for case, _ in map(self.errands.__getitem__, futures.values()):
                yield case, (check_of(case, "failed", f"no worker was left to prove it for {LONELY} s"),)
        finally:
            with contextlib.suppress(Exception):
                self.client.cancel(list(futures), force=True)

    def _submit(self, number: int, *, last: bool) -> Any:
        # One result for each key: Dask starts a case again whose worker died, and counts one answer.
        key = f"pypi-subset-{self.run}-{number}{'-alone' * last}"
        return self.client.submit(worker.answer, self.errands[number][1], key=key)

    def _ended(self, completing: Any) -> Iterator[Any]:
        """Yield futures as they end; stop when there was no worker for too long."""
        seen = asked = time.monotonic()
        while completing.count():
            if completing.has_ready():
                yield from completing.next_batch(block=False)
                seen = time.monotonic()
                continue
            time.sleep(0.05)
            if (now := time.monotonic()) > asked + 1:
                asked = now
                seen = now if _workers(self.client) else seen
                if now > seen + LONELY:
                    return


def _failure(future: Any) -> BaseException | None:
    """Return why there is no answer, ``None`` if there is one."""
    if future.status == "error":
        failure: BaseException = future.exception()
        return failure
    return None if future.status == "finished" else SubsetError(f"its answer was {future.status}")


def _checks(case: Case, future: Any) -> tuple[Check, ...]:
    failure = _failure(future)
    if isinstance(failure, _dask().KilledWorker):
        died = failure.allowed_failures + 1
        return (check_of(case, "failed", f"the proof itself broke: {died} workers died of it, one after the other"),)
    if failure is not None:
        words = " ".join(f"{type(failure).__name__}: {failure}".split())
        return (check_of(case, "failed", f"the proof itself broke: {words}"),)
    said = parse(future.result(), Answer)
    return (check_of(case, "failed", said.refused),) if said.refused else said.checks


def _checked(url: str) -> str:
    """Return *url* without a slash at its end, if it is the address of a site and holds no password."""
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
        msg = f"{url} is not where a site is served"
        raise SubsetError(msg, next_step="name the folder that holds simple/, as in https://host/folder")
    if parts.username or parts.password:
        msg = "the site's address holds a user name or a password, and would be sent to all workers"
        raise SubsetError(msg, next_step="serve the site to the workers without one, or leave the address out")
    return url.rstrip("/")


def _dask() -> Any:
    """Return Dask's `distributed`, an extra: runs that send no cases away do not need it."""
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        msg = f"Dask is not installed here ({error})"
        raise SubsetError(msg, next_step="run `pip install 'pypi-subset[dask]'`") from error


@contextlib.contextmanager
def _connected(scheduler: str) -> Iterator[Any]:
    """Yield a client of *scheduler*, which has at least one worker."""
    distributed = _dask()
    # What goes wrong is said once, by us.
    logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
    try:
        client = distributed.Client(scheduler, timeout=PATIENCE, set_as_default=False, name="pypi-subset")
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        msg = f"no Dask scheduler answers at {scheduler}: {' '.join(str(error).split())}"
        raise SubsetError(msg, next_step="name one that runs, as in --scheduler tcp://host:8786") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            msg = f"the Dask scheduler at {scheduler} has no worker"
            raise SubsetError(msg, next_step=f"start some: dask worker {scheduler}") from error
        yield client


def _own_address(scheduler: str) -> str:
    """Return the address of this machine on its way to *scheduler*."""
    try:
        with socket.create_connection(_dask().comm.get_address_host_port(scheduler), timeout=PATIENCE) as connection:
            return str(connection.getsockname()[0])
    except (OSError, ValueError) as error:
        msg = f"it does not show at which address the workers of {scheduler} reach this machine"
        raise SubsetError(msg, next_step="publish the site and name its address: --url") from error


def _same_version(client: Any) -> None:
    """Return if every worker has this version; raise if not."""
    for address, said in sorted(client.run(worker.version, on_error="return").items()):
        if said != __version__:
            has = f"pypi-subset {said}" if isinstance(said, str) else "no pypi-subset that it could load"
            msg = f"the Dask worker {address} has {has}, and this is {__version__}"
            raise SubsetError(msg, next_step="install the same version on all workers")


def _workers(client: Any) -> int:
    """Return how many workers there are now, 0 if the scheduler does not say."""
    try:
        return len(client.scheduler_info(n_workers=-1)["workers"])
    except Exception:  # noqa: BLE001 - whatever Dask raises of a connection that is gone
        return 0
