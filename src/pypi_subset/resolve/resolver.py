"""
(set, target) to `Lock`: the dry-run report of pip's own resolver, under the target's tags and markers.

The report is believed only if the environment it names is the target's. Who requires what is worked out again from the
metadata in the report, under the same environment, so that every pin can say why it is there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec
from msgspec import structs
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.distributions.metadata import licensing_of, parse_requirement
from pypi_subset.errors import Gaps, PipFailed, UpstreamError
from pypi_subset.model.locks import Inputs, Lock, Pin
from pypi_subset.pip import runner
from pypi_subset.policy.licenses import license_of
from pypi_subset.resolve.answer import Answer
from pypi_subset.resolve.explain.hashes import no_solution
from pypi_subset.resolve.explain.no_solution import explain
from pypi_subset.resolve.explain.served import with_source
from pypi_subset.resolve.overrides import require_honoured, with_reason
from pypi_subset.resolve.per_patch import distinct, patches_in_reach, patches_of_set
from pypi_subset.resolve.prereleases import instead_of_refused
from pypi_subset.resolve.required_by import asked_of, refuse_open_constraints, who_asks
from pypi_subset.resolve.warnings import assumed_of, assumption, brings
from pypi_subset.support import files
from pypi_subset.targets.patch_levels import at_patch, marker_of
from pypi_subset.targets.pips.flags import pip_flags
from pypi_subset.upstream.builds import NotBuilt

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.errors import NoSolution
    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.requests import Job
    from pypi_subset.model.targets import Target
    from pypi_subset.pip.pool import Pips
    from pypi_subset.upstream.gateway import Loopback
    from pypi_subset.upstream.offers import TargetOffers

#: Options of pip's resolver that are the same for every job. The loopback index never makes pip wait in vain.
_OPTIONS = ("--dry-run", "--ignore-installed", "--only-binary", ":all:", "--retries", "0", "--timeout", "86400")

logger = logging.getLogger(__name__)


class _Metadata(TypedDict, total=False):
    """The fields of METADATA that are read of a report; the descriptions of some hundred projects are megabytes."""

    name: str
    version: str
    requires_dist: list[str]
    requires_python: str
    provides_extra: list[str]


class _Download(TypedDict):
    url: str


class _Item(TypedDict):
    metadata: _Metadata
    download_info: _Download


class _Report(TypedDict):
    """What is read of pip's installation report, version 1."""

    environment: dict[str, str]
    install: list[_Item]


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """The lock of one job, and sentences about what is allowed and probably a mistake."""

    lock: Lock
    warnings: tuple[str, ...]


def resolve(  # noqa: PLR0913 - each is given by its name
    job: Job,
    *,
    inputs: Inputs,
    constraints: Sequence[str],
    index: Loopback,
    pips: Pips,
    work: Path,
    later: bool = True,
) -> Resolution:
    """
    Return the lock of one job, with warnings.

    If the target leaves the patch level open, the lock holds what each patch level gets.

    :param inputs: digests of what the lock is made from.
    :param constraints: the user's own constraints, beside those of the set.
    :param work: existing directory for this job alone.
    :param later: as of `TargetOffers`, for errors.
    :raises NoSolution: no set of wheels satisfies the requests on this target; says what was seen.
    :raises Gaps: several requests have no solution, each for a reason of its own.
    :raises UndefinedMarker: a marker of the answer depends on a value that the target leaves open.
    :raises PipFailed: pip failed otherwise, or evaluated markers for another machine.
    """
    answers: dict[int, Answer] = {}
    patches = {0} | patches_of_set(job, constraints)
    while wanted := sorted(patches - answers.keys()):
        for patch in wanted:
            at = job if job.target.exact else replace(job, target=at_patch(job.target, patch))
            answers[patch] = _answer(
                at, constraints=constraints, index=index, pips=pips, work=work / str(patch), later=later
            )
        if not job.target.exact:
            patches |= patches_in_reach(job.target, index.upstream.on(job.target.name, later=False))
    warnings = [sentence for answer in answers.values() for sentence in answer.warnings]
    if assumed := list(dict.fromkeys(text for answer in answers.values() for text in answer.assumed)):
        warnings.append(assumption(assumed, job))
    if brought := frozenset[str]().union(*(answer.brought for answer in answers.values())):
        warnings.append(brings(brought, job))
    spans = distinct(answers)
    hashed = {canonicalize_name(one.requirement.name) for one in job.requirement_set.requests if one.hashes}
    pins = _pins(spans, job.target, index.upstream.on(job.target.name), hashed)
    logger.info("%s: %d files for patch levels %s", job.name, len(pins), ", ".join(map(str, sorted(spans))))
    lock = Lock(
        set_name=job.requirement_set.name,
        target_name=job.target.name,
        inputs=inputs,
        pins=pins,
        patches=tuple(sorted(spans)),
    )
    return Resolution(lock=lock, warnings=tuple(dict.fromkeys(warnings)))


