"""``prove(case)``: one case in, its results out, with or without pytest, in this process or in another."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pypi_subset.errors import BoxFailed, ProofFailed, SubsetError
from pypi_subset.model.checks import GOOD, Check, bounded
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.cases import closures
from pypi_subset.proof.cases.reachable import reachable
from pypi_subset.proof.kept.building import with_built
from pypi_subset.proof.methods import pip_install, second_opinion
from pypi_subset.proof.methods.by_installing import Installing
from pypi_subset.proof.methods.by_unpacking import Unpacking, flags_of
from pypi_subset.proof.methods.pip_install import Result
from pypi_subset.proof.reference.markers import holds
from pypi_subset.proof.reference.patch_levels import at_patch_levels
from pypi_subset.proof.reference.recorded_markers import recorded
from pypi_subset.support import staging

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pypi_subset.model.checks import Finding, Proof, Status
    from pypi_subset.model.requests import Request
    from pypi_subset.model.targets import Target
    from pypi_subset.proof.access.routes import Way
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.imports.settling import Settled
    from pypi_subset.proof.methods.pip_install import Files


#: The reason of a request whose marker is false for the target.
NOT_REQUESTED = "not requested here"

#: What is worse, for results that become one.
WORST: tuple[Status, ...] = ("failed", "amber", "differs", "skipped", "passed", "accepted")


#: A kind of proof for one case on one machine; only it understands what an installation left there.
Kind: TypeAlias = "Installing | Unpacking"


@dataclass(kw_only=True)
class Trials:
    """
    One case on one machine, by one route after the other; the same files are installed and judged once.

    :param kind: how it is proven.
    :param lying: files → what their installation left; shared by all patch levels of a case.
    :param begun: whether something was installed already, or was refused: from then on pip is asked first.
    """

    kind: Kind
    lying: dict[Files, Any]
    begun: bool = False
    judged: dict[Files, tuple[str, Settled | SubsetError]] = field(default_factory=dict)

    def by(self, way: Way) -> Result:
        """Return how it goes by *way*; only an answer of pip's that is new is installed for it."""
        start, took = time.monotonic(), None
        try:
            took, installed = self._take(way)
            first, found = self._judge(took, way)
            reason = "" if installed or first == way.name else f"the same files as by {first}"
            result = Result(status="passed", reason=reason, notes=found.notes)
            if found.findings:
                reason = "; ".join(dict.fromkeys(map(str, found.findings)))
                result = replace(result, status="amber", reason=reason, findings=found.findings)
        except BoxFailed:
            raise
        except SubsetError as error:
            result = Result(status="failed", reason=_words(error))
        pins = tuple(one.pin for one in took or ())
        return replace(result, versions=pins, seconds=time.monotonic() - start, files=took)

    def _take(self, way: Way) -> tuple[Files, bool]:
        """Return what pip takes by *way*, and whether it was installed for it."""
        if self.begun or self.lying:
            planned = self.kind.plan(way)
            if planned in self.lying:
                return planned, False
        self.begun = True
        took, self.lying[took] = self.kind.install(way)
        return took, True

    def _judge(self, took: Files, way: Way) -> tuple[str, Settled]:
        """Return the route by which these files came first, and what is worth knowing of them; raise if they are red."""
        if took not in self.judged:
            try:
                self.judged[took] = way.name, self.kind.judge(took, self.lying[took])
            except BoxFailed:
                raise
            except SubsetError as error:
                self.judged[took] = way.name, error
        first, verdict = self.judged[took]
        if isinstance(verdict, SubsetError):
            raise verdict
        return first, verdict


def prove(case: Case) -> tuple[Check, ...]:
    """
    Return the results of *case*: one for each route, and a second opinion.

    Each is green, red with one sentence, or, if nothing of the case applies there, skipped: then there is but one. What is
    left out as an accepted gap is not tried, and has one result as well.

    :raises BoxFailed: this machine cannot run the code of packages in a box.
    """
    start = time.monotonic()
    if case.gaps:
        return (check_of(case, "accepted", "; ".join(map(str, case.gaps)), findings=case.gaps),)
    case.work.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="case-", dir=case.work))
    try:
        case, notes = with_built(case) if case.kept else (case, ())
        with opened(case.site, case.target.name, case.url) as ways, ExitStack() as ending:
            found = [*_checks(case, ways, list(_kinds(case, folder, ending)), folder)]
            # What cannot be installed says more than its closure.
            if all(one.status != "failed" for one in found) and (fault := closures.fault_of(case)):
                found.append(check_of(case, "failed", fault))
            return tuple(replace(one, notes=(*one.notes, *notes)) if one.way else one for one in found)
    except BoxFailed:
        raise
    except SubsetError as error:
        return (check_of(case, "failed", _words(error), seconds=time.monotonic() - start),)
    finally:
        staging.remove_tree(folder)


def check_of(
    case: Case, status: Status, reason: str = "", *, seconds: float = 0.0, findings: tuple[Finding, ...] = ()
) -> Check:
    """Return the result of all of *case* with the given outcome."""
    return _check(case, Result(status=status, reason=reason, seconds=seconds, findings=findings))


