"""
Other files in ``packages/.files/``, each once, by SHA-256: a copy of a file of this machine, or what was fetched.

A copy is never a hard link of the user's file, which may be written to. What is here is not fetched again, and what the
live site has is linked back.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import stat
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pypi_subset.errors import DiskError, Fault, FolderError, HashMismatch, InputFaults, UpstreamError
from pypi_subset.model.intake.other_files import CarriedFile
from pypi_subset.requirements.places import places_of
from pypi_subset.support import bounds, files
from pypi_subset.support.machine.room import Need, existing, require_room
from pypi_subset.support.threads import DaemonThreadPool
from pypi_subset.upstream.transport.unfinished import PART

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pypi_subset.model.intake.other_files import OtherFile
    from pypi_subset.model.paths import Paths
    from pypi_subset.packages.file_cache import FileCache
    from pypi_subset.support.progress import Progress, Stage
    from pypi_subset.upstream.http import Fetcher
    from pypi_subset.upstream.pip_config import Network

logger = logging.getLogger(__name__)

#: The directory, in the packages directory.
FOLDER = ".files"
#: How the name of a file ends until its hash was checked.
ARRIVED = ".arrived"
#: Files that are fetched at the same time.
_PARALLEL = 3
_PIECE = 1 << 20
#: Permissions of every file: each user reads it, and no user runs it.
_MODE = 0o644
_OPEN = os.O_RDONLY | files.BINARY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def place_of(packages: Path, sha256: str) -> Path:
    """Return where the file with that hash is, or would be."""
    return packages / FOLDER / sha256


def gather(
    wanted: Sequence[OtherFile], paths: Paths, network: Network, cache: FileCache, progress: Progress
) -> tuple[CarriedFile, ...]:
    """
    Return the other files, sorted by path, after copying or fetching those that the packages directory lacks.

    :param cache: knows the hashes of files that have not changed.
    :raises InputFaults: a file of this machine is missing, is no regular file, or has another hash; all faults at once.
    :raises DiskError: there is no room for what is missing.
    :raises UpstreamError: a file cannot be fetched.
    :raises HashMismatch: a file that was fetched has another hash.
    """
    if not wanted:
        return ()
    require_sources(wanted, cache)
    absent = {one.sha256: one for one in wanted if not _is_here(one, paths, cache, progress)}
    if absent:
        _bring([*absent.values()], paths, network, cache, progress)
    return tuple(_carried(one, paths.packages) for one in wanted)


def require_sources(wanted: Iterable[OtherFile], cache: FileCache) -> None:
    """
    Return if each file of this machine is there with its hash.

    :raises InputFaults: one is not; all faults at once.
    """
    faults = []
    for one in wanted:
        what, step = _fault(one.source, one, cache) if one.source else ("", "")
        if what:
            faults.append(
                Fault(what=f"{one.named}: {one.source} {what}", path=one.document, line=one.line, next_step=step)
            )
    if faults:
        raise InputFaults(sorted(faults, key=lambda fault: fault.line or 0))


def _fault(source: Path, one: OtherFile, cache: FileCache) -> tuple[str, str]:
    """Return what is wrong with a file of this machine, and the next step; two empty texts if nothing is."""
    try:
        facts = source.lstat()
        what, step = _kind_fault(source, facts)
        found = "" if what else cache.sha256(source, facts)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}", "correct path, or remove the entry"
    except (FolderError, DiskError) as error:
        return f"cannot be read: {error.what}", "make it readable for this user, or remove the entry"
    if what or found == one.sha256:
        return what, step
    # A proposed change must not ask for the hashes of files elsewhere.
    inside = one.document is not None and not places_of(one.document.parent).refusal(source)[0]
    shown = f"the sha256 {found}, and the entry says {one.sha256}" if inside else "another sha256 than the entry says"
    return f"has {shown}", "find out who changed it; if you trust the file, write its hash into the entry"


def _kind_fault(source: Path, facts: os.stat_result) -> tuple[str, str]:
    """Return why what is at *source* cannot be carried, and the next step; two empty texts if it can."""
    if stat.S_ISLNK(facts.st_mode):
        return "is a symbolic link", "name the file that it leads to"
    if stat.S_ISDIR(facts.st_mode):
        return "is a directory", "name one file, or an archive of the directory"
    if not stat.S_ISREG(facts.st_mode):
        return "is no regular file", "name a regular file"
    if is_virtual(source, facts):
        return "is made by the kernel, and has no bytes on a disk", "copy what it says to a file, and name that one"
    return "", ""


def is_virtual(path: Path, facts: os.stat_result) -> bool:
    """
    Return whether the file at *path* is one of those that the kernel makes when they are read, as in ``/proc``.

    Such a file says nothing true about its size, has other bytes at each time, or waits until there are some.
    """
    if not hasattr(os, "statvfs") or facts.st_blocks:
        return False
    with contextlib.suppress(OSError):
        system = os.statvfs(path)
        return system.f_blocks == system.f_files == 0
    return False


def _is_here(one: OtherFile, paths: Paths, cache: FileCache, progress: Progress) -> bool:
    """Return whether the packages directory has the file, with its hash; what the site has is linked back."""
    place, published = place_of(paths.packages, one.sha256), paths.site / one.path
    if _holds(place, one.sha256, cache):
        return True
    if os.path.lexists(place):
        progress.say(f"{place} had a wrong hash, and is replaced")
        with files.folder_errors(place):
            place.unlink()
    if not _holds(published, one.sha256, cache):
        return False
    with files.folder_errors(place):
        place.parent.mkdir(exist_ok=True)
    files.link(published, place)
    return True


def _holds(path: Path, sha256: str, cache: FileCache) -> bool:
    try:
        facts = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and cache.sha256(path, facts) == sha256


def _bring(absent: Sequence[OtherFile], paths: Paths, network: Network, cache: FileCache, progress: Progress) -> None:
    """Copy or fetch the files *absent*, after looking for room."""
    # Imported late: it loads the network side of pip.
    from pypi_subset.upstream.http import Fetcher  # noqa: PLC0415

    entries = tuple((one.url, f"{one.named} in {_where(one)}") for one in absent if one.url)
    fetcher = Fetcher(replace(network, entries=entries), say=progress.say)
    with files.folder_errors(paths.packages):
        (paths.packages / FOLDER).mkdir(exist_ok=True)
    try:
        with DaemonThreadPool(_PARALLEL) as pool:
            sizes = [*pool.map(partial(_size, fetcher), absent)]
        begun = [_begun(one, paths.packages) for one in absent]
        total = sum(max(0, size - there) for size, there in zip(sizes, begun, strict=True))
        needs = [Need(paths.packages, total)]
        if existing(paths.packages).stat().st_dev != existing(paths.site.absolute().parent).stat().st_dev:
            # Elsewhere the site has hard links of these files.
            needs.append(Need(paths.site, sum(sizes)))
        require_room(needs, f"mirror, for {len(absent)} other file{'s' * (len(absent) != 1)},")
        with progress.stage("files", total, "bytes") as bar, DaemonThreadPool(_PARALLEL) as pool:
            for future in [pool.submit(_take, one, paths.packages, fetcher, bar) for one in absent]:
                future.result()
    finally:
        fetcher.close()
    for one in absent:
        place = place_of(paths.packages, one.sha256)
        cache.sha256(place)


def _size(fetcher: Fetcher, one: OtherFile) -> int:
    """Return the bytes of a file, 0 if its server does not state them."""
    if one.source is None:
        with _no_index():
            return fetcher.size(one.url) or 0
    with files.folder_errors(one.source):
        return one.source.stat().st_size


def _begun(one: OtherFile, packages: Path) -> int:
    """Return the bytes that a stopped run has fetched."""
    place = place_of(packages, one.sha256)
    part = place.with_name(f".{place.name}{ARRIVED}{PART}")
    return part.stat().st_size if part.is_file() else 0


def _take(one: OtherFile, packages: Path, fetcher: Fetcher, bar: Stage) -> None:
    """Bring one file to its place, after its hash was checked."""
    place = place_of(packages, one.sha256)
    if one.source is not None:
        _copy(one, place, bar)
        return
    arrived = place.with_name(f"{place.name}{ARRIVED}")
    with _no_index():
        found = fetcher.save(one.url, arrived, bounds.LARGEST_OTHER, bar.advance, sha256=one.sha256)
    if found != one.sha256:
        with files.folder_errors(arrived):
            arrived.unlink()
        msg = f"{one.named}: {one.url} has the sha256 {found}, and the entry says {one.sha256}"
        step = "find out who changed it; if you trust the file, write its hash into the entry"
        raise HashMismatch(msg, path=one.document, line=one.line, next_step=step)
    with files.folder_errors(place):
        arrived.replace(place)
    logger.info("%s: fetched", one.url)


def _copy(one: OtherFile, place: Path, bar: Stage) -> None:
    """Copy a file of this machine; it may change while it is copied, so that the bytes that are written are hashed."""
    source, hashed = str(one.source), hashlib.sha256()
    with files.new_part(place) as part:
        with open(os.open(source, _OPEN), "rb") as stream:  # noqa: PTH123 - a descriptor
            while piece := stream.read(_PIECE):
                hashed.update(piece)
                part.write(piece)
                bar.advance(len(piece))
        if hashed.hexdigest() != one.sha256:
            what, step = (
                f"{one.named}: {source} changed while it was copied",
                "run the command again when nothing writes to it",
            )
            raise InputFaults([Fault(what=what, path=one.document, line=one.line, next_step=step)])


@contextlib.contextmanager
def _no_index() -> Iterator[None]:
    """Let an error of the network propose another URL, and no other index."""
    try:
        yield
    except UpstreamError as error:
        error.next_step = error.next_step.replace("or name another index", "or correct its url")
        raise


def _where(one: OtherFile) -> str:
    name = one.document.name if one.document else ""
    return f"{name}:{one.line}" if one.line else name


def _carried(one: OtherFile, packages: Path) -> CarriedFile:
    place = place_of(packages, one.sha256)
    with files.folder_errors(place):
        facts = place.stat()
        # No file of these is to be run, and each web server must be able to read it.
        if stat.S_IMODE(facts.st_mode) != _MODE:
            place.chmod(_MODE)
    return CarriedFile(path=one.path, sha256=one.sha256, size=facts.st_size, url=one.url, place=place)
