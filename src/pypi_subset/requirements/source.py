"""The document that a set is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.pylock import is_valid_pylock_path

from pypi_subset.requirements.reach import NOWHERE, Reach
from pypi_subset.requirements.toml import Settings, nearest

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pypi_subset.errors import Fault
    from pypi_subset.model.targets import Target
    from pypi_subset.requirements.places import Places
    from pypi_subset.requirements.subset_toml import Choice

#: Documents of a project that may be the source of a set, the most exact first.
DOCUMENTS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "pyproject.toml", "environment.yml")


def document_beside(root: Path) -> str:
    """Return the name of the most exact document beside *root*, the directory of requirements; ``""`` without one."""
    return next((name for name in DOCUMENTS if root.with_name(name).is_file()), "")


def table_of(name: str) -> tuple[str, str]:
    """Return the lines of ``subset.toml`` that make a set of the document *name* beside the directory of requirements."""
    return "[sets.app]", f'source = "../{name}"'


def is_text(path: Path) -> bool:
    """
    Whether the document at *path* has lines of requirements: as a requirements file, or as the pip part of an environment.

    pip-compile reads files that end in ``.in``, conda those that end in ``.yml``.
    """
    return path.suffix in {".txt", ".in", ".yml", ".yaml"}


def is_lock(path: Path) -> bool:
    """Whether the document at *path* is a lock, of which exactly the pins are taken."""
    return is_valid_pylock_path(path) or path.suffix == ".lock"


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence about a document that changes nothing of the set: a warning of each run."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """
    One document that a set is made of for *targets*.

    :param settings: the document that names it, for faults there.
    :param places: the places whose files may be read.
    :param reach: what pip is configured for.
    """

    set_name: str
    path: Path
    choice: Choice
    targets: tuple[Target, ...]
    settings: Settings
    places: Places
    reach: Reach = NOWHERE

    def fault(self, what: str, key: str, next_step: str) -> Fault:
        """Return a fault at *key* of the set's table."""
        return self.settings.fault(what, "sets", self.set_name, key, next_step=next_step)

    def unknown(self, kind: str, name: str, known: Collection[str]) -> Fault:
        """Return a fault at *name*, an extra or a group, which is not among the *known*."""
        what, step = f"{self.path} has no {kind} {name!r}", nearest(name, sorted(known), "it has")
        return self.settings.fault(what, "sets", self.set_name, f"{kind}s", next_step=step, item=name)
