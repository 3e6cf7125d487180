"""Wheels that would replace a tool of every environment, or run code at each start of its Python."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

from pypi_subset.proof.access.places import SEPARATOR, installed_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.model.manifest import File

#: Modules of other systems, and of Python 2, that the standard library or pip tries to import before it does without.
_TRIED = {"msvcrt", "nt", "winreg", "_winapi", "_winreg", "_wmi", "cpickle"}
#: Modules that Python or pip imports by itself, whatever was asked of them (site, PEP 600), and pip.
_MODULES = {"sitecustomize", "usercustomize", "_manylinux", "pip", *_TRIED}
#: Scripts that stand in the place of an interpreter or of pip: ``python3.12``, ``pip3``; not ``pip-audit``. Windows starts
#: ``python.com`` before ``python.exe``. What a shell reads to activate an environment counts too, as does what an
#: interpreter reads beside its program: settings, and its own library.
_TOOL = re.compile(
    r"(?:pythonw?|pypyw?|pip)(?:\d+(?:\.\d+)*)?t?(?:\.(?:exe|com|bat|cmd|ps1))?|(?:de)?activate(?:_this\.py|\.\w+)?"
    r"|pyvenv\.cfg|(?:python|pypy)\w*\.(?:_pth|dll)",
    re.IGNORECASE,
)
#: Below the prefix: settings of the interpreter and of pip, and the standard library where it is no virtual environment.
_OF_PREFIX = re.compile(
    r"pyvenv\.cfg|pip\.(?:conf|ini)|lib(?:64)?/(?:python|pypy)[\d.]+t?/(?!(?:site|dist)-packages/).*|lib/[^/]*\.pyc?",
    re.IGNORECASE,
)
#: Files that Python reads at each start (site, PEP 829).
_AT_START = (".pth", ".start")
#: Bytes of the longest list of entry points that is read.
_LONGEST = 1 << 20


def of_wheel(entry: File, path: Path) -> tuple[list[str], list[str]]:
    """
    Return what is wrong with a wheel, and what is worth a note; both are sentences.

    :param entry: the wheel, as the manifest has it.
    :param path: the file. One that cannot be read says nothing here: pip and the hashes judge it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            found = [one for one in archive.infolist() if one.filename.endswith(".dist-info/entry_points.txt")]
            texts = [archive.open(one).read(_LONGEST).decode("utf-8", "replace") for one in found]
            long = [one.filename for one in found if one.file_size > _LONGEST]
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, EOFError):
        return [], []
    # A wheel of pip is the one that may bring pip.
    own = entry.project == "pip"
    commands = sorted({name for text in texts for name in _commands(text)})
    faults = {what for name in names for what in _replaced(name)}
    faults |= {f"bin/{name}" for name in map(_last, commands) if _TOOL.fullmatch(name)}
    red = sorted(what for what in faults if not (own and what.rpartition("/")[2].lower().startswith("pip")))
    astray = [f"a script named {name!r}, which leads elsewhere" for name in commands if name != _last(name)]
    astray += [
        f"a file named {name!r}, which leads elsewhere" for name in sorted(names) if ".." in SEPARATOR.split(name)
    ]
    notes = sorted({name for name in map(_at_top, names) if name.lower().endswith(_AT_START)})
    return (
        [
            *(
                f"{entry.filename} ({entry.project}) brings {what}, which every environment has its own of"
                for what in red
            ),
            *(f"{entry.filename} ({entry.project}) brings {what}" for what in astray),
            *(
                f"{entry.filename} ({entry.project}) brings {name}, which is longer than {_LONGEST} bytes"
                for name in long
            ),
        ],
        [f"{entry.filename} brings {name}, which Python reads at each start" for name in notes],
    )


def _replaced(name: str) -> Iterator[str]:
    """Yield what the file *name* of a wheel would replace."""
    script, top, (scheme, inside) = _script(name), _at_top(name), installed_at(name)
    if script and _TOOL.fullmatch(script):
        yield f"bin/{script}"
    if top.partition(".")[0].lower() in _MODULES and not top.endswith((".dist-info", *_AT_START)):
        yield top
    # Jython's, which `copy` and `pickle` try to import.
    if top.lower() == "org" and [part.lower().partition(".")[0] for part in inside[1:2]] == ["python"]:
        yield "org/python"
    if scheme == "data" and _OF_PREFIX.fullmatch("/".join(inside)):
        yield "/".join(inside)


def _commands(text: str) -> Iterator[str]:
    """Yield the scripts of the entry points *text*, read line by line as pip does: a stricter reader would see fewer."""
    section = ""
    for line in map(str.strip, text.splitlines()):
        name, is_entry, _ = line.partition("=")
        if line.startswith("[") and line.endswith("]"):
            section = line.strip("[] ")
        elif is_entry and section in {"console_scripts", "gui_scripts"}:
            yield name.strip()


def _last(name: str) -> str:
    """Return the last part of the path *name*."""
    return SEPARATOR.split(name)[-1]


def _script(name: str) -> str:
    scheme, inside = installed_at(name)
    return inside[0] if scheme == "scripts" and len(inside) == 1 else ""


def _at_top(name: str) -> str:
    """Return the topmost part of *name* in ``site-packages``, ``""`` if it is elsewhere."""
    scheme, inside = installed_at(name)
    return inside[0] if scheme == "purelib" else ""
