"""The joined files: readable, the same each time, and run by each Python that the manual names."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone import joined
from pypi_subset.standalone.joined import import_bundle, install, request
from pypi_subset.targets.self_described import read_description
from tests.support.gap import far as far_module
from tests.support.gap import installs, requests
from tests.support.gap.far import Trip, pythons, run_alone
from tests.support.gap.releases import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(joined.__file__).parent
#: Each file, and what joins it.
SCRIPTS = {"import_bundle.py": import_bundle, "install.py": install, "request.py": request}
#: The directory of the modules of each.
PACKAGES = {"import_bundle.py": "importer", "install.py": "installer", "request.py": "requester"}
MODULES = [
    *(FOLDER / name for name in ("command_line.py", "errors.py")),
    *sorted(path for name in PACKAGES.values() for path in (FOLDER / name).rglob("*.py") if path.name != "__init__.py"),
]
#: Modules of the standard library that 3.6 has, and that no later Python removed; each system has them, but the last three.
IMPORTS = {
    *("argparse", "base64", "binascii", "calendar", "contextlib", "ctypes", "errno", "hashlib", "html", "html.parser"),
    *("codecs", "importlib.machinery", "sysconfig", "textwrap"),
    *("difflib", "http.client", "pathlib", "ssl", "tempfile", "urllib.error", "urllib.request"),
    *(
        "gc",
        "io",
        "json",
        "os",
        "platform",
        "posixpath",
        "re",
        "shlex",
        "shutil",
        "stat",
        "struct",
        "subprocess",
        "sys",
        "time",
    ),
    *("typing", "urllib.parse", "zlib", "fcntl", "msvcrt", "venv"),
}


def _numbers(version: str) -> list[int]:
    return [*map(int, version.split("."))]


#: Found before a test hides the home directory.
PYTHONS = pythons()
#: The oldest and the newest that a machine may have.
ENDS = {
    min(PYTHONS, key=_numbers),
    min((one for one in PYTHONS if one > "3"), key=_numbers),
    max(PYTHONS, key=_numbers),
}
#: Functions and parameters that came after 3.6, or went before 3.15.
TOO_NEW = {
    *("removeprefix", "removesuffix", "isascii", "bit_count", "is_relative_to", "hardlink_to", "fromisoformat"),
    *("file_digest", "cached_property", "cache", "batched", "pairwise", "utcnow", "utcfromtimestamp", "nullcontext"),
    *("time_ns", "copy_file_range", "posix_spawn", "get_event_loop", "prod", "isqrt"),
}
TOO_NEW_KEYWORDS = {"capture_output", "text", "dirs_exist_ok", "missing_ok", "strict", "onexc", "root_dir", "onerror"}


@pytest.fixture(scope="module", params=SCRIPTS)
def script(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one file after the other."""
    return written(tmp_path_factory.mktemp("joined"), request.param)


@pytest.fixture(scope="module")
def importer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return ``import_bundle.py``."""
    return written(tmp_path_factory.mktemp("joined"), "import_bundle.py")


def written(folder: Path, name: str) -> Path:
    """Return the file *name*, written into *folder*."""
    path = folder / name
    path.write_bytes(SCRIPTS[name]())
    return path


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Three releases and the bundles between them."""
    return Trip.made(tmp_path_factory.mktemp("trip"))


def program_of(data: bytes) -> str:
    """Return the program that is a text in the file."""
    (text,) = [
        node.value.elts[1].value  # type: ignore[attr-defined]
        for node in ast.parse(data).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)
    ]
    return str(text)


