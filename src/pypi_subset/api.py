"""
The public API: each function takes values, returns a value and raises `SubsetError`; none prints or exits.

A subset has three directories. This mirrors one requirement and proves that it installs:

.. code-block:: python

    from pathlib import Path

    import pypi_subset

    root = Path("lab")
    asked, packages, site = root / "requirements", root / "packages", root / "site"
    paths = pypi_subset.Paths(requirements=asked, packages=packages, site=site)
    asked.mkdir(parents=True)
    (asked / "base.txt").write_text("demo")
    (asked / "subset.toml").write_text('targets.lab = "cp312-manylinux_2_28_x86_64"')

    try:
        foreseen = pypi_subset.plan(paths)
        mirrored = pypi_subset.mirror(paths)
    except pypi_subset.SubsetError as error:
        raise SystemExit(f"{error.what}; {error.next_step}") from error
    assert mirrored.fetched == sum(row.fetch_files for row in foreseen.rows)

    report = pypi_subset.prove(paths, processes=1)
    assert not report.totals.failed
    pypi_subset.publish(paths, root / "published", grace=0)

The modules of the stages are imported by the function that needs them: ``import pypi_subset`` is cheap.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError
from pypi_subset.model.paths import Paths
from pypi_subset.support.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pypi_subset.model.report import Report
    from pypi_subset.model.requests import Subset
    from pypi_subset.pipeline.mirror import MirrorResult
    from pypi_subset.pipeline.plan import Forecast
    from pypi_subset.publishing.publisher import Published


__all__ = [
    "Paths",
    "Progress",
    "SubsetError",
    "build_index",
    "fetch_site",
    "mirror",
    "plan",
    "prove",
    "publish",
    "read_subset",
]


def read_subset(requirements: Path) -> Subset:
    """
    Return everything that the directory *requirements* asks for: sets, targets and jobs.

    :raises InputFaults: it holds mistakes; the error has all of them, each with file and line.
    :raises FolderError: it cannot be read.
    """
    from pypi_subset.requirements.subset import read_subset as read  # noqa: PLC0415

    return read(requirements)


def mirror(paths: Paths, *, update: bool = False, progress: Progress | None = None) -> MirrorResult:
    """
    Resolve, lock, download and build the site; on any error the old site stays as it is.

    :param update: resolve everything anew, even where a lock matches its inputs.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises SubsetError: what prevents the mirror, with the next step.
    """
    from pypi_subset.pipeline.mirror import mirror as run  # noqa: PLC0415

    return run(paths, update=update, progress=progress or SILENT)


def plan(paths: Paths, *, update: bool = False, progress: Progress | None = None) -> Forecast:
    """
    Return what `mirror` would change, what is held back, and how much there is to fetch.

    :param update: what `mirror` with *update* would do.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises NoSolution: a set has no solution for a target.
    :raises Gaps: several have none.
    :raises SubsetError: what else would prevent the mirror.
    """
    from pypi_subset.pipeline.plan import foresee  # noqa: PLC0415

    return foresee(paths, update=update, progress=progress or SILENT)


def build_index(wheels: Iterable[Path], site: Path, *, cache: Path | None = None) -> bool:
    """
    Build the simple index of *wheels* in the directory *site*, without requirements; return whether *site* was replaced.

    :param wheels: paths of wheels and sdists.
    :param site: replaced atomically. It must be missing, empty, or a site that this program made.
    :param cache: existing directory that keeps hashes, so that the next call links what did not change.
    :raises SubsetError: a file is no distribution or damaged, or *site* is not ours or cannot be written.
    """
    from pypi_subset.site.index_builder import build_index as build  # noqa: PLC0415

    return build(wheels, site, cache=cache)


def prove(  # noqa: PLR0913 - what a proof can be told
    paths: Paths,
    *,
    processes: int = 0,
    pythons: Sequence[str | Path] = (),
    targets: Sequence[str] = (),
    shard: str = "",
    anew: bool = False,
    scheduler: str = "",
    url: str = "",
    progress: Progress | None = None,
) -> Report:
    """
    Prove that every request installs on every target, write the report into the site, and return it.

    A red proof is no error: see ``report.totals.failed``. The cases run in processes of their own.

    :param processes: how many cases are proven at a time, 0 for one on each core.
    :param pythons: interpreters, or directories of them, beside those on PATH and pyenv's.
    :param targets: names of the targets to prove; none means all.
    :param shard: the part of the cases to prove, as in ``2/8``; ``""`` means all.
    :param anew: prove again what was proven before for the same bytes.
    :param scheduler: the address of a Dask cluster, whose workers prove with interpreters of their own; ``""`` for none.
    :param url: where these workers find the site; ``""``: this machine serves it meanwhile.
    :param progress: receives a stage with a step for each case; ``None`` is silent.
    :raises SuiteFailed: the proof could not run.
    :raises SubsetError: there is no site, or a name is unknown.
    """
    from pypi_subset.pipeline.prove import prove as run  # noqa: PLC0415

    return run(
        paths,
        processes=processes,
        pythons=[*map(str, pythons)],
        targets=targets,
        shard=shard,
        anew=anew,
        scheduler=scheduler,
        url=url,
        progress=progress or SILENT,
    )


def publish(
    paths: Paths, to: str | Path, *, force: bool = False, grace: float = 10, progress: Progress | None = None
) -> Published:
    """
    Make the destination *to* hold the proven site; files precede the pages that name them.

    :param to: a directory, or what rsync takes: ``host:path``, ``rsync://host/module``.
    :param force: publish a site that no green report is about; the published manifest then says so.
    :param grace: seconds for which files stay that no page names any more.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises NotProven: no green report is about these bytes.
    :raises SubsetError: the destination holds other files, cannot be reached, or is full.
    """
    from pypi_subset.publishing import publisher  # noqa: PLC0415
    from pypi_subset.support import files  # noqa: PLC0415

    destination = publisher.destination_of(str(to), paths.site, paths.packages)
    # No mirror replaces the site meanwhile. To lock a directory creates it, so only an existing one is locked.
    with files.exclusive(paths.packages) if paths.packages.is_dir() else contextlib.nullcontext():
        return publisher.publish(paths.site, destination, force=force, grace=grace, progress=progress or SILENT)


def fetch_site(url: str, site: Path, *, progress: Progress | None = None) -> int:
    """
    Copy the site that is published at *url* to *site* and return the number of files that were fetched.

    Each file is checked against its hash in the manifest. On any error the old site stays as it is.

    :param url: the address of the front page.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises SubsetError: there is no site at *url*, it contradicts its manifest, or *site* is not ours.
    """
    from pypi_subset.publishing.fetch_site import obtain  # noqa: PLC0415
    from pypi_subset.site.ownership import require_own  # noqa: PLC0415

    require_own(site)
    return obtain(url, site, progress=progress or SILENT)
