"""Subsets that attacks are tried on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from unittest import mock

from pypi_subset.locks import lockfile
from pypi_subset.model.paths import Paths
from tests.evidence.hostile.input.attack import InputAttack

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.evidence.hostile.input.attack import Attempt, Door
    from tests.support.servers.index import Index

_TARGET = '[targets]\nlab = "cp312-manylinux_2_28_x86_64"\n'
#: When files were uploaded that are old enough.
OLD = "2026-01-01T00:00:00Z"


def paths(folder: Path, toml: str, requests: str) -> Paths:
    """Write the requirements of a subset, and return its directories."""
    made = Paths(requirements=folder / "requirements", packages=folder / "packages", site=folder / "site")
    made.requirements.mkdir()
    (made.requirements / "subset.toml").write_text(_TARGET + toml)
    (made.requirements / "base.txt").write_text(requests)
    return made


def locked(own: Paths, project: str) -> list[tuple[str, str]]:
    """Return version and SHA-256 of the file that a project has in the lock."""
    pins = lockfile.read(lockfile.path_of(own.locks, "base--lab")).pins
    found = [pin.distribution for pin in pins if pin.distribution.project == project]
    return [(str(one.version), one.sha256 or "") for one in found]


def asking(index: Index) -> AbstractContextManager[object]:
    """Configure pip for that index."""
    return mock.patch.dict(os.environ, {"PIP_INDEX_URL": index.url})


def named(name: str, attempt: Attempt, door: Door) -> InputAttack:
    """Return an attack of this kind."""
    return InputAttack(name=name, kind="intake", attempt=attempt, door=door)
