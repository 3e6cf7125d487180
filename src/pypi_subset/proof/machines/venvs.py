"""Virtual environments of a run: one is made for each interpreter and never used, and each case gets a copy of it."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pypi_subset.errors import ProofFailed
from pypi_subset.proof import closure
from pypi_subset.proof.isolation.launching import failed
from pypi_subset.proof.isolation.outcome import outcome
from pypi_subset.proof.machines import boxes
from pypi_subset.support import files, staging
from pypi_subset.support.machine import holding, memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.proof.machines.interpreters import Interpreter


#: pip alone: a seeded setuptools would answer for one that is missing from the subset.
_SEED = ("--no-setuptools", "--no-download", "--no-periodic-update", "--activators=", "-qq")

#: Runs in a box of its own, in our interpreter: makes the environment, then compiles what pip needs for what we ask of it.
_MAKE = """
import subprocess, sys
from pypi_subset.proof.machines.venvs import virtual_env_class
place, python, *arguments = sys.argv[1:]
made = virtual_env_class()(env=None, workspace=place, name="environment", python=python, args=arguments)
subprocess.run([made.python, "-I", "-c", "%s"], check=True)
print(made.python)
"""
_WARM = "; ".join(
    f"import pip._internal.{name}"
    for name in (
        "cli.main",
        "commands.check",
        "commands.download",
        "commands.install",
        "resolution.resolvelib.resolver",
    )
)

#: Seconds that making one may take.
PATIENCE = 300.0

#: The file that lets an environment find the seeded pip, which is the same for all of them.
_POINTER = "_pypi_subset_pip.pth"


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """
    A fresh environment.

    :param root: its directory.
    :param python: its interpreter.
    :param libraries: directories of its libraries.
    :param seed: directory outside it that holds pip, which no box may write.
    """

    root: Path
    python: Path
    libraries: tuple[Path, ...]
    seed: Path


class _Template(msgspec.Struct, frozen=True, kw_only=True):
    """
    An environment that is never used.

    :param python: its Python, below *root*.
    :param libraries: directories below *root*.
    :param naming: files below *root* in which its own path stands.
    :param seed: directory that holds pip.
    :param state: file → SHA-256, of *root* and *seed*.
    """

    root: str
    python: str
    libraries: tuple[str, ...]
    naming: tuple[str, ...]
    seed: str
    state: dict[str, str]


def fresh_environment(interpreter: Interpreter, folder: Path, shared: Path, *, isolated: bool = True) -> Environment:
    """
    Return a new virtual environment; it holds nothing, and finds the seeded pip outside it.

    Its files are copies, since the box of a case may write them. pip, most of the bytes, is not copied: all environments
    of one interpreter share it, and no box may write it.

    :param folder: an empty directory, in which it is made.
    :param shared: a directory where all cases of this run keep what they have in common.
    :param isolated: whether virtualenv runs in a box.
    :raises ProofFailed: virtualenv added more than was asked for.
    :raises BoxFailed: virtualenv could not make it.
    """
    template, root = _template_of(interpreter, shared / "templates", isolated=isolated), folder / "environment"
    with files.folder_errors(folder):
        shutil.copytree(template.root, root, symlinks=True)
        for path in (root / name for name in template.naming):
            path.write_bytes(path.read_bytes().replace(os.fsencode(template.root), os.fsencode(root)))
    return Environment(
        root=root,
        python=root / template.python,
        libraries=tuple(root / name for name in template.libraries),
        seed=Path(template.seed),
    )


def state_of(root: Path) -> dict[str, str]:
    """Return path below *root* → SHA-256 of each file, or where it leads, if it is a link."""
    return {
        name: f"-> {(root / name).readlink()}" if (root / name).is_symlink() else files.sha256_of(root / name)
        for name, _ in files.walk(root)
        if not name.endswith("/")
    }


def replaced(root: Path, state: dict[str, str]) -> list[str]:
    """Return the paths below *root* whose files are not as in *state*, sorted."""
    names = sorted(name for name in state if os.path.lexists(root / name))
    now = {name: _looks(root / name) for name in names}
    return [name for name in sorted(state) if now.get(name) != state[name]]


def _looks(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    return files.sha256_of(path) if path.is_file() else ""


def _template_of(interpreter: Interpreter, folder: Path, *, isolated: bool) -> _Template:
    """Return the template of *interpreter*, which is as it was made; the first that needs it makes it, others wait."""
    key = hashlib.sha256(repr(interpreter).encode()).hexdigest()[:16]
    places = (folder / f"{key}-{number}" for number in itertools.count())
    templates = (_ready(place) or _made(interpreter, place, isolated=isolated) for place in places)
    return next(one for one in templates if _is_sound(one))


#: Root of a template → what the system knew of its files when their hashes were right.
_SOUND: dict[str, list[tuple[str, int, int, int, int]]] = {}


def _is_sound(template: _Template) -> bool:
    """Whether no file of *template* was changed: by SHA-256, or since the last look of this process by what the system knows."""
    known = [
        (name, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        for root in (template.root, template.seed)
        for name, facts in files.walk(Path(root))
    ]
    if _SOUND.get(template.root) == known:
        return True
    if _state(template.root, template.seed) != template.state:
        return False
    _SOUND[template.root] = known
    return True


def _made(interpreter: Interpreter, place: Path, *, isolated: bool) -> _Template:
    with holding.exclusive(place, patience=PATIENCE):
        if template := _ready(place):
            return template
        # Half of one, of a process that was killed.
        staging.remove_tree(place / "made")
        template = _make(interpreter, place / "made", isolated=isolated)
        files.write(place / "facts.json", msgspec.json.encode(template))
        return template


def _ready(place: Path) -> _Template | None:
    """Return the template in *place*, ``None`` as long as it is not whole."""
    facts = place / "facts.json"
    return msgspec.json.decode(facts.read_bytes(), type=_Template) if facts.is_file() else None


def _make(interpreter: Interpreter, place: Path, *, isolated: bool) -> _Template:
    """Return what virtualenv makes, by `pytest_virtualenv.VirtualEnv`, which starts its pip once, as a trial."""
    place.mkdir(parents=True)
    box = boxes.making(interpreter, place, isolated=isolated)
    words = [str(place), str(interpreter.path), *_SEED, "--app-data", str(place / "app-data")]
    try:
        done = outcome(box, [sys.executable, "-I", "-B", "-c", _MAKE % _WARM, *words], PATIENCE)
    except OSError as error:
        raise failed(str(error)) from error
    if done.code != 0:
        why = memory.ran_out(done.code, done.stderr.decode(errors="replace"))
        output = (
            f"it {why}; {memory.STEP}"
            if why
            else " ".join((done.stderr or done.stdout).decode(errors="replace").split())
        )
        msg = f"no environment of {interpreter} could be made: {output[-500:] or done.why or done.code}"
        raise failed(msg)
    boxes.give_back(place)
    root, seed = place / "environment", place / "seed"
    made = done.stdout.decode(errors="replace").split()[-1]
    libraries = {path.resolve(): path for path in [*root.glob("lib*/*/site-packages"), root / "Lib" / "site-packages"]}
    folders = tuple(path for path in libraries.values() if path.is_dir())
    seeded = sorted(one.project for one in closure.present_in(folders))
    if seeded != ["pip"]:
        msg = f"a fresh environment of {interpreter} holds {', '.join(seeded) or 'nothing'}, and should hold pip alone"
        raise ProofFailed(msg)
    _move_pip(root, folders[0], seed)
    return _Template(
        root=str(root),
        python=Path(made).relative_to(root).as_posix(),
        libraries=tuple(path.relative_to(root).as_posix() for path in folders),
        naming=tuple(sorted(_naming(root))),
        seed=str(seed),
        state=_state(str(root), str(seed)),
    )


def _move_pip(root: Path, library: Path, seed: Path) -> None:
    """Move pip from the environment to *seed*, and point to it: what is shared is outside every environment."""
    seed.mkdir()
    for path in (library / "pip", *library.glob("pip-*.dist-info")):
        path.rename(seed / path.name)
    for path in (root / "bin", root / "Scripts"):
        for script in path.glob("pip*"):
            script.unlink()
    (library / _POINTER).write_text(f"{seed}\n", encoding="utf-8")


def _naming(root: Path) -> Iterator[str]:
    """Yield the files in which the path of *root* stands as text: ``pyvenv.cfg`` and scripts; no bytecode, where it is a comment."""
    for path in (path for path in root.rglob("*") if path.suffix not in {".pyc", ".exe"}):
        if path.is_file() and not path.is_symlink() and os.fsencode(root) in path.read_bytes():
            yield path.relative_to(root).as_posix()


def _state(*roots: str) -> dict[str, str]:
    return {f"{root}/{name}": digest for root in roots for name, digest in state_of(Path(root)).items()}


def virtual_env_class() -> Any:
    """Return `pytest_virtualenv.VirtualEnv`, whose module warns of itself when it is loaded."""
    with warnings.catch_warnings():
        # It declares a fixture in a way that pytest 10 drops; we use the class alone, and pytest is capped.
        warnings.filterwarnings("ignore", message=".*yield_fixture is deprecated")
        # It loads pytest, which no other module here needs, and comes without types.
        import pytest_virtualenv  # type: ignore[import-untyped]  # noqa: PLC0415
    # It would take this from an environment variable, and start it with the current directory on its path.
    pytest_virtualenv.CONFIG.virtualenv_executable = [sys.executable, "-I", "-m", "virtualenv"]
    return pytest_virtualenv.VirtualEnv
