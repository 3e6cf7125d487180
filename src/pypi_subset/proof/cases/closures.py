"""Pins and edges that the manifest states of a set on a target, held against the METADATA of the files themselves."""

from __future__ import annotations

import functools
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from pypi_subset.errors import ProofFailed
from pypi_subset.model.closures.closure import Step
from pypi_subset.model.paths import file_path
from pypi_subset.proof.access.wheel_metadata import metadata_in
from pypi_subset.proof.cases.reachable import reachable
from pypi_subset.proof.closure import Present, walk
from pypi_subset.proof.reference.markers import holds
from pypi_subset.proof.reference.patch_levels import at_patch_levels
from pypi_subset.proof.reference.recorded_markers import recorded
from pypi_subset.support import bounds
from pypi_subset.support.text import has_long_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.cases.lock_reader import Locked

#: How many steps of a kind are named.
_FEW = 3
#: The marker values that tell patch levels apart, on CPython.
_FULL = ("python_full_version", "implementation_version")


def fault_of(case: Case) -> str:
    """
    Return how the closure that is stated differs from the one that METADATA gives, ``""`` if it does not.

    A pin must answer each requirement, and each edge must be a requirement. Markers are evaluated for the interpreter of
    the case, or as real machines reported them. Each patch level of Python counts.

    :raises ProofFailed: the METADATA of a pin cannot be read, or a marker depends on a value that is left open.
    """
    if case.closure is None:
        return ""
    found, missing = set[Step](), list[str]()
    for environment, brought in _machines(case):
        here = (pin for pin in case.closure.pins if holds(pin.condition, environment))
        present = [one for pin in here for one in _present(case, pin)]
        walked = walk(present, case.requests, environment, case.target.name, brought)
        found |= walked.steps
        missing += walked.missing
    stated = {*case.closure.steps}
    words = [
        *_words("no pin answers this:", missing),
        *_words("the manifest lacks the edge", map(str, sorted(found - stated))),
        *_words("no METADATA gives the edge", map(str, sorted(stated - found))),
    ]
    return f"the closure of {case.set_name} is another: {'; '.join(words)}: run `pypi-subset mirror`" if words else ""


def _words(what: str, every: Iterable[str]) -> Iterator[str]:
    named = [*dict.fromkeys(every)]
    if named:
        yield f"{what} {', '.join(named[:_FEW])}" + f" and {len(named) - _FEW} more" * (len(named) > _FEW)


def _machines(case: Case) -> Iterator[tuple[Mapping[str, str], Mapping[str, str]]]:
    """Yield marker values, and project → version of what the interpreter brings, for each patch level that counts."""
    one = case.interpreter
    if one is not None:
        yield dict(one.markers), dict(one.brought)
        if case.target.exact:
            return
    for target in at_patch_levels(case.target, case.site, reachable(case), lines=_markers(case)):
        if one is None:
            yield recorded(target), dict(target.brought)
        else:
            names = _FULL if target.implementation == "cp" else _FULL[:1]
            full = ".".join(map(str, target.python))
            yield {**dict(one.markers), **dict.fromkeys(names, full)}, dict(one.brought)


def _markers(case: Case) -> Iterable[str]:
    """Yield the markers of the lock and of the set: METADATA may mention none of their patch levels."""
    yield from (pin.marker for pin in case.closure.pins) if case.closure else ()
    yield from (str(one.requirement.marker or "") for one in case.requests)


def _present(case: Case, pin: Locked) -> Iterator[Present]:
    """Yield what the METADATA of *pin* states; for a kept sdist that of the wheel that was built, if there is one."""
    if not pin.is_kept:
        wheel = case.site / file_path(pin.project, pin.filename)
        yield _read(wheel, wheel.stat().st_mtime_ns if wheel.is_file() else 0)
        return
    for wheel in sorted((case.site / file_path(pin.project, "")).glob("*.whl")):
        try:
            project, version = parse_wheel_filename(wheel.name)[:2]
        except InvalidWheelFilename:
            continue
        if (project, version) == (pin.project, pin.version):
            yield _read(wheel, wheel.stat().st_mtime_ns)
            return


@functools.lru_cache(maxsize=1 << 14)
def _read(wheel: Path, changed: int) -> Present:
    """
    Return what the METADATA of *wheel* states.

    :param changed: when; each wheel is read once by each process.
    :raises ProofFailed: it has none, or one that cannot be read.
    """
    del changed
    project, version = parse_wheel_filename(wheel.name)[:2]
    try:
        (text,) = metadata_in(wheel)
        lines = [str(line) for line in BytesHeaderParser().parsebytes(text).get_all("Requires-Dist", [])]
        if has_long_number(lines):
            msg = f"a number of more than {bounds.LONGEST_NUMBER} digits"
            raise ValueError(msg)  # noqa: TRY301 - one message for all damage
        requires = tuple(map(Requirement, lines))
    # InvalidRequirement is a ValueError, as is another number of METADATA than one.
    except (ValueError, RecursionError) as error:
        msg = f"the METADATA of {wheel.name} cannot be read"
        raise ProofFailed(msg, project=project) from error
    return Present(project=project, version=str(version), requires=requires, requires_python=SpecifierSet(), files=())
