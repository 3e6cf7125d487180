"""
Mutants of what the manifest states: an edge or a pin of a closure is lost, or one is there that is none.

Files, pages and locks are unharmed, so each installation stays green. The proof has to name the edge or the pin.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from pypi_subset.model.closures.closure import Step
from pypi_subset.model.closures.numbers import listed, numbers_in
from pypi_subset.model.door import read_manifest
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.cases.closures import fault_of
from pypi_subset.proof.inventory import closures
from tests.evidence.mutation.judging import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.machines.interpreters import Interpreter
    from tests.evidence.mutation.ground import Ground

LOST, FALSE = "an edge is lost", "an edge is there that no METADATA gives"
UNPINNED, PINNED = "a pin is lost", "a file is a pin where no lock has it"
OPERATORS = (LOST, FALSE, UNPINNED, PINNED)


def closure_score(ground: Ground, found: Sequence[Interpreter], step: int = 1) -> Iterator[Outcome]:
    """
    Yield what the proof made of each mutant.

    :param found: interpreters; a target without one is judged by recorded markers.
    :param step: take one mutant in so many.
    """
    with tempfile.TemporaryDirectory(prefix="closures-") as scratch:
        every = cases_of(ground.subset, ground.paths, found, Path(scratch))
        outcomes = [outcome for case in every if case.closure for outcome in _of_edges(case, step)]
    yield from outcomes
    yield from _of_pins(ground, step)


def _of_edges(case: Case, step: int) -> Iterator[Outcome]:
    """Yield an outcome for each edge of the set on the target, and one for each turned around; the unharmed one is green."""
    assert case.closure is not None
    place, steps = f"{case.set_name} on {case.target.name}", case.closure.steps
    if fault := fault_of(case):
        yield Outcome(operator=LOST, what=f"nothing is changed: {place}", state="surviving", why=fault)
    turned = sorted({Step(one.to, one.extra, one.by) for one in steps if one.by} - {*steps})
    mutants = [(LOST, one, tuple(other for other in steps if other != one)) for one in steps]
    mutants += [(FALSE, one, tuple(sorted((*steps, one)))) for one in turned]
    for operator, one, stated in mutants[::step]:
        fault = fault_of(replace(case, closure=replace(case.closure, steps=stated)))
        yield _outcome(operator, f"{one}, {place}", named=str(one) in fault)


def _of_pins(ground: Ground, step: int) -> Iterator[Outcome]:
    """Yield an outcome for each pin of each closure, and one for each file that is none."""
    manifest = read_manifest(ground.paths.site)
    mutants = [
        (number, file, file in pins)
        for number, entry in enumerate(manifest.closures)
        for pins in [{*numbers_in(entry.pins, len(manifest.files))}]
        for file in range(len(manifest.files))
    ]
    for number, file, pinned in mutants[::step]:
        entry, name = manifest.closures[number], manifest.files[file].filename
        pins = {*numbers_in(entry.pins, len(manifest.files))} ^ {file}
        entries = list(manifest.closures)
        entries[number] = structs.replace(entry, pins=listed(pins))
        changed = structs.replace(manifest, closures=tuple(entries))
        named = any(name in sentence for sentence in closures.faults(ground.paths, ground.subset, changed))
        yield _outcome(UNPINNED if pinned else PINNED, f"{name}, {entry.set_name} on {entry.target}", named=named)


def _outcome(operator: str, what: str, *, named: bool) -> Outcome:
    state = "red" if named else "surviving"
    return Outcome(operator=operator, what=f"{operator}: {what}", state=state, why="" if named else "it is not named")
