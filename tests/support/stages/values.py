"""Values between the stages, made from real wheels: what a test hands to the stage it tests."""

from __future__ import annotations

import hashlib
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

from pypi_subset.model.distributions import Artifact, Distribution, Project
from pypi_subset.model.locks import Inputs, Lock, Pin, Reason
from pypi_subset.model.requests import Job, Request, RequirementSet, Subset
from pypi_subset.site import dir2pi as layout
from pypi_subset.site import simple_index
from pypi_subset.site.stage_writer import StageWriter
from pypi_subset.targets import tag
from pypi_subset.targets.markers import holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.utils import NormalizedName

    from pypi_subset.model.targets import Target
    from tests.support.wheels import Wheel

#: For property tests: few examples, no file left behind, no clock (the machine may be busy).
BRISK = settings(max_examples=50, deadline=None, database=None)

LINUX = tag.parse("linux", "cp310-manylinux2014_x86_64")
WINDOWS = tag.parse("windows", "cp312-win_amd64")


def artifact_of(path: Path, *, requires_python: str | None = None, yanked: str | None = None) -> Artifact:
    """Return the file at *path* as the download stage would hand it over."""
    data = path.read_bytes()
    if path.suffix == ".whl":
        project, version, _, _ = parse_wheel_filename(path.name)
    else:
        project, version = parse_sdist_filename(path.name)
    distribution = Distribution(
        filename=path.name,
        project=project,
        version=version,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        requires_python=requires_python,
        yanked=yanked,
    )
    return Artifact(distribution=distribution, folder=path.parent)


def artifacts_of(wheels: Iterable[Wheel], folder: Path) -> list[Artifact]:
    """Return *wheels* as artifacts that lie in *folder*, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return [artifact_of(wheel.save(folder)) for wheel in wheels]


def request(line: str, number: int = 1, name: str = "base.txt") -> Request:
    """Return the request *line* as it stands in line *number* of the requirements file *name*."""
    return Request(requirement=Requirement(line), path=Path("requirements", name), line=number)


def plan_of(lines: Sequence[str], machines: Sequence[Target] = (LINUX,), *, name: str = "base") -> Subset:
    """Return a plan with one set, which asks for *lines* on all *machines*."""
    requests = tuple(request(line, number, f"{name}.txt") for number, line in enumerate(lines, 1))
    names = tuple(machine.name for machine in machines)
    one = RequirementSet(
        name=name, path=Path("requirements", f"{name}.txt"), requests=requests, constraints=(), targets=names
    )
    jobs = tuple(Job(requirement_set=one, target=machine) for machine in machines)
    return Subset(root=Path("requirements"), sets=(one,), targets=tuple(machines), jobs=jobs)


def lock_of(job: Job, artifacts: Iterable[Artifact], wheels: Iterable[Wheel]) -> Lock:
    """Return the lock that pins, of *artifacts*, whatever the set reaches on the target, by reading METADATA."""
    chosen = {artifact.distribution.project: artifact.distribution for artifact in artifacts}
    metadata = {parse_wheel_filename(wheel.filename)[0]: wheel.metadata for wheel in wheels}
    reasons: dict[NormalizedName, set[Reason]] = {}
    extras: dict[NormalizedName, set[NormalizedName]] = {}
    environment = job.target.environment
    waiting = [
        Reason(requirement=one.requirement, origin=one.origin)
        for one in job.requirement_set.requests
        if holds(one.requirement.marker, environment)
    ]
    while waiting:
        reason = waiting.pop()
        project = canonicalize_name(reason.requirement.name)
        reasons.setdefault(project, set()).add(reason)
        asked = extras.setdefault(project, set())
        asked |= {canonicalize_name(extra) for extra in reason.requirement.extras}
        for text in BytesHeaderParser().parsebytes(metadata[project]).get_all("Requires-Dist", []):
            further = Reason(requirement=Requirement(text), by=project)
            known = reasons.get(canonicalize_name(further.requirement.name), ())
            if further not in known and holds(further.requirement.marker, environment, asked):
                waiting.append(further)
    pins = [Pin(distribution=chosen[project], reasons=tuple(sorted(found))) for project, found in reasons.items()]
    pins.sort(key=lambda pin: pin.distribution.project)
    inputs = Inputs(requirement_set="0", target="0", policy="0", constraint="0")
    return Lock(set_name=job.requirement_set.name, target_name=job.target.name, inputs=inputs, pins=tuple(pins))


def lay_out(artifacts: Sequence[Artifact], stage: Path) -> tuple[Project, ...]:
    """Return the projects of *artifacts*, each file of which once, after `place` has put them into *stage*."""
    layout.place(artifacts, stage)
    return layout.grouped({one.distribution.filename: one for one in artifacts}.values())


def write_index(projects: Sequence[Project], folder: Path, **views: frozenset[str]) -> None:
    """Write all pages of the index of *projects*, and of the views by targets, below *folder*."""
    StageWriter(folder, live=folder / "nowhere").put_all(simple_index.Rendering(projects, views=views).pages())


def projects_of(artifacts: Iterable[Artifact]) -> tuple[Project, ...]:
    """Return *artifacts* grouped into projects, without laying them out."""
    return layout.grouped(artifacts)
