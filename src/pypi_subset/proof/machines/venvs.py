"""Virtual environments of a run: one is made for each interpreter and never used; each case gets a copy of it."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pypi_subset.errors import ProofFailed
from pypi_subset.pip import runner
from pypi_subset.proof import closure
from pypi_subset.support import files, staging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.proof.machines.interpreters import Interpreter


#: pip alone: a seeded setuptools would answer for one that is missing from the subset.
_SEED = ("--no-setuptools", "--no-download", "--no-periodic-update", "--activators=", "-qq")

#: Imports what pip needs for what we ask of it, so that its bytecode is there before the first copy is made.
_WARM = """
import pip._internal.cli.main, pip._internal.commands.check, pip._internal.commands.download
import pip._internal.commands.install, pip._internal.resolution.resolvelib.resolver
"""

#: Seconds that making one may take, for whoever waits for it.
PATIENCE = 300.0

#: A fresh environment, and what lies in it: its Python, and the folders of its libraries.
Environment = tuple[Path, tuple[Path, ...]]


class _Template(msgspec.Struct, frozen=True, kw_only=True):
    """
    An environment that nobody ever uses.

    :param python: its Python, below *root*.
    :param libraries: folders below *root*.
    :param naming: files below *root* in which its own path stands.
    :param state: file → size and time of change, to notice one that was written to.
    """

    root: str
    python: str
    libraries: tuple[str, ...]
    naming: tuple[str, ...]
    state: dict[str, tuple[int, int]]


def fresh_environment(interpreter: Interpreter, folder: Path, shared: Path) -> Environment:
    """
    Return the Python of a new virtual environment and its library folders; pip is in it and nothing else.

    Its files are other names of the template's where the file system has such, which costs a thirtieth of copying: pip and
    Python replace files, and do not write into them. One that was written to all the same is noticed by its size or its
    time, and a new template is made.

    :param folder: an empty folder, in which it is made.
    :param shared: a folder where all cases of this run keep what they have in common.
    :raises ProofFailed: virtualenv could not make it, or put more in than it was told.
    """
    template, root = _template_of(interpreter, shared / "templates"), folder / "environment"
    with files.folder_errors(folder):
        shutil.copytree(template.root, root, symlinks=True, copy_function=_other_name)
        for path in (root / name for name in template.naming):
            data, mode = path.read_bytes(), path.stat().st_mode
            # The other name goes first: the template keeps its bytes.
            path.unlink()
            path.write_bytes(data.replace(os.fsencode(template.root), os.fsencode(root)))
            path.chmod(mode)
    return root / template.python, tuple(root / name for name in template.libraries)


def _template_of(interpreter: Interpreter, folder: Path) -> _Template:
    """Return the template of *interpreter*, which is as it was made; the first that needs it makes it, others wait."""
    key = hashlib.sha256(repr(interpreter).encode()).hexdigest()[:16]
    places = (folder / f"{key}-{number}" for number in itertools.count())
    templates = (_ready(place) or _made(interpreter, place, folder) for place in places)
    return next(one for one in templates if _state(Path(one.root)) == one.state)


def _made(interpreter: Interpreter, place: Path, shared: Path) -> _Template:
    with files.exclusive(place, patience=PATIENCE):
        if template := _ready(place):
            return template
        # Half of one, of a process that was killed.
        staging.remove_tree(place / "environment")
        template = _make(interpreter, place, shared)
        files.write(place / "facts.json", msgspec.json.encode(template))
        return template


def _ready(place: Path) -> _Template | None:
    """Return the template in *place*, ``None`` as long as it is not whole."""
    facts = place / "facts.json"
    return msgspec.json.decode(facts.read_bytes(), type=_Template) if facts.is_file() else None


def _make(interpreter: Interpreter, place: Path, shared: Path) -> _Template:
    """Return what virtualenv makes: by `pytest_virtualenv.VirtualEnv`, which starts its pip once, as a trial."""
    environment = runner.sealed_environment(place)
    try:
        made = virtual_env_class()(
            env=environment,
            workspace=str(place),
            name="environment",
            python=str(interpreter.path),
            args=[*_SEED, "--app-data", str(shared / "app-data")],
        )
        subprocess.run([made.python, "-I", "-c", _WARM], env=environment, check=True, capture_output=True)
    except (subprocess.CalledProcessError, OSError) as error:
        msg = f"virtualenv could not make an environment of {interpreter}: {getattr(error, 'output', '') or error}"
        raise ProofFailed(" ".join(msg.split())) from error
    root = Path(made.virtualenv)
    libraries = {path.resolve(): path for path in [*root.glob("lib*/*/site-packages"), root / "Lib" / "site-packages"]}
    folders = tuple(path for path in libraries.values() if path.is_dir())
    seeded = sorted(one.project for one in closure.present_in(folders))
    if seeded != ["pip"]:
        msg = f"a fresh environment of {interpreter} holds {', '.join(seeded) or 'nothing'}, and should hold pip alone"
        raise ProofFailed(msg)
    return _Template(
        root=str(root),
        python=Path(made.python).relative_to(root).as_posix(),
        libraries=tuple(path.relative_to(root).as_posix() for path in folders),
        naming=tuple(sorted(_naming(root))),
        state=_state(root),
    )


def _naming(root: Path) -> Iterator[str]:
    """Yield the files in which the path of *root* stands as text: ``pyvenv.cfg`` and scripts; no bytecode, where it is a comment."""
    for path in (path for path in root.rglob("*") if path.suffix not in {".pyc", ".exe"}):
        if path.is_file() and not path.is_symlink() and os.fsencode(root) in path.read_bytes():
            yield path.relative_to(root).as_posix()


def _state(root: Path) -> dict[str, tuple[int, int]]:
    return {
        os.path.relpath(name, root): (status.st_size, status.st_mtime_ns)
        for folder, _, names in os.walk(root)
        for name in (os.path.join(folder, one) for one in names)  # noqa: PTH118 - some hundreds for each case
        for status in (os.lstat(name),)
    }


def _other_name(source: str, destination: str) -> None:
    try:
        os.link(source, destination, follow_symlinks=False)
    except (OSError, NotImplementedError):
        # A file system without second names, or one that allows only so many.
        shutil.copy2(source, destination, follow_symlinks=False)


def virtual_env_class() -> Any:
    """Return `pytest_virtualenv.VirtualEnv`, whose module warns of itself when it is loaded."""
    with warnings.catch_warnings():
        # It declares a fixture in a way that pytest 10 drops; we use the class alone, and pytest is capped.
        warnings.filterwarnings("ignore", message=".*yield_fixture is deprecated")
        # It loads pytest, which no other module here needs, and comes without types.
        import pytest_virtualenv  # type: ignore[import-untyped]  # noqa: PLC0415
    # It would take this from an environment variable, and start it with the current folder on its path.
    pytest_virtualenv.CONFIG.virtualenv_executable = [sys.executable, "-I", "-m", "virtualenv"]
    return pytest_virtualenv.VirtualEnv