def _answer(job: Job, *, constraints: Sequence[str], index: Loopback, pips: Pips, work: Path, later: bool) -> Answer:
    asked = asked_of(job)
    offers, excluded = index.upstream.on(job.target.name, later=False), list[str]()
    while True:
        report = _report(
            job, constraints=constraints, index=index, pips=pips, work=work, excluded=excluded, later=later
        )
        found = {canonicalize_name(item["metadata"]["name"]): item for item in report["install"]}
        candidates = {project: _candidate(item, project, index, job.target) for project, item in found.items()}
        reasons, extras, brought = who_asks(asked, job, found)
        if not (more := [*instead_of_refused(job, candidates, reasons, constraints, offers)]):
            break
        # Each round excludes all pre-releases of a project.
        logger.info("%s: resolved again, with %s", job.name, ", ".join(more))
        excluded += more
    limits = [one.requirement for one in job.requirement_set.constraints]
    limits += [parse_requirement(line.partition(" --hash")[0]) for line in constraints]
    refuse_open_constraints(job, limits, {name: one["metadata"]["version"] for name, one in found.items()})
    require_honoured(job, found, extras, offers)
    assumed = tuple(assumed_of(job, found, extras))
    return Answer(candidates=candidates, found=found, reasons=reasons, extras=extras, brought=brought, assumed=assumed)


def _pins(
    spans: Mapping[int, Answer], target: Target, upstream: TargetOffers, hashed: Collection[NormalizedName]
) -> tuple[Pin, ...]:
    """
    Return one pin for each file, with the marker of the patch levels that get it.

    :param hashed: the projects whose requests state hashes.
    """
    chosen: dict[tuple[NormalizedName, str], list[int]] = {}
    for patch, answer in spans.items():
        for project, filename in answer.files.items():
            chosen.setdefault((project, filename), []).append(patch)
    pins = []
    for (project, _), patches in chosen.items():
        mine = [spans[patch] for patch in patches]
        candidate = mine[0].candidates[project]
        pin = Pin(
            distribution=_complete(candidate, mine[0].found[project], upstream),
            build=candidate.build,
            reasons=tuple(sorted({reason for answer in mine for reason in answer.reasons[project]})),
            extras=tuple(sorted({extra for answer in mine for extra in answer.extras[project]})),
            marker=marker_of(sorted(spans), patches, target),
            vouched=project in hashed or _is_vouched(mine[0].candidates[project]),
        )
        pins.append(pin)
    return tuple(sorted(pins, key=lambda pin: (pin.distribution.project, pin.distribution.version)))


def _is_vouched(candidate: Candidate) -> bool:
    """Whether the index stated the hash; of a wheel that was built, that of its sdist."""
    return (candidate.sdist or candidate).distribution.sha256 is not None


