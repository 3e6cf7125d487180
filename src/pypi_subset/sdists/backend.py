"""What an sdist says of its build: the table ``[build-system]`` of ``pyproject.toml`` (PEP 517, PEP 518)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement

from pypi_subset.distributions.metadata import parse_requirement
from pypi_subset.errors import BadDistribution
from pypi_subset.requirements.toml import Settings, parse_toml
from pypi_subset.support import files

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.requirements import Requirement

#: What counts where nothing is said (PEP 517, "Build backend interface").
USUAL, LEGACY = "setuptools>=40.8.0", "setuptools.build_meta:__legacy__"

_NAME = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"
_BACKEND = re.compile(rf"{_NAME}(:{_NAME})?", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildSystem:
    """
    What builds an sdist.

    :param requires: what the build environment holds.
    :param backend: module and object that has the hooks.
    :param path: directories of the sdist in which the back-end stands, relative to its root.
    """

    requires: tuple[Requirement, ...]
    backend: str
    path: tuple[str, ...] = ()


def read_build_system(root: Path, filename: str) -> BuildSystem:
    """
    Return what the sdist that was unpacked to *root* says of its build.

    :param filename: the name of the sdist.
    :raises BadDistribution: its ``pyproject.toml`` cannot be read, or says something that PEP 517 and 518 do not allow.
    """
    path = root / "pyproject.toml"
    table: Any = {}
    if path.is_file():
        with files.folder_errors(path):
            text = files.read_input(path).decode(errors="replace")
        document = parse_toml(path, text)
        if not isinstance(document, Settings):
            raise _refused(filename, document.what)
        table = document.document.get("build-system", {})
    if not isinstance(table, dict):
        raise _refused(filename, "build-system is no table")
    backend, folders = table.get("build-backend", LEGACY), table.get("backend-path", [])
    if not isinstance(backend, str) or not _BACKEND.fullmatch(backend):
        raise _refused(filename, "build-backend is no name of an object")
    if not _are_texts(folders) or any(one.startswith("/") or ".." in one.split("/") for one in folders):
        raise _refused(filename, "backend-path leads out of the sdist")
    if not _are_texts(table.get("requires", [USUAL])):
        raise _refused(filename, "requires is no list of requirements")
    requires = required(table.get("requires", [USUAL]), filename)
    return BuildSystem(requires=requires, backend=backend, path=tuple(folders))


def required(texts: list[str], filename: str) -> tuple[Requirement, ...]:
    """
    Return the requirements *texts* of the build of an sdist.

    :raises BadDistribution: one is none, or names a URL.
    """
    found = []
    for text in texts:
        try:
            one = parse_requirement(text)
        except InvalidRequirement as error:
            raise _refused(filename, f"{text[:80]!a} is no requirement") from error
        if one.url:
            raise _refused(filename, f"{one.name} is required from a URL, and no release of an index")
        found.append(one)
    return tuple(found)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _refused(filename: str, what: str) -> BadDistribution:
    return BadDistribution(
        f"{filename} cannot be built: {what}", next_step="ask for another version, or for one that has a wheel"
    )
