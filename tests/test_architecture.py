"""Imports go one way: who may use whom, read from the sources."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "pypi_subset"

#: Whatever anybody may import: values, errors, writing files and folders, and escaping: what is shown is no part of a verdict.
COMMON = frozenset({"errors", "model", "files", "staging", "markup"})
#: The steps of the story; only the pipeline knows them all.
STAGES = frozenset({"upstream", "resolve", "lock", "download", "layout", "sidecars", "index", "pages", "manifest"})
#: What only those at the top may import.
TOP = STAGES | {"pipeline", "build", "assemble", "tasks", "display", "serve", "publish", "release", "obtain"}
TOP |= {"inputs", "bootstrap"}


def imports(path: Path) -> tuple[set[str], set[str]]:
    """Return the rooms of our package that *path* imports when it runs, and those it names in annotations alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing = {
        node
        for guard in ast.walk(tree)
        if isinstance(guard, ast.If) and ast.unparse(guard.test) == "TYPE_CHECKING"
        for node in ast.walk(guard)
    }
    running: set[str] = set()
    annotating: set[str] = set()
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}:{node.lineno}: imports are written in full"
            names = [node.module or ""]
            if names == ["pypi_subset"]:
                names = [f"pypi_subset.{alias.name}" for alias in node.names if alias.name != "__version__"]
        rooms = {name.split(".")[1] for name in names if name.startswith("pypi_subset.")}
        (annotating if node in typing else running).update(rooms)
    return running, annotating


def graph() -> dict[str, set[str]]:
    """Return room → rooms that it imports when it runs; ``proof`` is one room."""
    rooms: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        room = path.relative_to(SOURCE).with_suffix("").parts[0]
        rooms.setdefault(room, set()).update(imports(path)[0] - {room})
    rooms.pop("__init__")
    return rooms


def test_the_reader_sees_imports() -> None:
    """The graph below is not empty: what is known to be there is found."""
    rooms = graph()
    assert {"errors", "model"} <= rooms["inputs"]
    assert rooms["pipeline"] | rooms["build"] | rooms["assemble"] >= STAGES - {"upstream", "resolve"}
    assert rooms.keys() >= TOP | COMMON | {"proof", "piprun", "targets"}


def test_no_circle() -> None:
    """Rooms can be ordered so that each imports only those before it."""
    assert [*TopologicalSorter(graph()).static_order()]


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_no_stage_imports_another(stage: str) -> None:
    """Stages hand values on; they do not call each other; a type in an annotation is no call."""
    assert not graph()[stage] & TOP


def test_the_proof_stands_apart() -> None:
    """``proof`` imports values and the door to pip: a wrong line in a stage cannot make it green."""
    assert graph()["proof"] <= COMMON | {"piprun"}


@pytest.mark.parametrize("path", sorted((SOURCE / "proof").glob("*.py")), ids=lambda path: path.stem)
def test_the_proof_stands_apart_in_every_file(path: Path) -> None:
    """Not even an annotation of ``proof`` names a stage."""
    running, annotating = imports(path)
    assert running | annotating <= COMMON | {"piprun", "proof"}


@pytest.mark.parametrize("path", sorted(SOURCE.parents[1].glob("verify/*.py")), ids=lambda path: path.stem)
def test_verify_is_thin(path: Path) -> None:
    """The suite around the proof knows the proof, values, and no stage."""
    assert set.union(*imports(path)) <= COMMON | {"proof", "inputs", "verify"}


def test_values_know_nothing() -> None:
    """``model``, ``errors`` and ``markup`` import nothing of ours; ``files`` only the errors that it raises."""
    rooms = graph()
    assert (rooms["model"], rooms["errors"], rooms["markup"], rooms["files"]) == (set(), set(), set(), {"errors"})


def test_only_the_top_knows_the_stages() -> None:
    """Helpers below the stages import no stage."""
    rooms = graph()
    for room in rooms.keys() - TOP - {"proof"}:
        assert not rooms[room] & TOP, room


@pytest.mark.parametrize("room", ["bootstrap", "_inpip", "model", "errors", "files", "describe_target"])
def test_standard_library_alone(room: str) -> None:
    """What runs before anything is installed, or inside pip, or holds values, needs nothing that must be installed."""
    allowed = set(sys.stdlib_module_names) | {"pypi_subset", "packaging"} - {"packaging" * (room == "bootstrap")}
    allowed |= {"_inpip": {"pip"}, "files": {"filelock"}}.get(room, set())
    # This one is copied alone to other machines, some of which have a module that limits wheels (PEP 600).
    allowed = {*sys.stdlib_module_names, "_manylinux"} if room == "describe_target" else allowed
    for node in ast.walk(ast.parse((SOURCE / f"{room}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] in allowed


def test_only_the_edge_ends_the_process() -> None:
    """Printing and exit codes live in ``tasks``, and in what runs where there are no tasks."""
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "sys.exit", "exit", "os._exit"}
    }
    assert found <= {"tasks.py", "bootstrap.py", "_inpip.py", "describe_target.py"}
