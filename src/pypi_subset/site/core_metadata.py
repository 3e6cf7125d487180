"""
The metadata beside each wheel (PEP 658): its own METADATA, byte for byte, so that a client need not fetch it to resolve.

What the site had already is linked, not read again; whether it still is the wheel's own, its hash tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.errors import BadDistribution
from pypi_subset.model.distributions import Artifact
from pypi_subset.packages.file_cache import identity_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.model.distributions import Project
    from pypi_subset.packages.file_cache import Memory
    from pypi_subset.site.stage_writer import Filling


#: What the name of a file gets at its end to become that of its metadata.
SUFFIX = ".metadata"


def described(artifacts: Iterable[Artifact], memory: Memory) -> tuple[Artifact, ...]:
    """
    Return the artifacts with their identity and the SHA-256 of the metadata that belongs beside each wheel; an sdist has none.

    :raises BadDistribution: a wheel has no METADATA that can be read, or another than its lock says.
    """
    return tuple(_described(one, memory) for one in artifacts)


def _described(artifact: Artifact, memory: Memory) -> Artifact:
    one = artifact.distribution
    identity = artifact.identity or memory.identity(artifact.path)
    sha256 = None
    if one.filename.endswith(".whl"):
        sha256 = memory.recall_metadata(identity, one.filename) or memory.metadata(artifact.path, one.filename)
    if sha256 and one.metadata not in {None, sha256}:
        # Whoever resolved by the one would install the other.
        msg = f"{one.filename} and the metadata that it was resolved by contradict each other"
        step = "tell the index's operator, and run `make update`"
        raise BadDistribution(msg, project=one.project, next_step=step)
    return Artifact(distribution=one, folder=artifact.folder, metadata=sha256, identity=identity)


def write_metadata(projects: Sequence[Project], filling: Filling, memory: Memory) -> None:
    """
    Put the metadata beside each wheel.

    :param projects: as `described`, and laid out.
    :param filling: the site that is being filled, and what it replaces.
    :raises FolderError: the stage cannot be written, or the disk is full.
    """
    for artifact in (one for project in projects for one in project.artifacts if one.metadata):
        one, sha256 = artifact.distribution, str(artifact.metadata)
        path = f"simple/{one.project}/{one.filename}{SUFFIX}"
        old = f"{filling.before}/{path}"
        if filling.replaces(path) and memory.is_still(old, sha256, filling.mode):
            filling.take(old, path)
        else:
            facts = filling.make(path, memory.metadata_bytes(artifact.path, one.filename, artifact.identity))
            memory.wrote(identity_of(facts), sha256)
