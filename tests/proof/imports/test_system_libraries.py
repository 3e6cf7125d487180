"""What the words of an exception say about a shared library of the system."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.closure import Declared
from pypi_subset.proof.imports.missing import Error, Ground, judged
from pypi_subset.proof.imports.system_libraries import files_in, library_of, says_library
from tests.support.sites.cases import present

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "library"),
    [
        ("libGL.so.1: cannot open shared object file: No such file or directory", "libGL.so.1"),
        ("/a/lib x: cannot open shared object file", "x"),
        (
            "cannot load library 'gobject-2.0-0': gobject-2.0-0: cannot open shared object file: No such file",
            "gobject-2.0-0",
        ),
        ("Error loading shared library libz.so.1: No such file or directory (needed by /a/b.so)", "libz.so.1"),
        ("dlopen(/a/b.so, 0x0002): Library not loaded: @rpath/libz.dylib", "@rpath/libz.dylib"),
        ("dlopen(libz.dylib, 6): image not found", "libz.dylib"),
        ("dlopen(libz.dylib, 0x0006): tried: 'libz.dylib' (no such file)", "libz.dylib"),
        ("DLL load failed while importing _x: The specified module could not be found.", "a DLL of the system"),
        ("[WinError 126] The specified module could not be found", "a DLL of the system"),
        ("Could not find module 'libz.dll' (or one of its dependencies). Try the full path", "libz.dll"),
        ("/a/b.so: undefined symbol: f", ""),
        ("No module named 'libz'", ""),
    ],
)
def test_what_loaders_write(text: str, library: str) -> None:
    """glibc, musl, macOS, Windows, and ``ctypes`` there."""
    assert library_of(text) == library


#: Class, sentence, and what it says: sentences as packages write them when ``find_library`` returns nothing.
SENTENCES = [
    ("OSError", "PortAudio library not found", "surely"),
    ("OSError", "JACK library not found", "surely"),
    ("OSError", "no library called 'cairo-2' was found", "surely"),
    ("ImportError", "The 'enchant' C library was not found and maybe needs to be installed.", "surely"),
    ("ImportError", "Unable to load any of the following libraries:libhidapi-hidraw.so libhidapi.dylib", "surely"),
    ("ImportError", "Unable to find zbar shared library", "surely"),
    ("ImportError", "MagickWand shared library not found. You probably had not installed ImageMagick", "surely"),
    ("OSError", "could not find or load spatialindex_c-64.dll", "surely"),
    ("OSError", "Could not find lib geos_c or load any of its variants", "surely"),
    ("FileNotFoundError", "cannot find library; tried paths: []", "surely"),
    (
        "FileNotFoundError",
        "cannot find a suitable libusb-1.0: ['lib/python3.11/site-packages/usb1/libusb-1.0.so.0', 'libusb-1.0.so']",
        "surely",
    ),
    ("ImportError", 'Library "GLU" not found.', "perhaps"),
    ("ImportError", "failed to find libmagic. Check your installation", "perhaps"),
    ("ImportError", "could not find any library for SDL2 (PYSDL2_DLL_PATH: unset)", "perhaps"),
    ("Exception", "Could not find Opus library. Make sure it is installed.", "perhaps"),
    ("ImportError", "libcst not found", "perhaps"),
    ("ImportError", "The pandas library is not installed", "perhaps"),
    ("ImportError", "The pandas library is not installed: pip install pandas", ""),
    ("ImportError", "Could not find the Python library pandas", ""),
    ("OSError", "can't find the package 'en_core', no shared library", ""),
    ("OSError", "no configuration found", ""),
    ("ImportError", "numpy failed to import", ""),
    ("ImportError", "install the library of your system", ""),
]


@pytest.mark.parametrize(("kind", "text", "how"), SENTENCES)
def test_what_packages_write(kind: str, text: str, how: str) -> None:
    """A library of C, a file or an OSError is one of the system; a library may be a project, and with pip it is."""
    assert says_library(kind, text) == how


def test_files_are_named_without_their_directories() -> None:
    """As RECORD's names are compared."""
    assert files_in("cannot load /a/lib/libz.so.1 or C:\\b\\z.dll") >= {"libz.so.1"}
    assert files_in("Could not find module 'C:\\b\\z.dll' (or one of its dependencies)") >= {"z.dll"}


