"""What pip would install: one pip for all cases of a target, in an environment into which nothing is ever installed."""

from __future__ import annotations

import atexit
import itertools
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.pip import pool
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.access.unpacked_size import unpacked_size
from pypi_subset.proof.isolation.box import new_uid
from pypi_subset.proof.isolation.pips import Place
from pypi_subset.proof.machines import boxes, manylinux_policy, venvs
from pypi_subset.proof.methods import pip_install
from pypi_subset.support import staging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.pip.runner import PipResult
    from pypi_subset.proof.access.routes import Way
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.machines.interpreters import Interpreter
    from pypi_subset.proof.methods.pip_install import Files

#: How many pips of this process wait for the next case: one for each of the last targets.
_KEPT = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Planner:
    """
    A pip in a box that writes nothing but its own reports and temporary files.

    :param ways: the routes, as its box reaches them.
    :param folder: directory of what it reads: below `inputs` the requirements, below `parts` the environments it checks.
    :param written: directory that it may write.
    :param ending: ends it.
    """

    pips: pool.Pips
    ways: dict[str, Way]
    inputs: Path
    parts: Path
    written: Path
    ending: ExitStack
    runs: itertools.count[int] = field(default_factory=itertools.count)


def planned(case: Case, interpreter: Interpreter, route: str, options: Sequence[str]) -> Files:
    """
    Return what pip would install for *case* by *route*.

    :raises ProofFailed: as `pip_install.install`.
    """
    one = _planner(case, interpreter)
    number = next(one.runs)
    folder, report = one.inputs / f"{number}", one.written / f"{number}.json"
    folder.mkdir()
    # Its box has another user, whatever this one's mask is.
    folder.chmod(0o755)
    try:
        run = partial(one.pips.run, environment=None)
        return pip_install.install(case, one.ways[route], folder, run, options, report=report, dry=True)
    finally:
        staging.remove_tree(folder)
        report.unlink(missing_ok=True)


def run(
    case: Case,
    interpreter: Interpreter,
    arguments: Sequence[str],
    /,
    *,
    work: Path,
    timeout: float,
    libraries: Sequence[Path],
) -> PipResult:
    """Return what the same pip does, which finds installed what is in *libraries*, below `parts` or kept."""
    pips = _planner(case, interpreter).pips
    return pips.run(arguments, work=work, timeout=timeout, environment=None, libraries=libraries)


def parts(case: Case, interpreter: Interpreter) -> Path:
    """Return the directory for environments that the pip of *case* is to check; it sees them, and cannot write them."""
    return _planner(case, interpreter).parts


def _planner(case: Case, interpreter: Interpreter) -> Planner:
    facts = case.site.stat()
    key = (case.work, case.site, facts.st_dev, facts.st_ino, case.target, interpreter)
    if key in _WAITING and _WAITING[key].pips.gone:
        _WAITING.pop(key).ending.close()
    if key not in _WAITING:
        while len(_WAITING) >= _KEPT:
            _WAITING.pop(next(iter(_WAITING))).ending.close()
        _WAITING[key] = _begun(case, interpreter)
    return _WAITING[key]


#: The pips of this process that wait for the next case.
_WAITING: dict[tuple[object, ...], Planner] = {}


def end() -> None:
    """End the pips that wait."""
    while _WAITING:
        _WAITING.popitem()[1].ending.close()


# A server that outlives the threads of this process would never be shut.
atexit.register(end)


def _begun(case: Case, interpreter: Interpreter) -> Planner:
    folder = Path(tempfile.mkdtemp(prefix="planning-", dir=case.work))
    inputs, shown, written = folder / "inputs", folder / "parts", folder / "written"
    for path in (folder, inputs, shown, written):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)
    fresh = venvs.fresh_environment(interpreter, folder, case.work, isolated=case.isolated)
    manylinux_policy.hold(case.target, fresh.libraries[0])
    with ExitStack() as stack:
        ways = stack.enter_context(opened(case.site, case.target.name, case.url))
        box = boxes.installing(
            interpreter,
            ways[0].reach,
            (case.site, fresh.seed, fresh.root, inputs, shown, case.work / "held"),
            written,
            # Of all sets of the site: the next case may be of another one.
            size=unpacked_size(case.site, (), case.url),
            uid=new_uid(),
            isolated=case.isolated,
        )
        place = Place(box=box, folder=written, serve=ways[0].reach.serve)
        pips = stack.enter_context(pool.Pips(written, fresh.python, place, plans=True))
        named = {way.name: way for way in ways}
        return Planner(pips=pips, ways=named, inputs=inputs, parts=shown, written=written, ending=stack.pop_all())
