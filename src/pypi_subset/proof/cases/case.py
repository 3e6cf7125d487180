"""What there is to prove: one `Case` for each set and each request on each target, small enough to be sent away."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from pypi_subset.errors import LockError
from pypi_subset.model.checks import GOOD, WAYS
from pypi_subset.model.policy import accepted_on
from pypi_subset.proof.access import remote_site, routes
from pypi_subset.proof.cases import left_out, lock_reader
from pypi_subset.proof.cases.lock_reader import project_of
from pypi_subset.proof.cases.stated import Stated, stated_in
from pypi_subset.proof.machines.matching import fitting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.checks import Check, Finding, Proof
    from pypi_subset.model.closures.closure import Step
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.policy import Acceptance
    from pypi_subset.model.requests import Job, Request, Subset
    from pypi_subset.model.targets import Target
    from pypi_subset.proof.cases.lock_reader import Locked
    from pypi_subset.proof.machines.interpreters import Interpreter


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """
    One thing to prove: that these lines install on this target from the files of the site.

    :param site: the published directory; nothing else of the subset is looked at. Where there is a *url*, what was read of it.
    :param work: a directory for scratch files.
    :param requests: the lines; one of them, or all of the set.
    :param joint: whether it is the set as a whole.
    :param constraints: lines of a constraints file: for a request alone the lock's pins with their hashes.
    :param bounds: the same for who installs from an index, and has no lock: the set's own constraints.
    :param pins: what the lock holds for the set on the target, as such lines, whether or not they constrain.
    :param interpreter: the one that stands for the target; ``None`` makes the target a foreign one.
    :param url: where the site is served, no slash at its end; ``""`` for one on this machine.
    :param number: which of its set's on its target it is, 0 for the set as a whole.
    :param isolated: whether its programs run in boxes.
    :param accepted: what the user accepts on the target.
    :param strict_imports: whether an import that lacks what no metadata declares is red.
    :param gaps: why all of its lines are left out on the target, which the user accepts; none of them is tried then.
    :param kept: the sdists that the lock names, which are built before the case is proven.
    :param closure: what is stated of the set on the target; ``None`` for a request alone, and where nothing is.
    """

    site: Path
    work: Path
    target: Target
    set_name: str
    requests: tuple[Request, ...]
    joint: bool
    constraints: tuple[str, ...]
    bounds: tuple[str, ...]
    pins: tuple[str, ...]
    interpreter: Interpreter | None
    url: str = ""
    number: int = 0
    isolated: bool = True
    accepted: tuple[Acceptance, ...] = ()
    strict_imports: bool = False
    gaps: tuple[Finding, ...] = ()
    kept: tuple[Locked, ...] = ()
    closure: Stated | None = None

    @property
    def request(self) -> str:
        """The requested line, ``""`` for the whole set."""
        return "" if self.joint else str(self.requests[0].requirement)

    @property
    def name(self) -> str:
        """
        ``linux--base`` for a set, ``linux--base--base.txt:3`` for a request of it.

        Unique among all cases but those of one line: a ``pyproject.toml`` may write all its dependencies on one.
        """
        return f"{self.target.name}--{self.set_name}" + ("" if self.joint else f"--{self.requests[0].origin}")

    @property
    def proof(self) -> Proof:
        """How it will be proven."""
        if self.interpreter is None:
            return "unpacked"
        return "emulated" if self.interpreter.emulated else "installed"

    def held_to(self, way: str) -> tuple[str, ...]:
        """
        Return the lines of the constraints file for the route named *way*.

        The set's own constraints choose no variant where the target has several: a client does not have these lines.
        """
        lines = self.constraints if way == WAYS[0] else self.bounds
        if lines != self.bounds or not (apart := routes.apart(self.site, self.target.name).together):
            return lines
        # Without one hash pip refuses all other lines that have hashes.
        return tuple(line for line in lines if "--hash" in line or project_of(line) not in apart)

    def file(self, path: str) -> Path:
        """
        Return a file of the site, given its *path* below it.

        :raises ProofFailed: it has to be fetched, and has other bytes than the manifest says.
        """
        return remote_site.whole(self.url, self.site, path) if self.url else self.site / path


def cases_of(
    subset: Subset, paths: Paths, interpreters: Sequence[Interpreter], work: Path, *, isolated: bool = True
) -> tuple[Case, ...]:
    """
    Return the cases of *subset*: for each set on each of its targets the set jointly, then each request alone.

    :param work: a directory for scratch files, which all cases share.
    :param isolated: whether their programs run in boxes.
    """
    stated = stated_in(paths.site)
    return tuple(
        case
        for job in subset.jobs
        for case in cases_of_job(
            job,
            pins_of(job, paths),
            fitting(job.target, interpreters),
            site=paths.site.resolve(),
            work=work.resolve(),
            isolated=isolated,
            accepted=accepted_on(job.target.name, subset.accepted),
            strict_imports=subset.strict_imports,
            gaps=left_out.accepted_of(job, subset, paths),
            steps=stated.get((job.requirement_set.name, job.target.name)),
        )
    )


def pins_of(job: Job, paths: Paths) -> tuple[Locked, ...]:
    """Return what the lock of *job* installs; of one that cannot be read nothing, and the inventory is red."""
    try:
        found = lock_reader.read(lock_reader.lock_path(paths.locks, job.requirement_set.name, job.target.name))
        return tuple(one for one in found if not one.build)
    except LockError:
        # Here it only means that there is nothing to constrain with.
        return ()


def expected(subset: Subset) -> list[tuple[str, str, str, str]]:
    """
    Return target, set, request and origin of everything that must have a case, sorted.

    Read from the sets themselves and not from ``subset.jobs``, so that a pair that was forgotten there shows.
    """
    return sorted(
        (target, one.name, request, origin)
        for one in subset.sets
        for target in one.targets
        for request, origin in [("", ""), *((str(line.requirement), line.origin) for line in one.requests)]
    )


def unproven(subset: Subset, cases: Sequence[Case], targets: Sequence[str] = ()) -> list[str]:
    """
    Return one sentence for each request and set of *subset* that no case is about, and each case too many.

    :param targets: names of the targets that count; none means all.
    """
    wanted = [one for one in expected(subset) if not targets or one[0] in targets]
    had = sorted(
        (case.target.name, case.set_name, case.request, "" if case.joint else case.requests[0].origin) for case in cases
    )
    missing = [f"{_spell(one)} has no case" for one in (Counter(wanted) - Counter(had)).elements()]
    return missing + [f"{_spell(one)} has a case too many" for one in (Counter(had) - Counter(wanted)).elements()]


def unanswered(cases: Sequence[Case], checks: Sequence[Check]) -> list[Case]:
    """Return the cases that have no result, for each route or for all of them together."""
    # Half of one kind of proof and half of another are none.
    had: dict[tuple[str, ...], dict[tuple[str, str], set[str]]] = {}
    gaps = {(case.target.name, case.set_name, case.request) for case in cases if case.gaps}
    for check in checks:
        place = check.target, check.set_name, check.request
        # Only what is left out may be accepted without a try.
        if _answers(check) and (check.status == "accepted") == (place in gaps):
            kinds = had.setdefault(place, {})
            kinds.setdefault((check.proof, check.interpreter), set()).add(check.way)
    places = ((case, had.get((case.target.name, case.set_name, case.request), {})) for case in cases)
    return [case for case, kinds in places if not any("" in ways or ways >= {*WAYS} for ways in kinds.values())]


def _answers(check: Check) -> bool:
    """Whether a result is one of a case: neither an opinion nor a look at the files, and not tried as a whole or not at all."""
    own = check.proof not in {"second opinion", "inventory"}
    whole = check.status in {"skipped", "accepted"} and not check.way
    return own and (check.status in {*GOOD, "failed"} or whole)


def _spell(one: tuple[str, str, str, str]) -> str:
    target, set_name, request, origin = one
    return f"{request} ({origin})" * bool(request) + f"the set {set_name}" * (not request) + f" on {target}"


def cases_of_job(  # noqa: PLR0913 - what a case is made of
    job: Job,
    pins: Sequence[Locked],
    interpreter: Interpreter | None,
    *,
    site: Path,
    work: Path,
    url: str = "",
    isolated: bool = True,
    accepted: tuple[Acceptance, ...] = (),
    strict_imports: bool = False,
    gaps: Mapping[str, Finding] = MappingProxyType({}),
    steps: tuple[Step, ...] | None = None,
) -> Iterator[Case]:
    """
    Yield the cases of *job*: the set jointly, then each request alone.

    :param pins: what the lock names.
    :param interpreter: the one that stands for the target.
    :param site: as in `Case`; so are *work* and all that follows but *gaps*.
    :param gaps: the requests that are left out on the target, each with what the user accepts.
    :param steps: the edges that the manifest states; ``None`` if it is older than they are.
    """
    wanted = job.requirement_set
    lines, own, held = wanted.requests, tuple(map(str, wanted.constraints)), tuple(pin.hashed_pin for pin in pins)
    # pip 26.0, the last for Python 3.9, ignores hashes in constraints, and then wants them elsewhere in vain.
    blind = interpreter is not None and interpreter.version < (3, 10)
    if blind or not all(pin.sha256 for pin in pins):
        held = tuple(pin.pin for pin in pins)
    if any(line.hashes for line in (*lines, *wanted.constraints)):
        # One line with a hash makes pip want a pin and a hash for everything, and only constraints can give them to
        # what a project requires.
        lines, own = (tuple(replace(line, hashes=()) for line in lines), ()) if blind else (lines, held)
    # All together are those that are not left out, if there are any.
    together = tuple(line for line in lines if str(line.requirement) not in gaps) or lines
    groups = [(together, True, own), *(((line,), False, held or own) for line in lines)]
    for number, (requests, joint, constraints) in enumerate(groups):
        found = [gaps.get(str(one.requirement)) for one in requests]
        yield Case(
            site=site,
            work=work,
            target=job.target,
            set_name=wanted.name,
            requests=requests,
            joint=joint,
            constraints=constraints,
            bounds=own,
            pins=tuple(pin.pin for pin in pins),
            interpreter=interpreter,
            url=url,
            number=number,
            isolated=isolated,
            accepted=accepted,
            strict_imports=strict_imports,
            gaps=tuple(one for one in found if one) if all(found) else (),
            kept=tuple(pin for pin in pins if pin.is_kept),
            closure=Stated(pins=tuple(pins), steps=steps) if joint and steps is not None else None,
        )
