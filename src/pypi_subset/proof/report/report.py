"""``site/proof/``: all results in one value, bound to the site that they are about, and in the forms that others read."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from pypi_subset.errors import SubsetError
from pypi_subset.model import paths
from pypi_subset.model.documents import encode
from pypi_subset.model.door import read_manifest
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.report import Origin, Report, Totals, read_report, report_path
from pypi_subset.proof.report import badge, junit, page, tables
from pypi_subset.proof.report.verdict import (
    ALL_ACCEPTED,
    EMPTY,
    NOTHING,
    part_of,
    signers,
    unasked,
    unneeded,
    verdict_of,
    weakness,
)
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.checks import Check, Status
    from pypi_subset.model.policy import Acceptance


#: Path below the site of each form of the report, and of the style and script of its page.
FORMS = (paths.REPORT, paths.REPORT_PAGE, paths.REPORT_STYLE, paths.REPORT_SCRIPT, paths.JUNIT, paths.BADGE)

#: Requests that one line names; the others are counted.
_NAMED = 3
#: The exit status of a run that is green, and whose report cannot be written.
UNWRITTEN = 64
#: The exit status of a run in which this machine could not run the code of packages; it proves nothing.
BROKEN = 65


def report_of(
    checks: Sequence[Check],
    *,
    site: Path,
    isolation: str,
    targets: Sequence[str] = (),
    shard: str = "",
    accepted: Sequence[Acceptance] = (),
) -> Report:
    """
    Return the report of all results.

    :param site: the directory that was proven; the report is bound to its manifest by hash.
    :param isolation: what keeps the code of packages away from this machine, or `none` and why.
    :param targets: the targets that the run was restricted to, none for all.
    :param shard: the part of the cases that the run was about, ``""`` for all.
    :param accepted: what the user accepts; those that nothing needs any more become warnings, unless only a part was tried.
    """
    totals = Counter[str](check.status for check in checks)
    return Report(
        schema=Report.version,
        manifest_sha256=_manifest_hash(site),
        stale=False,
        isolation=isolation,
        targets=tuple(sorted(targets)),
        shard=shard,
        totals=Totals(**{status: totals[status] for status in tables.STATUSES}),
        checks=tuple(sorted(checks, key=_order)),
        warnings=() if targets or shard else tuple(unneeded(accepted, checks)),
        indexes=_indexes(site) or UNSET,
    )


def write_report(report: Report, site: Path) -> None:
    """
    Write *report* as the one of *site*: for programs, for people, for build servers, and as a badge.

    :raises FolderError: it cannot be written.
    """
    _write(forms_of(report), site)


def forms_of(report: Report) -> dict[str, bytes]:
    """Return path below the site → bytes, of all forms of *report*: they follow from it alone."""
    verdict = verdict_of(report)
    return {
        paths.REPORT: encode(report),
        paths.REPORT_PAGE: page.render(report, verdict).encode(),
        paths.JUNIT: junit.render(report).encode(),
        paths.BADGE: badge.render(verdict).encode(),
        **page.parts(),
    }


def carry_over(old_site: Path, stage: Path) -> None:
    """
    Copy the report of *old_site* into *stage*; ``stale`` says whether it is about another manifest than the one there.

    Its page, its badge and the rest are made again, so that they say the same. The same two directories give the same bytes. A
    report that cannot be read is left behind; then a page takes its place that says that nothing is proven, since the
    front page leads there.

    :raises FolderError: it cannot be written.
    """
    try:
        report = read_report(report_path(old_site))
    except SubsetError:
        badges = {paths.BADGE: badge.render(NOTHING).encode()}
        _write({paths.REPORT_PAGE: page.placeholder(NOTHING).encode(), **badges, **page.parts()}, stage)
        return
    stale = report.manifest_sha256 != _manifest_hash(stage)
    write_report(msgspec.structs.replace(report, stale=stale), stage)


def lines_of(report: Report) -> list[str]:
    """Return what stands below the table: notes, other opinions, what is red, and the sum of it all."""
    checks, totals = sorted(report.checks, key=_order), report.totals
    counts = [
        f"{totals.passed} passed",
        *[f"{totals.amber} amber"] * bool(totals.amber),
        f"{totals.failed} failed",
        f"{totals.skipped} skipped",
        *[f"{totals.accepted} accepted"] * bool(totals.accepted),
    ]
    counts += [f"{totals.differs} of another opinion"] if totals.differs else []
    remembered = sum(check.remembered for check in checks)
    counts += [f"{remembered} of these {tables.BEFORE}"] if remembered else []
    part = part_of(report)
    last = [f"only a part was tried: {part}"] if part else []
    verdict = verdict_of(report)
    last += [verdict.words] if verdict in {EMPTY, ALL_ACCEPTED} else []
    last += [weakness(report)] if weakness(report) else []
    nowhere = [f"note: {sentence}" for sentence in unasked(report)]
    nowhere += [f"note: {one}" for one in signers(report)]
    nowhere += _skipped(checks, whole=not part)
    notes = _notes(checks)
    nowhere += [f"warning: {one}" for one in report.warnings]
    said = dict.fromkeys(
        [
            *notes,
            *nowhere,
            *findings(checks, "differs"),
            *findings(checks, "accepted"),
            *findings(checks, "amber"),
            *findings(checks),
        ]
    )
    return [*said, *last, f"{', '.join(counts)}; isolation: {report.isolation}"]


def _notes(checks: Sequence[Check]) -> list[str]:
    """Return a line for each note, with the first of the places that have it: each route and request may have the same one."""
    places: dict[str, dict[str, None]] = {}
    for check in checks:
        for note in check.notes:
            places.setdefault(note, {})[_place(check)] = None
    lines = []
    for note, (first, *others) in places.items():
        more = f" (and at {len(others)} other place{'s' * (len(others) > 1)})" if others else ""
        lines.append(f"note: {first}{note}{more}")
    return lines


def _skipped(checks: Sequence[Check], *, whole: bool) -> list[str]:
    """
    Return a line for each target and reason with the requests that were skipped, at most `_NAMED` of them.

    :param whole: whether all targets were tried; a request that none of them asks for has a note of its own then.
    """
    tried = {(check.set_name, check.request) for check in checks if check.status != "skipped"}
    requests: dict[tuple[str, str], dict[str, None]] = {}
    for check in checks:
        if check.status == "skipped" and check.request and not (whole and (check.set_name, check.request) not in tried):
            requests.setdefault((check.target, check.reason), {})[check.request] = None
    lines = []
    for (target, reason), those in requests.items():
        more = f"; and {len(those) - _NAMED} more" if len(those) > _NAMED else ""
        lines.append(f"note: skipped on {target} ({reason}): {'; '.join([*those][:_NAMED])}{more}")
    return lines


def findings(checks: Sequence[Check], status: Status = "failed") -> list[str]:
    """Return one line for each check of *status*, sorted."""
    found = sorted((check for check in checks if check.status == status), key=_order)
    return [f"{status}: {_place(check)}{check.reason}" for check in found]


def _place(check: Check) -> str:
    """Return where a check belongs, ready to be put before its reason: ``linux, base, pandas: ``."""
    words = [check.target, check.set_name, check.request or ("all together" if check.set_name else "")]
    return ", ".join(filter(None, words)) + ": " * bool(check.target)


def _order(check: Check) -> tuple[str, ...]:
    # All of it at last: the same results are written in the same order, whichever came first.
    return check.target, check.set_name, check.request, check.proof, check.way, check.reason, repr(check)


def _write(written: Mapping[str, bytes], site: Path) -> None:
    folder = report_path(site).parent
    with files.folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        # A signature is one of bytes that were there before.
        (site / paths.SIGNATURE).unlink(missing_ok=True)
    for path, data in written.items():
        files.write(site / path, data)


def _indexes(site: Path) -> tuple[Origin, ...]:
    """Return the indexes that the manifest names, with their files; none if it cannot be read, which is red already."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    with contextlib.suppress(SubsetError):
        for one in read_manifest(site).files:
            if one.index:
                found[one.index].append(one.filename)
    return tuple(Origin(index=url, files=tuple(sorted(names))) for url, names in sorted(found.items()))


def _manifest_hash(site: Path) -> str:
    path = manifest_path(site)
    return files.sha256_of(path) if path.is_file() else hashlib.sha256(b"").hexdigest()