def test_patterns_end_on_long_texts() -> None:
    """The text is the package's own."""
    for part in ("+", "unable to find ", "library ", "lib", "a.so.1", "libaa ", "'"):
        assert says_library("OSError", (part * 4000)[:4000]) in {"", "surely"}
        assert library_of((part * 4000)[:4000]) == ""


def verdict(folder: Path, *errors: Error, files: tuple[str, ...] = ()) -> str:
    """Return the kind of verdict on *errors* where the project ``aa`` and its dependency ``bb`` are installed."""
    names = ("aa.py", "bb/__init__.py", *files)
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    one, other = (
        replace(present(name, *own, requires=needs), library=folder)
        for name, own, needs in (("aa", names[:1], ("bb",)), ("bb", names[1:], ()))
    )
    return judged(errors, one, Ground(declared=Declared(present=(one, other))), "aa").kind


def error(kind: str, text: str, *, direct: bool = True) -> Error:
    """Return an exception as an import ends with it."""
    return Error(kind=kind, text=text, is_import=kind in {"ImportError", "ModuleNotFoundError"}, direct=direct)


LOADER = error("OSError", "libnothere.so.9: cannot open shared object file: No such file or directory")
SENTENCE, PERHAPS = error("OSError", "PortAudio library not found"), error("ImportError", "GLU library not found")
LOST = error("ModuleNotFoundError", "No module named 'bb'", direct=False)


def test_a_missing_library_is_a_note_and_a_likely_one_amber(tmp_path: Path) -> None:
    """The loader counts along the chain of any exception, and a sentence of a package where it is clear."""
    other = error("RuntimeError", "no backend")
    assert verdict(tmp_path, LOADER) == "note"
    assert verdict(tmp_path, other, LOADER) == "note"
    assert verdict(tmp_path, other, replace(LOADER, direct=False)) == "failed"
    assert verdict(tmp_path, SENTENCE) == "note"
    assert verdict(tmp_path, PERHAPS) == "undeclared"
    assert verdict(tmp_path, other) == "failed"


def test_a_library_that_a_project_brings_is_none_of_the_system(tmp_path: Path) -> None:
    """By its file name, wherever RECORD has it."""
    assert verdict(tmp_path, LOADER, files=("bb/libnothere.so.9",)) == "failed"
    named = error("OSError", "unable to load bb.so.1, a library")
    assert verdict(tmp_path, named) == "note"
    assert verdict(tmp_path, named, files=("bb/bb.so.1",)) == "failed"


@pytest.mark.parametrize("end", [LOADER, SENTENCE, PERHAPS, error("Exception", "cannot find the shared library")])
def test_a_lost_dependency_is_red_whatever_the_text_says(tmp_path: Path, end: Error) -> None:
    """A file that RECORD names and that is gone ends all excuses. So does a module of the closure, but for the loader's words."""
    assert verdict(tmp_path, end, LOST) == ("note" if end is LOADER else "failed")
    (tmp_path / "bb" / "__init__.py").unlink()
    one, other = (
        replace(present(name, *own), library=tmp_path)
        for name, own in (("aa", ("aa.py",)), ("bb", ("bb/__init__.py", "bb/__pycache__/a.pyc", "../../bin/bb")))
    )
    declared = Declared(present=(one, other))
    assert judged([end], one, Ground(declared=declared)).kind == "failed"
    assert judged([end, LOST], one, Ground(declared=declared)).kind == "failed"
    (tmp_path / "bb" / "__init__.py").touch()
    assert judged([end], one, Ground(declared=declared)).kind != "failed"


def test_a_module_that_nothing_declares_is_not_a_library(tmp_path: Path) -> None:
    """A package that says "library" for a project stays amber or red."""
    missing = error("ModuleNotFoundError", "No module named 'zz'", direct=False)
    assert verdict(tmp_path, error("ImportError", "zz shared library not found"), missing) == "undeclared"
    assert verdict(tmp_path, SENTENCE, missing) == "failed"
