"""Which locked files no request leads to: nothing fails for them, but they are carried along, and may tempt an installer."""

from __future__ import annotations

from collections import defaultdict
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from pypi_subset.errors import SubsetError
from pypi_subset.model.paths import METADATA, file_path
from pypi_subset.proof import closure
from pypi_subset.proof.cases import left_out, lock_reader
from pypi_subset.proof.closure import Present
from pypi_subset.proof.reference.markers import holds
from pypi_subset.proof.reference.patch_levels import at_patch_levels
from pypi_subset.proof.reference.recorded_markers import recorded
from pypi_subset.support.text import has_long_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Job, Subset
    from pypi_subset.proof.cases.lock_reader import Locked


def needless(paths: Paths, subset: Subset) -> Iterator[str]:
    """
    Yield a sentence for each file that a lock names, and that no request of any set needs on any target at any patch level.

    What a lock says of who needs it is not asked: the way goes from the requests over the METADATA of the files.
    """
    where: defaultdict[str, list[str]] = defaultdict(list)
    reached: set[str] = set()
    known: dict[str, Present | None] = {}
    for job in subset.jobs:
        pins = lock_reader.read(lock_reader.lock_path(paths.locks, job.requirement_set.name, job.target.name))
        for pin in pins:
            where[pin.filename].append(job.name)
            if pin.filename not in known:
                known[pin.filename] = _read(paths, pin)
        try:
            served = left_out.without(job, left_out.accepted_of(job, subset, paths))
            reached |= set(_reached(served, paths, pins, known))
        except SubsetError:
            # No such machine was recorded, or a marker reads a value that is not given: the cases themselves will say so.
            reached |= {pin.filename for pin in pins}
        if any(pin.is_kept for pin in pins):
            # Without a build it is not known what an sdist requires.
            reached |= {pin.filename for pin in pins}
    for name in sorted(where.keys() - reached):
        yield f"{name} is locked for {', '.join(where[name])}, but no request needs it"


def _reached(job: Job, paths: Paths, pins: tuple[Locked, ...], known: Mapping[str, Present | None]) -> Iterator[str]:
    """Yield the names of those files of a lock that its requests lead to, at one patch level after the other."""
    requests = job.requirement_set.requests
    for target in at_patch_levels(job.target, paths.site):
        environment = job.target.environment if job.target.host else recorded(target)
        here = [pin for pin in pins if holds(pin.condition, environment)]
        present = [one for pin in here if (one := known[pin.filename]) is not None]
        projects = {name for name, _ in closure.walk(present, requests, environment, job.target.name).seen}
        yield from (pin.filename for pin in here if pin.project in projects or known[pin.filename] is None)


def _read(paths: Paths, pin: Locked) -> Present | None:
    """
    Return what a wheel says of itself; ``None`` for what is no wheel, or cannot be read.

    The metadata beside it is read: that it is the wheel's own, the inventory has seen.
    """
    path = paths.site / f"{file_path(pin.project, pin.filename)}{METADATA}"
    try:
        said = BytesHeaderParser().parsebytes(path.read_bytes())
        lines = said.get_all("Requires-Dist") or ()
        if has_long_number(lines):
            return None
        requires = tuple(Requirement(line) for line in lines)
    except (OSError, InvalidRequirement):
        return None
    return Present(
        project=pin.project, version=str(pin.version), requires=requires, requires_python=SpecifierSet(), files=()
    )
