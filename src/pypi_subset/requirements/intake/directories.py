"""Entries in directories of the user that no source would serve: misnamed, no files, or below another directory."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from pypi_subset.distributions import filenames
from pypi_subset.errors import Fault
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

#: What the names of distributions have, and of archives that are taken for them, whatever a copy or a download appended.
_KINDS = re.compile(r"\.(?:whl|wheel|egg|(tar(?:\.(?:gz|bz2|xz|zst|z|lz|lzma))?|tgz|tbz2?|txz|zip))(?![a-z0-9]|-info)")
#: Files beside a distribution: signatures, hashes, metadata and provenance of it.
_BESIDE = re.compile(r"\.(?:asc|sig|sigstore|sigstore\.json|metadata|provenance|[a-z.]*attestations?|md5|sha\d+)")
#: What browsers and download programs append while a file is incomplete.
_UNFINISHED = (".crdownload", ".part", ".partial", ".download", ".aria2", ".tmp")
_WHEEL = "rename it as its build wrote it: NAME-VERSION-PYTHON-ABI-PLATFORM.whl, such as app-2.0-py3-none-any.whl"
_SDIST = "rename it as its build wrote it: NAME-VERSION.tar.gz, such as app-2.0.tar.gz"


def unread(folder: Path, others: Collection[Path] = ()) -> Iterator[Fault]:
    """
    Yield a fault for each distribution in *folder* that would be passed over, so that another index is asked for its project.

    Hidden files are passed over on purpose, and so are wheel variants beside the file that lists them.

    :param others: directories that are sources themselves.
    """
    with files.folder_errors(folder):
        entries = sorted(os.scandir(folder), key=lambda one: one.name) if folder.is_dir() else []
    if not folder.is_dir() and os.path.lexists(folder):
        step = "make it a directory with the wheels, or move it away"
        yield Fault(what="this is no directory, and wheels are read from one", path=folder, next_step=step)
    listed = {filenames.release_of_variants(one.name) for one in entries if one.name.endswith(filenames.VARIANTS)}
    for entry in (one for one in entries if not one.name.startswith(".")):
        path, found = folder / entry.name, _looks_so(entry.name)
        if found and not entry.is_file():
            what = "this has the name of a distribution and is no file that can be read"
            yield Fault(what=what, path=path, next_step="put the file itself there, or move this away")
        elif entry.is_dir():
            yield from _below(folder, path, others)
        elif found and not is_read(entry.name) and (filenames.release_of_variants(entry.name) or ()) not in listed:
            yield _misnamed(path)


def is_read(filename: str) -> bool:
    """Return whether *filename* is the name of a wheel or an sdist."""
    try:
        filenames.parse(filename)
    except filenames.INVALID:
        return False
    return True


def _misnamed(path: Path) -> Fault:
    """Return the fault about a name that is none of a distribution, and looks like one."""
    name = path.name.lower()
    kind = _KINDS.search(name)
    is_sdist = kind is not None and kind[1] is not None
    what = f"this is no name of {'an sdist' if is_sdist else 'a wheel'}, so it would be passed over"
    step = f"{_SDIST if is_sdist else _WHEEL}; or move it away"
    if name.endswith(_UNFINISHED):
        step = "finish its download, or move it away"
    elif release := filenames.release_of_variants(path.name):
        step += f"; a wheel variant needs {release[0].replace('-', '_')}-{release[1]}{filenames.VARIANTS} beside it"
    return Fault(what=what, path=path, next_step=step)


def _looks_so(filename: str) -> bool:
    """Return whether *filename* is that of a distribution, a copy of one, or one without its ending."""
    name = filename.lower()
    found = [*_KINDS.finditer(name)]
    if not found:
        return is_read(f"{filename}.whl")
    return _BESIDE.fullmatch(name, found[-1].end()) is None


def _below(folder: Path, path: Path, others: Collection[Path]) -> Iterator[Fault]:
    """Yield the fault about a directory in *folder* that has distributions, or is a link: no link is followed."""
    what = f"this is in a directory below {folder.name}, and only files of {folder.name} itself are read"
    step = f"move it up, or name its directory in a [sources.NAME] of its own; or move {path.name} away"
    if not path.is_symlink():
        found = _first_below(path, others)
        if found:
            yield Fault(what=what, path=found, next_step=step)
    elif path.resolve() not in others:
        what = f"this is a link to a directory, and only files of {folder.name} itself are read"
        step = "name that directory in a [sources.NAME] of its own, or move the link away"
        yield Fault(what=what, path=path, next_step=step)


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
