"""Shared libraries of the system that an import asked for in vain: what the words of an exception say about that."""

from __future__ import annotations

import re
from typing import Literal

#: What the loaders of Linux (glibc, musl), macOS and Windows write, and ``ctypes`` on Windows.
_LOADER = re.compile(
    r"(?P<glibc>[^\s:']+): cannot open shared object file"
    r"|Error loading shared library (?P<musl>[^\s:]+)"
    r"|Library not loaded: (?P<macos>\S+)"
    r"|dlopen\((?P<dlopen>[^\s,)]+)[^)]*\): (?:image not found|tried:)"
    r"|Could not find module '(?P<ctypes>[^']+)' \(or one of its dependencies\)"
    r"|(?P<windows>DLL load failed|\[WinError 126\])"
)
#: A file of a shared library, and a name that begins like one and may be a project's: ``libcst``.
_FILE = re.compile(r"(?<![\w./+-])[\w+./-]+?\.(?:so(?:\.\d+)*|dylib|dll)\b", re.IGNORECASE)
_STEM = r"\blib(?!rar)[a-z]\w*"
_GONE = r"\b(?:not (?:be )?(?:found|loaded|located|installed|available)|missing)\b"
_VAIN = r"\b(?:unable to|failed to|could ?n[o']t|can ?not|can't|did not) (?:\w+ or )?(?:find|load|locate|open)\b"
_LIBRARY = r"\blibrar(?:y|ies)\b"
#: Sentences of packages that look for a library themselves, with ``ctypes.util.find_library`` for example.
_SENTENCE = re.compile(
    rf"{_LIBRARY}[^.;]{{0,80}}?{_GONE}"
    rf"|{_VAIN}[^.;]{{0,80}}?(?:{_LIBRARY}|\blib\b|{_STEM}|{_FILE.pattern})"
    rf"|\bno {_LIBRARY} (?:called|named|found)"
    rf"|(?:{_STEM}|{_FILE.pattern})[^.;]{{0,40}}?{_GONE}",
    re.IGNORECASE,
)
#: Words of a sentence about a shared library, and words of one about a Python project.
_NATIVE = re.compile(r"\b(?:shared|dynamic|native|C) librar(?:y|ies)\b", re.IGNORECASE)
_PYTHON = re.compile(r"\bpip3?\b|python|\bpypi\b|\bpackages?\b|\bmodules?\b|\bimport(?:s|ed)?\b", re.IGNORECASE)
_PATH = re.compile(r"[^\s/]*/\S*")
#: Classes of exceptions that report what the system lacks.
_OF_SYSTEM = frozenset({"OSError", "FileNotFoundError"})


def library_of(text: str) -> str:
    """Return the library that a loader did not find, ``""`` if *text* is none of a loader."""
    library = _LOADER.search(text)
    if library is None:
        return ""
    return "a DLL of the system" if library["windows"] else next(filter(None, library.groups()))


def files_in(text: str) -> frozenset[str]:
    """Return the names of the files of shared libraries in *text*, without directories."""
    names = (library_of(text), *_FILE.findall(text))
    return frozenset(name.replace("\\", "/").rpartition("/")[2] for name in names)


def says_library(kind: str, text: str) -> Literal["", "perhaps", "surely"]:
    """
    Return whether an exception says in a sentence of its own that a library was not found.

    Surely is a library of the system: what an OSError reports, a file of a shared library, and one of C by its words. Any
    other may be a project of Python.

    :param kind: the class of the exception.
    """
    if _SENTENCE.search(text) is None or _PYTHON.search(_PATH.sub(" ", text)):
        return ""
    return "surely" if kind in _OF_SYSTEM or _NATIVE.search(text) or _FILE.search(text) else "perhaps"
