"""The projects whose files an installer can take for some requests: what metadata requires, by the extras that are asked for."""

from __future__ import annotations

import functools
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.model.paths import METADATA, SIMPLE
from pypi_subset.proof.access.wheel_metadata import metadata_in
from pypi_subset.proof.reference.markers import known

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case


def reachable(case: Case) -> frozenset[NormalizedName] | None:
    """
    Return the projects that *case* can lead to; ``None`` where a wheel cannot be read, or is not here.

    Each file of the site counts, whatever its version and its tags are. A requirement counts whatever its marker says,
    unless an extra decides that it does not: no value of a target is believed here.
    """
    if case.url:
        return None
    return reached_from(case.site, (pair for one in case.requests for pair in _asked(one.requirement)))


def reached_from(site: Path, asked: Iterable[tuple[NormalizedName, str]]) -> frozenset[NormalizedName] | None:
    """Return the same for the projects in *asked*, each with an extra or ``""``."""
    seen: set[tuple[NormalizedName, str]] = set()
    waiting = [*asked]
    while waiting:
        project, extra = waiting.pop()
        if (project, extra) in seen:
            continue
        seen.add((project, extra))
        folder = site / SIMPLE / project
        changed = folder.stat().st_mtime_ns if folder.is_dir() else 0
        if (found := _required(folder, changed, extra)) is None:
            return None
        waiting += found
    return frozenset(name for name, _ in seen)


@functools.lru_cache(maxsize=1 << 14)
def _required(folder: Path, changed: int, extra: str) -> list[tuple[NormalizedName, str]] | None:
    """
    Return what the wheels in *folder* require with *extra*, ``""`` for none; ``None`` where one cannot be read.

    :param changed: when; each project is read once by each process.
    """
    del changed
    found: list[tuple[NormalizedName, str]] = []
    try:
        for wheel in sorted(folder.glob("*.whl")):
            for one in _lines(wheel):
                if known(one.marker, {}, [extra] if extra else []) is not False:
                    found += _asked(one)
    except (OSError, ValueError, RecursionError, ProofFailed):
        return None
    return found


def _lines(wheel: Path) -> tuple[Requirement, ...]:
    """
    Return the requirements of *wheel*, by the METADATA in it and by the core metadata file beside it.

    :raises ValueError: there is no METADATA, or a line of it is no requirement.
    """
    if not (texts := metadata_in(wheel)):
        msg = f"{wheel.name} has no METADATA that can be read"
        raise ValueError(msg)
    beside = wheel.with_name(f"{wheel.name}{METADATA}")
    texts += [beside.read_bytes()] if beside.is_file() else []
    fields = (BytesHeaderParser().parsebytes(text).get_all("Requires-Dist", []) for text in texts)
    # InvalidRequirement is a ValueError.
    return tuple(map(Requirement, sorted({str(line) for lines in fields for line in lines})))


def _asked(requirement: Requirement) -> Iterable[tuple[NormalizedName, str]]:
    """Return what *requirement* asks for: the project, and the project with each of its extras."""
    name = canonicalize_name(requirement.name)
    return [(name, ""), *((name, canonicalize_name(extra)) for extra in requirement.extras)]
