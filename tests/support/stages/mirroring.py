"""Mirrors of a workspace, and what they lock."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import tomli_w
from rich.console import Console

from pypi_subset.cli.display import Display
from pypi_subset.locks import lockfile
from pypi_subset.pipeline import mirror as pipeline
from tests.support.servers.index_pages import project_of, version_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.locks import Lock
    from pypi_subset.pipeline.mirror import MirrorResult
    from tests.support.sites.workspace import Workspace
    from tests.support.wheels import Wheel


LINUX, WINDOWS, MAC = "cp310-manylinux2014_x86_64", "cp310-win_amd64", "cp312-macosx_13_0_arm64"


THREE = {"linux": LINUX, "windows": WINDOWS, "mac": MAC}


def mirror(
    space: Workspace, *, update: bool = False, forget: Sequence[str] = (), allow_downgrade: bool = False
) -> tuple[MirrorResult, str]:
    """Return the summary of one run, and what it said."""
    said = io.StringIO()
    display = Display(Console(file=said, width=200))
    summary = pipeline.mirror(
        space.paths, progress=display, update=update, forget=forget, allow_downgrade=allow_downgrade
    )
    return summary, said.getvalue()


def read_lock(space: Workspace, name: str) -> Lock:
    """Return one lock of the workspace."""
    return lockfile.read(lockfile.path_of(space.paths.locks, name))


def versions(space: Workspace, name: str) -> dict[str, str]:
    """Return project → version of one lock."""
    return {pin.distribution.project: str(pin.distribution.version) for pin in read_lock(space, name).pins}


def releases(space: Workspace, name: str) -> list[tuple[str, str, str]]:
    """Return project, version and marker of each pin of one lock, in its order."""
    pins = [(pin.distribution, pin.marker) for pin in read_lock(space, name).pins]
    return [(one.project, str(one.version), str(marker or "")) for one, marker in pins]


def pylock(*packages: tuple[Wheel, str]) -> str:
    """Return a lock as another tool writes it: wheels, each with a marker or none."""
    entries = [
        {
            "name": project_of(wheel.filename),
            "version": version_of(wheel.filename),
            **({"marker": marker} if marker else {}),
            "wheels": [{"url": f"files/{wheel.filename}", "hashes": {"sha256": wheel.sha256}}],
        }
        for wheel, marker in packages
    ]
    return tomli_w.dumps({"lock-version": "1.0", "extras": ["gui"], "created-by": "test", "packages": entries})
