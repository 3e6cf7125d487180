"""`plan` with a request: each line is resolved with its set, as `add` would write it there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.errors import Gaps, NoSolution, PolicyError
from pypi_subset.locks import why
from pypi_subset.locks.diff import size_of
from pypi_subset.locks.judging import require_admitted
from pypi_subset.model.locks import Reason
from pypi_subset.model.requests import Job, Request, RequirementSet
from pypi_subset.packages import file_cache
from pypi_subset.packages.bad_files import Intake
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.pipeline.relock import digests_of
from pypi_subset.pipeline.requested.answers import Answer, RequestForecast, RequestTarget, State
from pypi_subset.pipeline.requested.carried import carried
from pypi_subset.pipeline.requested.standing import standing
from pypi_subset.pipeline.resolving import Resolver
from pypi_subset.pipeline.workspace import inputs_of, opened, working
from pypi_subset.requirements.requested.document import read_request
from pypi_subset.requirements.requested.machine import matched
from pypi_subset.requirements.subset_toml import SETTINGS
from pypi_subset.support.progress import SILENT
from pypi_subset.targets.markers import decided

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from packaging.requirements import Requirement

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset
    from pypi_subset.model.targets import Target
    from pypi_subset.pipeline.requested.standing import Standing
    from pypi_subset.pipeline.workspace import Backend
    from pypi_subset.requirements.requested.document import Requested
    from pypi_subset.resolve.resolver import Resolution
    from pypi_subset.support.progress import Progress

#: The set that is meant if there are several, or none.
_USUAL = "base"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """One requirement on one target, with the job that resolves it; ``None`` if the subset has it, or its marker is false there."""

    asked: Requirement
    target: Target
    present: Distribution | None
    job: Job | None


def plan_request(
    paths: Paths,
    file: Path,
    *,
    unisolated: bool = False,
    progress: Progress | None = None,
) -> RequestForecast:
    """
    Return what the request in *file* would add; nothing is written but mirror's own caches in ``packages/``.

    :param unisolated: build sdists without isolation where this system has none.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises SubsetError: *file* is no request, ``requirements/`` has faults, or an index does not answer.
    """
    progress = progress or SILENT
    asked = read_request(file)
    subset, network = inputs_of(paths, progress)
    found = matched(asked, subset.targets)
    targets = found.targets or tuple(filter(None, [asked.machine]))
    # A machine that is no target yet is answered as if it were one.
    subset = replace(subset, targets=(*subset.targets, *(one for one in targets if one not in subset.targets)))
    own, has = _set_of(subset, asked), standing(subset, paths)
    cases = [*_cases(asked, own, targets, has)]
    there = [(case.present.filename, case.target.name) for case in cases if case.present]
    sent = carried(paths.packages, there)
    answers: list[Answer] = []
    with (
        working(paths, builds=False) as work,
        opened(subset, network, paths.packages, work, progress, unisolated=unisolated) as backend,
    ):
        cache = FileCache(paths.packages / file_cache.FILE)
        futures = _resolved(subset, [case.job for case in cases if case.job], backend, progress)
        for case in cases:
            if case.present is not None:
                key = case.present.filename, case.target.name
                arrived = None if sent.arrived is None else key in sent.arrived
                answers.append(
                    replace(
                        _answer(case), version=str(case.present.version), since=sent.since.get(key), arrived=arrived
                    )
                )
            elif case.job is None:
                answers.append(replace(_answer(case), state="inapplicable", why="its marker is false"))
            else:
                answers.append(_judged(case, case.job, futures[case.job.name], subset, has, cache, backend))
        intake = Intake(subset.bad_files, paths.packages, cache)
        warnings = (*intake.pass_over(backend.index().refused),) if futures else ()
    return RequestForecast(
        set=own.name,
        machine=asked.machine.tag if asked.machine else "",
        targets=tuple(RequestTarget(name=one.name, tag=one.tag, known=one in found.targets) for one in targets),
        next_step="" if found.targets else _step(asked, file),
        last=sent.last,
        answers=tuple(answers),
        warnings=(*filter(None, [found.doubt]), *warnings),
    )


def _step(asked: Requested, file: Path) -> str:
    """Return how the machine of a request becomes a target."""
    name = asked.target_name or "NAME"
    return f"`pypi-subset add --request {file} --target {name}` writes the machine to {SETTINGS}"


def _set_of(subset: Subset, asked: Requested) -> RequirementSet:
    """Return the set that is to have the requirements; an empty one if there is none of its name."""
    by_name = {one.name: one for one in subset.sets if one.path.suffix == ".txt"}
    name = asked.set_name or (next(iter(by_name)) if len(by_name) == 1 else _USUAL)
    empty = RequirementSet(
        name=name,
        path=subset.root / f"{name}.txt",
        requests=(),
        constraints=(),
        targets=tuple(one.name for one in subset.targets),
    )
    return by_name.get(name, empty)


def _cases(asked: Requested, own: RequirementSet, targets: Sequence[Target], has: Standing) -> Iterable[_Case]:
    """Yield each requirement on each target; what the subset lacks has a job."""
    for number, one in enumerate(asked.requirements, 1):
        project = canonicalize_name(one.name)
        others = tuple(each for each in own.requests if canonicalize_name(each.requirement.name) != project)
        request = Request(requirement=one, path=asked.path, line=number)
        wanted = replace(own, name=f"request-{number}", requests=(*others, request))
        for target in targets:
            # A marker that reads a value which the target leaves open is for the resolution to judge.
            applies = decided(one.marker, target.environment) is not False
            pin = has.pin(one, target) if applies else None
            job = Job(requirement_set=wanted, target=target) if applies and pin is None else None
            yield _Case(asked=one, target=target, present=pin.distribution if pin else None, job=job)


def _resolved(
    subset: Subset, jobs: Sequence[Job], backend: Backend, progress: Progress
) -> dict[str, Future[tuple[Resolution, float]]]:
    """Return how each job ended, by name."""
    if not jobs:
        return {}
    with progress.stage("resolve", len(jobs)) as bar:
        resolver = Resolver(
            inputs={job.name: digests_of(subset, job, backend.constraints) for job in jobs},
            backend=backend,
            downloads=None,
            accepted={job.name: frozenset(one.project for one in subset.gaps_of(job)) for job in jobs},
        )
        return resolver.resolve_all(jobs, bar, ())


def _judged(  # noqa: PLR0913, PLR0917 - what a verdict takes
    case: _Case,
    job: Job,
    future: Future[tuple[Resolution, float]],
    subset: Subset,
    has: Standing,
    cache: FileCache,
    backend: Backend,
) -> Answer:
    """Return what a resolution means for a request."""
    error = future.exception()
    if isinstance(error, NoSolution | Gaps):
        gaps = error.gaps if isinstance(error, Gaps) else (error,)
        # Other lines of the set may have gaps of their own.
        gap = next((one for one in gaps if any(_is_of(case, job, place) for place in one.requests)), gaps[0])
        state: State = "refused" if gap.refused else "unavailable"
        return replace(_answer(case), state=state, rules=gap.refused, why=gap.problem, next_step=gap.next_step)
    lock = future.result()[0].lock
    try:
        require_admitted(subset, [lock], cache, backend.prior, resolves=True)
    except PolicyError as refused:
        return replace(_answer(case), state="refused", why=refused.found[0], next_step=refused.next_step)
    needed = _closure(case.asked, lock, case.target)
    new = [one for one in needed if one.filename not in has.names]
    project = canonicalize_name(case.asked.name)
    version = next((str(one.version) for one in needed if one.project == project), "")
    return replace(_answer(case), state="new", version=version, files=len(new), bytes=size_of(new))


def _is_of(case: _Case, job: Job, place: str) -> bool:
    return any(one.origin == place and one.requirement == case.asked for one in job.requirement_set.requests)


def _answer(case: _Case) -> Answer:
    return Answer(requirement=str(case.asked), target=case.target.name, state="present")


def _closure(asked: Requirement, lock: Lock, target: Target) -> list[Distribution]:
    """Return the files that *asked* brings with all of its dependencies, each once."""
    steps = why.closure(why.requires(lock, target), Reason(requirement=asked))
    projects = {canonicalize_name(asked.name), *(project for _, _, project in steps)}
    pins = [pin for pin in lock.pins if pin.distribution.project in projects]
    found = [one for pin in pins for one in (pin.distribution, *pin.build)]
    return [*{one.filename: one for one in found}.values()]
