"""Whether the policy admits what is published, and whether it is known that its files are still offered."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pypi_subset.errors import NotProven, PolicyError
from pypi_subset.locks import judging, lockfile, memory
from pypi_subset.locks.gone.look import files_of
from pypi_subset.locks.offered import decision_of, judged, require_decided
from pypi_subset.model.intake.gone import Gone, Looked, Missing, keys_of
from pypi_subset.packages import file_cache, gone_list
from pypi_subset.publishing import locked
from pypi_subset.requirements.subset import read_subset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pypi_subset.model.intake.gone import Decision, Key
    from pypi_subset.model.intake.verdicts import Waived
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.manifest import File, Manifest
    from pypi_subset.model.requests import Subset
    from pypi_subset.publishing.locked import Named

#: What the user can do where no policy is there to decide.
_NO_POLICY = "publish it with its requirements/, where `gone` below [policy] or [[policy.accept]] decides"
_COPY = "copy this file from the packages/ of the mirror that built the site"


def admitted(
    manifest: Manifest,
    requirements: Path,
    packages: Path | None,
    *,
    again: bool,
    subset: Subset | None,
    own_locks: Sequence[Path] | None = None,
) -> tuple[Waived, ...]:
    """
    Return what the user accepts of the site with *manifest*: each file has the bytes that were locked, and no rule refuses it.

    :param subset: what `asked_by` returns for *requirements*.
    :raises HashMismatch: a file has other bytes than when it was locked.
    :raises PolicyError: as `require_admitted`.
    """
    # No force publishes other bytes under a name that was locked.
    locked = memory.read(requirements / "lock")
    memory.require_same(locked, {one.filename: one.sha256 for one in manifest.files})
    return require_admitted(requirements, packages, manifest, again=again, subset=subset, own_locks=own_locks)


def require_admitted(
    requirements: Path,
    packages: Path | None,
    manifest: Manifest,
    *,
    again: bool,
    subset: Subset | None,
    own_locks: Sequence[Path] | None = None,
) -> tuple[Waived, ...]:
    """
    Return what the user accepts of what is published. No rule refuses the rest.

    It is known of each file whether its index still offers it.

    :param packages: the directory that remembers the looks at the indexes; ``None``: no file is looked up there.
    :param again: whether the site was published before as it is, and has its release: the question was answered there.
    :param subset: what `asked_by` returns for *requirements*.
    :param own_locks: the locks that are judged, of a snapshot; ``None`` for those of *requirements*.
    :raises PolicyError: a rule refuses a locked release, or one is gone and the user did not decide about it.
    :raises NotProven: no look had an answer about a file.
    :raises SubsetError: a lock cannot be read that a rule would judge.
    """
    folder = requirements / "lock"
    looked = gone_list.read(packages) if packages else Looked()
    # Else the names of their files are enough, which are remembered.
    is_judged = subset is not None and bool(judging.counts(subset) or subset.accepted or looked.files)
    locks: tuple[Lock, ...] = ()
    if subset and is_judged:
        locks = (
            judging.standing(subset, folder, strict=judging.counts(subset))
            if own_locks is None
            else tuple(map(lockfile.read, own_locks))
        )
    waived: tuple[Waived, ...] = ()
    if subset:
        with file_cache.remembered(packages) as cache:
            waived = judging.require_admitted(subset, locks, cache, missing=looked.files)
    if packages is None:
        return waived
    _require_decided(subset, locks, manifest, looked)
    if again:
        return waived
    named = locked.named_by(subset, folder, packages) if subset and not is_judged else locked.named_in(locks)
    if unknown := sorted(set(_unknown(subset, named, manifest, looked))):
        raise _not_known(packages, unknown, asked=bool(looked.answered or looked.files), readable=subset is not None)
    return waived


def asked_by(requirements: Path) -> Subset | None:
    """
    Return what the directory asks for, ``None`` if it is not there: a site may be published apart from it.

    :raises SubsetError: it cannot be read, or an acceptance in it has expired: it is not known what the policy refuses.
    """
    return read_subset(requirements) if requirements.is_dir() else None


def _require_decided(subset: Subset | None, locks: Sequence[Lock], manifest: Manifest, looked: Looked) -> None:
    """
    Return if the user decided about each published file that is gone.

    The site may be older than the locks, or published without them: its manifest counts as well.
    """
    locked = [one for lock in locks for one in files_of(lock)]
    of_locks = judged(subset, looked.of(locked), locks) if subset else []
    keys = {key for one in locked for key in keys_of(one)}
    others = [one for one in manifest.files if (one.filename, one.sha256) not in keys]
    found = [*of_locks, *(gone for one in others for gone in _judged(subset, one, looked))]
    if subset is None and found:
        raise PolicyError([str(one) for one in found], step=_NO_POLICY, gone=[asdict(one) for one in found])
    require_decided(found, dropped=True)


def _judged(subset: Subset | None, one: File, looked: Looked) -> Iterator[Gone]:
    """Yield what is done about a file of a manifest, if it is gone."""
    for missing in looked.files:
        if missing.filename != one.filename or missing.sha256 not in {"", one.sha256} or not missing.suspicious:
            continue
        by: dict[Decision, list[str]] = {}
        for need in one.needed_by:
            decision = decision_of(missing, need.target, subset) if subset else "refused"
            by.setdefault(decision, []).append(f"{need.set_name}--{need.target}")
        for decision, names in by.items():
            yield Gone(**asdict(missing), decision=decision, locks=tuple(sorted(set(names))))


def _unknown(subset: Subset | None, named: Iterable[Named], manifest: Manifest, looked: Looked) -> Iterator[str]:
    """Yield the name of each file about which no look had an answer, if the user must decide about it once it is gone."""
    known = looked.keys | {(one.filename, one.sha256) for one in looked.files}
    seen: set[Key] = set()
    for one in named:
        key = (one.filename, one.sha256)
        seen.add(key)
        if one.is_remote and key not in known and _matters(subset, one.project, one.version, one.target):
            yield one.filename
    # One set for all: a union for each file takes the square of their number.
    seen |= known
    for each in manifest.files:
        if (each.filename, each.sha256) not in seen and any(
            _matters(subset, each.project, each.version, need.target) for need in each.needed_by
        ):
            yield each.filename


def _matters(subset: Subset | None, project: str, version: str, target: str) -> bool:
    """Whether publish would stop if that release were gone."""
    if subset is None:
        return True
    gone = Missing(project=project, version=version, filename="", state="gone", what="", since="")
    return decision_of(gone, target, subset) != "kept"


def _not_known(packages: Path, names: Sequence[str], *, asked: bool, readable: bool) -> NotProven:
    """Return the error about files that no look had an answer about."""
    path = packages / gone_list.FILE
    if not asked:
        msg = "whether their indexes still offer the locked files is not known: no run here has asked"
        step = f"run `pypi-subset mirror`, which asks, or {_COPY}"
    else:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        msg = f"whether their indexes still offer {names[0]}{more} is not known: no look had an answer"
        step = (
            "run `pypi-subset mirror`, which asks again and names the page; or accept that by [[policy.accept]] with "
            'rule = "gone", or by gone = "keep" below [policy]'
        )
    return NotProven(msg, path=path, next_step=step if readable else f"publish it with its requirements/, or {_COPY}")
