"""
The metadata beside each wheel (PEP 658): its own METADATA, byte for byte, so that a client need not fetch it to resolve.

What the site had already is linked, not read again; whether it still is the wheel's own, its hash tells.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset import files
    from pypi_subset.memory import Memory
    from pypi_subset.model import Artifact, Project

#: What the name of a file gets at its end to become that of its metadata.
SUFFIX = ".metadata"


def write_metadata(projects: Sequence[Project], filling: files.Filling, memory: Memory) -> tuple[Project, ...]:
    """
    Return the projects with the SHA-256 of the metadata that lies beside each wheel now; an sdist has none.

    :param projects: as laid out.
    :param filling: the site that is being filled, and what it replaces.
    :raises BadDistribution: a wheel has no METADATA that can be read.
    :raises FolderError: the stage cannot be written, or the disk is full.
    """
    return tuple(
        replace(project, artifacts=tuple(_write(one, filling, memory) for one in project.artifacts))
        for project in projects
    )


def _write(artifact: Artifact, filling: files.Filling, memory: Memory) -> Artifact:
    one = artifact.distribution
    if not one.filename.endswith(".whl"):
        return artifact
    path = f"simple/{one.project}/{one.filename}{SUFFIX}"
    old = f"{filling.before}/{path}"
    sha256 = memory.metadata(artifact.path, one.filename)
    if memory.is_still(old, sha256):
        filling.take(old, path)
    else:
        filling.put(path, memory.metadata_bytes(artifact.path, one.filename))
    return replace(artifact, metadata=sha256)
