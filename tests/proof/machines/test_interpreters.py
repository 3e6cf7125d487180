"""Whom the proof believes: marker values that real machines reported, and interpreters that ran."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.machines import interpreters
from tests.support.sites.cases import interpreters_here

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.proof.machines.interpreters import Interpreter

import errno
import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError


@pytest.fixture
def here() -> tuple[Interpreter, ...]:
    """Return the interpreters of this machine."""
    return interpreters_here()


@pytest.mark.slow
def test_no_interpreter_here_is_missed(here: tuple[Interpreter, ...]) -> None:
    """Every interpreter from 3.9 up on PATH and among pyenv's versions, started under each of its names, is found."""
    home = Path(os.environ.get("PYENV_ROOT", Path(pwd.getpwuid(os.getuid()).pw_dir, ".pyenv")))
    files = [*home.glob("versions/*/bin/python3"), Path(sys.executable)]
    files += [Path(folder, "python3") for folder in os.environ["PATH"].split(os.pathsep)]
    code = "import sys; print(*sys.version_info[:3], sys.base_prefix)"
    wanted = set()
    for file in filter(Path.is_file, files):
        said = subprocess.run([file, "-I", "-c", code], capture_output=True, text=True, check=False).stdout.split()
        if said and (int(said[0]), int(said[1])) >= (3, 9):
            wanted.add((tuple(map(int, said[:3])), Path(said[3])))
    found = {(one.version, prefix) for one in here for _, prefix in wanted if one.path.is_relative_to(prefix)}
    assert wanted - found == set()
    assert len({one.path for one in here}) == len(here)


def test_pyenvs_shims_are_left_out(tmp_path: Path) -> None:
    """What pyenv's shims would start is found where it stands; nothing is started for them."""
    for place in ("shims/python3.12", "versions/3.12.1/bin/python3.12"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text("#!/bin/sh\n")
        (tmp_path / place).chmod(0o755)
    found = interpreters.candidates(str(tmp_path / "shims"), tmp_path)
    assert [path for path in found if path.is_relative_to(tmp_path)] == [tmp_path / "versions/3.12.1/bin/python3.12"]


@pytest.mark.slow
def test_a_shim_that_does_not_run_is_no_interpreter(tmp_path: Path) -> None:
    """A ``python3.10`` on PATH that exits with 127, one that says nothing, and one that hangs are passed over."""
    for name, line in {
        "python3.10": "exit 127",
        "python3.11": "echo hello",
        "python3.12": "exec cat /dev/zero",
    }.items():
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\n{line}\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "python3").symlink_to(sys.executable)
    found = interpreters.candidates(str(tmp_path), tmp_path / "none")
    assert {file.name for file in found} >= {"python3.10", "python3.11", "python3.12"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interpreters, "PATIENCE", 0.3)
        assert [interpreters.probe(file) for file in found if file.parent == tmp_path and file.name != "python3"] == [
            None
        ] * 3
    (only,) = interpreters.find([tmp_path / "python3"])
    assert only.path == Path(os.path.realpath(sys.executable))


def test_named_interpreter_must_be_there(tmp_path: Path) -> None:
    """--pythons takes a file, a name and a directory; a slip of the pen is an error, not a weaker proof."""
    folder = Path(sys.executable).parent
    assert Path(sys.executable) in interpreters.candidates("", tmp_path, [str(folder)])
    with pytest.raises(SubsetError, match="there is no Python interpreter 'python4'"):
        interpreters.candidates("", tmp_path, ["python4"])


pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.parametrize(
    ("machine", "own", "emulated"),
    [
        ("x86_64", "x86_64", False),
        ("amd64", "AMD64", False),
        ("i686", "x86_64", False),
        ("armv7l", "aarch64", False),
        ("", "AMD64", False),
        ("aarch64", "x86_64", True),
        ("riscv64", "x86_64", True),
        ("x86_64", "arm64", True),
    ],
)
def test_whose_processor_it_is(machine: str, own: str, *, emulated: bool) -> None:
    """An interpreter for another processor runs by imitation; one for the 32-bit half of this one does not."""
    assert interpreters.is_emulated(machine, own) is emulated


def test_what_is_closed_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root of pyenv, a home or a directory that this user cannot read, or that is none, ends no search."""
    real = os.stat

    def closed(path: str | Path, *arguments: object, **named: object) -> object:
        if str(path).startswith(str(tmp_path / "closed")):
            raise PermissionError(errno.EACCES, "closed", str(path))
        return real(path, *arguments, **named)  # type: ignore[arg-type]

    def listed(path: str | Path) -> list[str]:
        raise PermissionError(errno.EACCES, "closed", str(path))

    def unknown(*_: object) -> Path:
        msg = "no such account"
        raise KeyError(msg)

    def homeless() -> Path:
        msg = "no home"
        raise RuntimeError(msg)

    monkeypatch.setattr(os, "stat", closed)
    monkeypatch.setattr(os, "listdir", listed)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(Path, "home", homeless)
    closed_home = tmp_path / "closed" / "home"
    assert interpreters.pyenv_root({"HOME": str(closed_home)}) == closed_home / ".pyenv"
    assert interpreters.pyenv_root({}) == Path(os.devnull, ".pyenv")
    for root in (closed_home / ".pyenv", tmp_path / "a\0b", tmp_path / ("x" * 300)):
        assert interpreters.candidates(str(tmp_path / "closed"), root) == (Path(sys.executable),)
    with pytest.raises(SubsetError, match="there is no Python interpreter"):
        interpreters.candidates("", tmp_path, [str(tmp_path / "closed" / "python")])


@pytest.mark.parametrize("kind", ["a file", "a directory that is missing", "a name that is none"])
def test_a_root_of_pyenv_that_is_none_is_named(tmp_path: Path, kind: str) -> None:
    """The sentence has the variable, its value and the next step."""
    place = {"a file": "file", "a directory that is missing": "missing", "a name that is none": "a\0b"}[kind]
    (tmp_path / "file").touch()
    said = interpreters.unusable_root({"PYENV_ROOT": str(tmp_path / place)})
    assert said.startswith(f"PYENV_ROOT is {str(tmp_path / place)!r}, where no interpreter is found (")
    assert said.endswith("; correct it, or remove the variable")


def test_a_root_of_pyenv_that_can_be_read_is_not_named(tmp_path: Path) -> None:
    """Neither is one that is not set."""
    assert interpreters.unusable_root({"PYENV_ROOT": str(tmp_path)}) == interpreters.unusable_root({}) == ""


def test_a_virtual_environment_is_no_prefix(tmp_path: Path) -> None:
    """Its directory may hold the project and the key of reports: no box is shown it, but the installation behind it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "app"], check=True)
    found = interpreters.probe(tmp_path / "app" / "bin" / "python")
    assert found is not None
    assert not any(prefix.startswith(str(tmp_path)) for prefix in found.prefixes)
    assert os.path.realpath(sys.base_prefix) in map(os.path.realpath, found.prefixes)


def test_what_a_program_complains_about_is_not_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Python 2 does not know an option of the probe, and prints its usage."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 'Unknown option: -I' >&2\nexit 2\n")
    program.chmod(0o755)
    assert interpreters.probe(program) is None
    assert capfd.readouterr() == ("", "")
