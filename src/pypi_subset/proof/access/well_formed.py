"""What a wheel asks of an installer besides its files: programs to write, and places for files (``.data``)."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

#: The places that the specification of wheels names.
PLACES = {"purelib", "platlib", "headers", "scripts", "data"}
#: Bytes of the longest list of entry points that is read.
_LONGEST = 1 << 20
_PROGRAM = re.compile(r"[\w.-]+")
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
        if not (section and is_entry and point) or line[0].isspace() or (section, name) in seen:
            yield f"has entry points with a line that not all installers read alike: {line.strip()[:200]!a}"
        elif runs and (not (_PROGRAM.fullmatch(name) and point["attr"]) or PureWindowsPath(name).is_reserved()):
            yield f"has an entry point {name[:200]!a} that is no program"
        seen.add((section, name))
        programs |= {name.casefold()} if runs else set()


def _places(files: list[str], info: str, programs: set[str]) -> Iterator[str]:
    """Yield which files would be installed over each other, or by some installers elsewhere."""
    data, seen = info.removesuffix(".dist-info") + ".data", dict[str, str]()
    for name in files:
        top, *rest = name.split("/")
        if top.lower().endswith(".data"):
            if top != data or len(rest) < 2 or rest[0] not in PLACES:  # noqa: PLR2004 - a place and a file
                yield f"holds {name!a}, for which no place is known"
                continue
            if rest[0] == "scripts" and "/".join(rest[1:]).casefold() in programs:
                yield f"holds {name!a}, and an entry point of that name"
            if rest[0] not in {"purelib", "platlib"}:
                continue
            rest = rest[1:]
            top = rest[0]
            if top.lower().endswith((".dist-info", ".egg-info")):
                yield f"holds {name!a}, the metadata of another distribution"
        elif top.lower().endswith(".egg-info"):
            yield f"holds {name!a}, the metadata of another distribution"
        else:
            rest = [top, *rest]
        other = seen.setdefault("/".join(rest).casefold(), name)
        if other != name:
            yield f"holds {other!a} and {name!a}, which are installed as one file"
