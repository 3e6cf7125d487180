"""Files in directories of the user that no source would serve: misnamed, or below another directory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pypi_subset.distributions import filenames
from pypi_subset.errors import Fault
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

#: What the names of wheels, of sdists, and of archives that are taken for sdists end with.
_WHEEL, _SDISTS = ".whl", (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz")
_NAMES = {
    True: "rename it as its build wrote it: NAME-VERSION-PYTHON-ABI-PLATFORM.whl, such as app-2.0-py3-none-any.whl",
    False: "rename it as its build wrote it: NAME-VERSION.tar.gz, such as app-2.0.tar.gz; or move it away",
}


def unread(folder: Path, others: Collection[Path] = ()) -> Iterator[Fault]:
    """
    Yield a fault for each distribution in *folder* that pip would pass over, so that another index is asked for its project.

    Hidden files, and those of wheel variants, are passed over on purpose.

    :param others: directories that are sources themselves.
    """
    with files.folder_errors(folder):
        entries = sorted(os.scandir(folder), key=lambda one: one.name) if folder.is_dir() else []
    for entry in (one for one in entries if not one.name.startswith(".")):
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            if found := _first_below(path, others):
                what = f"this is in a directory below {folder.name}, and only files of {folder.name} itself are read"
                step = f"move it up, or name its directory in a [sources.NAME] of its own; or move {path.name} away"
                yield Fault(what=what, path=found, next_step=step)
        elif _looks_so(entry.name) and not is_read(entry.name):
            kind = entry.name.lower().endswith(_WHEEL)
            what = f"this is no name of {'a wheel' if kind else 'an sdist'}, so it would be passed over"
            yield Fault(what=what, path=path, next_step=_NAMES[kind])


def is_read(filename: str) -> bool:
    """Return whether *filename* is the name of a wheel, an sdist or a wheel variant."""
    try:
        filenames.parse(filename)
    except filenames.INVALID:
        return filenames.of_wheel_variant(filename) is not None
    return True


def _looks_so(filename: str) -> bool:
    return filename.lower().endswith((_WHEEL, *_SDISTS))


def _first_below(folder: Path, others: Collection[Path]) -> Path | None:
    """Return the first file below *folder* that looks like a distribution, ``None`` without one; no link is followed."""
    with files.folder_errors(folder):
        for place, folders, names in os.walk(folder):
            here = type(folder)(place)
            folders[:] = sorted(one for one in folders if not one.startswith("."))
            if here.resolve() in others:
                continue
            if found := next((one for one in sorted(names) if _looks_so(one) and not one.startswith(".")), None):
                return here / found
    return None
