"""An installation that is kept: its files are linked into environments that hold a part of it, and no box writes them."""

from __future__ import annotations

import csv
import hashlib
import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename

from pypi_subset.proof.machines.venvs import Environment
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_FACTS = "facts.json"
#: pip writes this file for a project that the user requests by name.
_REQUESTED = "REQUESTED"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """
    What was installed, and where.

    :param python: the interpreter, below *root*.
    :param libraries: directories below *root*.
    :param base: the files that *root* held before anything was installed, by path below it.
    :param wheels: wheel → what the system knew of it when it was installed.
    """

    root: str
    python: str
    libraries: tuple[str, ...]
    seed: str
    base: tuple[str, ...]
    wheels: dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Held:
    """
    An installation that is kept.

    :param bytecode: directory of the bytecode of its files.
    """

    facts: Facts
    bytecode: Path

    def has(self, wheels: Iterable[Path]) -> bool:
        """Whether each of *wheels* was installed, is as it was then, and owns each of its files alone or in equal bytes."""
        return all(
            self.facts.wheels.get(str(wheel)) == known(wheel) and _project(wheel) in self._owned for wheel in wheels
        )

    def environment(self, wheels: Iterable[Path], requested: Iterable[str], root: Path) -> Environment:
        """
        Return an environment in the new directory *root* that holds what *wheels* installed, and nothing else.

        A box has to see it in the place of the whole, whose path is in its scripts.

        :param wheels: for which `has` is true.
        :param requested: the projects that are marked as requested by name.
        :raises OSError: a file cannot be linked.
        """
        asked, whole = {*requested}, Path(self.facts.root)
        names = [*self.facts.base]
        for project in map(_project, wheels):
            names += [name for name in self._owned[project] if project in asked or not self._marks(name)]
        made: set[str] = set()
        root.mkdir()
        for name in dict.fromkeys(names):
            folder = os.path.dirname(name)  # noqa: PTH120 - many thousands
            if folder not in made:
                os.makedirs(root / folder, exist_ok=True)  # noqa: PTH103
                made.add(folder)
            os.link(f"{whole}/{name}", f"{root}/{name}", follow_symlinks=False)
        return Environment(
            root=root,
            python=root / self.facts.python,
            libraries=tuple(root / name for name in self.facts.libraries),
            seed=Path(self.facts.seed),
        )

    @property
    def python(self) -> Path:
        """The interpreter, as a box sees it."""
        return Path(self.facts.root, self.facts.python)

    @cached_property
    def _owned(self) -> dict[NormalizedName, tuple[str, ...]]:
        """Project → its files below the root, by its RECORD; without those of which a file is not as its RECORD says."""
        records = {
            canonicalize_name(info.name.split("-")[0]): [*_recorded(Path(self.facts.root), info)]
            for library in self.facts.libraries
            for info in Path(self.facts.root, library).glob("*.dist-info")
        }
        recorded_digests: dict[str, set[str]] = {}
        for lines in records.values():
            for name, digest in lines:
                recorded_digests.setdefault(name, set()).add(digest)
        mixed = {name for name, digests in recorded_digests.items() if len(digests) > 1 or name in self._base}
        return {
            project: tuple(name for name, _ in lines)
            for project, lines in records.items()
            if lines and mixed.isdisjoint(name for name, _ in lines)
        }

    def _marks(self, name: str) -> bool:
        """Whether the file *name* below the root says that the user asked for its project by name."""
        info, _, file = name.rpartition("/")
        library, _, info = info.rpartition("/")
        # Deeper ones are files of a package that vendors distributions.
        return file == _REQUESTED and info.endswith(".dist-info") and library in self.facts.libraries

    @cached_property
    def _base(self) -> frozenset[str]:
        return frozenset(self.facts.base)


def keep(fresh: Environment, base: Iterable[str], wheels: Sequence[Path], place: Path) -> None:
    """
    Make what *wheels* installed into *fresh* known to all processes of this run; no box may write it from then on.

    :param base: what it held before, as paths below its root.
    :param place: the directory of the kept installation, which contains *fresh*.
    """
    facts = Facts(
        root=str(fresh.root),
        python=fresh.python.relative_to(fresh.root).as_posix(),
        libraries=tuple(path.relative_to(fresh.root).as_posix() for path in fresh.libraries),
        seed=str(fresh.seed),
        base=tuple(base),
        wheels={str(wheel): known(wheel) for wheel in wheels},
    )
    files.write(place / _FACTS, msgspec.json.encode(facts))


def held(place: Path) -> Held | None:
    """Return what is kept in *place*, ``None`` if nothing is, or as long as it is being installed."""
    path = place / _FACTS
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    if place not in _KNOWN or _KNOWN[place][0] != changed:
        _KNOWN[place] = changed, Held(msgspec.json.decode(path.read_bytes(), type=Facts), bytecode_in(place))
    return _KNOWN[place][1]


#: Place → when it was kept, and what.
_KNOWN: dict[Path, tuple[int, Held]] = {}


def place_of(work: Path, *key: object) -> Path:
    """Return the directory below *work* in which the installation *key* is kept."""
    return work / "held" / hashlib.sha256(repr(key).encode()).hexdigest()[:16]


def bytecode_in(place: Path) -> Path:
    """Return the bytecode directory of the kept installation in *place*."""
    return place / "bytecode"


def known(wheel: Path) -> tuple[int, ...]:
    """Return what the system knows of *wheel*: it differs after each change."""
    facts = wheel.stat()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _project(wheel: Path) -> NormalizedName:
    return parse_wheel_filename(wheel.name)[0]


def _recorded(root: Path, info: Path) -> Iterator[tuple[str, str]]:
    """Yield path below *root* and hash of each file that the RECORD in *info* names; nothing if one is not there."""
    library = info.parent.relative_to(root).as_posix()
    found = []
    with (info / "RECORD").open(encoding="utf-8", newline="") as stream:
        for name, digest, *_ in csv.reader(stream):
            path = os.path.normpath(f"{library}/{name}")
            try:
                plain = stat.S_ISREG(os.lstat(f"{root}/{path}").st_mode)
            except (OSError, ValueError):
                return
            if not plain or path.startswith(("../", "/")):
                return
            found.append((path, digest))
    if len({name for name, _ in found}) == len(found):
        yield from found
