"""Reading the locks a second time, by `packaging.pylock` alone: what the tool's own reader misses shows here."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.markers import Marker
from packaging.pylock import Pylock, PylockValidationError
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pypi_subset.errors import LockError
from pypi_subset.model.distributions import digest
from pypi_subset.support import bounds, files
from pypi_subset.support.text import has_long_number, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packaging.pylock import Package, PackageSdist, PackageWheel
    from packaging.utils import NormalizedName
    from packaging.version import Version


@dataclass(frozen=True, kw_only=True, slots=True)
class Locked:
    """
    One file that a lock names; *marker* says when, ``""`` for always.

    :param build: whether the build of a kept sdist needs it, and no installation does.
    :param sha256: ``""`` if the lock has none; *metadata* likewise is that of the METADATA that the lock was made by.
    """

    filename: str
    project: NormalizedName
    version: Version | None
    sha256: str
    marker: str = ""
    metadata: str = ""
    build: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether it is an sdist, which each machine builds."""
        return not self.filename.endswith(".whl")

    @property
    def condition(self) -> Marker | None:
        """The marker, parsed."""
        return Marker(self.marker) if self.marker else None

    @property
    def pin(self) -> str:
        """The file's release, as a line of a constraints file."""
        return f"{self.project}=={self.version}" + (f" ; {self.marker}" if self.marker else "")

    @property
    def hashed_pin(self) -> str:
        """The same with the file's hash, for an installation in which every requirement needs one."""
        return f"{self.pin} --hash=sha256:{self.sha256}"


def lock_path(folder: Path, set_name: str, target_name: str) -> Path:
    """Return the path of the lock of a set on a target (PEP 751: ``pylock.<name>.toml``)."""
    return folder / f"pylock.{set_name}--{target_name}.toml"


def read(path: Path) -> tuple[Locked, ...]:
    """
    Return every file that the lock at *path* names, in its order (PEP 751).

    :raises LockError: there is none, or it is damaged.
    """
    try:
        document = tomllib.loads(files.read_input(path).decode())
        if has_long_number(document):
            msg = f"a number of more than {bounds.LONGEST_NUMBER} digits"
            raise ValueError(msg)  # noqa: TRY301 - one message for all damage
        lock = Pylock.from_dict(document)
        return tuple(file for package in lock.packages for file in _files(package))
    except FileNotFoundError as error:
        msg = "there is no such lock"
        raise LockError(msg, path=path, next_step="run `pypi-subset mirror`") from error
    except (OSError, ValueError, RecursionError, PylockValidationError) as error:
        msg = f"the lock is damaged: {getattr(error, 'strerror', None) or error}"
        raise LockError(msg, path=path, next_step="run `pypi-subset update`") from error


def remembered(folder: Path) -> dict[str, str]:
    """
    Return file name → SHA-256 of all that was ever locked in *folder*, by the list there; nothing without one.

    :raises LockError: the list is damaged.
    """
    path, found = folder / "hashes.txt", dict[str, str]()
    try:
        lines = files.read_input(path).decode().splitlines()
        for sha256, _, name in (line.partition("  ") for line in lines if not line.startswith("#")):
            if found.setdefault(name, digest(sha256)) != digest(sha256):
                raise ValueError(name)  # noqa: TRY301 - one message for all damage
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        msg = "the list of locked files is damaged"
        raise LockError(msg, path=path, next_step="restore it from version control") from error
    return found


def made_for(path: Path) -> tuple[str, str] | None:
    """Return the digests of the set and the target that the lock at *path* was made for; ``None`` if it has none."""
    try:
        inputs = tomllib.loads(files.read_input(path).decode())["tool"]["pypi-subset"]["inputs"]
        return str(inputs["set"]), str(inputs["target"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _files(package: Package) -> Iterator[Locked]:
    marker = str(package.marker or "")
    if printable(marker) != marker:
        msg = f"the marker of {package.name} holds a character that is not seen"
        raise ValueError(msg)
    named: list[PackageWheel | PackageSdist] = [*(package.wheels or ())]
    # Of a wheel that was built here the lock names the sdist too; the wheel is what is mirrored.
    built = bool(named) and "built" in (package.tool or {}).get("pypi-subset", {})
    for file in [*named, package.sdist] if package.sdist and not built else named:
        yield Locked(
            filename=file.filename,
            project=package.name,
            version=package.version,
            sha256=_digest(file.hashes.get("sha256")),
            marker=marker,
            metadata=_digest((package.tool or {}).get("pypi-subset", {}).get("metadata-sha256")),
        )
    if build := (package.tool or {}).get("pypi-subset", {}).get("build-requires"):
        for one in Pylock.from_dict(build).packages:
            yield from (replace(file, build=True) for file in _files(one))


def _digest(stated: object) -> str:
    """Return a SHA-256 that a lock states, ``""`` for none: it stands in lines for pip."""
    return digest(stated) if stated else ""


@functools.lru_cache(maxsize=1 << 14)
def pin_of(line: str) -> Requirement:
    """Return the requirement that *line* of a constraints file spells, without its hashes; each case has the same lines."""
    return Requirement(line.partition(" --hash")[0])


def project_of(line: str) -> str:
    """Return the project that *line* of a constraints file is about, ``""`` if it spells no requirement."""
    try:
        return canonicalize_name(pin_of(line).name)
    except InvalidRequirement:
        return ""
