"""Room for installations, looked at before the first: what the wheels of a set hold, unpacked, and the scratch directory's disk."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.errors import DiskError
from pypi_subset.model.door import read_manifest
from pypi_subset.proof.access.unpacked_size import size_of
from pypi_subset.support.machine.room import existing, free
from pypi_subset.support.machine.sizes import readable_size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.proof.run.session import Suite

#: The exit status of a run that the disk ended before the first case, as where there is no room; and what its line for the
#: process that started it begins with.
NO_ROOM, _SENT = 66, "pypi-subset room "


def installations(site: Path, targets: Collection[str] = ()) -> dict[tuple[str, str], int]:
    """
    Return the bytes that each set installs on each target, at least, by the names of both.

    :param targets: names of targets; none means all.
    """
    # A lock may name several releases of a project, each for some patch levels of Python: one of them is installed.
    least: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for entry in read_manifest(site).files:
        wheel = site / entry.path
        bytes_ = max(size_of(wheel) - entry.size, 0) if entry.filename.endswith(".whl") else 0
        for job in {(need.set_name, need.target) for need in entry.needed_by}:
            if not targets or job[1] in targets:
                known = least[job].get(entry.project, bytes_)
                least[job][entry.project] = min(known, bytes_)
    return {job: sum(projects.values()) for job, projects in least.items()}


def at_a_time(wanted: int, needs: Mapping[tuple[str, str], int], work: Path) -> int:
    """
    Return how many cases can be proven at the same time, at most *wanted*: each may be the largest one.

    :param needs: as `installations` returns it.
    :param work: the scratch directory.
    """
    largest = max(needs.values(), default=0)
    return max(1, min(wanted, free(work) // largest)) if largest else wanted


def require(suite: Suite) -> None:
    """
    Return if there is room for each set that is still to be proven.

    :raises DiskError: there is not, even for one case alone; the line has the numbers.
    """
    whole = [case for case in suite.open if case.joint and not case.url and case.requests]
    needs = installations(suite.paths.site) if whole else {}
    sizes = [(needs.get((case.set_name, case.target.name), 0), case) for case in whole]
    if not sizes:
        return
    needed, case = max(sizes, key=lambda one: one[0])
    place = existing(case.work).parent
    if needed > (has := free(place)):
        msg = (
            f"there is not enough room: verify, for {case.set_name} on {case.target.name}, "
            f"needs {readable_size(needed)} in {place}, where {readable_size(has)} are free"
        )
        step = f"free {readable_size(needed - has)} there, or name a directory on a larger disk by TMPDIR; nothing was proven"
        raise DiskError(msg, next_step=step)


def sent(error: DiskError) -> str:
    """Return the line about *error* for the process that started this one."""
    place = f"{error.path}: " if error.path is not None else ""
    return f"{_SENT}{json.dumps([place + error.what, error.next_step])}"


def received(said: Iterable[str]) -> DiskError:
    """Return the error that the line of `sent` among *said* is about."""
    found: Sequence[str] = next(
        (json.loads(line.removeprefix(_SENT)) for line in said if line.startswith(_SENT)),
        ["there is not enough room for the proof", ""],
    )
    return DiskError(found[0], next_step=found[1])
