"""Two wheels that install one path with other bytes: the one that is installed later overwrites the other."""

from __future__ import annotations

import functools
import zipfile
from collections import defaultdict
from typing import TYPE_CHECKING

from installer.records import InvalidRecordEntry, parse_record_file
from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.access.places import installed_at, started_as
from pypi_subset.proof.imports.public_modules import modules_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypi_subset.model.requests import Request
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.methods.pip_install import Installed

#: The directory of each place where wheels install files, as one for two wheels (wheel specification).
_PLACES = {"purelib": "", "scripts": "bin/", "data": "prefix/", "headers": "headers/"}
_SCRIPTS = ("console_scripts", "gui_scripts")


def validate(case: Case, installed: Sequence[Installed], requests: Sequence[Request]) -> tuple[str, ...]:
    """
    Return a note for each two wheels of *installed* that install a path with other bytes, with both names.

    :param requests: those lines of the case that apply to the target.
    :raises ProofFailed: a module or a program of a requested project is overwritten.
    """
    windows = any(platform.startswith("win") for platform in case.target.platforms)
    # On these systems two names that differ in case alone are one file.
    folded = windows or any(platform.startswith("macosx") for platform in case.target.platforms)
    requested = {canonicalize_name(one.requirement.name) for one in requests}
    owners: defaultdict[str, list[tuple[Installed, str]]] = defaultdict(list)
    notes: dict[tuple[str, str], list[str]] = {}
    for one in installed:
        path = case.file(one.path)
        for place, stated, key in _places(path, path.stat().st_mtime_ns, windows):
            before = owners[key.lower() if folded else key]
            for other, said in before:
                if other is one or said == stated:
                    continue
                names = other.path.rpartition("/")[2], path.name
                for project, wheel in ((other.project, case.file(other.path)), (one.project, path)):
                    if project in requested and _counts(place, wheel, folded=folded, windows=windows):
                        msg = (
                            f"{names[0]} and {names[1]} both install {place}, with other bytes; {project} was asked for"
                        )
                        raise ProofFailed(msg, project=project, target=case.target.name)
                notes.setdefault(names, []).append(place)
            before.append((one, stated))
    return tuple(
        f"{first} and {second} both install {places[0]}{f' and {len(places) - 1} more' * (len(places) > 1)}, with other bytes"
        for (first, second), places in sorted(notes.items())
    )


def _counts(place: str, wheel: Path, *, folded: bool, windows: bool) -> bool:
    """Whether the file at *place* is a program of *wheel*, or belongs to a module that is imported from it."""
    if place.startswith("bin/"):
        return True
    files = [name for name, *_ in _places(wheel, wheel.stat().st_mtime_ns, windows)]
    tops = {module.replace(".", "/") for module in modules_of(files)}
    if folded:
        place, tops = place.lower(), {top.lower() for top in tops}
    return any(place == top or place.startswith((f"{top}/", f"{top}.")) for top in tops)


@functools.lru_cache(maxsize=1 << 10)
def _places(wheel: Path, changed: int, windows: bool) -> tuple[tuple[str, str, str], ...]:  # noqa: FBT001 - a key of the cache
    """
    Return where each file of *wheel* is installed, relative to ``site-packages``, its hash in RECORD, and a key.

    Programs that an installer writes for entry points lie in ``bin/``, and have the object as their hash. Two programs
    that start by the same name have one key.

    :param changed: when; the same wheel is in many cases, and read once by each process.
    """
    del changed
    try:
        with zipfile.ZipFile(wheel) as archive:
            return tuple(_read(archive, windows=windows))
    except (zipfile.BadZipFile, KeyError, ValueError, InvalidRecordEntry):
        # Others say what is wrong with it.
        return ()


def _read(archive: zipfile.ZipFile, *, windows: bool) -> Iterator[tuple[str, str, str]]:
    (info,) = (name.rpartition("/")[0] for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
    data = f"{info.removesuffix('.dist-info')}.data/"
    for name, stated, _ in parse_record_file(archive.read(f"{info}/RECORD").decode().splitlines()):
        if name.startswith(f"{info}/") or name.endswith("/"):
            continue
        if not name.startswith(data):
            yield name, stated, name
            continue
        scheme, inside = installed_at(name)
        path = "/".join(inside)
        key = started_as(path, entry_point=False) if windows and scheme == "scripts" else path
        where = _PLACES.get(scheme, f"{scheme}/")
        yield f"{where}{path}", stated, f"{where}{key}"
    if f"{info}/entry_points.txt" in archive.namelist():
        for name, stated in _programs(archive.read(f"{info}/entry_points.txt").decode()):
            yield f"bin/{name}", stated, f"bin/{started_as(name, entry_point=True) if windows else name}"


def _programs(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in map(str.strip, text.splitlines()):
        name, is_entry, value = line.partition("=")
        if line.startswith("["):
            section = line.strip("[] ")
        elif is_entry and section in _SCRIPTS:
            yield name.strip(), f"{section} {value.strip()}"
