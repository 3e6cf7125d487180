"""Programs and files that a wheel has installed: entry points (PyPA), and where the schemes of ``.data`` lead."""

from __future__ import annotations

import keyword
import re

from pypi_subset.distributions import member_names
from pypi_subset.distributions.member_names import key_of
from pypi_subset.distributions.metadata import is_text, short

#: Groups whose entries become programs.
SCRIPTS = ("console_scripts", "gui_scripts")
#: Where programs are installed, as `place_of` spells it.
BIN = "bin:"

#: A shell reads ``-x`` as an option, and does not show ``.x``.
_NAME = re.compile(r"\w[\w.-]*")
_OBJECT = re.compile(
    r"\s*(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*(?::\s*(?P<object>[^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*)?(?:\[[\w\s.,-]*\]\s*)?"
)
#: What installers drop from the name of a program on Windows, before they add ``.exe``.
_DROPPED = re.compile(r"\.py[^.]*\Z")
#: Directories below the prefix that are a scheme of their own, on each system.
_PROGRAMS, _PACKAGES = frozenset({"bin", "scripts"}), ("site-packages", "dist-packages")
_HEADERS = re.compile(r"include/(?:site/)?(?:python|pypy)[^/]*/(?=.)", re.IGNORECASE)


def wrong_entries(data: bytes, programs: set[str]) -> str:
    """
    Return what is wrong with the entry points *data*, ``""`` if nothing.

    :param programs: takes the names of all files that installers may write for them, on any system.
    """
    import configparser  # noqa: PLC0415 - most wheels have none, and it takes long to load

    class Entries(configparser.ConfigParser):
        optionxform = staticmethod(str)  # type: ignore[assignment] # as the specification writes it

    found = Entries(delimiters=("=",), interpolation=None, default_section="\n")
    if not is_text(data):
        return "they are not UTF-8"
    try:
        found.read_string(data.decode())
    except configparser.Error as error:
        return " ".join(str(error).split())[:200]
    for group in found.sections():
        for name, value in found.items(group):
            if fault := _wrong_entry(name, value, programs if group in SCRIPTS else None):
                return fault
    return ""


def _wrong_entry(name: str, value: str, programs: set[str] | None) -> str:
    """Return what is wrong with one entry point; *programs* are those before it, ``None`` if it is no program."""
    point = _OBJECT.fullmatch(value)
    if point is None or (programs is not None and not point["object"]):
        return f"{short(name)} is {short(value)}, which names no object"
    if programs is None:
        return ""
    # Installers write ``from MODULE import OBJECT``.
    if any(map(keyword.iskeyword, f"{point['module']}.{point['object']}".split("."))):
        return f"{short(name)} is {short(value)}, which names no object"
    if not _NAME.fullmatch(name) or member_names.fault_of(name):
        return f"{short(name)} is no name for a program"
    files = files_of(name)
    if not programs.isdisjoint(files):
        return f"{short(name)} is the file of another program too, on some systems"
    programs |= files
    return ""


def files_of(program: str) -> set[str]:
    """Return the keys of all files that installers write for the entry point *program*, or take for written by one."""
    name = key_of(program)
    return {
        name,
        f"{_DROPPED.sub('', name)}.exe",
        *(f"{name}{end}" for end in (".exe", "-script.py", "-script.pyw", ".pya")),
    }


def is_program(name: str) -> bool:
    """Whether a file of this *name* may be a program, where a shell finds it."""
    return not name.startswith(("-", "."))


def place_of(scheme: str, inside: str, project: str) -> str:
    """
    Return where a file of ``.data`` is installed: a path of ``site-packages``, or a path with a prefix such as `BIN`.

    :param scheme: one of those of the specification.
    :param inside: the path below it.
    :param project: whose headers have a directory of their own.
    """
    if scheme in {"purelib", "platlib"}:
        return inside
    if scheme != "data":
        return f"{BIN}{inside}" if scheme == "scripts" else f"headers:{project}/{inside}"
    # Below the prefix lie the other schemes.
    parts = inside.split("/")
    folders = [part.lower() for part in parts[:-1]]
    if folders and folders[0] in _PROGRAMS:
        return f"{BIN}{'/'.join(parts[1:])}"
    for packages in _PACKAGES:
        if packages in folders:
            return "/".join(parts[folders.index(packages) + 1 :])
    headers = _HEADERS.match(inside)
    return f"headers:{inside[headers.end() :]}" if headers else f"prefix:{inside}"
