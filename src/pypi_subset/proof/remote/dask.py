"""The same cases on the workers of a Dask cluster, which reach the site by its URL."""

from __future__ import annotations

import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.model.door import read_manifest
from pypi_subset.model.manifest import manifest_path
from pypi_subset.proof.access.http_server import serving
from pypi_subset.proof.cases import case as cases
from pypi_subset.proof.cases import shards
from pypi_subset.proof.evidence import key
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.isolation.available import NAMESPACES, NONE, isolation
from pypi_subset.proof.methods.prove import check_of
from pypi_subset.proof.remote import address, cluster, pipe
from pypi_subset.proof.remote.message import checks_of, errands_of, read_answer, to_text
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


#: What the report says where no worker did.
UNANSWERED = f"{NONE}: no worker said what isolates it"

#: Seconds in which a scheduler must answer and have a worker, and for which all workers may be gone.
PATIENCE = 30
LONELY = 60


def prove_on_dask(  # noqa: PLR0913 - the settings of a run
    subset: Subset,
    paths: Paths,
    *,
    scheduler: str,
    url: str = "",
    insecure: bool = False,
    unisolated: bool = False,
    targets: Sequence[str] = (),
    shard: str = "",
    progress: Progress = SILENT,
    start: cluster.Start | None = None,
) -> Report:
    """
    Prove the site at *paths* as `run_suite` does, its cases on the workers of a cluster; return the report.

    The inventory is taken here. What was proven before is proven again: it is not known here what workers prove with.
    Dask runs in a process of its own, which sends text: nothing that a worker sends is unpickled here.

    :param subset: what ``requirements/`` asks for.
    :param scheduler: its address, ``tcp://127.0.0.1:8786`` or ``tls://host:8786``.
    :param url: where the workers find the site; without one, it is served from here as long as this lasts.
    :param insecure: whether the scheduler may be elsewhere, without TLS.
    :param unisolated: whether the code of packages, and of workers, runs without isolation.
    :param start: how that process is started; ``None``: in a box that reaches the scheduler alone, where there are boxes.
    :raises SubsetError: there is no site yet, no Dask, no scheduler, no worker, or one without us or with another version.
    """
    part = shards.parse(shard)
    read_manifest(paths.site)
    place, root = address.scheduler_of(scheduler, insecure=insecure), address.site_url(url)
    every = cases.cases_of(subset, paths, (), Path())
    suite = Suite(paths=paths, subset=subset, cases=every, shard=part).restricted(targets)
    run = uuid.uuid4().hex
    opened = pipe.Open(scheduler=place.address, run=run, version=__version__, patience=PATIENCE)
    kind = isolation(unisolated=unisolated)
    start = start or (cluster.start_in_box(place.host, place.port) if kind == NAMESPACES else cluster.start_plainly)
    with cluster.connected(opened, start=start) as away, ExitStack() as served:
        # Workers find a site of this machine at the address by which the scheduler sees this machine.
        root = root or served.enter_context(serving(paths.site.resolve(), place.own_address(PATIENCE)))
        session = Session(suite, isolation=UNANSWERED, key=key.made(key.key_path()), progress=progress)
        session.begin()
        try:
            session.take("", *inventory.take(paths, subset, suite.targets))
            missing = cases.unproven(subset, suite.cases, suite.targets)
            session.take("", *(inventory.check("failed", sentence) for sentence in missing))
            digest = files.sha256_of(manifest_path(paths.site))
            sent = [
                to_text(one)
                for one in errands_of(subset, paths, suite.own, url=root, digest=digest, run=run, unisolated=unisolated)
            ]
            cases_sent = _Run(away, run, list(zip(suite.own, sent, strict=True)))
            for case, checks in cases_sent.results():
                session.take(case.name, *checks)
            session.isolation = "; ".join(sorted(cases_sent.isolations)) or UNANSWERED
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

    away: cluster.Cluster
    #: Tells runs apart.
    run: str
    #: Each case, and what is sent of it.
    errands: list[tuple[Case, str]]
    #: What isolated the code of packages on those workers that answered.
    isolations: set[str] = field(default_factory=set)
    _killed: list[int] = field(default_factory=list)

    def results(self) -> Iterator[tuple[Case, tuple[Check, ...]]]:
        """Yield each case with its results, as they come."""
        yield from self._answers(range(len(self.errands)))
        # Dask blames a worker's death on all that the worker had before it: who is guilty shows alone.
        for number in tuple(self._killed):
            yield from self._answers([number], last=True)

    def _answers(self, numbers: Iterable[int], *, last: bool = False) -> Iterator[tuple[Case, tuple[Check, ...]]]:
        left = set()
        for number in numbers:
            order = pipe.Send(number=number, errand=self.errands[number][1], key=self._key(number, last=last))
            if pipe.fits(order):
                self.away.send(order)
                left.add(number)
            else:
                yield self._red(number, "it is too long to be sent to a worker")
        try:
            for event in self._ended(left):
                if isinstance(event, pipe.Died) and not last:
                    self._killed.append(event.number)
                else:
                    yield self.errands[event.number][0], self._checks(event)
        except EOFError:
            why = "the process that talks to the cluster ended, or broke the rules"
        else:
            why = f"no worker was left to prove it for {LONELY} s"
        for number in sorted(left):
            yield self._red(number, why)

    def _key(self, number: int, *, last: bool) -> str:
        return f"pypi-subset-{self.run}-{number}{'-alone' * last}"

    def _red(self, number: int, reason: str) -> tuple[Case, tuple[Check, ...]]:
        case, _ = self.errands[number]
        return case, (check_of(case, "failed", reason),)

    def _ended(self, left: set[int]) -> Iterator[pipe.Answered | pipe.Died | pipe.Broke]:
        """Yield how each case of *left* ended, which then leaves it; stop when there was no worker for too long."""
        seen = time.monotonic()
        while left:
            event = self.away.next(1)
            now = time.monotonic()
            if isinstance(event, pipe.Answered | pipe.Died | pipe.Broke):
                if event.number not in left:
                    raise EOFError
                left.remove(event.number)
                yield event
                seen = time.monotonic()
            elif isinstance(event, pipe.Alive) and event.workers:
                seen = now
            elif now > seen + LONELY:
                return

    def _checks(self, event: pipe.Answered | pipe.Died | pipe.Broke) -> tuple[Check, ...]:
        """Return the results that *event* tells of its case."""
        case, text = self.errands[event.number]
        if isinstance(event, pipe.Died):
            why = f"{event.workers} workers died of it, one after the other"
            return (check_of(case, "failed", f"the proof itself broke: {why}"),)
        if isinstance(event, pipe.Broke):
            return (check_of(case, "failed", f"the proof itself broke: {cluster.line_of(event.words)}"),)
        try:
            said = read_answer(event.answer, case, text)
            if not said.refused:
                self.isolations.add(cluster.line_of(said.isolation) or NONE)
            return (check_of(case, "failed", said.refused),) if said.refused else checks_of(said)
        except ValueError as error:
            return (check_of(case, "failed", f"the worker's answer is refused: {cluster.line_of(str(error))}"),)
