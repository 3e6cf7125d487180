"""One wheel from one sdist: unpacked, its hooks called in a box, built twice, and compared."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import zipfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.distributions import filenames
from pypi_subset.distributions.wheel import check_wheel
from pypi_subset.errors import BadDistribution
from pypi_subset.sdists import archive, environment
from pypi_subset.sdists.backend import BuildSystem, read_build_system, required
from pypi_subset.sdists.traces import traces_in
from pypi_subset.support import bounds, files, staging
from pypi_subset.support.machine import memory
from pypi_subset.support.text import printable
from pypi_subset.upstream.builds import NotBuilt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packaging.requirements import Requirement

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.sdists.rooms import Python, Room, Rooms, Said

#: The script that calls a hook.
HOOK = Path(__file__).with_name("_hook.py")
#: The build tag of a wheel that was built here: no index has a file of that name.
TAG = "0subset"
#: Seconds since 1970 of the earliest time that a ZIP archive holds, 1980-01-01.
EARLIEST = 315_532_800
#: What makes a build repeatable: one seed, one zone, one language, no paths in debug information.
_FIXED = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "CFLAGS": "-g0", "CXXFLAGS": "-g0"}
#: Lines of a failed build that are shown, and characters of each.
_SHOWN, _WIDE = 6, 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Required:
    """A wheel of a build environment."""

    distribution: Distribution
    path: Path

    @property
    def stated(self) -> tuple[str, str, str]:
        """Project, version and SHA-256."""
        one = self.distribution
        return one.project, str(one.version), one.sha256 or ""

    @property
    def is_pure(self) -> bool:
        """Whether it serves every Python 3 on every system."""
        tags = filenames.parse(self.distribution.filename)[2] or ()
        return any(str(tag) == "py3-none-any" for tag in tags)


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """
    A wheel that was built.

    :param path: the wheel, below the name that the index will give it.
    :param python: the interpreter that built it.
    :param differs: why the second build counts as another one, ``""`` if both gave the same bytes.
    :param traces: where the build script looks at this machine, of a wheel for every machine.
    :param repaired: as in `Built`.
    :param grafted: as in `Built`.
    """

    path: Path
    sha256: str
    requires: tuple[Required, ...]
    epoch: int
    python: Python
    differs: str = ""
    traces: tuple[str, ...] = ()
    repaired: str = ""
    grafted: tuple[tuple[str, str, str], ...] = ()


def epoch_of(sdist: Distribution) -> int:
    """Return SOURCE_DATE_EPOCH for a build: the upload time of the sdist in seconds, 1980 where none is known."""
    moment = datetime.fromisoformat(sdist.upload_time) if sdist.upload_time else None
    return max(EARLIEST, int(moment.timestamp())) if moment else EARLIEST


def tagged(filename: str) -> str:
    """Return the name of a wheel with `TAG` as its build tag."""
    name, version, *_, python, abi, platform = filename.removesuffix(".whl").split("-")
    return f"{name}-{version}-{TAG}-{python}-{abi}-{platform}.whl"


def build(
    path: Path,
    sdist: Distribution,
    *,
    rooms: Rooms,
    work: Path,
    resolve: Callable[[Sequence[Requirement]], tuple[Required, ...]],
) -> Made:
    """
    Return the wheel of the sdist at *path*, built twice.

    :param work: an existing directory for this build alone.
    :param resolve: returns the wheels of a build environment for its requirements.
    :raises NotBuilt: it cannot be built, for the reason given.
    """
    own, *others = rooms.pythons()
    first = attempt(path, sdist, rooms=rooms, python=own, work=work / "first", resolve=resolve)
    pure = all(tag.platform == "any" and tag.abi == "none" for tag in filenames.parse(first.path.name)[2] or ())
    kept = first.requires
    other = next(iter(others), own) if pure and all(one.is_pure for one in kept) else own
    try:
        second = attempt(path, sdist, rooms=rooms, python=other, work=work / "second", resolve=lambda _: kept)
    except NotBuilt:
        if other is own:
            raise
        # What needs another Python is no worse for it.
        other = own
        staged = work / "again"
        second = attempt(path, sdist, rooms=rooms, python=own, work=staged, resolve=lambda _: kept)
    for one in ("first", "second", "again"):
        # The sources of a large project, several times.
        staging.remove_tree(work / one / "build")
    first = replace(first, traces=first.traces if pure else ())
    if first.sha256 == second.sha256:
        return first
    differs = (
        f"with Python {own.version} and {other.version}" if other is not own else f"twice with Python {own.version}"
    )
    return replace(first, differs=f"{differs}: {_difference(first.path, second.path)}")


def attempt(
    path: Path,
    sdist: Distribution,
    *,
    rooms: Rooms,
    python: Python,
    work: Path,
    resolve: Callable[[Sequence[Requirement]], tuple[Required, ...]],
) -> Made:
    """
    Return the wheel of the sdist at *path*, built once by *python*.

    :param work: a directory for this attempt, which does not exist.
    :param resolve: as in `build`.
    :raises NotBuilt: as in `build`.
    """
    epoch, folder = epoch_of(sdist), work / "build"
    with files.folder_errors(work):
        for one in (work, folder, folder / "source", folder / "wheel"):
            one.mkdir()
    try:
        root = archive.unpack(path, sdist.filename, folder / "source", epoch=epoch)
        system, traces = read_build_system(root, sdist.filename), traces_in(root)
    except BadDistribution as error:
        raise _failed(sdist, error.what) from error
    job = _Job(sdist=sdist, rooms=rooms, python=python, work=work, system=system, epoch=epoch, top=root.name)
    wheels = resolve(system.requires)
    room, interpreter = job.environment(wheels)
    more = job.hook("get_requires_for_build_wheel", room, interpreter)
    if not isinstance(more, list) or not all(isinstance(one, str) for one in more):
        raise _failed(sdist, "its back-end requires what is no list of requirements")
    if more:
        try:
            wheels = resolve([*system.requires, *required(more, sdist.filename)])
        except BadDistribution as error:
            raise _failed(sdist, error.what) from error
        room, interpreter = job.environment(wheels)
    name = job.hook("build_wheel", room, interpreter)
    made = job.taken(room, name)
    return Made(path=made, sha256=files.sha256_of(made), requires=wheels, epoch=epoch, python=python, traces=traces)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """One attempt."""

    sdist: Distribution
    rooms: Rooms
    python: Python
    work: Path
    system: BuildSystem
    epoch: int
    top: str

    def environment(self, wheels: Sequence[Required]) -> tuple[Room, str]:
        """Return the room of the build with a fresh environment that holds *wheels*, and its interpreter."""
        place = self.work / "environment"
        with files.folder_errors(self.work):
            if place.exists():
                shutil.rmtree(place)
        room = self.rooms.room(self.work / "build", place)
        found = [(one.path, one.distribution.filename) for one in wheels]
        try:
            return room, environment.make(room, self.python, found)
        except BadDistribution as error:
            raise _failed(self.sdist, error.what) from error
        except (OSError, subprocess.SubprocessError) as error:
            raise _failed(self.sdist, f"Python {self.python.version} makes no environment: {error}") from error

    def hook(self, name: str, room: Room, interpreter: str) -> object:
        """Return what the hook *name* of the back-end returned."""
        seen, result = Path(room.seen_folder), room.folder / f"{name}.json"
        command = [interpreter, "-s", str(HOOK), name, self.system.backend]
        root = seen / "source" / self.top
        folders = [str(root / one) for one in self.system.path]
        command += [json.dumps(folders), str(root), str(seen / "wheel"), str(seen / result.name)]
        variables = {**_FIXED, "SOURCE_DATE_EPOCH": str(self.epoch), "PATH": str(Path(interpreter).parent)}
        said = self.rooms.run(room, command, python=self.python, variables=variables)
        if said.code != 0:
            raise _failed(self.sdist, _reason(name, said), details=_last(said))
        try:
            return json.loads(_regular(result, bounds.LARGEST_RESULT))
        except (OSError, ValueError, RecursionError) as error:
            raise _failed(self.sdist, f"its back-end left no result of {name}") from error

    def taken(self, room: Room, name: object) -> Path:
        """Return a checked copy of the wheel *name* that the build left, below the name that the index will give it."""
        try:
            project, version, tags = filenames.parse(str(name))
        except filenames.INVALID as error:
            raise _failed(self.sdist, f"its back-end made {str(name)[:80]!a}, which is no wheel") from error
        if tags is None or (project, version) != (self.sdist.project, self.sdist.version):
            raise _failed(self.sdist, f"its back-end made {name}")
        made = self.work / tagged(str(name))
        try:
            made.write_bytes(_regular(room.folder / "wheel" / str(name), bounds.LARGEST_FILE))
            check_wheel(made, made.name)
        except BadDistribution as error:
            raise _failed(self.sdist, f"its wheel is refused: {error.what}") from error
        except (OSError, ValueError) as error:
            raise _failed(self.sdist, f"its back-end left no wheel {name}") from error
        return made


def _regular(path: Path, most: int) -> bytes:
    """
    Return what the plain file at *path* holds; a build may have left anything there.

    :raises OSError: there is none, or a link.
    :raises ValueError: it is no plain file, or has more than *most* bytes.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as stream:  # noqa: PTH123 - no path
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > most:
            msg = "no plain file of that size"
            raise ValueError(msg)
        return stream.read(most)


