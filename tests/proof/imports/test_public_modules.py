"""The modules of a distribution: which its RECORD lists, and which of these are public."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pypi_subset.proof.closure import Present
from pypi_subset.proof.imports.public_modules import Public, extensions_of, modules_of, public_modules


@pytest.mark.parametrize(
    ("files", "modules"),
    [
        (["six.py", "six-1.0.dist-info/RECORD", "__pycache__/six.cpython-310.pyc"], ["six"]),
        (
            ["pkg/__init__.py", "pkg/sub/__init__.py", "pkg/mod.py", "_pkg.cpython-310-x86_64-linux-gnu.so"],
            ["_pkg", "pkg"],
        ),
        (
            ["google/cloud/storage/__init__.py", "google/cloud/storage/a.py", "google/api.py"],
            ["google.api", "google.cloud.storage"],
        ),
        (["fast.abi3.so", "win.cp310-win_amd64.pyd", "pkg/__init__.cpython-310-darwin.so"], ["fast", "pkg", "win"]),
        (["np/__init__.py", "np.libs/libgfortran-1.so", "nv/lib/libcublas.so.12"], ["np"]),
        (["requests-stubs/__init__.pyi", "requests-stubs/api.pyi"], []),
        (["../../bin/tool", "data/x.json", "distutils-precedence.pth", "class.py", "my-script.py"], []),
        (["aa/__init__.py", "tests/__init__.py", "setup.py"], ["aa"]),
        (["tests/__init__.py"], ["tests"]),
        (["aa/__init__.py", "scripts/release.py", "samples/run.py", "noxfile.py"], ["aa"]),
        (["scripts/release.py"], ["scripts.release"]),
        (["__init__.py", "__main__.py", "aa.py"], ["aa"]),
    ],
)
def test_modules_come_from_the_record(files: list[str], modules: list[str]) -> None:
    """Packages, single files, extensions and namespaces are found; stubs, data, scripts and leftovers are not."""
    assert list(modules_of(files)) == modules


def test_shared_libraries_among_modules() -> None:
    """A file ``.so`` may be a module of C, or a library that is loaded in another way."""
    assert extensions_of(["fast.abi3.so", "aa/lib.so", "aa/mod.py"]) == {"fast", "aa.lib"}


ONE = Present(
    project=canonicalize_name("Storage-Kit"),
    version="1.0",
    requires=(),
    requires_python=SpecifierSet(),
    files=(
        *("google/cloud/storage/__init__.py", "google/cloud/_storage/__init__.py", "google/cloud/tests/a.py"),
        *("kit.py", "_kit.py", "test_kit.py", "kit_tests/__init__.py", "docs/conf.py", "plug/__init__.py"),
    ),
)


def named(**more: object) -> tuple[str, ...]:
    """Return the public modules of the example with other facts."""
    return public_modules(replace(ONE, **more), {"storage-kit"}).modules  # type: ignore[arg-type]


def test_without_names_in_the_metadata() -> None:
    """A leading underscore anywhere in the name is private; tests and leftovers are not public."""
    assert named() == ("google.cloud.storage", "kit", "plug")


def test_a_project_of_that_name_is_no_test() -> None:
    """The module that is named like the project counts, however it is called."""
    one = replace(ONE, project=canonicalize_name("test-kit"))
    assert "test_kit" in public_modules(one, ()).modules


@pytest.mark.parametrize(
    ("names", "spaces", "modules"),
    [
        (("kit", "plug ; private"), None, ("kit",)),
        (
            ("kit", "google.cloud._storage;private", "google.cloud.storage"),
            ("google.cloud",),
            ("google.cloud", "google.cloud.storage", "kit"),
        ),
        (("",), None, ()),
        (("elsewhere",), ("google; private",), ("elsewhere",)),
        (None, ("google.cloud ;private",), ("kit", "plug")),
        (None, ("google.cloud",), ("google.cloud.storage", "kit", "plug")),
        (("not-a-name", "class", "kit", "k" * 200_000), None, ("kit",)),
    ],
)
def test_names_in_the_metadata(
    names: tuple[str, ...] | None, spaces: tuple[str, ...] | None, modules: tuple[str, ...]
) -> None:
    """Import-Name decides (PEP 794): private names are left out, an empty value means none, and nothing is guessed."""
    assert named(import_names=names, import_namespaces=spaces) == modules


def test_a_namespace_with_an_init() -> None:
    """A package that METADATA calls a namespace is none of the project's own: its portions count."""
    files = ("google/__init__.py", "google/storage/__init__.py")
    assert named(files=files) == ("google",)
    assert named(files=files, import_namespaces=("google",)) == ("google.storage",)


