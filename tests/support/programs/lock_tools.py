"""Locks as real tools write them over an index on loopback, and what these tools export from them."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from pypi_subset.requirements.reach import Reach
from pypi_subset.requirements.subset import read_subset
from pypi_subset.targets.markers import decided
from pypi_subset.targets.patch_levels import at_patch
from tests.support.programs.commands import run
from tests.support.sites.workspace import ORIGINAL
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pypi_subset.model.requests import RequirementSet
    from pypi_subset.model.targets import Target
    from tests.support.sites.workspace import Workspace

    #: Name, version and hashes of what a machine gets.
    Pin = tuple[str, str, frozenset[str]]

#: Five kinds of machine, one of which leaves its patch level open at which a marker of the projects changes.
MACHINES = {
    "linux": "cp312-manylinux_2_28_x86_64",
    "windows": "cp311-win_amd64",
    "arm": "cp312-manylinux_2_28_aarch64",
    "mac": "cp313-macosx_14_0_arm64",
    "old": "cp310-manylinux2014_x86_64",
}
#: Patch levels at which exports are compared.
LEVELS = (0, 1, 2, 9)


def wheels() -> list[Wheel]:
    """Return the projects: with extras, markers of systems and patch levels, and releases for some Pythons alone."""
    return [
        make_wheel(
            "web", requires=["core", "color; sys_platform == 'win32'", "h2; extra == 'http2'"], extras=["http2"]
        ),
        make_wheel("core", "1.0", requires=["back; python_full_version < '3.10.2'"], requires_python=">=3.10"),
        make_wheel("core", "2.0", requires=["new; platform_machine == 'arm64'"], requires_python=">=3.12"),
        make_wheel("h2", requires=["hyper"]),
        *map(make_wheel, ("hyper", "color", "back", "new", "plug", "lint", "docs", "shell", "service")),
        make_wheel("fast", "1.0"),
        make_wheel("fast", "2.0", requires=["core"]),
        make_wheel("check", requires=["plug", "color; sys_platform == 'win32'"]),
    ]


def environment_of(folder: Path) -> dict[str, str]:
    """Return variables with which tools know nothing of this machine, and write below *folder* alone."""
    return {
        "UV_CACHE_DIR": str(folder / "uv-cache"),
        "UV_NO_CONFIG": "1",
        "UV_PYTHON": sys.executable,
        "POETRY_CACHE_DIR": str(folder / "poetry-cache"),
        "POETRY_CONFIG_DIR": str(folder / "poetry-config"),
        "PDM_CHECK_UPDATE": "0",
        "PDM_CACHE_DIR": str(folder / "pdm-cache"),
        "PIPENV_CACHE_DIR": str(folder / "pipenv-cache"),
        "PIPENV_IGNORE_VIRTUALENVS": "1",
        "PIPENV_VENV_IN_PROJECT": "1",
        "PIPENV_PYTHON": sys.executable,
        "NO_PROXY": "127.0.0.1",
    }


def output(command: Sequence[str | Path], cwd: Path) -> str:
    """Return what *command* prints, which must succeed in *cwd*."""
    done = run(command, cwd, **environment_of(cwd.parent))
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def uv(*arguments: str, cwd: Path) -> str:
    """Return what ``uv`` prints in *cwd*."""
    return output([find_uv_bin(), *arguments], cwd)


def installed(folder: Path, *projects: str) -> Path:
    """Return the programs of a new environment in *folder* with *projects* from PyPI, by this machine's own settings."""
    environment = {
        name: value for name, value in ORIGINAL.items() if name.startswith("PIP_") or name.endswith("_PROXY")
    }
    made = run([sys.executable, "-m", "venv", str(folder)], folder.parent)
    assert made.returncode == 0, made.stderr
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    done = run([scripts / "pip", "install", "--quiet", *projects], folder.parent, **environment, HOME=ORIGINAL["HOME"])
    assert done.returncode == 0, done.stderr
    return scripts


def read(space: Workspace, source: str, *lines: str, index: Sequence[str] = (), more: str = "") -> RequirementSet:
    """
    Return the set ``app`` made of *source*, a path beside ``requirements/``, for all kinds of machine.

    :param lines: further lines of its table; *more* follows it.
    :param index: what pip is configured for; none: it does not matter.
    """
    targets = "".join(f'{name} = "{tag}"\n' for name, tag in MACHINES.items())
    text = "\n".join(["[targets]", f"{targets}[sets.app]", f'source = "../{source}"', *lines, more, ""])
    space.write("subset.toml", text)
    (found,) = read_subset(space.paths.requirements, Reach(index_urls=tuple(index) or None)).sets
    return found


def pins(own: RequirementSet, target: Target) -> set[Pin]:
    """Return what *own* requests on *target*."""
    return {
        (canonicalize_name(one.requirement.name), str(one.requirement.specifier), frozenset(one.hashes))
        for one in own.requests
        if decided(one.requirement.marker, target.environment) is True
    }


def exported(text: str, target: Target) -> set[Pin]:
    """Return what the requirements file *text* requests on *target*."""
    found: set[Pin] = set()
    for line in text.replace("\\\n", " ").splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line).strip()
        if bare and not bare.startswith("-"):
            requirement, *hashes = bare.split(" --hash=")
            one = Requirement(requirement.strip())
            if decided(one.marker, target.environment) is True:
                found.add((canonicalize_name(one.name), str(one.specifier), frozenset(map(str.strip, hashes))))
    return found


def machines(space: Workspace, names: Iterable[str] = MACHINES) -> list[Target]:
    """Return each kind of machine at several patch levels of its Python."""
    targets = read_subset(space.paths.requirements).targets
    return [at_patch(one, level) for one in targets if one.name in {*names} for level in LEVELS]


def held(space: Workspace, own: RequirementSet, text: str) -> int:
    """Compare *own* with the export *text* on every machine of the set; return how many different pins were compared."""
    seen: set[Pin] = set()
    for target in machines(space, own.targets):
        expected = exported(text, target)
        assert pins(own, target) == expected, (target.name, target.release)
        seen |= expected
    return len(seen)
