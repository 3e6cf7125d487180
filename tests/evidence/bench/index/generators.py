"""The programs that make an index of a directory of wheels, and what each has to be told in each phase."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.evidence.bench.index import wheels
from tests.evidence.bench.measure import AGAIN, COLD
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

ADDED, MORE = "one wheel added", "one more"
#: In their order: each begins with what the one before it has left.
PHASES = (COLD, AGAIN, ADDED, MORE)
#: How many wheels were added, each to a directory of its own in the pool.
_NEW = {ADDED: 1, MORE: 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """
    Where a generator works.

    :param folder: its own; ``packages/`` in it holds the wheels.
    :param programs: directory of the rivals' programs.
    """

    folder: Path
    programs: Path

    def path(self, name: str) -> str:
        """Return the path of something in its directory."""
        return str(self.folder / name)

    def program(self, name: str) -> str:
        """Return the path of a rival's program."""
        return str(self.programs / name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """
    What is indexed.

    :param folder: holds the wheels in ``wheels/``, and in ``new/`` those that are added one by one.
    :param recorded: what a lock says of each wheel.
    :param new: what it says of those.
    """

    folder: Path
    recorded: Sequence[Mapping[str, str]]
    new: Sequence[Mapping[str, str]]


def make_pool(folder: Path, count: int) -> Pool:
    """Return *count* wheels and two more: further versions of the first project."""
    recorded = wheels.make(folder / "wheels", count=count)
    new = []
    for number in range(len(_NEW)):
        own = folder / "new" / str(number)
        own.mkdir(parents=True)
        new.append(wheels.make_one(own, 0, wheels.VERSIONS + number))
    return Pool(folder=folder, recorded=recorded, new=new)


def prepare(pool: Pool, place: Place, phase: str) -> None:
    """Put before a generator what a phase begins with: links of the wheels, and what a lock says of them."""
    packages = place.folder / "packages"
    if phase == COLD:
        shutil.rmtree(place.folder, ignore_errors=True)
        packages.mkdir(parents=True)
        _link(pool.folder / "wheels", packages)
    new = _NEW.get(phase, 0)
    if new:
        _link(pool.folder / "new" / str(new - 1), packages)
    recorded = [*pool.recorded, *pool.new[:new]]
    (place.folder / "recorded.json").write_text(json.dumps(recorded), encoding="utf-8")


def _link(source: Path, packages: Path) -> None:
    for path in source.iterdir():
        (packages / path.name).hardlink_to(path)


Commands = list[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Generator:
    """
    A program and how it is run.

    :param commands: those of a phase, one after the other; none: the phase is the same as another generator's.
    :param before: those that come first and are not timed.
    """

    commands: Callable[[Place, str], Commands]
    before: Callable[[Place, str], Commands] = lambda _place, _phase: []


def _ours(place: Place, _phase: str) -> Commands:
    return [(sys.executable, "-m", "tests.evidence.bench.index.stage", str(place.folder))]


def _dir2pi(place: Place, _phase: str) -> Commands:
    return [(place.program("dir2pi"), place.path("packages"))]


def _piprepo(place: Place, _phase: str) -> Commands:
    return [(place.program("piprepo"), "build", place.path("packages"))]


def _pypi_mirror(place: Place, _phase: str) -> Commands:
    return [(place.program("pypi-mirror"), "create", "-d", place.path("packages"), "-m", place.path("out"))]


def _simple503(place: Place, _phase: str) -> Commands:
    return [(place.program("simple503"), "--copy", "--sort", place.path("packages"), place.path("out"))]


def _lister(place: Place) -> tuple[str, ...]:
    lister = str(ROOT / "tests" / "evidence" / "bench" / "index" / "lister.py")
    return (place.program("python"), "-I", lister, place.path("packages"), place.path("list.json"))


def _dumb_pypi(place: Place) -> tuple[str, ...]:
    told = ("--package-list-json", place.path("list.json"), "--packages-url", "../../../packages")
    return (place.program("dumb-pypi"), *told, "--output-dir", place.path("out"))


def _full(place: Place, _phase: str) -> Commands:
    return [_lister(place), _dumb_pypi(place)]


def _incremental(place: Place, phase: str) -> Commands:
    previous = ("--previous-package-list-json", place.path("previous.json"))
    return [] if phase == COLD else [(*_dumb_pypi(place), *previous)]


def _listed(place: Place, phase: str) -> Commands:
    """Whoever goes on from a previous list may go on from it in his lister too: that is nobody's time."""
    if phase == COLD:
        return _full(place, phase)
    return [("cp", place.path("list.json"), place.path("previous.json")), _lister(place)]


OURS, FULL, INCREMENTAL, FASTEST = "pypi-subset", "dumb-pypi + lister", "dumb-pypi, previous list", "pypi-mirror"

GENERATORS: Mapping[str, Generator] = {
    OURS: Generator(commands=_ours),
    "dir2pi": Generator(commands=_dir2pi),
    FASTEST: Generator(commands=_pypi_mirror),
    "piprepo": Generator(commands=_piprepo),
    FULL: Generator(commands=_full),
    INCREMENTAL: Generator(commands=_incremental, before=_listed),
    "simple503": Generator(commands=_simple503),
}
