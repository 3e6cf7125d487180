"""The structure: contracts on imports, sizes, where tests stand, and what a module may use."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.support.checkout import ROOT, SOURCE, TESTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Python modules in one directory.
MODULES = 13
#: Lines in one module of the sources, and of the long suites.
LINES = 300
#: Statements from which a module has a test file of its name.
STATEMENTS = 10
#: Tests of what a whole wing does: they are named after the behaviour, since no module alone has it.
BEHAVIOURS = {
    "bundle/test_other_files.py",
    "bundle/test_trip.py",
    "standalone/importer/hostile/test_manipulations.py",
    "standalone/importer/hostile/test_odd_values.py",
    "standalone/importer/test_stopped.py",
    "bundle/test_killed.py",
    "snapshots/test_killed.py",
    "bundle/test_trips.py",
    "pipeline/stopped/test_neighbours.py",
    "pipeline/test_busy_hosts.py",
    "pipeline/stopped/test_disk.py",
    "pipeline/stopped/test_kill.py",
    "policy/test_runs.py",
    "relocking/test_real_projects.py",
    "proof/test_agreement.py",
    "upstream/test_good_files.py",
    "upstream/places/test_scenarios.py",
    "upstream/transport/test_scenarios.py",
}
#: Directories of tests that are packages; `tests/pip` as a package would hide pip.
PACKAGES = ("support", "evidence")
#: What modules that run before anything is installed, on other machines or inside pip may import besides the standard
#: library. `_manylinux` limits wheels on some machines (PEP 600).
BESIDE_STANDARD = {
    "cli/bootstrap.py": {"pypi_subset"},
    "cli/goals.py": set(),
    "errors": {"pypi_subset"},
    "model": {"pypi_subset", "packaging", "msgspec"},
    "pip/_child.py": {"pip", "_manylinux"},
    "pip/changes.py": {"pip"},
    "proof/isolation/_launcher.py": set(),
    "standalone/command_line.py": {"pypi_subset"},
    "standalone/describe_target.py": {"_manylinux"},
    "standalone/errors.py": set(),
    "standalone/importer": {"pypi_subset"},
    "standalone/installer": {"pypi_subset"},
    "standalone/requester": {"pypi_subset"},
    "standalone/joined.py": set(),
}
#: Modules of Python that Windows has not.
UNIX_ALONE = ("fcntl", "grp", "pwd", "resource", "syslog", "termios")
#: Libraries that import some of these, and look first where they run.
LIBRARIES_OF_UNIX = ("filelock", "invoke", "rich.console", "uvicorn", "distributed")
#: Programs for Linux that no other module imports.
PROGRAMS = ("._launcher",)
#: What may print or end the process: the command, and what runs as a program of its own.
EDGE = ("cli/", "pip/_child.py", "proof/isolation/_launcher.py", "standalone/", "__main__.py")


def modules(root: Path) -> list[Path]:
    """Return the Python modules below *root*, sorted."""
    return sorted(path for path in root.rglob("*.py") if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    """Return the name of a source or test file below its root."""
    return path.relative_to(SOURCE if path.is_relative_to(SOURCE) else TESTS).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Yield the full names of all that *path* imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def statements(path: Path) -> int:
    """Return the number of statements of *path*, without docstrings."""
    return sum(
        isinstance(node, ast.stmt) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in ast.walk(ast.parse(path.read_bytes()))
    )


def test_the_contracts_are_kept() -> None:
    """import-linter finds no import that a contract in ``pyproject.toml`` forbids."""
    program = "from importlinter.cli import lint_imports_command as main; main()"
    command = [sys.executable, "-c", program, "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "3 kept, 0 broken" in done.stdout


@pytest.mark.parametrize("root", [SOURCE, TESTS], ids=["src", "tests"])
def test_no_directory_is_large(root: Path) -> None:
    """A directory holds at most 13 modules."""
    counts = Counter(path.parent for path in modules(root))
    assert len(counts) > 10
    assert {str(folder): count for folder, count in counts.items() if count > MODULES} == {}


@pytest.mark.parametrize("root", [SOURCE, TESTS / "support", TESTS / "evidence"], ids=lambda root: root.name)
def test_no_module_is_long(root: Path) -> None:
    """A module of the sources, of the helpers and of the long suites has at most 300 lines."""
    helpers = [path for path in modules(root) if not path.name.startswith("test_")]
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in helpers}
    assert {name: length for name, length in lengths.items() if length > LINES} == {}


def test_wings_of_tests_are_no_packages() -> None:
    """``__init__.py`` stands in ``tests``, in the helpers and in the long suites, and nowhere else."""
    found = {path.parent for path in modules(TESTS) if path.name == "__init__.py"}
    wanted = {path.parent for package in PACKAGES for path in modules(TESTS / package)}
    assert found == {TESTS, *wanted}


def test_every_module_has_its_tests() -> None:
    """A module of ten statements or more has a test file of its name in the wing of its name."""
    missing = [
        name_of(path)
        for path in modules(SOURCE)
        if path.name not in {"__init__.py", "__main__.py"}
        and statements(path) >= STATEMENTS
        and not (TESTS / path.relative_to(SOURCE)).with_name(f"test_{path.name}").is_file()
    ]
    assert missing == []


def test_every_test_file_names_a_module() -> None:
    """A test file of a wing is named after a module of that wing, or listed as a behaviour of the whole wing."""
    files = [path for path in modules(TESTS) if path.name.startswith("test_") and path.parent != TESTS]
    files = [path for path in files if not path.is_relative_to(TESTS / "evidence")]
    lost = {name_of(path) for path in files if not (SOURCE / path.relative_to(TESTS).parent / path.name[5:]).is_file()}
    # Tests of the package itself stand in `tests`.
    assert lost == BEHAVIOURS


def test_every_long_suite_has_its_tests() -> None:
    """A test file of ``tests/evidence`` is named after a package there."""
    suites = {path.parent.name for path in (TESTS / "evidence").glob("*/__main__.py")}
    assert {path.stem.removeprefix("test_") for path in (TESTS / "evidence").glob("test_*.py")} == suites


@pytest.mark.parametrize("place", BESIDE_STANDARD)
def test_standard_library_alone(place: str) -> None:
    """What runs before anything is installed, elsewhere or inside pip, or holds values, needs the standard library."""
    files = [SOURCE / place] if place.endswith(".py") else modules(SOURCE / place)
    assert files
    allowed = set(sys.stdlib_module_names) | BESIDE_STANDARD[place]
    found = {name.partition(".")[0] for path in files for name in imported(path)}
    assert found <= allowed


@pytest.mark.parametrize("path", modules(SOURCE / "proof"), ids=name_of)
def test_the_proof_stands_apart(path: Path) -> None:
    """Not even an annotation of ``proof`` names another wing than errors, model, support and pip."""
    ours = [name.split(".") for name in imported(path) if name.startswith("pypi_subset")]
    assert {parts[1] for parts in ours} <= {"errors", "model", "pip", "proof", "support", "__version__"}


@pytest.mark.parametrize("path", modules(ROOT / "verify"), ids=lambda path: path.stem)
def test_verify_is_thin(path: Path) -> None:
    """The suite around the proof uses the proof, values and the reader of requirements."""
    ours = [name.split(".") for name in imported(path) if name.startswith("pypi_subset")]
    assert {parts[1] for parts in ours} <= {"errors", "model", "proof", "requirements", "support", "verify"}


def test_only_the_edge_ends_the_process() -> None:
    """Printing and exit codes stand in ``cli`` and in what runs as a program of its own."""
    found = {
        name_of(path)
        for path in modules(SOURCE)
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "sys.exit", "exit", "os._exit"}
    }
    assert found
    assert {name for name in found if not name.startswith(EDGE)} == set()


def test_every_module_is_imported_where_modules_of_unix_are_missing() -> None:
    """Windows has no ``fcntl``, ``pwd`` or ``resource``: a module that needs one imports it where it is used."""
    program = f"""
import sys, warnings, {", ".join(LIBRARIES_OF_UNIX)}
for name in {UNIX_ALONE}:
    sys.modules[name] = None
import importlib, pkgutil, pypi_subset
for module in pkgutil.walk_packages(pypi_subset.__path__, "pypi_subset."):
    if not module.name.endswith({PROGRAMS}):
        importlib.import_module(module.name)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_package_is_in_the_wheel() -> None:
    """``pyproject.toml`` names each package: one that it does not name is missing where the tool is installed."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    found = [path.parent.relative_to(SOURCE.parent) for path in SOURCE.rglob("__init__.py")]
    assert {".".join(path.parts) for path in found} <= set(named)
    assert len(named) == len(set(named))
