"""The public `build_index`: the index of any wheels, without requirements and locks."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.distributions import filenames
from pypi_subset.errors import BadDistribution
from pypi_subset.model.distributions import Artifact, Distribution
from pypi_subset.packages import file_cache
from pypi_subset.packages.file_cache import FileCache, identity_of, status_of
from pypi_subset.site import build_state
from pypi_subset.site.builder import staged_site
from pypi_subset.site.content import Content
from pypi_subset.site.ownership import require_own

if TYPE_CHECKING:
    from collections.abc import Iterable


def build_index(wheels: Iterable[Path], site: Path, *, cache: Path | None = None) -> bool:
    """
    Build the simple index of *wheels* in the directory *site*; return whether *site* was replaced.

    The index is ``simple/`` in HTML and JSON, ``simple-json/``, the core metadata file beside each wheel, and
    ``find-links.html``. Each wheel is hard-linked, or copied if *site* is on another file system.

    :param wheels: paths of wheels and sdists. Each keeps its file name.
    :param site: replaced atomically. It must be missing, empty, or a site that this program made.
    :param cache: existing directory that keeps hashes from call to call, so that unchanged projects are linked.
    :raises FolderError: *site* holds the files of another program, or cannot be written.
    :raises BadDistribution: a file is no distribution, is damaged, or contradicts its name.
    """
    require_own(site)
    with tempfile.TemporaryDirectory(prefix="pypi-subset-") as scratch:
        folder = cache or Path(scratch)
        known = FileCache(folder / file_cache.FILE)
        artifacts = [_artifact(path, known) for path in sorted(wheels, key=lambda path: path.name)]
        with staged_site(Content(artifacts=artifacts), site, known, folder / build_state.FILE) as stage:
            pass
        known.save(forget=stage is not None)
    return stage is not None


def _artifact(path: Path, cache: FileCache) -> Artifact:
    """Return the file at *path* with everything that its name, its bytes and its METADATA say."""
    name = path.name
    try:
        project, version, _ = filenames.parse(name)
    except filenames.INVALID as error:
        msg = f"{name!r} is not the name of a wheel or source distribution"
        raise BadDistribution(msg, path=path, next_step="leave the file out") from error
    facts = status_of(path)
    one = Distribution(
        filename=name,
        project=project,
        version=version,
        size=facts.st_size,
        sha256=cache.sha256(path, facts),
        requires_python=cache.requires_python(path, facts) if name.endswith(".whl") else None,
    )
    return Artifact(distribution=one, folder=path.parent, identity=identity_of(facts))
