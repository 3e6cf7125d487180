"""
The metadata beside each wheel (PEP 658): its own METADATA, byte for byte, so that a client need not fetch it to resolve.

What the site had already is linked, not read again; whether it still is the wheel's own, its hash tells.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pypi_subset import files
from pypi_subset.wheelfile import read_metadata

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.memory import Memory
    from pypi_subset.model import Artifact, Project

#: What the name of a file gets at its end to become that of its metadata.
SUFFIX = ".metadata"


def write_metadata(projects: Sequence[Project], *, before: Path, memory: Memory) -> tuple[Project, ...]:
    """
    Return the projects with the SHA-256 of the metadata that lies beside each wheel now; an sdist has none.

    :param projects: as laid out.
    :param before: the site that is being replaced; it need not be there.
    :raises BadDistribution: a wheel has no METADATA that can be read.
    :raises FolderError: the stage cannot be written, or the disk is full.
    """
    return tuple(
        replace(project, artifacts=tuple(_write(one, before, memory) for one in project.artifacts))
        for project in projects
    )


def _write(artifact: Artifact, before: Path, memory: Memory) -> Artifact:
    one = artifact.distribution
    if not one.filename.endswith(".whl"):
        return artifact
    sha256, data = memory.metadata(artifact.path, one.filename)
    beside = artifact.path.with_name(one.filename + SUFFIX)
    old = before / "simple" / one.project / beside.name
    if old.is_file() and not old.is_symlink() and memory.sha256(old) == sha256:
        files.link(old, beside)
    else:
        with files.folder_errors(beside):
            beside.write_bytes(data if data is not None else read_metadata(artifact.path, one.filename))
    return replace(artifact, metadata=sha256)
