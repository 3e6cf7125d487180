"""The examination of this machine for one subset, in the order in which a run needs what it looks at."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.doctor import indexes, machine, proofs
from pypi_subset.doctor.findings import Diagnosis, Finding, examined
from pypi_subset.locks import offered
from pypi_subset.locks.beside import unstated
from pypi_subset.locks.gone.look import look
from pypi_subset.locks.judging import standing
from pypi_subset.packages import file_cache
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.pipeline.origins import require_as_locked
from pypi_subset.pipeline.workspace import inputs_of, opened
from pypi_subset.site.pages.sizes import counted
from pypi_subset.support.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.intake.sources import Sources
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset
    from pypi_subset.support.progress import Progress
    from pypi_subset.upstream.pip_config import Network


def diagnose(paths: Paths, *, pythons: Sequence[str] = (), progress: Progress | None = None) -> Diagnosis:
    """
    Return what this machine has of all that mirror and verify need. No file of the subset is changed.

    It starts a box, makes an environment, starts each interpreter and asks each index for one page. If there are locks,
    it asks the indexes whether they still offer what is locked.

    :param pythons: interpreters, or directories of them, as for verify.
    :param progress: receives a stage; ``None`` is silent.
    :raises SubsetError: one of *pythons* is not there.
    """
    found: list[Finding] = []
    with (progress or SILENT).stage("examining", 5) as stage:
        found += [machine.python(), machine.tool(), machine.environments(), *machine.variables(os.environ)]
        stage.advance()
        subset, network, locks = _asked(paths, found)
        found += [*machine.rights(paths), *machine.room(paths, _to_fetch(locks, paths))]
        stage.advance()
        if network is not None:
            found += indexes.reached(network, network.sources, _requested(subset, network.sources))
        stage.advance()
        if subset is not None and locks:
            _ask_whether_gone(subset, paths, locks, found)
        stage.advance()
        known = proofs.found(pythons)
        rows = proofs.provable(subset.targets, known) if subset else ()
        found += [
            machine.isolation(),
            proofs.named(known),
            *proofs.unproven(rows, subset.targets if subset else (), known),
        ]
        stage.advance()
    return Diagnosis(findings=tuple(found), targets=rows)


def _asked(paths: Paths, found: list[Finding]) -> tuple[Subset | None, Network | None, tuple[Lock, ...]]:
    """Return the subset, pip's configuration and the standing locks, each as far as it can be read."""
    network = indexes.configuration(found)
    if not paths.requirements.is_dir():
        what, step = f"there is no {paths.requirements}", "run `pypi-subset init`"
        found.append(Finding(name="requirements", state="warning", what=what, next_step=step))
        return None, network, ()
    if network is None:
        return None, None, ()
    subset: Subset | None = None
    locks: tuple[Lock, ...] = ()
    with examined("requirements", found):
        subset, network = inputs_of(paths, SILENT)
        requests = sum(len(one.requests) for one in subset.sets)
        sets, targets = counted(len(subset.sets), "set"), counted(len(subset.targets), "target")
        what = f"{counted(requests, 'request')} in {sets}, for {targets}"
        locks = standing(subset, paths.locks)
        what += f", {len(locks)} of {len(subset.jobs)} locked"
        found.append(Finding(name="requirements", state="ok", what=what))
    return subset, network, locks


def _requested(subset: Subset | None, sources: Sources) -> str:
    """Return the name of a project that the indexes of pip's configuration are asked for, ``""`` for none."""
    if subset is None:
        return ""
    requested = (canonicalize_name(each.requirement.name) for one in subset.sets for each in one.requests)
    return next((name for name in requested if not sources.has(name)), "")


def _to_fetch(locks: Sequence[Lock], paths: Paths) -> int:
    """Return the bytes of the locked files that the packages directory does not have."""
    sizes = {one.filename: one.size or 0 for lock in locks for one in lock.distributions}
    return sum(size for name, size in sizes.items() if not (paths.packages / name).exists())


def _ask_whether_gone(subset: Subset, paths: Paths, locks: Sequence[Lock], found: list[Finding]) -> None:
    """Append a finding for each locked file that its index does not offer any more, or that has other bytes."""
    with (
        examined("locked files", found),
        tempfile.TemporaryDirectory(prefix="pypi-subset-") as folder,
        opened(subset, inputs_of(paths, SILENT)[1], paths.packages, Path(folder)) as backend,
    ):
        require_as_locked(subset.sources, locks, (), FileCache(paths.packages / file_cache.FILE))
        looked = look(locks, backend.index().upstream.pages)
        found += [Finding(name="locked files", state="warning", what=sentence) for sentence in looked.unknown]
        found += [Finding(name="locked files", state="warning", what=sentence) for sentence in unstated(locks)]
        gone = offered.judged(subset, looked.missing, locks)
        for one in gone:
            if one.decision == "refused":
                step = (
                    offered.STEP if one.suspicious else "run `pypi-subset update`, which takes what the policy admits"
                )
                found.append(Finding(name="locked files", state="error", what=str(one), next_step=step))
            else:
                found.append(Finding(name="locked files", state="warning", what=str(one)))
        if not gone:
            found.append(Finding(name="locked files", state="ok", what=f"all {len(looked.asked)} are offered"))
