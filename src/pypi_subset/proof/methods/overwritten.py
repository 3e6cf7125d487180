"""Two wheels that install one path with other bytes: the one that is installed later overwrites the other."""

from __future__ import annotations

import functools
import zipfile
from typing import TYPE_CHECKING

from installer.records import InvalidRecordEntry, parse_record_file
from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.imports.public_modules import modules_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypi_subset.model.requests import Request
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.methods.pip_install import Installed

#: Where each place of a wheel's ``.data`` lies, as one directory each for two wheels (wheel specification).
_PLACES = {"purelib": "", "platlib": "", "scripts": "bin/", "data": "prefix/", "headers": "headers/"}
#: Directories below the prefix that are a place of their own.
_BELOW = {"prefix/bin/": "bin/", "prefix/Scripts/": "bin/"}
_SCRIPTS = ("console_scripts", "gui_scripts")


def validate(case: Case, installed: Sequence[Installed], requests: Sequence[Request]) -> tuple[str, ...]:
    """
    Return a note for each two wheels of *installed* that install a path with other bytes, with both names.

    :param requests: those lines of the case that apply to the target.
    :raises ProofFailed: a module or a program of a requested project is overwritten.
    """
    # On these systems two names that differ in case alone are one file.
    folded = any(platform.startswith(("win", "macosx")) for platform in case.target.platforms)
    requested = {canonicalize_name(one.requirement.name) for one in requests}
    owners: dict[str, tuple[Installed, str]] = {}
    notes: dict[tuple[str, str], list[str]] = {}
    for one in installed:
        path = case.file(one.path)
        for place, told in _places(path, path.stat().st_mtime_ns):
            other, before = owners.setdefault(place.lower() if folded else place, (one, told))
            if other is one or before == told:
                continue
            names = other.path.rpartition("/")[2], path.name
            for project, wheel in ((other.project, case.file(other.path)), (one.project, path)):
                if project in requested and _counts(place, wheel, folded=folded):
                    msg = f"{names[0]} and {names[1]} both install {place}, with other bytes; {project} was asked for"
                    raise ProofFailed(msg, project=project, target=case.target.name)
            notes.setdefault(names, []).append(place)
    return tuple(
        f"{first} and {second} both install {places[0]}{f' and {len(places) - 1} more' * (len(places) > 1)}, with other bytes"
        for (first, second), places in sorted(notes.items())
    )


def _counts(place: str, wheel: Path, *, folded: bool) -> bool:
    """Whether the file at *place* is a program of *wheel*, or belongs to a module that is imported from it."""
    if place.startswith("bin/"):
        return True
    files = [name for name, _ in _places(wheel, wheel.stat().st_mtime_ns)]
    tops = {module.replace(".", "/") for module in modules_of(files)}
    if folded:
        place, tops = place.lower(), {top.lower() for top in tops}
    return any(place == top or place.startswith((f"{top}/", f"{top}.")) for top in tops)


@functools.lru_cache(maxsize=1 << 10)
def _places(wheel: Path, changed: int) -> tuple[tuple[str, str], ...]:
    """
    Return where each file of *wheel* is installed, relative to ``site-packages``, and its hash in RECORD.

    Programs that an installer writes for entry points lie in ``bin/``, and have the object as their hash.

    :param changed: when; the same wheel is in many cases, and read once by each process.
    """
    del changed
    try:
        with zipfile.ZipFile(wheel) as archive:
            return tuple(_read(archive))
    except (zipfile.BadZipFile, KeyError, ValueError, InvalidRecordEntry):
        # Others say what is wrong with it.
        return ()


def _read(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    (info,) = (name.rpartition("/")[0] for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
    data = info.removesuffix(".dist-info") + ".data/"
    for name, told, _ in parse_record_file(archive.read(f"{info}/RECORD").decode().splitlines()):
        if name.startswith(f"{info}/") or name.endswith("/"):
            continue
        if name.startswith(data):
            scheme, _, inside = name.removeprefix(data).partition("/")
            name = _PLACES.get(scheme, f"{scheme}/") + inside  # noqa: PLW2901 - where it is installed
            for prefix, place in _BELOW.items():
                name = place + name.removeprefix(prefix) if name.startswith(prefix) else name  # noqa: PLW2901
        yield name, told
    if f"{info}/entry_points.txt" in archive.namelist():
        yield from _programs(archive.read(f"{info}/entry_points.txt").decode())


def _programs(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in map(str.strip, text.splitlines()):
        name, is_entry, value = line.partition("=")
        if line.startswith("["):
            section = line.strip("[] ")
        elif is_entry and section in _SCRIPTS:
            yield f"bin/{name.strip()}", f"{section} {value.strip()}"
