"""
(set, target) to `Lock`: pip's own resolver, told the target's tags *and* markers, asked for its dry-run report.

The report is believed only if the environment it names is the target's. Who requires what is worked out again from the
metadata in the report, under the same environment, so that every pin can say why it is there.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
from dataclasses import dataclass, replace
from email import message_from_bytes
from typing import TYPE_CHECKING, Any, cast

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from pypi_subset import files, piprun
from pypi_subset.errors import PipFailed, UndefinedMarker, UpstreamError
from pypi_subset.gaps import explain
from pypi_subset.markers import UndefinedName, holds
from pypi_subset.model import Lock, Pin, Reason
from pypi_subset.spans import at_patch, marker_of, of_bound, of_requirement
from pypi_subset.targets import pip_flags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.loopback import Loopback
    from pypi_subset.model import Distribution, Inputs, Job, Request, Target
    from pypi_subset.offers import Offer
    from pypi_subset.piprun import Pips
    from pypi_subset.upstream import Upstream

#: Options of pip's resolver that are the same for every job. The loopback index never makes pip wait in vain.
_OPTIONS = ("--dry-run", "--ignore-installed", "--only-binary", ":all:", "--retries", "0", "--timeout", "86400")


def resolve(  # noqa: PLR0913 - all that resolving needs, each by name
    job: Job,
    *,
    inputs: Inputs,
    constraints: Sequence[str],
    index: Loopback,
    pips: Pips,
    work: Path,
    warn: Callable[[str], None],
) -> Lock:
    """
    Return the lock of one job: for a target that leaves the patch level open, what each patch level would get.

    :param inputs: digests of what the lock is made from, to be written into it.
    :param constraints: the user's own constraints, beside those of the set.
    :param index: the loopback index to resolve from.
    :param pips: runs pip.
    :param work: a folder for this job alone.
    :param warn: called with a sentence about what is allowed, and still unlikely to be meant.
    :raises NoSolution: no set of wheels satisfies the requests on this target; says what was seen.
    :raises UndefinedMarker: a marker reads what the target leaves open.
    :raises PipFailed: pip failed otherwise, or evaluated markers for another machine.
    """
    answers: dict[int, _Answer] = {}
    patches = {0} | _patches_of_set(job, constraints)
    while wanted := sorted(patches - answers.keys()):
        for patch in wanted:
            at = job if job.target.exact else replace(job, target=at_patch(job.target, patch))
            answers[patch] = _answer(at, constraints=constraints, index=index, pips=pips, work=work / str(patch))
        if not job.target.exact:
            patches |= _patches_in_reach(job.target, index.upstream)
    for sentence in dict.fromkeys(sentence for answer in answers.values() for sentence in answer.warnings):
        warn(sentence)
    if assumed := list(dict.fromkeys(text for answer in answers.values() for text in answer.assumed)):
        warn(_assumption(assumed, job))
    spans = _distinct(answers)
    pins = _pins(spans, job.target, index.upstream)
    return Lock(
        set_name=job.requirement_set.name,
        target_name=job.target.name,
        inputs=inputs,
        pins=pins,
        patches=tuple(sorted(spans)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    """
    What pip chose at one patch level: by project the offer, its metadata, who asks for it, and its extras.

    :param assumed: requirements that another ``platform_machine`` would decide otherwise, with who states them.
    """

    offers: Mapping[NormalizedName, Offer]
    found: Mapping[NormalizedName, Mapping[str, Any]]
    reasons: Mapping[NormalizedName, set[Reason]]
    extras: Mapping[NormalizedName, set[NormalizedName]]
    assumed: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """What is allowed, and still unlikely to be meant."""
        return [*_unknown_extras(self.reasons, self.found), *_yanked(self.offers.values())]

    @property
    def files(self) -> dict[NormalizedName, str]:
        """What would be installed."""
        return {project: offer.distribution.filename for project, offer in self.offers.items()}


def _answer(job: Job, *, constraints: Sequence[str], index: Loopback, pips: Pips, work: Path) -> _Answer:
    asked = _asked(job)
    report = _report(job, constraints=constraints, index=index, pips=pips, work=work)
    found = {canonicalize_name(item["metadata"]["name"]): item for item in report["install"]}
    offers = {project: _offer(item, project, index, job.target) for project, item in found.items()}
    reasons, extras = _who_asks(asked, job.target, found)
    assumed = tuple(_assumed(job, found, extras))
    return _Answer(offers=offers, found=found, reasons=reasons, extras=extras, assumed=assumed)


def _patches_of_set(job: Job, constraints: Iterable[str]) -> set[int]:
    """The patch levels that lines of the set, or the user's constraints, ask for."""
    if job.target.exact:
        return set()
    own = job.requirement_set
    lines = [*(str(one.requirement) for one in (*own.requests, *own.constraints)), *constraints]
    return {patch for line in lines for patch in of_requirement(line, job.target)}