def test_why_nothing_is_imported() -> None:
    """A project without a public module gets a note, and so does a name that cannot be spelt."""
    assert public_modules(replace(ONE, files=("_kit.py",)), ()).notes == (
        "storage-kit holds no public module, nothing to import",
    )
    assert public_modules(replace(ONE, import_names=("",)), ()).notes == (
        "storage-kit names no public module, nothing to import",
    )
    assert public_modules(replace(ONE, import_names=("a-b",)), ()).notes[0] == (
        "storage-kit names 'a-b' as public, and no import can spell it"
    )


def test_a_plugin_of_a_project_outside_the_closure() -> None:
    """It is left out with a note; inside the closure, of the project itself, or as a program, it is public."""
    one = replace(ONE, entry_points=(("pytest11", "plug"), ("console_scripts", "kit"), ("kit.parts", "kit")))
    found = public_modules(one, {"storage-kit"})
    assert found.modules == ("google.cloud.storage", "kit")
    assert found.notes == ("storage-kit: plug is a plugin of pytest, which is not asked for: not imported",)
    assert "plug" in public_modules(one, {"storage-kit", "pytest"}).modules
    both = replace(ONE, entry_points=(("pytest11", "plug"), ("flake8.extension", "plug")))
    assert "plug" in public_modules(both, {"storage-kit", "flake8"}).modules


@pytest.mark.parametrize("group", ["storage_kit_backends", "storage-kit.backends", "kit_backends", "kit.backends"])
def test_a_group_of_the_projects_own(group: str) -> None:
    """A group whose name begins with that of the project, or of its module, is its own: pandas has one such."""
    one = replace(ONE, entry_points=((group, "kit"), (group, "plug")))
    assert public_modules(one, {"storage-kit"}).modules == ("google.cloud.storage", "kit", "plug")


def test_what_has_the_name_of_the_project_is_public() -> None:
    """Whatever it is a plugin of: else a project could have itself left out."""
    one = replace(ONE, files=("storage_kit/__init__.py", "plug.py"), entry_points=(("elsewhere.x", "storage_kit"),))
    assert public_modules(one, ()) == Public(modules=("plug", "storage_kit"))
    plugged = replace(one, entry_points=(*one.entry_points, ("elsewhere.x", "plug")))
    assert public_modules(plugged, ()).modules == ("storage_kit",)


def test_the_only_module_is_public() -> None:
    """A project that is a plugin alone is imported: what it lacks then is named."""
    one = replace(ONE, files=("plug.py",), entry_points=(("pytest11", "plug"),))
    assert public_modules(one, ()) == Public(modules=("plug",))


@pytest.mark.parametrize("module", ["test_plus", "speed_test", "testing_lib_test", "tests", "sasstests"])
def test_what_looks_like_a_test_is_left_out_if_there_is_more(module: str) -> None:
    """A project that has nothing else is imported: it may be a library for tests."""
    one = replace(ONE, files=(f"{module}/__init__.py", "sass.py"))
    assert public_modules(one, ()).modules == ("sass",)
    alone = replace(ONE, files=(f"{module}/__init__.py",))
    assert public_modules(alone, ()) == Public(modules=(module,))


@pytest.mark.parametrize("module", ["requests", "pytest", "latest", "testing", "tester", "contest"])
def test_what_is_no_test_by_its_name(module: str) -> None:
    """A part of a word is none."""
    assert public_modules(replace(ONE, files=(f"{module}.py", "sass.py")), ()).modules == tuple(
        sorted([module, "sass"])
    )
