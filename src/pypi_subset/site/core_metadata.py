"""
The core metadata file beside each wheel (PEP 658): its METADATA, byte for byte. Clients resolve without fetching the wheel.

A file that the live site has already is linked if its hash is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.errors import BadDistribution
from pypi_subset.model import paths
from pypi_subset.model.distributions import Artifact
from pypi_subset.packages.file_cache import identity_of, status_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.distributions import Project
    from pypi_subset.packages.file_cache import FileCache
    from pypi_subset.site.stage_writer import StageWriter


def described(artifact: Artifact, cache: FileCache) -> Artifact:
    """
    Return the artifact with its identity and, for a wheel, the SHA-256 of METADATA.

    :raises BadDistribution: a wheel has no METADATA that can be read, or another than its lock says.
    """
    one = artifact.distribution
    identity = artifact.identity or identity_of(status_of(artifact.path))
    sha256 = artifact.metadata
    if sha256 is None and one.filename.endswith(".whl"):
        sha256 = cache.recall_metadata(identity, one.filename) or cache.metadata(artifact.path, one.filename)
    if sha256 and one.metadata not in {None, sha256}:
        # Clients would resolve by the one and install the other.
        msg = f"{one.filename} and the metadata that it was resolved by contradict each other"
        step = "tell the index's operator, and run `pypi-subset update`"
        raise BadDistribution(msg, project=one.project, next_step=step)
    if (sha256, identity) == (artifact.metadata, artifact.identity):
        return artifact
    return Artifact(distribution=one, folder=artifact.folder, metadata=sha256, identity=identity)


def write_metadata(projects: Sequence[Project], writer: StageWriter, cache: FileCache) -> None:
    """
    Write the core metadata file beside each wheel.

    :param projects: as `described`, and laid out.
    :param writer: writes the staged site.
    :raises FolderError: the stage cannot be written, or the disk is full.
    """
    for artifact in (one for project in projects for one in project.artifacts if one.metadata):
        one, sha256 = artifact.distribution, str(artifact.metadata)
        path = paths.file_path(one.project, one.filename) + paths.METADATA
        if writer.is_live(path) and cache.is_still(f"{writer.live}/{path}", sha256, writer.mode):
            writer.link(f"{writer.live}/{path}", path)
        else:
            facts = writer.write(path, cache.metadata_bytes(artifact.folder, one.filename, artifact.identity))
            cache.wrote(identity_of(facts), sha256)
