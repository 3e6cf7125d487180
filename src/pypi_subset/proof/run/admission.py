"""A part of a proof, before it is joined: what it is about, who made it, and that it says no more than it was to prove."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.report import Part, read_bytes
from pypi_subset.proof.cases import shards
from pypi_subset.proof.evidence import signatures
from pypi_subset.proof.evidence.author import WAYS_ACROSS, has_author
from pypi_subset.proof.evidence.settings import difference, subset_digest
from pypi_subset.proof.report.verdict import part_of
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.paths import Paths
    from pypi_subset.model.report import Report
    from pypi_subset.model.requests import Subset
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.evidence.key import Key


_AGAIN = "fetch the site of this machine to that one, and prove it there"


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """A report that may be joined, and what the joined one says of it."""

    path: Path
    report: Report
    about: Part


def admitted(path: Path, paths: Paths, subset: Subset, cases: Sequence[Case], own: Key) -> Admitted:
    """
    Return the report at *path*, if it may be joined.

    :param cases: those of the whole subset.
    :param own: the key that makes its author count here; else it must be signed by one of the allowed signers.
    :raises SubsetError: it may not; the message says why.
    """
    report, data = read_bytes(path)
    if (other := report.manifest_sha256) != (here := files.sha256_of(manifest_path(paths.site))):
        msg = f"this report is about other bytes: a manifest with SHA-256 {other[:12]}…, and this site has {here[:12]}…"
        raise SubsetError(msg, path=path, next_step=_AGAIN)
    signer = "" if has_author(report, own) else _signer(path, report, data, paths)
    if other := difference(report, subset_digest(subset)):
        msg = f"this report was made with {other}"
        raise SubsetError(msg, path=path, next_step="prove the part once more, with the tool and requirements of here")
    _require_own_cases(path, report, cases)
    digest = hashlib.sha256(data).hexdigest()
    about = Part(sha256=digest, targets=report.targets, shard=report.shard, signer=signer)
    return Admitted(path=path, report=report, about=about)


def _signer(path: Path, report: Report, data: bytes, paths: Paths) -> str:
    """Return who signed the report; one that names no author is of an earlier version."""
    if not report.mac:
        msg = "this report has no author: an earlier version of pypi-subset wrote it, or another program"
        raise SubsetError(msg, path=path, next_step="run `pypi-subset verify` once more on that machine")
    signature = path.with_name(f"{path.name}.sig")
    if not signature.is_file():
        msg = "this report was changed, or made with another key than the one here, and no signature is beside it"
        raise SubsetError(msg, path=path, next_step=WAYS_ACROSS)
    return signatures.signer(data, signature, paths.requirements / signatures.ALLOWED)


def _require_own_cases(path: Path, report: Report, cases: Sequence[Case]) -> None:
    """Refuse a part with a result of another part; what nothing asks for at all is red in the joined report."""
    part = shards.parse(report.shard)
    own = [case for case in cases if not report.targets or case.target.name in report.targets]
    allowed = {_place(case) for case in (part.of(own) if part else own)}
    outside = {_place(case) for case in cases} - allowed
    for check in report.checks:
        place = (check.target, check.set_name, check.request)
        if place in outside or (report.targets and check.target and check.target not in report.targets):
            where = ", ".join(filter(None, place))
            msg = f"this report is about a part alone ({part_of(report)}), and has a result of another: {where}"
            raise SubsetError(msg, path=path, next_step="take the report as the machine left it")


def _place(case: Case) -> tuple[str, str, str]:
    return case.target.name, case.set_name, case.request
