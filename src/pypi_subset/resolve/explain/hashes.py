"""Why pip refused a file for its hash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypi_subset.errors import NoSolution
from pypi_subset.resolve.explain.rejections import admits, few, fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.requests import Job, Request
    from pypi_subset.resolve.explain.obstacles import Offers

_MISMATCH = re.compile(
    r"^ {4}(?P<requirement>\S+)(?: from \S+)?(?: \(from .*\))?:\n\s+Expected (?P<algorithm>\w+) (?P<wanted>\w+)\n"
    r"(?:\s+Expected or \w+\n)*\s+Got\s+(?P<got>\w+)",
    re.MULTILINE,
)
_UNPINNED = re.compile(r"versions pinned with ==\. These do not:\n(?P<lines>(?: {4}.+\n?)+)")
_UNHASHED = re.compile(r"Hashes are required in --require-hashes mode.*:\n(?P<lines>(?: {4}.+\n?)+)")
_OURS = re.compile(r" from https?://\S+|->-r .*\(line \d+\)| \(from -r .*\)$")


def hash_mismatch(output: str, job: Job, offers: Offers) -> NoSolution | None:
    """Return the error about hashes that the set itself gives, if pip complained of one."""
    if (match := _MISMATCH.search(output)) is not None:
        requirement = Requirement(match["requirement"].partition(" from ")[0])
        if (elsewhere := _of_other_targets(requirement, job, offers)) is not None:
            return elsewhere
        origin = stated_at(requirement, (*job.requirement_set.requests, *job.requirement_set.constraints))
        found = f"{origin and f'{origin}: '}{match['requirement']} has {match['algorithm']} {match['got']}"
        step = "correct the hash if the file is the one that was meant; if not, do not trust the index"
        what = f"{found}, the set wants {match['wanted']}"
        return no_solution(job, what, project=canonicalize_name(requirement.name), next_step=step)
    if (match := _UNPINNED.search(output) or _UNHASHED.search(output)) is not None:
        # The user knows neither the loopback index nor our requirements file.
        lines = [_OURS.sub("", line.strip()).partition(" --hash")[0] for line in match["lines"].splitlines()]
        names = list(dict.fromkeys(lines))
        what = f"one line has a --hash, so everything needs '==' and a --hash; {few(names)} has not"
        step = "add them (as `pip-compile --generate-hashes` writes them), or take the hashes out"
        return no_solution(job, what, next_step=step)
    return None


def _of_other_targets(requirement: Requirement, job: Job, offers: Offers) -> NoSolution | None:
    """Return the error for a line whose hashes are of files for other targets alone; ``None`` if they are not."""
    project, own = canonicalize_name(requirement.name), job.requirement_set
    lines = [one for one in (*own.requests, *own.constraints) if canonicalize_name(one.requirement.name) == project]
    wanted = {tuple(digest.split(":", 1)) for line in lines for digest in line.hashes}
    offered = [one for one in offers.candidates(project) if admits(requirement, one.distribution.version)]
    meant = [one.distribution.filename for one in offered if not wanted.isdisjoint(_hashes(one))]
    fitting = [one for one in offered if fits(one, job.target)]
    if not meant or any(one.distribution.filename in meant for one in fitting):
        return None
    place = next((one.origin for one in lines if one.hashes), "the set")
    what = f"the lock has no wheel of {requirement} for {job.target.name}: {place} has the hashes of {few(meant)}"
    best = next((f"{one.distribution.filename}, sha256:{one.distribution.sha256}" for one in fitting), "")
    step = "make the lock for this target too" + (f": its wheel is {best}" if best else "")
    origins = [one.origin for one in own.requests if one in lines]
    return no_solution(job, what, project=project, next_step=step, requests=origins)


def _hashes(candidate: Candidate) -> set[tuple[str, ...]]:
    sha256 = candidate.distribution.sha256
    return {*candidate.hashes, *([("sha256", sha256)] if sha256 else [])}


def no_solution(  # noqa: PLR0913 - what the error says, each by name
    job: Job,
    what: str,
    *,
    project: str | None = None,
    seen: Sequence[str] = (),
    next_step: str = "",
    requests: Sequence[str] = (),
    sdist: tuple[str, str] | None = None,
) -> NoSolution:
    """
    Return the error for a *job* that has no solution.

    :param requests: the lines that lead to it.
    :param sdist: release and directory of the wheel that the user can build, if an sdist is all that there is.
    """
    return NoSolution(
        f"{job.name}: {what}",
        set_name=job.requirement_set.name,
        target=job.target.name,
        project=project,
        seen=seen,
        next_step=next_step,
        problem=what.replace(f" fits {job.target.tag}", " fits"),
        requests=requests,
        sdist=sdist,
    )


def stated_at(requirement: Requirement, stated: Iterable[Request]) -> str:
    """Return ``base.txt:3``, where a requirement stands, or at least the project; ``""`` if nowhere."""
    name = canonicalize_name(requirement.name)
    places = {one.origin: one.requirement for one in stated if canonicalize_name(one.requirement.name) == name}
    exact = [origin for origin, one in places.items() if one.specifier == requirement.specifier]
    return next(iter([*exact, *places]), "")
