"""The subset that is mutated: mirrored once from PyPI, and built again from altered locks as often as needed."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.markers import Marker

from pypi_subset.locks import lockfile
from pypi_subset.model.paths import Paths
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.packages.stock import take_stock
from pypi_subset.proof.report.report import carry_over
from pypi_subset.requirements.subset import read_subset
from pypi_subset.site.builder import fill
from pypi_subset.site.content import Content
from pypi_subset.site.stage_writer import StageWriter
from tests.support.programs.commands import PYPI_SUBSET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pypi_subset.model.distributions import Artifact, Distribution
    from pypi_subset.model.locks import Lock, Pin, Reason
    from pypi_subset.model.requests import Subset
    from pypi_subset.model.targets import Target

REQUIREMENTS = Path(__file__).resolve().parent / "requirements"

#: Pins of all targets, so that every run mutates the same files until somebody renews them.
VERSIONS = "versions.txt"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """
    A whole, unharmed subset.

    :param artifacts: by file name.
    """

    paths: Paths
    subset: Subset
    locks: tuple[Lock, ...]
    artifacts: Mapping[str, Artifact]
    cache: FileCache

    @property
    def targets(self) -> dict[str, Target]:
        """By name."""
        return {target.name: target for target in self.subset.targets}

    def rebuilt(self, locks: Sequence[Lock], added: Iterable[Artifact], folder: Path) -> Paths:
        """
        Return a subset in *folder* as the tool makes it of *locks*: every page, list and lock of it agrees with the others.

        :param added: files that the ground has not.
        """
        paths = Paths(requirements=folder / "requirements", packages=folder / "packages", site=folder / "site")
        for one in locks:
            lockfile.write(one, paths.locks, target=self.targets[one.target_name], packages=paths.packages)
        had = dict(self.artifacts) | {one.distribution.filename: one for one in added}
        named = sorted({pin.distribution.filename for one in locks for pin in one.pins})
        paths.site.mkdir()
        content = Content(subset=self.subset, locks=locks, artifacts=[had[name] for name in named])
        fill(content, StageWriter(paths.site, live=folder / "nothing"), self.cache)
        carry_over(folder / "nothing", paths.site)
        return paths


def read(folder: Path) -> Ground:
    """Return the subset that was mirrored in *folder*."""
    paths = Paths(requirements=folder / "requirements", packages=folder / "packages", site=folder / "site")
    subset = read_subset(paths.requirements)
    locks = tuple(lockfile.read(lockfile.path_of(paths.locks, job.name)) for job in subset.jobs)
    cache = FileCache(folder / "nothing")
    stock = take_stock(locks, paths.packages, site=paths.site, cache=cache)
    artifacts = {one.distribution.filename: one for one in stock.present}
    return Ground(paths=paths, subset=subset, locks=locks, artifacts=artifacts, cache=cache)


def mirrored(folder: Path, *, renew: bool = False) -> Ground:
    """
    Return the subset of ``tests/evidence/mutation/requirements/`` in *folder*, by the command that users start.

    :param renew: take what is newest, and write its versions down.
    :raises subprocess.CalledProcessError: PyPI does not give it; the command has said why.
    """
    wanted, versions = folder / "requirements", REQUIREMENTS / VERSIONS
    wanted.mkdir(parents=True, exist_ok=True)
    for path in [*REQUIREMENTS.glob("*.toml"), *REQUIREMENTS.glob("*.txt")]:
        if path != versions:
            shutil.copy(path, wanted)
    # As pip's own setting: constraints of a set would be known to the proof, and nothing else could satisfy it.
    held = {} if renew else {"PIP_CONSTRAINT": str(versions)}
    command = [*PYPI_SUBSET, "update" if renew else "mirror"]
    subprocess.run(command, cwd=folder, env={**os.environ, **held}, check=True)
    found = read(folder)
    if renew:
        versions.write_text("".join(f"{line}\n" for line in versions_of(found)), encoding="utf-8")
    return found


def versions_of(ground: Ground) -> list[str]:
    """Return constraints that lead to the same locks, each for the machines that it is about."""
    lines: dict[str, set[str]] = {}
    for one in ground.locks:
        values = ground.targets[one.target_name].environment
        where = " and ".join(
            f'{name} == "{values[name]}"' for name in ("python_version", "sys_platform", "platform_machine")
        )
        for pin in one.pins:
            also = f" and {pin.marker}" if pin.marker else ""
            lines.setdefault(f"{pin.distribution.project}=={pin.distribution.version}", set()).add(where + also)
    return [f"{pin} ; {Marker(where)}" for pin, places in sorted(lines.items()) for where in sorted(places)]


def without(locks: Iterable[Lock], filename: str, targets: Iterable[str]) -> tuple[Lock, ...]:
    """Return *locks*, those for *targets* without the file, as a resolver would write them that never knew of it."""
    gone = frozenset(targets)
    return tuple(_without(one, filename) if one.target_name in gone else one for one in locks)


def exchanged(locks: Iterable[Lock], change: Callable[[Distribution], Distribution]) -> tuple[Lock, ...]:
    """Return *locks* with each file as *change* makes it."""
    return tuple(
        replace(one, pins=tuple(replace(pin, distribution=change(pin.distribution)) for pin in one.pins))
        for one in locks
    )


def _without(one: Lock, filename: str) -> Lock:
    """The lock, in which what only that file needed is said to be needed by what needed it."""
    kept = [pin for pin in one.pins if pin.distribution.filename != filename]
    gone = [pin for pin in one.pins if pin.distribution.filename == filename]
    names = {pin.distribution.project for pin in kept}
    for pin in gone:
        if pin.distribution.project not in names:
            kept = [replace(other, reasons=_inherited(other, pin)) for other in kept]
    return replace(one, pins=tuple(kept))


def _inherited(pin: Pin, gone: Pin) -> tuple[Reason, ...]:
    own = {reason for reason in pin.reasons if reason.by != gone.distribution.project}
    return pin.reasons if len(own) == len(pin.reasons) else tuple(sorted(own | set(gone.reasons)))
