"""Distributions, the files of them on disk, and the projects that they belong to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta
from packaging.utils import NormalizedName
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """The status of a project (PEP 792): ``archived``, ``deprecated``…, and the reason, ``""`` if none is given."""

    status: str
    reason: str = ""


#: Algorithms that pip takes behind ``--hash``, with the number of digits of their digests.
DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}

_HEXADECIMAL = re.compile("[0-9a-f]+")

#: Facts that one index, or one point in time, may have and another may lack.
_FACTS = ("size", "requires_python", "upload_time", "yanked", "provenance", "metadata", "standing", "index")


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """
    How a wheel was built from an sdist.

    :param filename: name of the sdist.
    :param sha256: hexadecimal, of the sdist.
    :param url: where the sdist is fetched from, no credentials; ``None`` for one from a local directory.
    :param epoch: SOURCE_DATE_EPOCH of the build, seconds.
    :param python: the interpreter, as in ``cp 3.11.7``.
    :param requires: project, version and SHA-256 of each wheel of the build environment, sorted.
    :param licenses: project and SPDX expression of those of them whose METADATA names a licence, sorted.
    :param isolation: ``namespaces``, or ``none`` and why.
    :param repaired: what made it fit other Linux systems, as ``auditwheel 6.8.2``; ``""`` for nothing.
    :param grafted: name, SHA-256 and package of each library of this system that was copied into it for that.
    :param path: of an sdist in the directory of a source, relative to the directory of the locks; else ``None``.
    :param files: what indexes and directories have of the build environment: its wheels, the sdists of those wheels that
        were built, and the same of their own builds; sorted by name. Empty in older locks. Locks did not always state the
        upload times of them.
    """

    filename: str
    sha256: str
    url: str | None
    epoch: int
    python: str
    requires: tuple[tuple[str, str, str], ...]
    isolation: str
    repaired: str = ""
    grafted: tuple[tuple[str, str, str], ...] = ()
    licenses: tuple[tuple[str, str], ...] = ()
    path: str | None = None
    files: tuple[Distribution, ...] = ()


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """
    One file of one release, as an index or a lock describes it.

    :param filename: as on the index; its project, version and tags were read from it by `packaging.utils`.
    :param size: bytes; ``None`` until an index states it or the file is read.
    :param sha256: hexadecimal; ``None`` if the index gives no hash and the file is not read yet.
    :param requires_python: as written by the project (PEP 345), not normalized.
    :param url: where it is fetched from, no fragment, no credentials; ``None`` for a file from a local directory.
    :param upload_time: ``yyyy-mm-ddThh:mm:ss[.ffffff]Z`` (PEP 700), or ``None``.
    :param yanked: reason (perhaps empty) if it was yanked (PEP 592), else ``None``.
    :param provenance: where the index keeps its attestations, an https URL (PEP 740), or ``None``.
    :param metadata: SHA-256 of the METADATA that was resolved with; ``None`` in older locks.
    :param standing: status of the project (PEP 792), ``None`` for the usual one.
    :param source: name of the source of ``subset.toml`` that it comes from; ``None``: the indexes of pip's configuration.
    :param license: SPDX expression that its METADATA states; ``""`` if it states none, ``None`` in older locks.
    :param index: URL of the index that offers it (PEP 751, ``packages.index``), without credentials and tokens; ``None``
        for a file of a directory or of ``find-links``, and in older locks for a file of pip's indexes.
    :param built: how it was built, ``None`` for a file that an index or a directory offers.
    """

    filename: str
    project: NormalizedName
    version: Version
    size: int | None = None
    sha256: str | None = None
    requires_python: str | None = None
    url: str | None = None
    upload_time: str | None = None
    yanked: str | None = None
    provenance: str | None = None
    metadata: str | None = None
    standing: Standing | None = None
    source: str | None = None
    license: str | None = None
    index: str | None = None
    built: Built | None = None

    @property
    def offered(self) -> Distribution:
        """The file that an index or a directory has: the same, or the sdist that it was built from."""
        if (built := self.built) is None:
            return self
        facts = {"filename": built.filename, "sha256": built.sha256, "url": built.url}
        return msgspec.structs.replace(self, **facts, size=None, metadata=None, built=None)

    def joined(self, other: Distribution) -> Distribution:
        """Return the same file with the facts that only *other* has."""
        facts = {name: getattr(other, name) for name in _FACTS if getattr(self, name) is None}
        return msgspec.structs.replace(self, **facts) if any(value is not None for value in facts.values()) else self


def digest(text: object, algorithm: str = "sha256") -> str:
    """
    Return the digest *text* in small letters.

    :raises ValueError: it does not have just as many hexadecimal digits as *algorithm* makes: it may hold anything.
    """
    plain = text.lower() if isinstance(text, str) and text.isascii() else ""
    if len(plain) != DIGITS[algorithm] or not _HEXADECIMAL.fullmatch(plain):
        msg = f"a {algorithm} has {DIGITS[algorithm]} hexadecimal digits"
        raise ValueError(msg)
    return plain


def version_texts(distributions: Iterable[Distribution]) -> dict[int, str]:
    """Return the text of each version by the identity of the object: many distributions share one, and it takes a while."""
    versions = {id(one.version): one.version for one in distributions}
    return {key: str(version) for key, version in versions.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """
    A distribution on disk with a checked hash: ``size`` and ``sha256`` are never ``None``.

    :param folder: the directory that holds it, under the name that the index gives it.
    :param metadata: SHA-256 of the METADATA in a wheel, served beside it (PEP 658); ``None`` until it is read.
    :param identity: key of the file in caches, ``""`` until the file is looked at.
    """

    distribution: Distribution
    folder: Path
    metadata: str | None = None
    identity: str = field(default="", compare=False)

    @property
    def path(self) -> Path:
        """The file; made on demand, because paths are slow to make and rarely needed."""
        return self.folder / self.distribution.filename


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """One page of the index: a project's artifacts, oldest release first, then by file name."""

    name: NormalizedName
    artifacts: tuple[Artifact, ...]

    @property
    def standing(self) -> Standing | None:
        """The status of the project in the first lock that has one."""
        return next((one.distribution.standing for one in self.artifacts if one.distribution.standing), None)


#: What a run does about a bad file.
Policy = Literal["stop", "skip"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BadFile:
    """
    A file that was refused.

    :param filename: its name, control characters and the like escaped.
    :param reason: what is wrong with it, one line.
    :param action: what became of the run: it stopped, or went on without the file.
    """

    filename: Annotated[str, Meta(min_length=1)]
    reason: Annotated[str, Meta(min_length=1)]
    action: Policy
