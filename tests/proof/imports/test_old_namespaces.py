"""Packages with an ``__init__.py`` that are namespaces by its text."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.imports.old_namespaces import old_namespaces
from pypi_subset.proof.imports.public_modules import own_modules, public_modules
from tests.support.sites.cases import present

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.proof.closure import Present

#: Texts of an ``__init__.py`` that make a namespace, by what they use.
EXTENDING = {
    "pkgutil": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)",
    "pkg_resources": '"""Doc."""\n__import__("pkg_resources").declare_namespace(__name__)  # \\d',
    "either": (
        "try:\n    import pkg_resources\n    pkg_resources.declare_namespace(__name__)\nexcept ImportError:\n"
        "    import pkgutil\n    __path__ = pkgutil.extend_path(__path__, __name__)"
    ),
    "imported": "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n__version__ = '1'\n__all__ = []",
    "typed": "import pkgutil\n__path__: list[str] = pkgutil.extend_path(__path__, __name__)",
    "appended": "import os\n__path__.append(os.path.join('a', 'b'))",
    "mark": "\ufeff__path__ = __import__('pkgutil').extend_path(__path__, __name__)",
}
#: Such that make a package: they define something, or are no Python of today.
PACKAGES = {
    "function": f"{EXTENDING['pkgutil']}\ndef call(): pass",
    "class": f"{EXTENDING['pkgutil']}\nclass Kind: pass",
    "value": f"{EXTENDING['pkgutil']}\nLEVEL = 1",
    "names": f"{EXTENDING['pkgutil']}\nfrom .thing import call",
    "all names": f"{EXTENDING['pkgutil']}\nfrom aa.thing import *",
    "loop": "for one in __path__:\n    print(one)",
    "other": "print 'aa'",
    "NUL": "\0",
    "nested": "(" * 5000,
    "signs": "-" * 60_000 + "1",
    "attributes": "a" + ".a" * 30_000,
    "sum": "1" + "+1" * 30_000,
    "large": f"{EXTENDING['pkgutil']}\n#{'x' * (1 << 16)}",
}
FILES = ("aa/__init__.py", "aa/thing.py", "aa/part/__init__.py", "aa/_own.py", "aa/tests/__init__.py")


def installed(folder: Path, text: str, project: str = "kit", files: tuple[str, ...] = FILES) -> Present:
    """Return a distribution in whose directory *folder* each ``__init__.py`` holds *text*."""
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return replace(present(project, *files), library=folder)


@pytest.mark.parametrize("kind", EXTENDING)
def test_what_extends_the_path_alone_is_a_namespace(tmp_path: Path, kind: str) -> None:
    """The modules below it are the project's own, and public by their names."""
    one = installed(tmp_path, EXTENDING[kind], files=FILES[:2])
    assert old_namespaces(one, ["aa"]) == {"aa"}
    assert public_modules(one, ()).modules == ("aa.thing",)


@pytest.mark.parametrize("kind", PACKAGES)
def test_what_defines_something_is_a_package(tmp_path: Path, kind: str) -> None:
    """It is imported itself; a text that cannot be parsed is no error of the proof, and no warning."""
    one = installed(tmp_path, PACKAGES[kind], files=FILES[:2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert old_namespaces(one, ["aa"]) == frozenset()
    assert public_modules(one, ()).modules == ("aa",)


#: Texts that define nothing and do nothing.
EMPTY = ["", '"""Doc."""\n# more\n', "pass"]


@pytest.mark.parametrize("text", EMPTY)
def test_an_empty_one_is_that_of_a_package(tmp_path: Path, text: str) -> None:
    """Whatever is below it: modules of a package may need what is optional."""
    one = installed(tmp_path, text)
    assert old_namespaces(one, ["aa"]) == frozenset()
    assert old_namespaces(replace(one, files=FILES[::2]), ["aa"]) == frozenset()


@pytest.mark.parametrize("text", [*EMPTY, PACKAGES["value"]])
def test_one_that_the_project_is_named_after(tmp_path: Path, text: str) -> None:
    """``aa-thing`` and ``Aa.Part`` are portions of ``aa``; ``aa`` itself is no portion."""
    for project, spaces in (("aa-thing", {"aa"}), ("Aa.Part", {"aa"}), ("aa", set()), ("aab", set())):
        assert old_namespaces(installed(tmp_path, text, project, FILES[:2]), ["aa"]) == spaces, project
    assert old_namespaces(installed(tmp_path, "LEVEL = 1", "aa-thing"), ["aa"]) == frozenset()


@pytest.mark.parametrize("text", [*EMPTY, PACKAGES["value"]])
def test_one_that_old_metadata_name(tmp_path: Path, text: str) -> None:
    """setuptools wrote ``namespace_packages`` beside METADATA."""
    one = installed(tmp_path, text, files=(*FILES, "kit-1.dist-info/namespace_packages.txt"))
    assert old_namespaces(one, ["aa"]) == frozenset()
    (tmp_path / one.files[-1]).write_text("bb\naa\n")
    assert old_namespaces(one, ["aa"]) == {"aa"}
    (tmp_path / one.files[-1]).unlink()
    assert old_namespaces(one, ["aa"]) == frozenset()


def test_namespaces_within_each_other(tmp_path: Path) -> None:
    """The own portions count, whatever the depth."""
    files = ("aa/__init__.py", "aa/bb/__init__.py", "aa/bb/thing.py", "aa/bb/_own.py", "six.py")
    one = installed(tmp_path, EXTENDING["pkgutil"], files=files)
    assert own_modules(one) == ("aa.bb._own", "aa.bb.thing", "six")


def test_shared_libraries_among_its_data_are_no_portions(tmp_path: Path) -> None:
    """Those of the namespace itself are, and so is a module of Python at any depth, as of PEP 420."""
    one = installed(tmp_path, EXTENDING["pkgutil"], files=("aa/__init__.py", "aa/bb/thing.py"))
    one = replace(one, files=(*one.files, "aa/fast.abi3.so", "aa/vendor/plugin.so", "cc/slow.so"))
    assert own_modules(one) == ("aa.bb.thing", "aa.fast", "cc.slow")


def test_a_namespace_without_a_public_portion_is_imported_itself(tmp_path: Path) -> None:
    """It is all that can be tried."""
    for files in (("aa/__init__.py",), ("aa/__init__.py", "aa/_own.py")):
        one = installed(tmp_path, EXTENDING["pkgutil"], files=files)
        assert public_modules(one, ()).modules == ("aa",)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """RECORD may name what is missing or a directory, and a distribution may not be installed at all."""
    one = replace(present("kit", *FILES), library=tmp_path)
    assert old_namespaces(one, ["aa", "bb"]) == frozenset()
    (tmp_path / "aa" / "__init__.py").mkdir(parents=True)
    assert old_namespaces(one, ["aa"]) == frozenset()
    assert old_namespaces(present("kit", *FILES), ["aa"]) == frozenset()
