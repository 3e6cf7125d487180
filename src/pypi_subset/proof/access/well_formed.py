"""What a wheel asks of an installer besides its files: programs to write, and places for files (``.data``)."""

from __future__ import annotations

import keyword
import re
from importlib.metadata import EntryPoint
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pypi_subset.proof.access.places import installed_at, programs_on_windows

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterable, Iterator

#: The places that the specification of wheels names.
PLACES = {"purelib", "platlib", "headers", "scripts", "data"}
#: Bytes of the longest list of entry points that is read.
_LONGEST = 1 << 20
_PROGRAM = re.compile(r"\w[\w.-]*")
_SECTION = re.compile(r"\[([^\[\]]+)\]")


def faults(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield what only some installers would do with a wheel."""
    files = [info.filename for info in archive.infolist() if not info.is_dir()]
    infos = {name.split("/")[0] for name in files if name.split("/")[0].lower().endswith(".dist-info")}
    if len(infos) != 1:
        yield f"holds {len(infos)} directories *.dist-info, where a wheel has one"
        return
    info = infos.pop()
    programs: set[str] = set()
    if f"{info}/entry_points.txt" in files:
        with archive.open(f"{info}/entry_points.txt") as stream:
            yield from _entry_points(stream.read(_LONGEST).decode(), programs)
    yield from _places(files, info, programs)


def _entry_points(text: str, programs: set[str]) -> Iterator[str]:
    """Yield what is wrong with entry points; add the names of programs to *programs*."""
    section, seen = "", set()
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        if found := _SECTION.fullmatch(line.strip()):
            section = found[1].strip()
            continue
        name, is_entry, value = (part.strip() for part in line.partition("="))
        point = EntryPoint.pattern.fullmatch(value)
        runs = section in {"console_scripts", "gui_scripts"}
        written = {name.casefold(), *programs_on_windows(name)} if runs else set[str]()
        if not (section and is_entry and point) or line[0].isspace() or (section, name) in seen:
            yield f"has entry points with a line that not all installers read alike: {line.strip()[:200]!a}"
        elif runs and not _is_program(name, point["module"], point["attr"]):
            yield f"has an entry point {name[:200]!a} that is no program"
        elif written & programs:
            yield f"has an entry point {name[:200]!a} that is the file of another program too, on some systems"
        seen.add((section, name))
        programs |= written


def _is_program(name: str, module: str, attr: str | None) -> bool:
    """Whether an entry point becomes a program that can be started, and that Python can read."""
    good = _PROGRAM.fullmatch(name) and not PureWindowsPath(name).is_reserved() and attr
    return bool(good) and not any(map(keyword.iskeyword, f"{module}.{attr}".split(".")))


def _places(files: list[str], info: str, programs: set[str]) -> Iterator[str]:
    """Yield which files would be installed over each other, or by some installers elsewhere."""
    data, seen = info.removesuffix(".dist-info") + ".data", dict[tuple[str, str], str]()
    for name in files:
        top, *rest = name.split("/")
        if top.lower().endswith(".data") and (top != data or len(rest) < 2 or rest[0] not in PLACES):  # noqa: PLR2004 - a place and a file
            yield f"holds {name!a}, for which no place is known"
            continue
        scheme, inside = installed_at(name)
        place = "/".join(inside)
        if scheme == "scripts" and place.casefold() in programs:
            yield f"holds {name!a}, and an entry point of that name"
        elif scheme == "scripts" and place.startswith(("-", ".")):
            yield f"holds {name!a}, which is no name for a program"
        elif scheme == "purelib" and _is_metadata(inside[0]) and (place != name or inside[0] != info):
            yield f"holds {name!a}, the metadata of another distribution"
        other = seen.setdefault((scheme, place.casefold()), name)
        if other != name:
            yield f"holds {other!a} and {name!a}, which are installed as one file"


def _is_metadata(folder: str) -> bool:
    return folder.lower().endswith((".dist-info", ".egg-info"))


def directories(listed: Iterable[str], files: Iterable[str]) -> Iterator[str]:
    """Yield which of the directories that RECORD has *listed* may have files of other projects: pip removes them whole."""
    there = {*files}
    folders = folders_of(there)
    for row in listed:
        parts = row.split("/")[:-1]
        own = parts[0].endswith((".dist-info", ".data"))
        above = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        if row not in folders or not (own or any(f"{one}/__init__.py" in there for one in above)):
            yield f"lists the directory {row[:200]!a} in its RECORD, which is not its own"


def folders_of(files: Iterable[str]) -> set[str]:
    """Return the directories that *files* are in, each with ``/`` at its end."""
    found: set[str] = set()
    for name in files:
        folder = name
        while (folder := folder[:-1].rpartition("/")[0] + "/") != "/" and folder not in found:
            found.add(folder)
    return found


def another(archive: zipfile.ZipFile, filename: str) -> Iterator[str]:
    """Yield whether the metadata in *archive* are those of another project or version than *filename* says."""
    project, version, *_ = parse_wheel_filename(filename)
    for info in {name.split("/")[0] for name in archive.namelist() if name.split("/")[0].endswith(".dist-info")}:
        name, _, spelt = info.removesuffix(".dist-info").partition("-")
        try:
            same = canonicalize_name(name) == project and Version(spelt) == version
        except InvalidVersion:
            same = False
        if not (same or filename.startswith(f"{name}-{spelt}-")):
            yield f"holds {info!a}, the metadata of another distribution"
