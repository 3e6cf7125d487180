"""Warnings: what is allowed and probably unintended."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, cast

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from pypi_subset.distributions import filenames
from pypi_subset.distributions.metadata import parse_requirement
from pypi_subset.targets.markers import decided
from pypi_subset.targets.pips.versions import sees

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.requirements import Requirement

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.locks import Lock, Reason
    from pypi_subset.model.requests import Job
    from pypi_subset.model.targets import Target


def unknown_extras(
    reasons: Mapping[NormalizedName, Iterable[Reason]], found: Mapping[NormalizedName, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield a sentence for each extra that a release does not have: pip passes over it, and what it meant is not here."""
    for project, those in reasons.items():
        metadata = found[project]["metadata"]
        known = {canonicalize_name(extra) for extra in metadata.get("provides_extra", ())}
        for reason in sorted(those):
            for extra in sorted(reason.requirement.extras):
                if canonicalize_name(extra) not in known:
                    near = difflib.get_close_matches(canonicalize_name(extra), sorted(known), n=1)
                    hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(sorted(known)) or 'none'}"
                    by = cast("NormalizedName", reason.by)
                    where = reason.origin or f"{by} {found[by]['metadata']['version']}"
                    yield f"{where}: {project} {metadata['version']} has no extra {extra!r}; {hint}"


def assumed_of(
    job: Job,
    found: Mapping[NormalizedName, Mapping[str, Any]],
    extras: Mapping[NormalizedName, Iterable[NormalizedName]],
) -> Iterator[str]:
    """Yield each requirement that would be decided otherwise by another ``platform_machine`` that may be meant."""
    environment, others = job.target.environment, job.target.other_machines
    stated: list[tuple[str, Requirement, Iterable[str]]] = []
    stated += [(one.origin, one.requirement, ()) for one in job.requirement_set.requests]
    for project, item in found.items() if others else ():
        who, texts = f"{project} {item['metadata']['version']}", item["metadata"].get("requires_dist", ())
        stated += [(who, parse_requirement(text), extras[project]) for text in texts if "platform_machine" in text]
    for who, requirement, own in stated:
        known = decided(requirement.marker, environment, own)
        if any(decided(requirement.marker, environment | {"platform_machine": one}, own) != known for one in others):
            yield f"{who} asks for {requirement.name}{requirement.specifier}"


def assumption(assumed: Sequence[str], job: Job) -> str:
    """Say what was decided by a value that the user may want to be another one."""
    value, others = job.target.environment["platform_machine"], job.target.other_machines
    more = f" (and {len(assumed) - 1} more)" * (len(assumed) > 1)
    what = f"{job.name}: whether {assumed[0]}{more} was decided for platform_machine = {value!r}"
    wide = f"a 32-bit Python on a 64-bit system says {' or '.join(map(repr, others))}"
    step = f'add platform_machine = "{others[0]}" to the target in subset.toml, or "{value}" if it is so'
    return f"{what}; {wide}: {step}"


def brings(brought: Iterable[str], job: Job) -> str:
    """Return the sentence about required projects that the interpreter of the target brings itself."""
    target = job.target
    listed = ", ".join(f"{name} {version}" for name, version in target.brought if name in brought)
    own, name = target.environment.get("implementation_version"), target.environment["platform_python_implementation"]
    what = f"{job.name}: {name} {own or target.version} brings {listed}, which {'is' if ',' not in listed else 'are'} not mirrored"
    if own:
        return what
    return f"{what}; the newest {name} is assumed: add implementation_version to the target in subset.toml for another"


def yanked(candidates: Iterable[Candidate]) -> Iterator[str]:
    """Yield a sentence for each release that was yanked (PEP 592) and is pinned."""
    for distribution in (candidate.distribution for candidate in candidates):
        if distribution.yanked is not None:
            why = distribution.yanked or "no reason given"
            yield f"{distribution.project} {distribution.version} was yanked: {why}"


def old_pips(targets: Iterable[Target], locks: Sequence[Lock]) -> Iterator[str]:
    """
    Yield a sentence for each target if the pip of its system passes over locked wheels and no lock brings another pip.

    :param locks: those of all targets.
    """
    for target in (one for one in targets if one.system_pip):
        names = {pin.distribution.filename for lock in locks if lock.target_name == target.name for pin in lock.pins}
        tags = {name: filenames.parse(name)[2] for name in names}
        projects = {filenames.parse(name)[0] for name in names}
        pip, own = Version(target.system_pip), {*target.tags}
        unseen = sorted(
            name for name, those in tags.items() if those and not any(sees(pip, one) for one in those & own)
        )
        if unseen and "pip" not in projects:
            what = f"{target.name}: pip {pip}, which {target.system} brings, does not see {len(unseen)} of {len(names)} locked files"
            other = f'add pip = "{pip}" to the target to lock wheels that it sees'
            yield f"{what}, {unseen[0]} for one: write pip = true below [bootstrap] to bring a newer pip, or {other}"
