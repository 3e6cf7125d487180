"""A connected side with many wheels: ten sets of one target, each with its own version of every project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomli_w
from packaging.requirements import Requirement

from pypi_subset.locks import lockfile
from pypi_subset.locks.gone.look import files_of
from pypi_subset.model.intake.gone import keys_of
from pypi_subset.model.locks import Inputs, Lock, Pin, Reason
from pypi_subset.model.paths import Paths
from pypi_subset.packages import gone_list
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.requirements.subset import read_subset
from pypi_subset.site import build_state, builder
from pypi_subset.site.content import Content
from tests.support.sites.published import proven
from tests.support.stages.values import artifact_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.model.distributions import Artifact
    from pypi_subset.model.requests import Job

#: Sets, and so versions of each project; projects that one request brings.
SETS, FAMILY = 10, 10
TARGET = "cp312-manylinux_2_28_x86_64"


@dataclass
class Office:
    """
    The three directories, and the wheels in them.

    :param count: wheels; *ballast* bytes are added to each.
    """

    root: Path
    count: int
    ballast: int = 0

    def __post_init__(self) -> None:
        self.paths = Paths(
            requirements=self.root / "requirements", packages=self.root / "packages", site=self.root / "site"
        )
        self._held: dict[tuple[int, int], Artifact] = {}

    def fill(self) -> Office:
        """Return itself, with requirements, locks, and a site that is proven."""
        for folder in (self.paths.requirements, self.paths.packages):
            folder.mkdir(parents=True)
        asked = "".join(f"project-{number:05d}\n" for number in range(0, self._projects, FAMILY))
        for number in range(SETS):
            (self.paths.requirements / f"set{number}.txt").write_text(asked)
        (self.paths.requirements / "subset.toml").write_text(tomli_w.dumps({"targets": {"linux": TARGET}}))
        for number in range(self._projects):
            for own in range(SETS):
                self._held[number, own] = self._made(number, f"1.{own}")
        self.build()
        return self

    def change(self) -> None:
        """Put a newer version of one project into one set, as an update does, and prove the new site."""
        self._held[7, 3] = self._made(7, f"1.{SETS}")
        self.build()

    def build(self) -> None:
        """Write locks, site and report."""
        subset = read_subset(self.paths.requirements)
        locks = [self._lock(job, number) for number, job in enumerate(subset.jobs)]
        for job, lock in zip(subset.jobs, locks, strict=True):
            lockfile.write(lock, self.paths.locks, target=job.target, packages=self.paths.packages)
        content = Content(subset=subset, locks=locks, artifacts=[*self._held.values()])
        cache = FileCache(self.paths.packages / "cache.json")
        with builder.staged_site(content, self.paths.site, cache, self.paths.packages / build_state.FILE):
            pass
        gone_list.keep(self.paths, locks, (), {key for lock in locks for one in files_of(lock) for key in keys_of(one)})
        proven(self.paths.site, subset_sha256=subset_digest(subset))

    @property
    def _projects(self) -> int:
        return self.count // SETS

    def _made(self, number: int, version: str) -> Artifact:
        last = min(self._projects, number + FAMILY)
        needs = [f"project-{one:05d}" for one in range(number + 1, last)] if number % FAMILY == 0 else []
        more = ["License-Expression: MIT"]
        wheel = make_wheel(f"project_{number:05d}", version, requires=needs, more=more, ballast=self.ballast)
        return artifact_of(wheel.save(self.paths.packages))

    def _lock(self, job: Job, own: int) -> Lock:
        origins = {one.requirement.name: one.origin for one in job.requirement_set.requests}
        pins = tuple(
            Pin(distribution=self._held[number, own].distribution, reasons=tuple(self._reasons(number, origins)))
            for number in range(self._projects)
        )
        inputs = Inputs(requirement_set="0", target="0", policy="0", constraint="0")
        return Lock(set_name=job.requirement_set.name, target_name=job.target.name, inputs=inputs, pins=pins)

    def _reasons(self, number: int, origins: dict[str, str]) -> Iterator[Reason]:
        name = f"project-{number:05d}"
        if name in origins:
            yield Reason(requirement=Requirement(name), origin=origins[name])
        else:
            yield Reason(requirement=Requirement(name), by=f"project-{number // FAMILY * FAMILY:05d}")
