"""Proves the cases that a mutant may have spoiled, and holds each answer against what it has to be."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import ProofFailed
from pypi_subset.model.checks import GOOD, WAYS
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.methods.by_installing import Installing
from pypi_subset.proof.methods.prove import prove
from tests.evidence.mutation import oracle
from tests.evidence.mutation.consistent import NEEDLESS, UNNEEDED, altered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pypi_subset.model.checks import Check
    from pypi_subset.model.distributions import Artifact
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.targets import Target
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.machines.interpreters import Interpreter
    from tests.evidence.mutation.consistent import Mutant
    from tests.evidence.mutation.ground import Ground


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """
    What became of a mutant.

    :param state: ``red``, ``equivalent`` (another file satisfies, and the proof agrees), or ``surviving``.
    :param why: for a survivor: what should have been said otherwise.
    :param answers: how many ways in to how many cases were tried.
    """

    operator: str
    what: str
    state: str
    why: str = ""
    answers: int = 0


@dataclass(kw_only=True)
class World:
    """Locks and the files that they name, as far as anybody may ask what can be installed from them."""

    locks: Mapping[tuple[str, str], Lock]
    targets: Mapping[str, Target]
    artifacts: Mapping[str, Artifact]
    solved: dict[object, bool] = field(default_factory=dict)

    @cached_property
    def wheels(self) -> dict[str, oracle.Wheel]:
        """Every wheel that any lock names, by its file name."""
        names = {pin.distribution.filename for one in self.locks.values() for pin in one.pins}
        return {name: oracle.read(self.artifacts[name].path) for name in sorted(names)}

    def machines(self, target: Target) -> list[oracle.Machine]:
        """Each patch level of *target* at which something may be otherwise."""
        minor, exact = ".".join(map(str, target.python[:2])), target.exact
        patches = [target.python[2]] if exact else oracle.levels(self.wheels.values(), minor)
        values = [{**target.environment, "python_full_version": f"{minor}.{patch}"} for patch in patches]
        return [oracle.Machine(tags=frozenset(target.tags), environment=one) for one in values]

    def offered(self, case: Case, way: str, at: oracle.Machine) -> list[oracle.Wheel]:
        """Return what an installer may take for *case* by *way*."""
        if way == WAYS[0] and not case.joint and case.constraints:
            # With pins and hashes as constraints, nothing else is taken.
            pins = self.locks[case.set_name, case.target.name].pins
            held = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(dict(at.environment))]
            return [self.wheels[pin.distribution.filename] for pin in held]
        if way == WAYS[2]:
            own = [lock for (_, name), lock in self.locks.items() if name == case.target.name]
            return [
                self.wheels[name] for name in sorted({pin.distribution.filename for one in own for pin in one.pins})
            ]
        return list(self.wheels.values())

    def solutions(self, case: Case, way: str) -> Iterator[dict[str, oracle.Wheel] | None]:
        """Yield what may be installed for *case*, at one patch level after the other."""
        requests = [one.requirement for one in case.requests]
        for at in self.machines(case.target):
            yield oracle.solve(requests, self.offered(case, way, at), at)

    def whole(self, case: Case, check: Check) -> bool:
        """Whether the versions that *check* reports are all that *case* needs, at every patch level."""
        versions = {tuple(pin.split("==")) for pin in check.versions}
        chosen = [one for one in self.wheels.values() if (one.project, str(one.version)) in versions]
        requests = [one.requirement for one in case.requests]
        return all(oracle.solve(requests, chosen, at) is not None for at in self.machines(case.target))


def world_of(ground: Ground, locks: Iterable[Lock], added: Iterable[Artifact] = ()) -> World:
    """Return the world of *locks*."""
    artifacts = dict(ground.artifacts) | {one.distribution.filename: one for one in added}
    named = {(one.set_name, one.target_name): one for one in locks}
    return World(locks=named, targets=ground.targets, artifacts=artifacts)


def key(case: Case) -> tuple[str, str, str]:
    """Return what tells *case* from the others, whatever site it is about."""
    return case.target.name, case.set_name, case.name


def judge(
    ground: Ground,
    mutant: Mutant,
    chosen: Sequence[tuple[str, str, str]],
    interpreters: Sequence[Interpreter],
    folder: Path,
    work: Path,
) -> Outcome:
    """
    Return what the proof made of *mutant*.

    :param chosen: the keys of the cases to prove.
    :param folder: an empty directory with a name that no other mutant has: what is read is remembered by its path.
    :param work: a directory for scratch files, and for what virtual environments have in common.
    """
    locks, added = altered(ground, mutant, folder) if mutant.filename else (ground.locks, ())
    paths = ground.rebuilt(locks, added, folder)
    checks = inventory.take(paths, ground.subset)
    if any(check.status == "failed" for check in checks):
        return _outcome(mutant, ["the inventory can see it: the mutant is none"])
    if mutant.operator == UNNEEDED:
        listed = any(NEEDLESS.replace("-", "_") in note for check in checks for note in check.notes)
        return _outcome(mutant, [] if listed else ["it is listed nowhere"], red=True)
    every = cases_of(ground.subset, paths, interpreters, work)
    cases = [one for one in every if key(one) in chosen]
    installed(cases, every)
    return compared(mutant, world_of(ground, locks, added), cases)


def compared(mutant: Mutant, world: World, cases: Sequence[Case]) -> Outcome:
    """Return what the proof of *cases* comes to, each way in held against what `oracle` says of it."""
    wrong: list[str] = []
    reds = answers = 0
    for case in cases:
        told = [check for check in prove(case) if check.proof != "second opinion"]
        for way in WAYS:
            check = _joined([one for one in told if one.way == way] or told)
            possible = all(one is not None for one in world.solutions(case, way))
            answers, reds = answers + 1, reds + (not possible)
            wrong += _faults(case, way, check, world, possible=possible)
    return _outcome(mutant, wrong, red=reds > 0, answers=answers)


def _joined(checks: Sequence[Check]) -> Check:
    """Return results about several patch levels as one: red if any is, with the versions of all."""
    worst = next((one for one in checks if one.status == "failed"), checks[0])
    return replace(worst, versions=tuple(sorted({pin for one in checks for pin in one.versions})))


def _faults(case: Case, way: str, check: Check, world: World, *, possible: bool) -> Iterator[str]:
    green = check.status != "failed"
    if possible and not green:
        yield f"{case.name} by {way} is red though others satisfy: {check.reason}"
    elif green and not possible:
        yield f"{case.name} by {way} stayed green with {' '.join(check.versions)}"
    elif check.status in GOOD and not world.whole(case, check):
        yield f"{case.name} by {way} is green with what is not whole: {' '.join(check.versions)}"


def _outcome(mutant: Mutant, wrong: Sequence[str], *, red: bool = False, answers: int = 0) -> Outcome:
    state = "surviving" if wrong else "red" if red else "equivalent"
    return Outcome(operator=mutant.operator, what=str(mutant), state=state, why="; ".join(wrong), answers=answers)


def installed(cases: Iterable[Case], every: Sequence[Case]) -> None:
    """
    Install the set of each of *cases* that a real interpreter proves alone; where pip refuses it, nothing is kept.

    As in a run, the set comes first. Requests alone are then proven by what is linked from it.

    :param every: all cases of the site.
    """
    alone = {(case.set_name, case.target.name) for case in cases if case.interpreter is not None and not case.joint}
    for case in every:
        if case.joint and (case.set_name, case.target.name) in alone and case.interpreter is not None:
            case.work.mkdir(parents=True, exist_ok=True)
            with (
                tempfile.TemporaryDirectory(dir=case.work, prefix="whole-") as folder,
                opened(case.site, case.target.name, case.url) as ways,
                ExitStack() as ending,
                suppress(ProofFailed),
            ):
                # The users of boxes must reach it.
                Path(folder).chmod(0o755)
                kind = Installing(
                    case=case, interpreter=case.interpreter, requests=case.requests, folder=Path(folder), ending=ending
                )
                kind.install(ways[0])
