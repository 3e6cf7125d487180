"""Directories to mirror in, and an environment without this machine's configuration."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.paths import Paths
from tests.support.servers.index import Index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: Variables that would let this machine's configuration into a test.
AMBIENT = ("PIP_", "UV_", "VIRTUALENV_", "PYTEST_ADDOPTS", "PYTHON", "MAKE", "MFLAGS", "XDG_", "NETRC", "INVOKE_")

#: What the variables were before any test changed them.
ORIGINAL = dict(os.environ)


def without_configuration(patch: pytest.MonkeyPatch) -> None:
    """Remove the variables that configure pip, uv and virtualenv, and every proxy; pip reads no file either."""
    for name in list(os.environ):
        if name.upper().startswith(AMBIENT) or name.lower().endswith("_proxy"):
            patch.delenv(name)
    patch.setenv("PIP_CONFIG_FILE", os.devnull)


@contextlib.contextmanager
def own_index() -> Iterator[Index]:
    """Yield an index that pip is configured for while the block lasts, for fixtures of a module or a session."""
    with Index() as index, pytest.MonkeyPatch.context() as patch:
        without_configuration(patch)
        patch.setenv("PIP_INDEX_URL", index.url)
        yield index


@dataclass(frozen=True)
class Workspace:
    """A directory with the three directories of a subset, ``requirements/`` empty."""

    root: Path

    @property
    def paths(self) -> Paths:
        """The three directories."""
        return Paths(requirements=self.root / "requirements", packages=self.root / "packages", site=self.root / "site")

    def write(self, name: str, text: str) -> Path:
        """Return the path of ``requirements/<name>``, which now holds *text*."""
        path = self.paths.requirements / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def toml(
        self, targets: Mapping[str, object] | None = None, *, sets: Mapping[str, object] | None = None, more: str = ""
    ) -> Path:
        """
        Return the path of ``subset.toml``, written.

        :param targets: name → tag, or a table of strings; without any, the host alone.
        :param sets: name → a table, e.g. ``{"targets": ["here"]}``.
        :param more: text put behind everything.
        """
        lines = ["[targets]", *(f"{key} = {_toml(value)}" for key, value in (targets or {"here": "host"}).items())]
        for name, table in (sets or {}).items():
            lines += ["", f"[sets.{name}]"]
            lines += [f"{key} = {_toml(value)}" for key, value in _table(table).items()]
        return self.write("subset.toml", "\n".join([*lines, "", more]))


def _toml(value: object) -> str:
    """Return *value* as TOML; strings, numbers and lists are written as in JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)


def _table(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value