def _report(  # noqa: PLR0913 - as `resolve`
    job: Job,
    *,
    constraints: Sequence[str],
    index: Loopback,
    pips: Pips,
    work: Path,
    excluded: Sequence[str],
    later: bool,
) -> _Report:
    """
    pip's dry-run report (version 1), checked to speak of the target and of no other machine.

    :param excluded: constraints that are not the user's.
    """
    requests, limits, report = work / "requests.txt", work / "constraints.txt", work / "report.json"
    with files.folder_errors(work):
        # Without parents: a thread that outlives Ctrl-C must not make a stage again that was removed.
        work.mkdir(exist_ok=True)
    files.write(requests, "".join(f"{line}\n" for line in _asked_lines(job, index)).encode())
    lines = [*map(str, job.requirement_set.constraints), *constraints, *excluded]
    files.write(limits, "".join(f"{line}\n" for line in lines).encode())
    run, view = index.run_of(job.target)
    command = ["install", *_OPTIONS, "--index-url", view, "--report", str(report)]
    command += [*pip_flags(job.target), "--requirement", str(requests), "--constraint", str(limits)]
    command += ["--pre"] * job.requirement_set.pre
    brought = dict(job.target.brought)
    result = pips.run(command, work=work, environment=job.target.environment, installed=brought, known=index.known(run))
    if index.failure is not None:
        # Also where pip found another way: it took the failure for "no such page", and its answer is about less.
        raise index.failure
    error = index.ended(run)
    if error is not None and not error.limited:
        raise _unbuilt(error, job) from error
    if result.returncode != 0 or error is not None:
        output = f"{result.stdout}\n{result.stderr}"
        offers = index.upstream.on(job.target.name, later=later)
        gaps = with_source(
            with_reason(explain(runner.complaint(result), output, job, offers, constraints), job), offers, error
        )
        if error is not None and not all(gap.project for gap in gaps):
            # Why releases were built and passed over is not known.
            raise _unbuilt(error, job) from error
        raise gaps[0] if len(gaps) == 1 else Gaps(gaps)
    with files.folder_errors(report):
        document = msgspec.json.decode(report.read_bytes(), type=_Report)
    if document["environment"] != job.target.environment:
        differing = sorted(dict(document["environment"].items() ^ job.target.environment.items()))
        msg = f"pip evaluated markers for another machine than {job.target.name}: {', '.join(differing)} differ"
        raise PipFailed(msg, target=job.target.name, next_step="install the version of pip that pypi-subset asks for")
    return document


def _asked_lines(job: Job, index: Loopback) -> list[str]:
    """Return the requests as pip reads them: to the hash of an sdist comes that of the wheel that is built from it."""
    lines = []
    for one in job.requirement_set.requests:
        try:
            built = index.hashes_of_built(job.target, one.requirement, one.hashes) if one.hashes else []
        except NotBuilt as error:
            raise _unbuilt(error, job) from error
        lines.append(" ".join([str(one), *(f"--hash={digest}" for digest in built if digest not in one.hashes)]))
    return lines


def _unbuilt(error: NotBuilt, job: Job) -> NoSolution:
    """Return the gap of a project that was to be built."""
    origins = [
        one.origin
        for one in job.requirement_set.requests
        if canonicalize_name(one.requirement.name) == canonicalize_name(error.project or "")
    ]
    return no_solution(
        job, error.what, project=error.project, seen=error.details, next_step=error.next_step, requests=origins
    )


def _candidate(item: Mapping[str, Any], project: str, index: Loopback, target: Target) -> Candidate:
    url = item["download_info"]["url"]
    candidate = index.candidate_at(url)
    if candidate is None:
        msg = f"{project} on {target.name} comes from {url}, not from an index: it cannot be mirrored"
        step = "require a release from an index instead"
        raise UpstreamError(msg, project=project, target=target.name, next_step=step)
    return candidate


def _complete(candidate: Candidate, item: Mapping[str, Any], upstream: TargetOffers) -> Distribution:
    """Return the distribution with size and hash; the file is fetched if no page states them."""
    metadata = upstream.metadata(candidate) if candidate.tags is not None else None
    license_ = None if metadata is None else license_of(licensing_of(metadata))
    # The METADATA of a kept sdist is that of a build here; a page has none for it.
    taken = candidate.sdist if candidate.kept_for and candidate.sdist else candidate
    return structs.replace(
        taken.distribution,
        sha256=taken.distribution.sha256 or upstream.sha256(taken),
        size=upstream.size(taken),
        requires_python=taken.distribution.requires_python or item["metadata"].get("requires_python"),
        metadata=None if metadata is None or taken is not candidate else upstream.metadata_hash(candidate),
        license=license_,
    )
