"""Both scores for a subset: raw mutants in processes with a tree each, consistent ones in processes that build their own."""

from __future__ import annotations

import functools
import itertools
import multiprocessing
import os
import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.support.files import link
from tests.evidence.mutation import consistent, judging, raw
from tests.evidence.mutation.choosing import Reach
from tests.evidence.mutation.ground import read
from tests.evidence.mutation.remembering import remembering

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypi_subset.model.paths import Paths
    from pypi_subset.proof.machines.interpreters import Interpreter
    from tests.evidence.mutation.choosing import Key
    from tests.evidence.mutation.ground import Ground
    from tests.evidence.mutation.judging import Outcome

#: Processes; each runs one pip at a time.
PROCESSES = os.cpu_count() or 1

#: What is proven of the subset as it is.
UNHARMED = consistent.Mutant(operator="nothing is changed", filename="", targets=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One consistent mutant, and what is proven of it."""

    mutant: consistent.Mutant
    cases: tuple[Key, ...]


def raw_score(folder: Path, step: int = 1) -> list[Outcome]:
    """
    Return what the inventory made of each raw mutant of the subset that lies in *folder*.

    :param step: take one in so many.
    """
    parts = [(folder, number * step, PROCESSES * step) for number in range(PROCESSES)]
    with _pool(PROCESSES) as pool:
        return sorted(itertools.chain.from_iterable(pool.map(_raw_part, parts)), key=_order(raw.OPERATORS))


def consistent_score(folder: Path, jobs: Sequence[Job], found: Sequence[Interpreter]) -> Iterator[Outcome]:
    """Yield what the proof made of each of *jobs*, as they come."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="work.") as scratch, _pool(PROCESSES) as pool:
        begun = [pool.submit(_consistent, folder, tuple(found), job, Path(scratch)) for job in jobs]
        yield from (future.result() for future in as_completed(begun))


def jobs(ground: Ground, found: Sequence[Interpreter], *, every: bool = False, step: int = 1) -> list[Job]:
    """
    Return the consistent mutants of *ground*, the unharmed subset first.

    :param every: prove all cases that need a mutated file.
    :param step: take one mutant in so many.
    """
    reach = Reach(ground, found, Path(tempfile.gettempdir()))
    whole = tuple(judging.key(case) for case in reach.cases if case.joint)
    mutants = itertools.islice(enumerate(consistent.mutants(ground)), 0, None, step)
    return [
        *(Job(mutant=UNHARMED, cases=(one,)) for one in whole[::step]),
        *(Job(mutant=one, cases=reach.chosen(one, every=every, turn=turn)) for turn, one in mutants),
    ]


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))


def _order(names: Sequence[str]) -> functools.partial[tuple[int, str]]:
    return functools.partial(_placed, tuple(names))


def _placed(names: tuple[str, ...], one: Outcome) -> tuple[int, str]:
    return names.index(one.operator), one.what


def _raw_part(part: tuple[Path, int, int]) -> list[Outcome]:
    folder, first, step = part
    ground = _ground(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix="raw.") as scratch:
        paths = _copied(ground.paths, Path(scratch))
        own = itertools.islice(raw.mutants(paths), first, None, step)
        with remembering():
            return list(raw.tried(own, paths, ground.subset))


def _copied(paths: Paths, into: Path) -> Paths:
    """Links to all that the inventory looks at: what a mutant changes is another file in the same place."""
    shutil.copytree(paths.site, into / "site", copy_function=_link)
    shutil.copytree(paths.locks, into / "requirements" / "lock", copy_function=_link)
    return type(paths)(requirements=into / "requirements", packages=into / "packages", site=into / "site")


def _link(source: str, target: str) -> None:
    link(Path(source), Path(target))


def _consistent(folder: Path, found: tuple[Interpreter, ...], job: Job, shared: Path) -> Outcome:
    ground, work = _ground(folder), _work(shared)
    with tempfile.TemporaryDirectory(dir=folder, prefix="mutant.", ignore_cleanup_errors=True) as scratch:
        return judging.judge(ground, job.mutant, job.cases, found, Path(scratch), work)


@functools.cache
def _work(shared: Path) -> Path:
    """A directory for all mutants of this process."""
    return Path(tempfile.mkdtemp(dir=shared))


@functools.cache
def _ground(folder: Path) -> Ground:
    return read(folder)