def nodes() -> Iterator[tuple[str, ast.AST]]:
    """Yield each node of each module."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_bytes())):
            yield path.name, node


def test_same_bytes_each_time(script: Path) -> None:
    """Another process with another hash seed makes the same bytes: ASCII, with lines of a usual length."""
    command = (
        "import sys; from pypi_subset.standalone import joined;"
        f"sys.stdout.buffer.write(joined.{SCRIPTS[script.name].__name__}())"
    )
    environment = {"PYTHONPATH": str(Path(joined.__file__).parents[2]), "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", command], env=environment, capture_output=True, check=True)
    assert done.stdout == script.read_bytes()
    assert done.stdout.isascii()
    assert max(map(len, done.stdout.splitlines())) <= 140


def test_every_module_is_in_it_under_its_name(script: Path) -> None:
    """Each module of its directory is there once, behind a line with its name, and with the lines of its source."""
    text = script.read_text()
    folder = FOLDER / PACKAGES[script.name]
    for path in (path for path in MODULES if path.is_relative_to(folder)):
        title = path.relative_to(folder).as_posix()
        assert len(re.findall(rf"^# =+ {re.escape(title)} =+$", text, re.MULTILINE)) == 1
        for line in path.read_text().splitlines():
            assert line in text or "import" in line or "TYPE_CHECKING" in line or line.startswith("    "), line
    assert "pypi_subset.standalone" not in text


def test_modules_of_another_directory_are_in_it() -> None:
    """What the installer shares with the importer has the name of that directory before its own; nothing else is in it."""
    titles = re.findall(r"^# =+ importer/(\S+) =+$", install().decode(), re.MULTILINE)
    assert titles == [f"reading/{one}.py" for one in ("metadata", "numbers", "paths", "strict_json", "manifests")]


def test_modules_of_all_files_are_in_each(script: Path) -> None:
    """What all files share comes first, under its own name."""
    titles = re.findall(r"^# =+ (\S+) =+$", script.read_text(), re.MULTILINE)
    assert titles[:2] == ["errors.py", "command_line.py"]


def test_numbers_of_lines_are_those_of_the_file(script: Path, tmp_path: Path) -> None:
    """A traceback names lines of the file as an editor shows them."""
    broken = tmp_path / "broken.py"
    broken.write_text(
        re.sub(
            r"(        )(chosen = parser|carry_out\(parser)", r"\1raise RuntimeError\n\1\2", script.read_text(), count=1
        )
    )
    done = run_alone(sys.executable, broken)
    number = int(re.findall(r'broken\.py", line (\d+), in run', done.err)[0])
    assert broken.read_text().splitlines()[number - 1].strip() == "raise RuntimeError"


def test_two_modules_define_no_name_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A name that two modules define would be lost in one file: the joiner refuses it, and a name of an import too."""
    for text, message in (("def one():\n    pass\n", "both define one"), ("import os\n\nos = 1\n", "both define os")):
        (tmp_path / "importer").mkdir(exist_ok=True)
        (tmp_path / "importer/other.py").write_text("import os\n\n\ndef one():\n    pass\n")
        (tmp_path / "importer/program.py").write_text(f"from pypi_subset.standalone.importer.other import one\n{text}")
        monkeypatch.setattr(joined, "_FOLDER", tmp_path)
        with pytest.raises(ValueError, match=message):
            import_bundle()


