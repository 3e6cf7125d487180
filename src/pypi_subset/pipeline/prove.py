"""Proving the site: what is asked for, by the suite on this machine or on the workers of a cluster."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import ProofFailed, SubsetError
from pypi_subset.locks.beside import beside_locked
from pypi_subset.locks.judging import require_admitted, standing, unneeded_waivers, waived_lines
from pypi_subset.model.door import read_manifest
from pypi_subset.model.paths import SIGNATURE
from pypi_subset.model.report import report_path
from pypi_subset.packages import file_cache, gone_list
from pypi_subset.proof.cases import shards
from pypi_subset.proof.evidence import signatures
from pypi_subset.proof.report.verdict import is_red
from pypi_subset.proof.run.session import require_targets
from pypi_subset.proof.run.suite import run_suite
from pypi_subset.requirements.of_site import asked
from pypi_subset.site import build_state
from pypi_subset.support import files
from pypi_subset.support.machine import holding
from pypi_subset.support.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.intake.verdicts import Waived
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.report import Report
    from pypi_subset.model.requests import Subset
    from pypi_subset.support.progress import Progress


def prove(  # noqa: PLR0913 - the settings of a proof
    paths: Paths,
    *,
    processes: int = 0,
    pythons: Sequence[str | Path] = (),
    targets: Sequence[str] = (),
    shard: str = "",
    again: bool = False,
    unisolated: bool = False,
    scheduler: str = "",
    url: str = "",
    insecure_cluster: bool = False,
    sign_with: str | Path = "",
    progress: Progress | None = None,
) -> Report:
    """
    Prove that every request installs on every target, write the report into the site, and return it.

    A red proof is no error: see ``report.totals.failed``. The cases run in processes of their own.

    :param processes: how many cases are proven at a time, 0 for one on each core.
    :param pythons: interpreters, or directories of them, beside those on PATH and pyenv's.
    :param targets: names of the targets to prove; none means all.
    :param shard: the part of the cases to prove, as in ``2/8``; ``""`` means all.
    :param again: prove again what was proven before for the same bytes.
    :param unisolated: run the code of packages beside everything else on this machine, without isolation.
    :param scheduler: the address of a Dask cluster, whose workers prove with interpreters of their own; ``""`` for none.
    :param url: where these workers find the site; ``""``: this machine serves it meanwhile.
    :param insecure_cluster: accept a scheduler that is neither on loopback nor reached by TLS.
    :param sign_with: a private key of OpenSSH that signs the report, for a machine with another key; ``""`` for none.
    :param progress: receives a stage with a step for each case; ``None`` is silent.
    :raises SuiteFailed: the proof could not run.
    :raises PolicyError: the policy refuses what is locked.
    :raises SubsetError: there is no site, a name is unknown, or *sign_with* cannot sign.
    """
    shards.parse(shard)
    try:
        read_manifest(paths.site)
    except SubsetError:
        _forget(paths)
        raise
    subset, paths = asked(paths)
    require_targets(subset, targets)
    if paths.locked:
        (progress or SILENT).say(
            f"note: {paths.requirements} is not there: {paths.site} itself states its sets and targets"
        )
    else:
        _require_admitted(subset, paths, progress or SILENT)
    if sign_with:
        # What cannot sign is found before all is proven.
        signatures.signature_of(b"", Path(sign_with))
    names = [*map(str, pythons)]
    prove_part = partial(run_suite, paths, processes=processes, pythons=names, again=again, unisolated=unisolated)
    if scheduler:
        from pypi_subset.proof.remote.dask import prove_on_dask  # noqa: PLC0415 - what a cluster alone needs

        prove_part = partial(
            prove_on_dask, subset, paths, scheduler=scheduler, url=url, unisolated=unisolated, insecure=insecure_cluster
        )
    with holding.beside(paths.site):
        try:
            report = prove_part(targets=targets, shard=shard, progress=progress or SILENT)
        except ProofFailed:
            _forget(paths)
            raise
        if is_red(report):
            _forget(paths)
        if sign_with:
            signature = signatures.signature_of(report_path(paths.site).read_bytes(), Path(sign_with))
            files.write(paths.site / SIGNATURE, signature)
    return report


def _require_admitted(subset: Subset, paths: Paths, progress: Progress) -> None:
    """
    Return if the policy admits what is locked.

    :raises PolicyError: it does not.
    """
    with file_cache.remembered(paths.packages) as cache:
        locks = standing(subset, paths.locks)
        waived = require_admitted(subset, locks, cache, missing=gone_list.read(paths.packages).files)
    _say_waived(subset, waived, progress)
    for sentence in beside_locked(locks):
        progress.say(f"note: {sentence}")


def _say_waived(subset: Subset, waived: Sequence[Waived], progress: Progress) -> None:
    """Name what the user accepts of the locked releases, and the entries that cover none."""
    for line in waived_lines(waived):
        progress.say(line)
    for sentence in unneeded_waivers(subset, waived):
        progress.warn(sentence)


def _forget(paths: Paths) -> None:
    """Remove the caches of hashes: a mirror would not notice a file that changed and kept its time."""
    for cache in (file_cache.FILE, build_state.FILE):
        (paths.packages / cache).unlink(missing_ok=True)