def _failed(sdist: Distribution, what: str, details: Sequence[str] = ()) -> NotBuilt:
    msg = f"{sdist.project} {sdist.version} cannot be built from {sdist.filename}: {what}"
    step = "install what the build lacks, ask for another version, or give a wheel in requirements/wheels"
    step = memory.STEP if what.endswith((memory.SHORT, memory.KILLED)) else step
    error = NotBuilt(msg, project=sdist.project, next_step=step)
    error.details = tuple(details)
    return error


def _reason(hook: str, said: Said) -> str:
    lines = [line.strip() for line in said.output.splitlines() if line.strip()]
    # A compiler names the first thing that it lacks; Python names last what went wrong.
    fatal = next((line for line in lines if "fatal error:" in line or "command not found" in line), "")
    last = fatal or next(reversed(lines), f"exit code {said.code}")
    why = said.why if said.code is None else memory.ran_out(said.code, said.output)
    return f"{hook} {why}" if why else f"{hook} failed: {printable(last)[:_WIDE]}"


def _last(said: Said) -> list[str]:
    return [printable(line)[:_WIDE] for line in said.output.splitlines() if line.strip()][-_SHOWN:]


def _difference(one: Path, other: Path) -> str:
    """Return which members differ."""
    held = [_members(path) for path in (one, other)]
    if one.name != other.name:
        return f"{one.name} and {other.name}"
    names = sorted(name for name in held[0].keys() | held[1].keys() if held[0].get(name) != held[1].get(name))
    shown = ", ".join(map(printable, names[:_SHOWN])) or "the same members, packed otherwise"
    return f"{shown} differ{'s' * (len(names) == 1)}" + (
        f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    )


def _members(path: Path) -> dict[str, tuple[int, int, int]]:
    with zipfile.ZipFile(path) as held:
        return {one.filename: (one.CRC, one.file_size, one.external_attr) for one in held.infolist()}