def _patches_in_reach(target: Target, upstream: Upstream) -> set[int]:
    """
    The patch levels that any metadata asks for that decided, or may have decided, about the answer.

    pip tries the newest release first, and reads the metadata of each that it tries. A release older than all that were
    tried of its project has no say; one that Requires-Python shut out may be newer than those.
    """
    patches: set[int] = set()
    oldest: dict[NormalizedName, Version] = {}
    for filename, data in upstream.metadata_seen():
        asking = _asking_for_patches(data)
        for text in asking.requirements:
            patches |= of_requirement(text, target, asking.extras)
        patches |= of_bound(asking.bound, target)
        project, version, *_ = parse_wheel_filename(filename)
        oldest[project] = min(version, oldest.get(project, version))
    for project, version in oldest.items():
        for bound, newest in upstream.bounds(project).items():
            if newest >= version:
                patches |= of_bound(bound, target)
    return patches


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asking:
    """What of one release's metadata may ask for a patch level."""

    requirements: tuple[str, ...]
    extras: tuple[str, ...]
    bound: str


@functools.cache
def _asking_for_patches(metadata: bytes) -> _Asking:
    # Below the first empty line stands a description, often the most of it.
    head = message_from_bytes(metadata.replace(b"\r\n", b"\n").partition(b"\n\n")[0])
    requirements = (text for text in head.get_all("Requires-Dist", []) if "_version" in text)
    return _Asking(
        requirements=tuple(requirements),
        extras=tuple(head.get_all("Provides-Extra", [])),
        bound=head.get("Requires-Python", ""),
    )


def _distinct(answers: Mapping[int, _Answer]) -> dict[int, _Answer]:
    """The answers by the patch level from which on they hold, without those that are what the one before is."""
    kept: dict[int, _Answer] = {}
    for patch in sorted(answers):
        if not kept or kept[max(kept)].files != answers[patch].files:
            kept[patch] = answers[patch]
    return kept


def _pins(spans: Mapping[int, _Answer], target: Target, upstream: Upstream) -> tuple[Pin, ...]:
    """One pin for each file, with the marker that says at which patch levels it is chosen."""
    chosen: dict[tuple[NormalizedName, str], list[int]] = {}
    for patch, answer in spans.items():
        for project, filename in answer.files.items():
            chosen.setdefault((project, filename), []).append(patch)
    pins = []
    for (project, _), patches in chosen.items():
        mine = [spans[patch] for patch in patches]
        pins.append(
            Pin(
                distribution=_complete(mine[0].offers[project], mine[0].found[project], upstream),
                reasons=tuple(sorted({reason for answer in mine for reason in answer.reasons[project]})),
                extras=tuple(sorted({extra for answer in mine for extra in answer.extras[project]})),
                marker=marker_of(sorted(spans), patches, target),
            )
        )
    return tuple(sorted(pins, key=lambda pin: (pin.distribution.project, pin.distribution.version)))


