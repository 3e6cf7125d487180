"""Names of projects that follow from names of modules and of groups: a guess, for messages and for what metadata declares."""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator


def project_of(module: str) -> str:
    """
    Return the project that likely brings *module*: of a list, else by its name; ``""`` for a module of Python itself.

    :param module: with dots, as in ``google.cloud.storage``.
    """
    for name in _prefixes(module):
        if listed := _names()["projects"].get(name):
            return str(listed)
    parts = module.split(".")
    if parts[0] in sys.stdlib_module_names:
        return ""
    spaces = [name for name in _prefixes(module) if name in _names()["namespaces"]]
    length = 1 + len(spaces[0].split(".")) if spaces else 1
    return canonicalize_name("-".join(parts[:length]))


def is_python_own(module: str) -> bool:
    """Whether *module* is, or once was, a module of Python itself."""
    return module.split(".", maxsplit=1)[0] in sys.stdlib_module_names


def is_namespace(module: str) -> bool:
    """Whether *module* is a namespace that many projects fill, and none is known for."""
    return module in _names()["namespaces"] and module not in _names()["projects"]


def host_of(group: str) -> str:
    """Return the project that likely reads the entry points of *group*: ``flake8`` for ``flake8.extension``."""
    for name in _prefixes(group):
        if listed := _names()["groups"].get(name):
            return str(listed)
    return canonicalize_name(group.split(".", maxsplit=1)[0])


def _prefixes(name: str) -> Iterator[str]:
    """Yield *name* and all that it begins with, the longest first."""
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(len(parts), 0, -1))


@cache
def _names() -> dict[str, Any]:
    """Return the lists that travel with the suite."""
    document: dict[str, Any] = json.loads(files("pypi_subset.verify").joinpath("module_names.json").read_bytes())
    return document