def _checks(case: Case, ways: Sequence[Way], kinds: Sequence[Kind], folder: Path) -> Iterator[Check]:
    if not kinds:
        # The interpreter's own patch level may be the one at which nothing is asked for.
        yield from [*_at_other_levels(case, ways, folder)] or [check_of(case, "skipped", NOT_REQUESTED)]
        return
    results = _tried(kinds, ways)
    yield from _by_way(case, kinds, ways, results)
    asked = [_opinion(kind.case, ways[-1], row[-1], folder) for kind, row in zip(kinds, results, strict=True)]
    yield _check(case, _worst(case, kinds, asked), way=ways[-1], proof="second opinion")
    yield from _at_other_levels(case, ways, folder)


def _at_other_levels(case: Case, ways: Sequence[Way], folder: Path) -> Iterator[Check]:
    """
    Yield the results of unpacking *case* at those patch levels that its interpreter is not, if it is to serve them too.

    A target that names X.Y serves every X.Y.z, of which one is here: what only others need would not be missed.
    """
    if case.interpreter is None or case.target.exact:
        return
    foreign, own = replace(case, interpreter=None), case.interpreter.version[2]
    levels = [*at_patch_levels(case.target, case.site, reachable(case))]
    nearest = max((one.python[2] for one in levels if one.python[2] <= own), default=None)
    try:
        kinds = [*_unpackings(foreign, [one for one in levels if one.python[2] != nearest], folder)]
    except ProofFailed as error:
        yield check_of(foreign, "skipped", f"other patch levels were not tried: {_words(error)}")
        return
    if kinds:
        yield from _by_way(foreign, kinds, ways, _tried(kinds, ways))


def _tried(kinds: Sequence[Kind], ways: Sequence[Way]) -> list[list[Result]]:
    """Return for each of *kinds* how it goes by each of *ways*; what was installed for one is known to the next."""
    lying: dict[Files, Any] = {}
    return [[trials.by(way) for way in ways] for trials in [Trials(kind=kind, lying=lying) for kind in kinds]]


def _by_way(
    case: Case, kinds: Sequence[Kind], ways: Sequence[Way], results: Sequence[Sequence[Result]]
) -> Iterator[Check]:
    for way, column in zip(ways, zip(*results, strict=True), strict=True):
        yield _check(case, _worst(case, kinds, column), way=way)


def _kinds(case: Case, folder: Path, ending: ExitStack) -> Iterator[Kind]:
    """Yield how *case* is proven, on each machine that it is to be proven on and applies to: all patch levels count."""
    if case.interpreter is not None:
        if requests := _requested(case, dict(case.interpreter.markers)):
            yield Installing(case=case, interpreter=case.interpreter, requests=requests, folder=folder, ending=ending)
        return
    yield from _unpackings(case, at_patch_levels(case.target, case.site, reachable(case)), folder)


def _unpackings(case: Case, levels: Iterable[Target], folder: Path) -> Iterator[Kind]:
    for target in levels:
        environment = recorded(target)
        if requests := _requested(case, environment):
            work = folder / str(target.python[2])
            work.mkdir()
            level = replace(case, target=target)
            yield Unpacking(case=level, requests=requests, environment=environment, folder=work)


def _opinion(case: Case, way: Way, result: Result, folder: Path) -> Result:
    start = time.monotonic()
    found = second_opinion.second_opinion(case, way, result.files, folder)
    return replace(found, seconds=time.monotonic() - start)


def _worst(case: Case, kinds: Sequence[Kind], results: Sequence[Result]) -> Result:
    """Return *results*, of one patch level each, as one: the worst of them, with the notes of all."""
    number = min(range(len(results)), key=lambda one: WORST.index(results[one].status))
    worst, python = results[number], kinds[number].case.target.python
    same = worst.status in GOOD or python == case.target.python
    return replace(
        worst,
        reason=worst.reason if same else f"with Python {'.'.join(map(str, python))}: {worst.reason}",
        notes=tuple(dict.fromkeys(note for one in results for note in one.notes)) * (worst.status != "failed"),
        versions=tuple(sorted({pin for one in results for pin in one.versions})),
        seconds=sum(one.seconds for one in results),
    )


def _check(case: Case, result: Result, *, way: Way | None = None, proof: Proof | None = None) -> Check:
    """Return *result* as what is reported."""
    interpreter = "" if case.interpreter is None else str(case.interpreter)
    flags = flags_of(case.target) if case.interpreter is None else ()
    failed = way is not None and result.status == "failed"
    return Check(
        target=case.target.name,
        set_name=case.set_name,
        request=case.request,
        proof=proof or case.proof,
        status=result.status,
        reason=bounded(result.reason),
        seconds=round(result.seconds, 2),
        interpreter=second_opinion.name_of_uv() if proof == "second opinion" else interpreter,
        notes=tuple(map(bounded, result.notes)),
        way="" if way is None else way.name,
        command=pip_install.command(case, way, flags) if way is not None and failed else "",
        versions=result.versions,
        findings=tuple(replace(one, what=bounded(one.what), likely=bounded(one.likely)) for one in result.findings),
    )


def _requested(case: Case, environment: Mapping[str, str]) -> list[Request]:
    return [one for one in case.requests if holds(one.requirement.marker, environment)]


def _words(error: SubsetError) -> str:
    return "; ".join(filter(None, (error.what, error.next_step)))
