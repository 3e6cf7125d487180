"""Why pip refused a file for its hash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypi_subset.errors import NoSolution
from pypi_subset.requirements.source import is_lock
from pypi_subset.resolve.explain.rejections import admits, allows, few, fits
from pypi_subset.support import files
from pypi_subset.targets.markers import UndefinedName, holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.utils import NormalizedName

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.requests import Job, Request
    from pypi_subset.resolve.explain.obstacles import Offers

_MISMATCH = re.compile(
    r"^ {4}(?P<requirement>\S+)(?: from \S+)?(?: \(from .*\))?:\n"
    r"\s+Expected (?P<algorithm>\w+) (?P<wanted>\w+\n(?:\s+Expected +or \w+\n)*)\s+Got\s+(?P<got>\w+)",
    re.MULTILINE,
)
#: pipenv resolves on the machine that it runs on, for no other.
_PIPFILE = "Pipfile.lock"
_UNPINNED = re.compile(r"versions pinned with ==\. These do not:\n(?P<lines>(?: {4}.+\n?)+)")
_UNHASHED = re.compile(r"Hashes are required in --require-hashes mode.*:\n(?P<lines>(?: {4}.+\n?)+)")
_OURS = re.compile(r" from https?://\S+|->-r .*\(line \d+\)| \(from -r .*\)$")


def hash_gaps(output: str, job: Job, offers: Offers) -> tuple[NoSolution, ...]:
    """Return the errors about hashes that the set itself gives, if pip complained of one: of all lines, not of that alone."""
    if (match := _MISMATCH.search(output)) is not None:
        requirement = Requirement(match["requirement"].partition(" from ")[0])
        found = {one: gap for one in _hashed(job) if (gap := _of_pages(one, job, offers))}
        named = canonicalize_name(requirement.name)
        if named not in found:
            # No page states the hash: pip read the file.
            wanted = re.findall(r"\w+$", match["wanted"], re.MULTILINE)
            sdist = next(
                (one.sdist for one in offers.candidates(named) if one.sdist and _is_of(one, requirement)), None
            )
            found[named] = (
                _wrong(requirement, match["algorithm"], match["got"], wanted, job)
                if sdist is None
                else _of_sdist(requirement, sdist, wanted, job)
            )
        return tuple(found.values())
    if (match := _UNPINNED.search(output) or _UNHASHED.search(output)) is not None:
        # The user knows neither the loopback index nor our requirements file.
        lines = [_OURS.sub("", line.strip()).partition(" --hash")[0] for line in match["lines"].splitlines()]
        names = list(dict.fromkeys(lines))
        what = f"one line has a --hash, so everything needs '==' and a --hash; {few(names)} has not"
        step = "add them (as `pip-compile --generate-hashes` writes them), or take the hashes out"
        if is_lock(job.requirement_set.path):
            what = f"{job.requirement_set.path.name} does not have {few(names)}, and nothing is added to a lock"
            step = "write the lock again, without an exclude of what releases require"
            if job.requirement_set.path.name == _PIPFILE:
                step = "pipenv locks for its own system alone: name what is missing in the Pipfile, and lock again"
        return (_gap(job, what, step),)
    return ()


def _hashed(job: Job) -> list[NormalizedName]:
    """Return the projects whose lines state hashes and concern the target."""
    lines = (*job.requirement_set.requests, *job.requirement_set.constraints)
    return list(
        dict.fromkeys(canonicalize_name(one.requirement.name) for one in lines if one.hashes and _here(one, job))
    )


def _here(one: Request, job: Job) -> bool:
    try:
        return holds(one.requirement.marker, job.target.environment)
    except UndefinedName:
        return False


def _of_pages(project: NormalizedName, job: Job, offers: Offers) -> NoSolution | None:
    """Return the error about a project if its pages have files that fit, and the lines of the set the hash of none."""
    own = job.requirement_set
    lines = [
        one
        for one in (*own.requests, *own.constraints)
        if canonicalize_name(one.requirement.name) == project and _here(one, job)
    ]
    wanted = {tuple(digest.split(":", 1)) for line in lines for digest in line.hashes}
    admitted = [
        one
        for one in offers.candidates(project)
        if all(admits(line.requirement, one.distribution.version) for line in lines)
    ]
    fitting = [
        one
        for one in admitted
        if fits(one, job.target) and not one.verdicts and allows(one.distribution.requires_python, job.target.release)
    ]
    if not fitting or any(not (has := _hashes(one)) or not wanted.isdisjoint(has) for one in fitting):
        # A file whose hash no page states may be the one.
        return None
    stated = next(one for one in lines if one.hashes)
    ranks = {tag: number for number, tag in enumerate(job.target.tags)}
    best = min(fitting, key=lambda one: min(ranks.get(tag, len(ranks)) for tag in one.tags or ()))
    if best.path is not None:
        return _of_own(stated, best, job)
    if meant := [one for one in admitted if not wanted.isdisjoint(_hashes(one))]:
        return _of_others(stated, meant, best, job)
    algorithm = next((name for name, _ in wanted if name in dict(_hashes(best))), "sha256")
    wrong = [value for name, value in sorted(wanted) if name == algorithm]
    return _wrong(stated.requirement, algorithm, dict(_hashes(best)).get(algorithm, ""), wrong, job)


def _of_others(stated: Request, meant: Sequence[Candidate], best: Candidate, job: Job) -> NoSolution:
    """Return the error about a line whose hashes are of an sdist, or of wheels for other targets alone."""
    requirement, place = stated.requirement, stated.origin
    names = few([one.distribution.filename for one in meant])
    what = f"the lock has no wheel of {requirement} for {job.target.name}: {place} has the hashes of {names}"
    sha256 = dict(_hashes(best)).get("sha256")
    found = f"{best.distribution.filename}, sha256:{sha256}" if sha256 else best.distribution.filename
    step = f"make the lock for this target too: its wheel is {found}"
    return _gap(job, what, step, requirement.name, problem=what.replace(f" for {job.target.name}:", ":", 1))


def _of_own(stated: Request, best: Candidate, job: Job) -> NoSolution:
    """Return the error about a line that has the hashes of other files than the one in a directory of this machine."""
    name, sha256 = best.distribution.filename, dict(_hashes(best)).get("sha256")
    what = f"{stated.origin} has no hash of {name}, which is in a directory of this machine"
    step = f"write --hash=sha256:{sha256} in that line as well, if that is the file that was meant"
    return _gap(job, what, step, stated.requirement.name)


def _of_sdist(requirement: Requirement, sdist: Candidate, wanted: Sequence[str], job: Job) -> NoSolution:
    """Return the error about hashes that an sdist does not have. pip compared those of the wheel that is built from it."""
    origin = stated_at(requirement, (*job.requirement_set.requests, *job.requirement_set.constraints))
    sha256 = dict(_hashes(sdist)).get("sha256")
    has = f"has sha256 {sha256}" if sha256 else "has another hash"
    name = sdist.distribution.filename
    what = f"{origin and f'{origin}: '}{name}, which {requirement} is built from, {has}, the set wants {few(wanted)}"
    step = "correct the hash if the sdist is the one that was meant; if not, do not trust the index"
    return _gap(job, what, step, requirement.name)


def _is_of(one: Candidate, requirement: Requirement) -> bool:
    return admits(requirement, one.distribution.version)


def _wrong(requirement: Requirement, algorithm: str, got: str, wanted: Sequence[str], job: Job) -> NoSolution:
    """Return the error about hashes that no file has."""
    origin = stated_at(requirement, (*job.requirement_set.requests, *job.requirement_set.constraints))
    what = f"{origin and f'{origin}: '}{requirement} has {algorithm} {got}, the set wants {few(wanted)}"
    step = "correct the hash if the file is the one that was meant; if not, do not trust the index"
    return _gap(job, what, step, requirement.name)


def _gap(job: Job, what: str, step: str, name: str = "", problem: str = "") -> NoSolution:
    own = job.requirement_set
    project = canonicalize_name(name) if name else None
    origins = [one.origin for one in own.requests if canonicalize_name(one.requirement.name) == project]
    return no_solution(job, what, project=project, next_step=step, requests=origins, problem=problem, kind="hash")


def _hashes(candidate: Candidate) -> set[tuple[str, str]]:
    """Return what is known of the hashes of a file; one of this machine is read."""
    sha256 = candidate.distribution.sha256
    if not sha256 and candidate.path is not None and candidate.path.is_file():
        sha256 = files.sha256_of(candidate.path)
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
    problem: str = "",
    kind: Literal["", "hash", "clash"] = "",
) -> NoSolution:
    """
    Return the error for a *job* that has no solution.

    :param requests: the lines that lead to it.
    :param sdist: release and directory of the wheel that the user can build, if an sdist is all that there is.
    :param problem: *what* in a list of gaps, where it has to say more.
    :param kind: what the set may do without.
    """
    gap = NoSolution(
        f"{job.name}: {what}",
        set_name=job.requirement_set.name,
        target=job.target.name,
        project=project,
        seen=seen,
        next_step=next_step,
        problem=(problem or what).replace(f" fits {job.target.tag}", " fits"),
        requests=requests,
        sdist=sdist,
    )
    gap.kind = kind
    return gap


def stated_at(requirement: Requirement, stated: Iterable[Request]) -> str:
    """Return ``base.txt:3``, where a requirement stands, or at least the project; ``""`` if nowhere."""
    name = canonicalize_name(requirement.name)
    places = {one.origin: one.requirement for one in stated if canonicalize_name(one.requirement.name) == name}
    exact = [origin for origin, one in places.items() if one.specifier == requirement.specifier]
    return next(iter([*exact, *places]), "")
