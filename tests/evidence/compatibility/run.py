"""The run: every client on every host, in a network that holds nothing but loopback; one result for each cell."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.evidence.compatibility.hosts import HOSTS
from tests.evidence.compatibility.job import Place
from tests.evidence.compatibility.refusals import REFUSALS
from tests.evidence.compatibility.ways import PROJECT, WAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.evidence.compatibility.job import Step

#: A command that has not ended by then never will: what it waits for is out of reach.
PATIENCE = 180.0

#: What clients put into an environment of their own accord, or what is the project that asks.
_BESIDES = frozenset({"pip", "setuptools", "wheel", PROJECT})

_LIST = (
    "import json, importlib.metadata as m, re;"
    "print(json.dumps({re.sub('[-_.]+', '-', d.name).lower(): d.version for d in m.distributions()}))"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """
    What the run is to do; a JSON document, since it is done by a process of its own.

    :param programs: client's environment → directory of its programs.
    :param expected: normalized name → version of what must be installed afterwards, and nothing else.
    """

    site: str
    python: str
    programs: Mapping[str, str]
    requests: Sequence[str]
    expected: Mapping[str, str]
    clients: Sequence[str]
    hosts: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """
    What came of one client on one host.

    :param shown: what the table says: ``ok``, or ``n/a: reason``.
    :param fault: why that is wrong, ``""`` if it is as it should be.
    """

    client: str
    host: str
    shown: str
    fault: str


def run(work: Work, folder: Path, say: Callable[[str], None]) -> list[Cell]:
    """
    Return a cell for each client and host of *work*, by host.

    :param folder: empty; every cell gets one of its own below it.
    """
    cells = []
    for host in work.hosts:
        own = folder / re.sub(r"\W+", "-", host)
        own.mkdir()
        with HOSTS[host](Path(work.site), own) as url, ThreadPoolExecutor(os.cpu_count()) as pool:
            for cell in pool.map(partial(_cell, work, host, url, own), work.clients):
                say(f"{cell.client} from {cell.host}: {cell.fault or cell.shown}")
                cells.append(cell)
    return cells


def environment(folder: Path) -> dict[str, str]:
    """
    Return variables made from nothing: no setting, no cache and no configuration of this machine is seen.

    :param folder: the client's own; home and temporary files go below it.
    """
    places = {"HOME": folder / "home", "TMPDIR": folder / "tmp", "XDG_CONFIG_DIRS": folder / "nothing"}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    # The last of the places is where pip and uv look for what is set for the whole machine. PATH is not this process's:
    # no other client and no other Python is to be found there.
    shared = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    return shared | {name: str(place) for name, place in places.items()}


def _cell(work: Work, host: str, url: str, folder: Path, client: str) -> Cell:
    place = Place(
        folder=folder / client.replace(" ", "-"),
        programs={name: Path(path) for name, path in work.programs.items()},
        python=Path(work.python),
        url=url,
        requests=tuple(work.requests),
    )
    failure = _install(place, client) or _difference(place, work.expected)
    shutil.rmtree(place.folder)
    refusal = REFUSALS.get((client, host))
    if refusal is None:
        return Cell(client=client, host=host, shown="ok", fault=failure)
    fault = "" if re.search(refusal.said, failure) else f"refused otherwise than known: {failure}"
    if not failure:
        fault = f"this works now: take it out of tests/evidence/compatibility/refusals.py ({refusal.reason})"
    return Cell(client=client, host=host, shown=f"n/a: {refusal.reason}", fault=fault)


def _install(place: Place, client: str) -> str:
    """Return what the client said if it failed, else ``""``."""
    place.project.mkdir(parents=True)
    for step in WAYS[client](place):
        try:
            done = _start(step, place)
        except subprocess.TimeoutExpired:
            return f"{Path(step.command[0]).name} did not end within {PATIENCE:.0f} s"
        if done.returncode:
            return f"{' '.join(step.command[:3])}: {done.stdout[-1500:]}\n{done.stderr[-1500:]}"
    return ""


def _start(step: Step, place: Place) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        step.command,
        cwd=place.project,
        env={**environment(place.folder), **step.variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=PATIENCE,
        check=False,
    )


def _difference(place: Place, expected: Mapping[str, str]) -> str:
    """Return how what the environment holds differs from *expected*, ``""`` if it does not."""
    done = subprocess.run([str(place.interpreter), "-I", "-c", _LIST], capture_output=True, text=True, check=False)
    if done.returncode:
        return f"the environment cannot be listed: {done.stderr[-300:]}"
    found = json.loads(done.stdout)
    wrong = {name: found.get(name, "not") for name in expected if found.get(name) != expected[name]}
    wrong |= {name: version for name, version in found.items() if name not in {*expected, *_BESIDES}}
    said = (f"{name} {version}, the lock has {expected.get(name, 'none')}" for name, version in sorted(wrong.items()))
    return "; ".join(said)
