"""A lock of uv or pip that names PyPI becomes one that names a site: read, rewritten, compared with the site, written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal

from tomlkit.exceptions import TOMLKitError

from pypi_subset.errors import LockError, MissingInSite, SubsetError
from pypi_subset.model import documents
from pypi_subset.model.documents import Document
from pypi_subset.relocking import formats, lacking, projects
from pypi_subset.relocking.address import address_of
from pypi_subset.relocking.entries import Entries
from pypi_subset.relocking.holdings import read_holdings
from pypi_subset.requirements.lockfiles.entries import Malformed
from pypi_subset.support import files
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.targets import Target
    from pypi_subset.relocking.holdings import Holdings

_PYLOCK = re.compile(r"pylock(\.[^.]+)?\.toml")
#: The suffix of the copy that `--in-place` leaves.
ORIGINAL = ".orig"


class Relocked(Document, frozen=True, kw_only=True):
    """
    The result of ``relock``.

    :param schema: version of this form, major.minor.
    :param lock: the lock that was read, as the command line has it.
    :param output: the lock that was written.
    :param backup: the copy of the lock before, empty without ``--in-place``.
    :param index: the address of the index that the new lock names.
    :param manifest: the path or URL of the manifest of the site.
    :param targets: names of the targets of the site that the lock is for.
    :param packages: number of packages from an index.
    :param kept: number of their files that the site has.
    :param dropped: number of their files that the site does not have.
    :param built: number of wheels that replace an sdist.
    :param missing: with ``--partial``: what the site lacks, one line for each package and each build requirement.
    :param warnings: what keeps ``uv sync`` without ``--frozen`` from this lock, and the like.
    """

    name: ClassVar[str] = "the result of relock"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"] = "1.0"
    lock: str
    output: str
    backup: str
    index: str
    manifest: str
    targets: tuple[str, ...]
    packages: int
    kept: int
    dropped: int
    built: int
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


def relock(  # noqa: PLR0913 - each is a flag, given by its name
    lock: Path,
    url: str,
    site: Path,
    *,
    output: Path | None = None,
    in_place: bool = False,
    targets: Sequence[str] = (),
    partial: bool = False,
) -> Relocked:
    """
    Write a copy of *lock* that names the site at *url* in place of its indexes, and return what was done.

    :param lock: a ``uv.lock``, the lock of a script, or a ``pylock.toml`` (PEP 751).
    :param url: the address of the front page of the site, or its directory.
    :param site: the directory that is or will be served at *url*; without a manifest there, the site at *url* counts.
    :param output: the file to write; default: `beside` the lock.
    :param in_place: write *lock* itself, and keep its bytes in a copy beside it.
    :param targets: names of the targets of the site that count; default: all that the lock is for.
    :param partial: write the lock although the site lacks a part of it.
    :raises InputFaults: packages are from git, a URL or a path outside of the project.
    :raises HashMismatch: the site has other bytes than the lock names.
    :raises MissingInSite: the site lacks packages of the lock, or build requirements of its projects.
    :raises SubsetError: the lock or the site cannot be read, or nothing can be written.
    """
    if in_place and output:
        msg = "`--in-place` and `--output` name two places"
        raise SubsetError(msg, next_step="leave one of them out")
    address = address_of(url)
    data = documents.read_named(lock)
    to = lock if in_place else output or beside(lock)
    backup = lock.with_name(f"{lock.name}{ORIGINAL}") if in_place else None
    try:
        read, text = formats.read(lock, data)
        holdings = read_holdings(address, site)
        entries = Entries(path=lock, holdings=holdings)
        new = read.rewritten(text, address, entries).encode()
        entries.require_all()
        own = _concerned(read, lock, holdings, targets)
        lines = lacking.missing(read.needs, entries.packages, own, holdings, lock)
    except Malformed as error:
        raise LockError(error.what, path=lock, line=error.line, next_step=error.step or formats.AGAIN) from error
    except (TOMLKitError, RecursionError) as error:
        msg = f"the text of the lock cannot be edited: {printable(str(error))}"
        raise LockError(msg, path=lock, next_step=formats.AGAIN) from error
    standard = isinstance(read, formats.Standard)
    missing, warnings = _builds(lock, entries, own, standard=standard)
    missing = (*lines, *missing)
    if missing and not partial:
        raise MissingInSite(missing, holdings.origin)
    warnings = (*warnings, *(projects.other_indexes(lock.parent, address) if not standard else ()))
    _write(to, new, data, backup)
    return Relocked(
        lock=str(lock),
        output=str(to),
        backup=str(backup) if backup and new != data else "",
        index=address.url,
        manifest=holdings.origin,
        targets=tuple(one.name for one in own),
        packages=len(entries.packages),
        kept=entries.kept,
        dropped=entries.dropped,
        built=entries.built,
        missing=missing,
        warnings=warnings,
    )


def beside(lock: Path) -> Path:
    """Return where a lock is written without another wish: ``uv.relocked.lock``, ``pylock.relocked.toml``."""
    if _PYLOCK.fullmatch(lock.name):
        stem = lock.name.removesuffix(".toml")
        return lock.with_name(f"{stem}{'-' if '.' in stem else '.'}relocked.toml")
    return lock.with_name(f"{lock.name.removesuffix('.lock')}.relocked.lock")


def _concerned(read: formats.Lock, path: Path, holdings: Holdings, names: Sequence[str]) -> tuple[Target, ...]:
    """
    Return the targets of the site that the lock is for.

    :raises SubsetError: there is none, or the lock is for none of *names*.
    """
    asked = holdings.targets(names)
    found = lacking.concerned(asked, read.requires_python, read.environments)
    if lost := [one.name for one in asked if one not in found] if names else []:
        msg = f"the lock is not for {', '.join(lost)}: see requires-python and the environments in it"
        raise SubsetError(msg, path=path, next_step="leave it out of `--target`, or lock for it too")
    if not found:
        names = [f"{one.name} (Python {one.version})" for one in asked]
        msg = f"the lock is for none of the targets of the site: {', '.join(names)}"
        raise SubsetError(msg, path=path, next_step="compare requires-python in it with the targets")
    return found


def _builds(
    lock: Path, entries: Entries, targets: Sequence[Target], *, standard: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    Return the build requirements that the site lacks: those of the projects of a lock, and those that it need not have.

    :param standard: whether it is a lock of PEP 751, which does not list the project beside it.
    """
    missing: list[str] = []
    warnings: list[str] = []
    for folder in dict.fromkeys(entries.folders):
        for name, line in projects.missing_builds(lock.parent / folder, targets, entries.holdings):
            if name == projects.OF_UV and not standard:
                warnings.append(f"{line}; a uv of such a version has it in itself")
            else:
                missing.append(line)
    if standard and not entries.folders and projects.is_built(lock.parent):
        warnings += [line for _, line in projects.missing_builds(lock.parent, targets, entries.holdings)]
    return tuple(missing), tuple(warnings)


def _write(path: Path, new: bytes, old: bytes, backup: Path | None) -> None:
    """
    Write the new lock, after the *old* bytes at *backup*.

    :raises SubsetError: there is another file at *backup*.
    """
    if backup is not None and new == old:
        return
    if backup is not None:
        if backup.exists() and backup.read_bytes() != old:
            msg = "this copy of an earlier lock would be lost"
            raise SubsetError(msg, path=backup, next_step="rename or remove it, and run the same command again")
        files.write(backup, old)
    files.write(path, new)
