"""Where the files of a wheel are installed (wheel specification): the schemes of ``.data``, and those that lie within another."""

from __future__ import annotations

import re

#: Separators of some system.
SEPARATOR = re.compile(r"[/\\]")
#: Directories of modules below the prefix; Debian has a name of its own.
_PACKAGES = ("site-packages", "dist-packages")
#: The directory of headers below the prefix, before that of a project.
_HEADERS = re.compile(r"include/(?:site/)?(?:python|pypy)[^/]*", re.IGNORECASE)
#: What Windows starts by the name without it (PATHEXT), and what installers drop from the name of an entry point there.
_STARTED, _DROPPED = re.compile(r"\.(?:com|exe|bat|cmd)$", re.IGNORECASE), re.compile(r"\.py[^.]*$", re.IGNORECASE)


def installed_at(name: str) -> tuple[str, list[str]]:
    """
    Return into which scheme the file *name* of a wheel is installed, and the parts of its path there.

    The schemes are ``purelib``, ``scripts``, ``headers``, with the project's directory first, and ``data``. A file of
    ``data`` below the directory of another scheme belongs to that one, by a name that any system has for it.
    """
    first, *rest = [part for part in SEPARATOR.split(name) if part not in {"", "."}] or [""]
    if not first.lower().endswith(".data") or len(rest) < 2:  # noqa: PLR2004 - a scheme and a file
        return "purelib", [first, *rest]
    scheme, *inside = rest
    if scheme == "headers":
        return scheme, [first.partition("-")[0], *inside]
    if scheme != "data":
        return ("purelib" if scheme == "platlib" else scheme), inside
    if inside[0].lower() in {"bin", "scripts"} and inside[1:]:
        return "scripts", inside[1:]
    # Some systems do not tell upper from lower case.
    folders = [part.lower() for part in inside[:-1]]
    for packages in _PACKAGES:
        if packages in folders:
            return "purelib", inside[folders.index(packages) + 1 :]
    found = _HEADERS.match("/".join(inside[:-1]))
    return ("headers", inside[found[0].count("/") + 1 :]) if found else (scheme, inside)


def programs_on_windows(name: str) -> set[str]:
    """Return the files, in lower case, that installers write on Windows for the entry point *name*, or take for its own."""
    lower = name.lower()
    return {
        f"{_DROPPED.sub('', lower)}.exe",
        *(f"{lower}{end}" for end in (".exe", "-script.py", "-script.pyw", ".pya")),
    }


def started_as(name: str, *, entry_point: bool) -> str:
    """Return the command name with which Windows starts the program file *name*, or the entry point *name*."""
    return (_DROPPED if entry_point else _STARTED).sub("", name)
