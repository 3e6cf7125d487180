"""The two formats of locks that can name a site: that of uv, and the standard one (PEP 751)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from packaging.markers import Marker

from pypi_subset.errors import Fault, LockError
from pypi_subset.relocking import lacking, pylock_text, uv_text
from pypi_subset.requirements.encodings import UnreadableText, decoded
from pypi_subset.requirements.lockfiles.entries import Malformed
from pypi_subset.requirements.lockfiles.reading import converted, package_lines
from pypi_subset.requirements.lockfiles.uv import require_known
from pypi_subset.requirements.lockfiles.uv_format import UvLock
from pypi_subset.requirements.pylock import lines_of, lock_in
from pypi_subset.requirements.toml import Settings, parse_toml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packaging.pylock import Pylock

    from pypi_subset.relocking.address import Address
    from pypi_subset.relocking.entries import Entries

#: What the user does about a lock that cannot be read.
AGAIN = "write it again with the tool that made it"


class Lock(Protocol):
    """A lock in one of the formats."""

    @property
    def requires_python(self) -> str | None:
        """The Pythons that the lock is for."""

    def rewritten(self, text: str, address: Address, entries: Entries) -> str:
        """Return *text*, that of the lock, with the site at *address*."""

    @property
    def environments(self) -> Sequence[Marker]:
        """Markers of the machines that the lock is for; none: all."""

    @property
    def needs(self) -> lacking.Needs:
        """What the lock needs on each target."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Uv:
    """A lock of uv."""

    lock: UvLock
    path: Path
    lines: Sequence[int]
    requires_python: str | None

    def rewritten(self, text: str, address: Address, entries: Entries) -> str:
        """Return *text* with the site at *address*."""
        return uv_text.rewritten(text, self.lines, address, entries)

    @property
    def environments(self) -> Sequence[Marker]:
        """The markers that uv supports in it."""
        return [*map(Marker, self.lock.supported_markers)]

    @property
    def needs(self) -> lacking.Needs:
        """Its graph."""
        return lacking.UvNeeds(lock=self.lock, path=self.path, lines=self.lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standard:
    """A lock of PEP 751."""

    lock: Pylock
    lines: Sequence[int]
    requires_python: str | None

    def rewritten(self, text: str, address: Address, entries: Entries) -> str:
        """Return *text* with the site at *address*."""
        return pylock_text.rewritten(text, self.lines, address, entries)

    @property
    def environments(self) -> Sequence[Marker]:
        """Its environments."""
        return self.lock.environments or ()

    @property
    def needs(self) -> lacking.Needs:
        """Its packages with their markers."""
        return lacking.PylockNeeds(lock=self.lock)


def read(path: Path, data: bytes) -> tuple[Lock, str]:
    """
    Return the lock in *data*, and its text.

    :raises LockError: it is no lock of uv and none of PEP 751.
    :raises Malformed: it is one that cannot be read.
    """
    try:
        document = parse_toml(path, decoded(data))
        text = data.decode("utf-8-sig")
    except (UnreadableText, UnicodeDecodeError) as error:
        msg = "the lock is no UTF-8 text"
        raise LockError(msg, path=path, next_step=AGAIN) from error
    if not isinstance(document, Settings):
        raise _lock_error(document)
    if "lock-version" in document.document:
        lock = lock_in(document)
        if isinstance(lock, Fault):
            raise _lock_error(lock)
        bound = str(lock.requires_python) if lock.requires_python is not None else None
        return Standard(lock=lock, lines=lines_of(document), requires_python=bound), text
    if path.suffix != ".lock" or "metadata" in document.document:
        msg = "relock reads uv.lock, locks of scripts and pylock.toml"
        raise LockError(msg, path=path, next_step="export another lock with its tool, as `pip lock` or `uv export` do")
    require_known(document)
    lines = package_lines(document)
    uv = converted(document, UvLock, lines)
    try:
        [*map(Marker, uv.supported_markers)]
    except ValueError:
        msg = "supported-markers has a marker that is none"
        raise Malformed(msg, document.line("supported-markers")) from None
    return Uv(lock=uv, path=path, lines=lines, requires_python=uv.requires_python), text


def _lock_error(fault: Fault) -> LockError:
    return LockError(fault.what, path=fault.path, line=fault.line, next_step=fault.next_step or AGAIN)
