"""The proof for a machine that is not here: pip unpacks for it, and we walk what it unpacked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from pypi_subset.errors import ProofFailed
from pypi_subset.pip import pool
from pypi_subset.proof import closure
from pypi_subset.proof.imports.settling import Settled
from pypi_subset.proof.methods import overwritten, pip_install, readable, record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.requests import Request
    from pypi_subset.model.targets import Target
    from pypi_subset.proof.access.routes import Way
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.closure import Present
    from pypi_subset.proof.methods.pip_install import Files


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpacking:
    """
    How a case is proven for a target that is not here, at one patch level.

    pip is given the marker values that the tool believes the target to have, the walk those that a real machine
    reported: a wrong line in `targets` cannot make both agree.

    :param requests: those lines of the case that apply to the target.
    :param environment: recorded marker values.
    :param folder: a directory for this case alone.
    """

    case: Case
    requests: Sequence[Request]
    environment: Mapping[str, str]
    folder: Path

    def plan(self, way: Way) -> Files:
        """Return what pip would install."""
        return self._pip(way, "planned", dry=True)

    def install(self, way: Way) -> tuple[Files, tuple[Present, ...]]:
        """Return what pip installed, and what is there now."""
        # This pip runs in no box: nothing else bounds what it writes.
        readable.check(self.case, lambda: self.plan(way))
        into = f"unpacked-{way.name}"
        return self._pip(way, into), closure.present_in([self.folder / into])

    def judge(self, files: Files, present: tuple[Present, ...]) -> Settled:
        """Return notes on *present*; raise `ProofFailed` if it is not whole."""
        target = self.case.target
        for sentence in closure.gaps(present, self.requests, self.environment, target.name, dict(target.brought)):
            raise ProofFailed(sentence, target=self.case.target.name)
        record.validate(self.case, files)
        notes = overwritten.validate(self.case, files, self.requests)
        return Settled(notes=(*pip_install.differences(self.case, files), *notes))

    def _pip(self, way: Way, into: str, *, dry: bool = False) -> Files:
        options = ("--target", str(self.folder / into), *flags_of(self.case.target))
        target = self.case.target
        run = partial(_pips(self.case.work).run, environment=target.environment, installed=dict(target.brought))
        report = self.folder / "installed.json"
        return pip_install.install(self.case, way, self.folder, run, options, report=report, dry=dry)


def _pips(work: Path) -> pool.Pips:
    """Return what runs our pip for all cases of this process, and ends with it; a run is a process of its own."""
    if not _RUNNING or _RUNNING[-1].gone:
        _RUNNING.append(pool.Pips(work / f"pips-{os.getpid()}"))
    return _RUNNING[-1]


#: The last of these serves; one that was killed costs the cases that were waiting for it, and no other.
_RUNNING: list[pool.Pips] = []


def flags_of(target: Target) -> tuple[str, ...]:
    """Return pip's flags for *target*; all four kinds, since pip takes the host's for one that is missing."""
    return (
        *chain.from_iterable(("--platform", platform) for platform in target.platforms),
        *("--python-version", ".".join(map(str, target.python))),
        *("--implementation", target.implementation),
        *chain.from_iterable(("--abi", abi) for abi in target.abis),
    )
