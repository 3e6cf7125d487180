"""What a run would change, before anything is fetched."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pypi_subset.locks import diff
from pypi_subset.locks.diff import Change, needs, size_of
from pypi_subset.packages.stock import strangers
from pypi_subset.pip.pool import Pips
from pypi_subset.pipeline.relock import left_over, lock_all, standing_locks, still_valid
from pypi_subset.pipeline.workspace import opened, require_apart, sources_of
from pypi_subset.resolve.explain import outdated
from pypi_subset.site.ownership import require_own

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset
    from pypi_subset.resolve.explain.outdated import Early, Held
    from pypi_subset.support.progress import Progress


#: The number of the form of the JSON.
SCHEMA = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What a target would need, and how much of that would have to be fetched; files that two targets need count twice."""

    target: str
    files: int
    bytes: int
    fetch_files: int
    fetch_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """
    What a run would do.

    :param removed: names of the locks that would go, since no set asks for their targets any more.
    """

    rows: tuple[Row, ...]
    changes: tuple[Change, ...]
    removed: tuple[str, ...]
    held: tuple[Held, ...]
    early: tuple[Early, ...]

    def document(self) -> dict[str, Any]:
        """Return it as JSON's values."""
        return {"schema": SCHEMA, **asdict(self)}


def rows(subset: Subset, locks: Iterable[Lock], present: Iterable[str]) -> tuple[Row, ...]:
    """
    Return a row for each target that some set serves.

    :param present: names of the files that need not be fetched.
    """
    here, found = set(present), []
    for target, needed in needs(subset, locks).items():
        fetched = [one for name, one in needed.items() if name not in here]
        found.append(
            Row(
                target=target,
                files=len(needed),
                bytes=size_of(needed.values()),
                fetch_files=len(fetched),
                fetch_bytes=size_of(fetched),
            )
        )
    return tuple(found)


def foresee(paths: Paths, *, progress: Progress, update: bool = False) -> Forecast:
    """
    Return what `mirror` would do; nothing is written but what a mirror keeps for itself in ``packages/``.

    Metadata is read as for a mirror, and the page of every project that is locked already: what is newer stands there.

    :param paths: the three folders.
    :param progress: receives lines and stages.
    :param update: what an update would do.
    :raises SubsetError: whatever would stand in the way.
    """
    require_apart(paths)
    require_own(paths.site)
    with opened(paths, progress) as (run, network):
        before = standing_locks(run, update=update)
        gone = left_over(run)
        valid = {} if update else still_valid(run, before)
        with sources_of(run, network) as sources, Pips(run.work) as pips:
            locks = lock_all(run, valid, sources, pips)
            upstream = sources().upstream
            known = outdated.Known(
                offers=upstream.offers,
                metadata=upstream.metadata_seen(),
                limits=run.constraints,
                kept=frozenset(valid),
            )
            held = outdated.held_back(run.subset, locks, known)
            early = outdated.early(run.subset, locks, known)
        run.intake.refuse(strangers(locks, paths.packages))
        run.intake.close()
    lying = {path.name for path in paths.packages.glob("*.whl")} | {
        path.name for path in paths.site.glob("simple/*/*.whl")
    }
    table, changes = rows(run.subset, locks, lying), diff.changes(before | gone, locks)
    return Forecast(rows=table, changes=changes, removed=tuple(gone), held=held, early=early)
