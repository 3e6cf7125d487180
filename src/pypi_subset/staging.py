"""
A folder is built where nobody looks, and takes another's place in one step; what a crash leaves is mended or swept away.

Whatever is not whole yet, or is not needed any more, is called ``.….stage``.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import re
import shutil
import sys
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset import files
from pypi_subset.errors import FolderError
from pypi_subset.snapshot import mark_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


@dataclass(kw_only=True, slots=True)
class Spare:
    """
    What was replaced last time, less what is out of date: whoever changes little of a large folder begins with it.

    :param path: where it is kept, on the file system of the folder that it was.
    :param keep: paths below it of the folders that are kept of what is replaced now; none is, unless the block says so.
    :param is_kept: whether they were.
    """

    path: Path
    keep: Collection[str] = ()
    is_kept: bool = False


@contextlib.contextmanager
def staged(live: Path, *, spare: Spare | None = None) -> Iterator[Path]:
    """
    Yield a folder that takes the place of *live* if the block succeeds; else *live* stays as it was.

    It is empty, or the spare one if there is any. A README in *live* is the user's and is carried along. Where *live* is
    a symbolic link it stays one: the folder that it leads to is replaced.

    :raises FolderError: the folder beside *live* cannot be written, or the two cannot be exchanged.
    """
    here = _real(live)
    # The process is part of the name: two runs that build one site never get into each other's stage.
    stage = here.with_name(f".{here.name}.{os.getpid()}.new.stage")
    try:
        with files.known_as(stage, live):
            with files.folder_errors(stage):
                remove_tree(stage)
                stage.mkdir(parents=True)
                if spare:
                    _begin_with(spare, stage)
            yield stage
            with files.folder_errors(stage):
                if (here / "README.md").is_file():
                    shutil.copy2(here / "README.md", stage)
        exchange(stage, here, spare)
    except BaseException:
        # What went wrong first is what the user needs to know.
        with contextlib.suppress(FolderError):
            recover(here)
        raise


def exchange(stage: Path, live: Path, spare: Spare | None = None) -> None:
    """
    Put the folder *stage* where *live* stands; afterwards the old folder is gone.

    One step where the kernel has it (Linux ``renameat2``); elsewhere two renames, and `recover` mends what a crash
    between them left.

    :param spare: what the old folder becomes, unless nothing of it is kept.
    :raises FolderError: the folders cannot be renamed.
    """
    old = retired(live)
    with files.folder_errors(live):
        if not live.exists():
            stage.rename(live)
        elif _exchange_names(stage, live):
            _put_by(stage, spare)
        else:
            try:
                _set_aside(live, old)
                stage.rename(live)
            except BaseException:
                _put_back(live, unfinished=stage.exists())
                raise
            _put_by(old, spare)


# What is kept only saves work: nothing that stands in its way is a reason to fail, least of all when the new folder has
# taken its place already.


def _begin_with(spare: Spare, stage: Path) -> None:
    """Put the spare folder where *stage* is, which is empty and new, if that can be done."""
    with contextlib.suppress(OSError):
        if _maker_of(spare.path) == _maker_of(stage):
            stage.rmdir()
            spare.path.rename(stage)
    stage.mkdir(exist_ok=True)


def _put_by(old: Path, spare: Spare | None) -> None:
    """Make of a folder that was replaced the spare one; or nothing, if nothing of it is kept."""
    if spare:
        with contextlib.suppress(OSError):
            discard(spare.path)
    if spare and spare.keep:
        with contextlib.suppress(OSError):
            # A folder that is not whole must not keep the name of one that is.
            gone = _gone(old)
            remove_tree(gone)
            old.rename(gone)
            old = gone
            strip(gone, but=spare.keep)
            gone.rename(spare.path)
            spare.is_kept = True
            return
    discard(old)


def _maker_of(folder: str | Path) -> tuple[int, int]:
    """Return the mode and the owner: those of a folder that was made elsewhere, or changed, are often others."""
    facts = os.lstat(folder)
    return facts.st_mode, facts.st_uid


def strip(folder: Path, *, but: Collection[str]) -> None:
    """
    Remove all that is in *folder*, but some of the folders below it.

    :param but: their paths, with slashes; none is in another.
    """
    ways = {path[: slash.start()] for path in but for slash in re.finditer("/", path)}
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        with os.scandir(folder / inside) as entries:
            found = [(f"{inside}{entry.name}", entry) for entry in entries]
        for path, entry in found:
            if entry.is_dir(follow_symlinks=False) and path in ways:
                waiting.append(f"{path}/")
            elif path not in but:
                remove_tree(Path(entry.path))


def standing(folder: Path, marks: Mapping[str, str]) -> frozenset[str]:
    """
    Return those of the folders below *folder* that bear the mark that they had, and its own permissions and owner.

    :param marks: from `snapshot.mark_of`, by their paths, with slashes.
    """
    maker, here = _maker_of(folder), os.fspath(folder)

    @functools.cache
    def is_usual(path: str) -> bool:
        """Whether the folder, and each that it lies in, is one, and like *folder*."""
        above, _, name = path.rpartition("/")
        return not name or (_maker_of(f"{here}/{path}") == maker and is_usual(above))

    found = set()
    for path, mark in marks.items():
        with contextlib.suppress(OSError):
            facts = os.lstat(f"{here}/{path}")
            usual = (facts.st_mode, facts.st_uid) == maker and mark_of(facts) == mark
            if usual and is_usual(path.rpartition("/")[0]):
                found.add(path)
    return frozenset(found)


def retired(live: Path) -> Path:
    """Return the name that the old folder at *live* carries while it is being replaced: always a whole folder."""
    return live.with_name(f".{live.name}.old.stage")


def _set_aside(live: Path, old: Path) -> None:
    """Give the folder *live* the name *old*."""
    try:
        live.rename(old)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # A folder that came with a container's image cannot be renamed (overlayfs), only copied and removed.
        copy = live.with_name(f".{live.name}.copy.stage")
        shutil.copytree(live, copy, symlinks=True)
        copy.rename(old)
        remove_tree(live)


def _put_back(live: Path, *, unfinished: bool) -> None:
    """Give the old folder its name again, unless the new one stands there already."""
    old = retired(live)
    if old.exists() and (unfinished or not live.exists()):
        remove_tree(live)
        old.rename(live)


def recover(live: Path) -> None:
    """Finish or undo an `exchange` of *live* that a crash cut off, and remove what is left of stages."""
    here = _real(live)
    with files.folder_errors(live):
        _put_back(here, unfinished=any(here.parent.glob(f".{escape(here.name)}.*new.stage")))
        sweep(here.parent, f".{escape(here.name)}.*.stage")


def sweep(folder: Path, pattern: str) -> None:
    """Remove whatever in *folder* matches *pattern*: the leavings of a run that was killed."""
    with files.folder_errors(folder):
        for path in folder.glob(pattern):
            discard(path)


def discard(path: Path) -> None:
    """
    Remove the file, or the folder that is called ``….stage``, at *path*, even if somebody is still writing into it.

    It loses its name first, so that nobody who knows that name gets in. Ctrl-C is obeyed when all is gone.
    """
    gone = _gone(path) if path.is_dir() and not path.is_symlink() else path

    def remove() -> None:
        if gone != path and path.exists():
            if gone.exists():
                # A run with this one's number was killed before.
                remove_tree(gone)
            path.rename(gone)
        remove_tree(gone)

    try:
        remove()
    except KeyboardInterrupt:
        remove()
        raise


def _gone(folder: Path) -> Path:
    """Return a name that nobody knows who might want to look into *folder*."""
    return folder.with_suffix(f".{os.getpid()}.gone.stage")


def remove_tree(path: Path) -> None:
    """Remove a file or a whole folder; nothing there is no error."""
    if path.is_dir() and not path.is_symlink():
        try:
            _remove_folder(os.fspath(path))
        except OSError:
            # Whoever may remove a folder may also make it writable: an old site that was protected goes all the same.
            for folder, _, _ in os.walk(path):
                Path(folder).chmod(0o700)
            shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_folder(folder: str) -> None:
    """Remove a folder in a third of the time that `shutil.rmtree` takes, which guards against others who write there."""
    below = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                below.append(entry.path)
            else:
                os.unlink(entry.path)  # noqa: PTH108 - tens of thousands
    for one in below:
        _remove_folder(one)
    os.rmdir(folder)  # noqa: PTH106 - a string


def _real(path: Path) -> Path:
    """Return where *path* leads to, absolute, whether or not anything is there."""
    return Path(os.path.realpath(path))


def _exchange_names(one: Path, other: Path) -> bool:
    """Swap the names of two folders in one step; ``False`` where the system cannot (renameat2(2))."""
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 - a run with nothing to do needs none

    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    at_fdcwd, rename_exchange = -100, 2
    if renameat2(at_fdcwd, os.fsencode(one), at_fdcwd, os.fsencode(other), rename_exchange) == 0:
        return True
    code = ctypes.get_errno()
    if code in {errno.EINVAL, errno.ENOSYS, errno.EXDEV}:
        return False
    raise OSError(code, os.strerror(code), str(other))