def test_text_that_would_end_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three single quotes, or a letter that is not ASCII, cannot stand in the file."""
    monkeypatch.setattr(joined, "_FOLDER", tmp_path)
    (tmp_path / "importer").mkdir()
    for text in ("A = '''x'''\n", "A = '\u00e9'\n"):
        (tmp_path / "importer/program.py").write_text(text)
        with pytest.raises(ValueError, match="three single quotes"):
            import_bundle()


def test_syntax_is_that_of_3_6(script: Path) -> None:
    """Nothing in it is newer, as far as the grammar tells; the interpreters below tell the rest."""
    assert ast.parse(program_of(script.read_bytes()), feature_version=(3, 6))


def test_imports_are_in_every_python() -> None:
    """Only modules on the list are imported: 3.6 has them, and no later Python removed them."""
    found = set()
    for _, node in nodes():
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not str(node.module).startswith("pypi_subset.standalone."):
            found.add(str(node.module))
    assert found <= IMPORTS
    assert "pypi_subset" not in " ".join(found)


def test_no_function_is_too_new() -> None:
    """No attribute and no keyword is used that came after 3.6, or that a later Python removed."""
    found = [(name, node.attr) for name, node in nodes() if isinstance(node, ast.Attribute) and node.attr in TOO_NEW]
    found += [
        (name, str(node.arg))
        for name, node in nodes()
        if isinstance(node, ast.keyword) and node.arg in TOO_NEW_KEYWORDS
    ]
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("version", sorted(PYTHONS))
def test_every_python(trip: Trip, importer: Path, version: str) -> None:
    """
    Three bundles, a tampered one, a rollback and a check, with each Python from 3.6 on.

    An older Python gets one line that names what is needed.
    """
    python = PYTHONS[version]
    if version.startswith("2.") or version in {"3.4", "3.5"}:
        done = run_alone(python, importer)
        assert done.code == 1
        assert done.err == "import_bundle.py: error: it needs Python 3.6 or newer; run it with another python3\n"
        return
    far = trip.far(f"far-{version}")
    for medium, site in zip(trip.media, trip.sites, strict=True):
        done = run_alone(python, importer, medium, "--into", far.into, "--grace", "0")
        assert (done.code, files_of(far.site)) == (0, files_of(site)), done.err
        assert done.out.count("\n") == 1
    assert run_alone(python, importer, trip.media[2], "--into", far.into, "--verify").code == 0
    assert run_alone(python, importer, "--into", far.into, "--verify").code == 0
    assert run_alone(python, importer, trip.media[0], "--into", far.into).code == 1
    assert run_alone(python, importer, "--into", far.into, "--rollback", "--grace", "0").code == 0
    assert files_of(far.site) == files_of(trip.sites[1])
    assert run_alone(python, importer, "--help").code == 0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> installs.Lab:
    """Return a site with a target for each Python of this machine, and all pips that came with them."""
    minors = sorted({version.split(".")[1] for version in PYTHONS if version.startswith("3.")})
    targets = {f"py3{minor}": f"cp3{minor}-manylinux1_x86_64" for minor in minors if int(minor) > 5}
    pips = [one for python in PYTHONS.values() for one in python.parents[1].glob("lib/*/ensurepip/_bundled/pip-*.whl")]
    return installs.Lab.made(tmp_path_factory.mktemp("lab"), targets, pips)


@pytest.mark.parametrize(
    "version",
    [pytest.param(one, marks=pytest.mark.slow if one in ENDS else pytest.mark.long) for one in sorted(PYTHONS)],
)
def test_every_python_installs(lab: installs.Lab, tmp_path: Path, version: str) -> None:
    """
    A new environment with a set and the newest pip that runs there, for a Python whose ensurepip is broken.

    An older Python gets one line that names what is needed.
    """
    script = written(tmp_path, "install.py")
    (tmp_path / "ensurepip.py").write_text("raise ImportError('no ensurepip here')\n")
    arguments = (PYTHONS[version], script, tmp_path / "lab", "--site", lab.site)
    done = installs.run_alone(*arguments, PYTHONPATH=str(tmp_path))
    if version.startswith("2.") or version in {"3.4", "3.5"}:
        assert done.code == 1
        assert done.err == "install.py: error: it needs Python 3.6 or newer; run it with another python3\n"
        return
    assert done.code == 0, done.err
    assert installs.answer(tmp_path / "lab", "import app, lib; print(app.__version__, lib.__version__)") == "2.0 1.0"
    assert installs.answer(tmp_path / "lab", "import pip; print(pip.__version__)") in done.out
    assert installs.run_alone(PYTHONS[version], script, "--help").code == 0


@pytest.mark.parametrize(
    "version",
    [pytest.param(one, marks=() if one in ENDS else pytest.mark.slow) for one in sorted(PYTHONS)],
)
def test_every_python_requests(tmp_path: Path, version: str) -> None:
    """
    A request of a project and of a failed pip, with a description of this machine that becomes a target.

    An older Python gets one line that names what is needed.
    """
    script = written(tmp_path, "request.py")
    (tmp_path / "pip.log").write_text("ERROR: No matching distribution found for lib>=2 (from app)\n")
    arguments = ("app[x]; python_version >= '3'", "--log", tmp_path / "pip.log", "--to", tmp_path / "request.json")
    done = installs.run_alone(PYTHONS[version], script, *arguments)
    if version.startswith("2.") or version in {"3.4", "3.5"}:
        assert done.code == 1
        assert done.err == "request.py: error: it needs Python 3.6 or newer; run it with another python3\n"
        return
    assert done.code == 0, done.err
    document = json.loads((tmp_path / "request.json").read_bytes())
    assert done.out == (tmp_path / "request.json").read_text()
    assert [*map(requests.spelt, document["requirements"])] == ['app[x]; python_version >= "3"', "lib>=2"]
    (tmp_path / "lab.json").write_text(json.dumps(document["machine"]))
    assert read_description("lab", tmp_path / "lab.json").version == version
    assert installs.run_alone(PYTHONS[version], script, "--help").code == 0


def test_a_module_that_is_a_program_too_does_not_start(tmp_path: Path) -> None:
    """The description of a machine is a program of its own: in the joined file, its start is left out."""
    starts = [
        line for line in written(tmp_path, "request.py").read_text().splitlines() if line.startswith("if __name__")
    ]
    assert len(starts) == 1


def test_the_helper_joins_it_once() -> None:
    """The bytes that other tests use are these."""
    assert far_module.joined() == import_bundle()
    assert installs.joined() == install()
    assert requests.joined() == request()
