"""A case as it is sent to another machine: text that holds the site's URL and its manifest's hash, and no path."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.tags import parse_tag
from packaging.utils import parse_wheel_filename

from pypi_subset.errors import ProofFailed
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """
    One case of a job, for whoever can reach the site.

    :param url: where the site is served, no slash at its end.
    :param digest: SHA-256 of its manifest.
    :param run: tells runs apart.
    :param pins: what the lock of the job names.
    :param number: which case of the job, 0 for the set as a whole.
    """

    url: str
    digest: str
    run: str
    job: Job
    pins: tuple[Locked, ...]
    number: int

    def case(self, interpreters: Sequence[Interpreter], *, site: Path, work: Path) -> Case:
        """
        Return the case as this machine proves it.

        :param interpreters: those that run here.
        :param site: a folder that holds what was read of the site.
        :param work: a folder for scratch files.
        """
        own = fitting(self.job.target, interpreters)
        made = cases_of_job(self.job, self.pins, own, site=site, work=work, url=self.url)
        return list(made)[self.number]


def errands_of(
    subset: Subset, paths: Paths, cases: Iterable[Case], *, url: str, digest: str, run: str
) -> Iterator[Errand]:
    """Yield an errand for each of *cases*, which are some of those of *subset*; the rest is as in `Errand`."""
    jobs = {(job.requirement_set.name, job.target.name): (job, pins_of(job, paths)) for job in subset.jobs}
    for case in cases:
        job, pins = jobs[case.set_name, case.target.name]
        yield Errand(url=url, digest=digest, run=run, job=job, pins=pins, number=case.number)


def to_text(errand: Errand) -> str:
    """Return *errand* as JSON, for `from_text` of the same version."""
    job = errand.job
    wanted = job.requirement_set
    return json.dumps(
        {
            "version": __version__,
            "url": errand.url,
            "digest": errand.digest,
            "run": errand.run,
            "target": {**asdict(replace(job.target, tags=())), "tags": [*map(str, job.target.tags)]},
            "set": {"name": wanted.name, "targets": wanted.targets},
            "requests": [*map(_line, wanted.requests)],
            "constraints": [*map(_line, wanted.constraints)],
            "pins": [(pin.filename, pin.sha256, pin.marker) for pin in errand.pins],
            "number": errand.number,
        }
    )


def from_text(text: str) -> Errand:
    """
    Return what `to_text` wrote.

    :raises ProofFailed: another version of us wrote it.
    """
    document = json.loads(text)
    if document["version"] != __version__:
        msg = f"this machine has pypi-subset {__version__}, and was sent a case of {document['version']}"
        raise ProofFailed(msg, next_step="install the same version there")
    requests, constraints = (tuple(map(_request, document[name])) for name in ("requests", "constraints"))
    name, targets = document["set"]["name"], tuple(document["set"]["targets"])
    wanted = RequirementSet(name=name, path=Path(name), requests=requests, constraints=constraints, targets=targets)
    return Errand(
        url=document["url"],
        digest=document["digest"],
        run=document["run"],
        job=Job(requirement_set=wanted, target=_target(document["target"])),
        pins=tuple(_pin(*one) for one in document["pins"]),
        number=document["number"],
    )


def _line(request: Request) -> tuple[str, str, int, tuple[str, ...]]:
    return str(request.requirement), request.path.name, request.line, request.hashes


def _request(line: Sequence[Any]) -> Request:
    requirement, name, number, hashes = line
    return Request(requirement=Requirement(requirement), path=Path(name), line=number, hashes=tuple(hashes))


def _pin(filename: str, sha256: str, marker: str) -> Locked:
    project, version, _, _ = parse_wheel_filename(filename)
    return Locked(filename=filename, project=project, version=version, sha256=sha256, marker=marker)


def _target(values: dict[str, Any]) -> Target:
    """Return a target; what was the sender's own machine is one like any other here."""
    tags = tuple(one for tag in values["tags"] for one in parse_tag(tag))
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    markers = tuple((name, value) for name, value in values["markers"])
    return Target(**{**values, **lists, "tags": tags, "markers": markers, "host": False})
