"""Values that a shell completes: the names of systems, and of the targets in ``subset.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import typer  # noqa: TC002 - it reads the annotation

if TYPE_CHECKING:
    from collections.abc import Iterable


def systems(incomplete: str) -> list[str]:
    """Return what the word *incomplete* may become: its last name is the beginning of that of a system."""
    # Help loads little.
    from pypi_subset.targets import named_systems  # noqa: PLC0415

    return _ended(incomplete, (one.name for one in named_systems.systems()))


def pairs(incomplete: str) -> list[str]:
    """Return what ``NAME=SYSTEM`` may become, once it has its equals sign."""
    name, equals, system = incomplete.partition("=")
    return [f"{name}={each}" for each in systems(system)] if equals else []


def targets(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return what the word *incomplete* may become: its last name is the beginning of that of a target."""
    folder = ctx.params.get("requirements") or "requirements"
    try:
        table = tomllib.loads(Path(folder, "subset.toml").read_text(encoding="utf-8")).get("targets")
    except (OSError, ValueError):
        # The command says what is wrong with it.
        return []
    return _ended(incomplete, table if isinstance(table, dict) else ())


def _ended(incomplete: str, names: Iterable[str]) -> list[str]:
    before, comma, start = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in names if name.startswith(start)]