def _report(job: Job, *, constraints: Sequence[str], index: Loopback, pips: Pips, work: Path) -> dict[str, Any]:
    """pip's dry-run report (version 1), checked to speak of the target and of no other machine."""
    requests, limits, report = work / "requests.txt", work / "constraints.txt", work / "report.json"
    with files.folder_errors(work):
        work.mkdir(parents=True, exist_ok=True)
    files.write(requests, "".join(f"{line}\n" for line in job.requirement_set.requests).encode())
    lines = [*map(str, job.requirement_set.constraints), *constraints]
    files.write(limits, "".join(f"{line}\n" for line in lines).encode())
    command = ["install", *_OPTIONS, "--index-url", index.target_url(job.target), "--report", str(report)]
    command += [*pip_flags(job.target), "--requirement", str(requests), "--constraint", str(limits)]
    result = pips.run(command, work=work, environment=job.target.environment)
    if index.failure is not None:
        # Also where pip found another way: it took the failure for "no such page", and its answer is about less.
        raise index.failure
    if result.returncode != 0:
        if "only the loopback index is for pip" in f"{result.stdout}{result.stderr}":
            raise _direct(job)
        undefined = "UndefinedEnvironmentName" in result.stderr and _undefined_in_metadata(job, index.upstream)
        raise undefined or explain(piprun.complaint(result), f"{result.stdout}\n{result.stderr}", job, index.upstream)
    with files.folder_errors(report):
        document: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    if document["environment"] != job.target.environment:
        differing = sorted(dict(document["environment"].items() ^ job.target.environment.items()))
        msg = f"pip evaluated markers for another machine than {job.target.name}: {', '.join(differing)} differ"
        raise PipFailed(msg, target=job.target.name, next_step="install the version of pip that pypi-subset asks for")
    return document


def _direct(job: Job) -> UpstreamError:
    """Say that something requires a URL: pip would fetch, build and so run whatever lies there (see `_inpip`)."""
    msg = f"{job.name}: a release requires a URL instead of a release from an index: it cannot be mirrored"
    return UpstreamError(msg, target=job.target.name, next_step="require another version of what requires it")


def _undefined_in_metadata(job: Job, upstream: Upstream) -> UndefinedMarker | None:
    """Which of the releases that pip looked at has a marker that the target leaves open."""
    for filename, metadata in upstream.metadata_seen():
        for text in message_from_bytes(metadata).get_all("Requires-Dist", []):
            try:
                holds(Requirement(text).marker, job.target.environment)
            except UndefinedName as error:
                return _undefined(error, f"{filename}: {text}", job.target)
            except InvalidRequirement:
                continue
    return None


def _undefined(error: UndefinedName, where: str, target: Target) -> UndefinedMarker:
    msg = f"{where!r} has a marker that reads {error}, which target {target.name} leaves open"
    step = f'add {error} = "…" to the target in subset.toml, as that machine says it, or leave the project out there'
    return UndefinedMarker(msg, target=target.name, next_step=step)


def _offer(item: Mapping[str, Any], project: str, index: Loopback, target: Target) -> Offer:
    """What pip chose, found again among what it was offered."""
    offer = index.offer_at(item["download_info"]["url"])
    if offer is None:
        url = item["download_info"]["url"]
        msg = f"{project} on {target.name} comes from {url}, not from an index: it cannot be mirrored"
        step = "require a release from an index instead"
        raise UpstreamError(msg, project=project, target=target.name, next_step=step)
    return offer


def _complete(offer: Offer, item: Mapping[str, Any], upstream: Upstream) -> Distribution:
    """The distribution with size and hash, for which the file is fetched where no page told them."""
    sha256 = offer.distribution.sha256 or files.sha256_of(upstream.file(offer))
    return replace(
        offer.distribution,
        sha256=sha256,
        size=upstream.size(offer),
        requires_python=offer.distribution.requires_python or item["metadata"].get("requires_python"),
        metadata=hashlib.sha256(upstream.metadata(offer)).hexdigest() if offer.tags is not None else None,
    )


def _asked(job: Job) -> list[Request]:
    """The requests that concern the target; the others are not requested here."""
    return [
        request
        for request in job.requirement_set.requests
        if _holds(request.requirement, job.target, (), f"{request.origin}: {request.requirement}")
    ]


def _who_asks(
    asked: Iterable[Request], target: Target, found: Mapping[NormalizedName, Mapping[str, Any]]
) -> tuple[dict[NormalizedName, set[Reason]], dict[NormalizedName, set[NormalizedName]]]:
    """
    For each project: the requirements that lead to it, and the extras that anybody asks of it.

    An extra can bring in requirements that ask for further extras, so a project whose extras grew is read again.
    """
    reasons: dict[NormalizedName, set[Reason]] = {project: set() for project in found}
    extras: dict[NormalizedName, set[NormalizedName]] = {project: set() for project in found}
    waiting = [
        (
            canonicalize_name(request.requirement.name),
            Reason(requirement=str(request.requirement), origin=request.origin),
            request.requirement,
        )
        for request in asked
    ]
    while waiting:
        project, reason, requirement = waiting.pop()
        further = {canonicalize_name(extra) for extra in requirement.extras} - extras[project]
        is_new = not reasons[project]
        reasons[project].add(reason)
        extras[project] |= further
        if is_new or further:
            waiting += _dependencies(found[project]["metadata"], project, extras[project], target)
    return reasons, extras


