"""A case as it is sent to another machine: text that holds the site's URL and its manifest's hash, and no path."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from packaging.requirements import Requirement
from packaging.tags import parse_tag
from packaging.utils import parse_wheel_filename

from pypi_subset.errors import ProofFailed
from pypi_subset.model import documents
from pypi_subset.model.checks import Check
from pypi_subset.model.requests import Job, Request, RequirementSet
from pypi_subset.model.targets import Target
from pypi_subset.proof.cases.case import Case, cases_of_job, pins_of
from pypi_subset.proof.cases.lock_reader import Locked
from pypi_subset.proof.machines.matching import fitting
from pypi_subset.support.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset
    from pypi_subset.proof.machines.interpreters import Interpreter


#: Requirement, file name, line number and hashes of a request.
Line: TypeAlias = tuple[str, str, int, tuple[str, ...]]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a worker sends back.

    :param refused: why the case was not begun, ``""`` if it was.
    """

    checks: tuple[Check, ...] = ()
    refused: str = ""


class _Sender(msgspec.Struct, frozen=True, kw_only=True):
    version: str = __version__


class Errand(_Sender, frozen=True, kw_only=True):
    """
    One case of a job, for a machine that reaches the site by URL.

    :param url: where the site is served, no slash at its end.
    :param digest: SHA-256 of its manifest.
    :param run: tells runs apart.
    :param pins: file name, SHA-256 and marker of what the lock of the job names.
    :param number: which case of the job, 0 for the set as a whole.
    """

    url: str
    digest: str
    run: str
    target: dict[str, Any]
    set_name: str
    set_targets: tuple[str, ...]
    requests: tuple[Line, ...]
    constraints: tuple[Line, ...]
    pins: tuple[tuple[str, str, str], ...]
    number: int

    @property
    def job(self) -> Job:
        """The job; what was the sender's own machine is a target like any other here."""
        requests, constraints = (tuple(map(_request, lines)) for lines in (self.requests, self.constraints))
        wanted = RequirementSet(
            name=self.set_name,
            path=Path(self.set_name),
            requests=requests,
            constraints=constraints,
            targets=self.set_targets,
        )
        return Job(requirement_set=wanted, target=_target(self.target))

    def case(self, interpreters: Sequence[Interpreter], *, site: Path, work: Path) -> Case:
        """
        Return the case as this machine proves it.

        :param interpreters: those that run here.
        :param site: a folder that holds what was read of the site.
        :param work: a folder for scratch files.
        """
        job, pins = self.job, tuple(_pin(*one) for one in self.pins)
        made = cases_of_job(job, pins, fitting(job.target, interpreters), site=site, work=work, url=self.url)
        return list(made)[self.number]


def errands_of(
    subset: Subset, paths: Paths, cases: Iterable[Case], *, url: str, digest: str, run: str
) -> Iterator[Errand]:
    """Yield an errand for each of *cases*, which are some of those of *subset*; the rest is as in `Errand`."""
    jobs = {(job.requirement_set.name, job.target.name): (job, pins_of(job, paths)) for job in subset.jobs}
    for case in cases:
        job, pins = jobs[case.set_name, case.target.name]
        target, wanted = job.target, job.requirement_set
        yield Errand(
            url=url,
            digest=digest,
            run=run,
            target={**asdict(replace(target, tags=())), "tags": [*map(str, target.tags)]},
            set_name=wanted.name,
            set_targets=wanted.targets,
            requests=tuple(map(_line, wanted.requests)),
            constraints=tuple(map(_line, wanted.constraints)),
            pins=tuple((pin.filename, pin.sha256, pin.marker) for pin in pins),
            number=case.number,
        )


def to_text(errand: Errand) -> str:
    """Return *errand* as JSON, for `from_text` of the same version."""
    return documents.encode(errand).decode()


def from_text(text: str) -> Errand:
    """
    Return what `to_text` wrote.

    :raises ProofFailed: another version of us wrote it.
    """
    sender = documents.parse(text, _Sender).version
    if sender != __version__:
        msg = f"this machine has pypi-subset {__version__}, and was sent a case of {sender}"
        raise ProofFailed(msg, next_step="install the same version there")
    return documents.parse(text, Errand)


def _line(request: Request) -> Line:
    return str(request.requirement), request.path.name, request.line, request.hashes


def _request(line: Line) -> Request:
    requirement, name, number, hashes = line
    return Request(requirement=Requirement(requirement), path=Path(name), line=number, hashes=hashes)


def _pin(filename: str, sha256: str, marker: str) -> Locked:
    project, version, _, _ = parse_wheel_filename(filename)
    return Locked(filename=filename, project=project, version=version, sha256=sha256, marker=marker)


def _target(values: dict[str, Any]) -> Target:
    tags = tuple(one for tag in values["tags"] for one in parse_tag(tag))
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    markers = tuple((name, value) for name, value in values["markers"])
    return Target(**{**values, **lists, "tags": tags, "markers": markers, "host": False})
