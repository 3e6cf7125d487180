"""Why pip refused a file for its hash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypi_subset.errors import NoSolution
from pypi_subset.resolve.explain.rejections import few

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.model.requests import Job, Request

_MISMATCH = re.compile(
    r"^ {4}(?P<requirement>\S+)(?: from \S+)?(?: \(from .*\))?:\n\s+Expected (?P<algorithm>\w+) (?P<wanted>\w+)\n"
    r"(?:\s+Expected or \w+\n)*\s+Got\s+(?P<got>\w+)",
    re.MULTILINE,
)
_UNPINNED = re.compile(r"versions pinned with ==\. These do not:\n(?P<lines>(?: {4}.+\n?)+)")
_UNHASHED = re.compile(r"Hashes are required in --require-hashes mode.*:\n(?P<lines>(?: {4}.+\n?)+)")
_OURS = re.compile(r" from https?://\S+|->-r .*\(line \d+\)| \(from -r .*\)$")


def hash_mismatch(output: str, job: Job) -> NoSolution | None:
    """The error about hashes that the set itself gives, if pip complained of one."""
    if (match := _MISMATCH.search(output)) is not None:
        requirement = Requirement(match["requirement"].partition(" from ")[0])
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


def no_solution(
    job: Job, what: str, *, project: str | None = None, seen: Sequence[str] = (), next_step: str = ""
) -> NoSolution:
    """Return the error for a *job* that has no solution."""
    own, target = job.requirement_set.name, job.target.name
    what = f"{job.name}: {what}"
    return NoSolution(what, set_name=own, target=target, project=project, seen=seen, next_step=next_step)


def stated_at(requirement: Requirement, stated: Iterable[Request]) -> str:
    """Return ``base.txt:3``, where a requirement stands, or at least the project; ``""`` if nowhere."""
    name = canonicalize_name(requirement.name)
    places = {one.origin: one.requirement for one in stated if canonicalize_name(one.requirement.name) == name}
    exact = [origin for origin, one in places.items() if one.specifier == requirement.specifier]
    return next(iter([*exact, *places]), "")