def _unknown_extras(
    reasons: Mapping[NormalizedName, Iterable[Reason]], found: Mapping[NormalizedName, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield a sentence for each extra that a release does not have: pip passes over it, and what it meant is not here."""
    for project, those in reasons.items():
        metadata = found[project]["metadata"]
        known = {canonicalize_name(extra) for extra in metadata.get("provides_extra", ())}
        for reason in sorted(those):
            for extra in sorted(Requirement(reason.requirement).extras):
                if canonicalize_name(extra) not in known:
                    near = difflib.get_close_matches(canonicalize_name(extra), sorted(known), n=1)
                    hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(sorted(known)) or 'none'}"
                    where = (
                        reason.origin
                        or f"{reason.by} {found[cast('NormalizedName', reason.by)]['metadata']['version']}"
                    )
                    yield f"{where}: {project} {metadata['version']} has no extra {extra!r}; {hint}"


def _assumed(
    job: Job,
    found: Mapping[NormalizedName, Mapping[str, Any]],
    extras: Mapping[NormalizedName, Iterable[NormalizedName]],
) -> Iterator[str]:
    """Yield each requirement that would be decided otherwise by another ``platform_machine`` that may be meant."""
    environment, others = job.target.environment, job.target.other_machines
    stated: list[tuple[str, Requirement, Iterable[str]]] = [
        (one.origin, one.requirement, ()) for one in job.requirement_set.requests
    ]
    for project, item in found.items() if others else ():
        who, texts = f"{project} {item['metadata']['version']}", item["metadata"].get("requires_dist", ())
        stated += [(who, Requirement(text), extras[project]) for text in texts if "platform_machine" in text]
    for who, requirement, own in stated:
        known = holds(requirement.marker, environment, own)
        if any(holds(requirement.marker, environment | {"platform_machine": one}, own) != known for one in others):
            yield f"{who} asks for {requirement.name}{requirement.specifier}"


def _assumption(assumed: Sequence[str], job: Job) -> str:
    """Say what was decided by a value that the user may want to be another one."""
    value, others = job.target.environment["platform_machine"], job.target.other_machines
    more = f" (and {len(assumed) - 1} more)" * (len(assumed) > 1)
    what = f"{job.name}: whether {assumed[0]}{more} was decided for platform_machine = {value!r}"
    wide = f"a 32-bit Python on a 64-bit system says {' or '.join(map(repr, others))}"
    return (
        f'{what}; {wide}: add platform_machine = "{others[0]}" to the target in subset.toml, or "{value}" if it is so'
    )


def _yanked(offers: Iterable[Offer]) -> Iterator[str]:
    """Yield a sentence for each release that its makers have withdrawn (PEP 592): somebody pinned it."""
    for distribution in (offer.distribution for offer in offers):
        if distribution.yanked is not None:
            why = distribution.yanked or "no reason given"
            yield f"{distribution.project} {distribution.version} was yanked: {why}"


def _dependencies(
    metadata: Mapping[str, Any], project: NormalizedName, extras: Iterable[NormalizedName], target: Target
) -> Iterator[tuple[NormalizedName, Reason, Requirement]]:
    """The requirements of one release that hold on the target with these extras (PEP 508)."""
    for text in metadata.get("requires_dist", ()):
        requirement = Requirement(text)
        if _holds(requirement, target, extras, f"{project} {metadata['version']}: {text}"):
            reason = Reason(requirement=str(requirement), by=project)
            yield canonicalize_name(requirement.name), reason, requirement


def _holds(requirement: Requirement, target: Target, extras: Iterable[str], where: str) -> bool:
    try:
        return holds(requirement.marker, target.environment, extras)
    except UndefinedName as error:
        raise _undefined(error, where, target) from error
