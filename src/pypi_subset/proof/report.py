"""``site/proof/report.json``: all results in one value, bound to the site that they are about."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from pypi_subset import files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model import Check

#: The number of the form; a reader refuses a higher one.
SCHEMA = 1
#: The exit status of a run that is green, and whose report cannot be written.
UNWRITTEN = 64


def report_path(site: Path) -> Path:
    """Return where the report of a site lies; outside the manifest, so that the site's bytes do not depend on it."""
    return site / "proof" / "report.json"


def report_of(checks: Sequence[Check], *, site: Path, seal: str, targets: Sequence[str] = ()) -> dict[str, Any]:
    """
    Return the report as JSON's values, fixed by ``schemas/report.schema.json``.

    :param site: the folder that was proven; the report is bound to its manifest by hash.
    :param seal: what kept the network out.
    :param targets: the targets that the run was restricted to, none for all.
    """
    totals = Counter(check.status for check in checks)
    return {
        "schema": SCHEMA,
        "manifest_sha256": _manifest_hash(site),
        "stale": False,
        "seal": seal,
        "targets": sorted(targets),
        "totals": {status: totals[status] for status in ("passed", "failed", "skipped", "differs")},
        "checks": [asdict(check) for check in sorted(checks, key=_order)],
    }


def write_report(document: dict[str, Any], site: Path) -> None:
    """
    Write *document* as the report of *site*.

    :raises FolderError: it cannot be written.
    """
    path = report_path(site)
    with files.folder_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, _bytes(document))


def carry_over(old_site: Path, stage: Path) -> None:
    """
    Copy the report of *old_site* into *stage*; ``stale`` tells whether it is about the manifest that lies there.

    The same two folders give the same bytes. A report that cannot be read is left behind.

    :raises FolderError: it cannot be written.
    """
    try:
        document = json.loads(report_path(old_site).read_bytes())
    except (OSError, ValueError):
        return
    if isinstance(document, dict) and document.get("schema") == SCHEMA:
        write_report(document | {"stale": document.get("manifest_sha256") != _manifest_hash(stage)}, stage)


def table_of(checks: Sequence[Check]) -> Table:
    """Return one row for each set on each target: how it was proven, with what, and how it went."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("target", "set", "proven how", "interpreter"):
        table.add_column(heading, overflow="fold")
    for heading in ("passed", "failed", "skipped"):
        table.add_column(heading, justify="right")
    for row in sorted({_row(check) for check in checks}):
        of_row = Counter(check.status for check in checks if _row(check) == row)
        target, set_name, proof, interpreter = row
        failed = Text(str(of_row["failed"]), style="bold red" if of_row["failed"] else "")
        cells = [target or "all", set_name or "all", proof, interpreter or "-"]
        table.add_row(*map(Text, cells), Text(str(of_row["passed"])), failed, Text(str(of_row["skipped"])))
    return table


def findings(checks: Sequence[Check]) -> list[str]:
    """Return one line for each red check, sorted."""
    red = sorted((check for check in checks if check.status == "failed"), key=_order)
    return [f"failed: {_place(check)}{check.reason}" for check in red]


def remarks(checks: Sequence[Check]) -> list[str]:
    """Return one line for each note on a check that is not red, sorted."""
    return [f"note: {_place(check)}{note}" for check in sorted(checks, key=_order) for note in check.notes]


def opinions(checks: Sequence[Check]) -> list[str]:
    """Return one line for each second opinion that is another one, sorted."""
    other = sorted((check for check in checks if check.status == "differs"), key=_order)
    return [f"differs: {_place(check)}{check.reason}" for check in other]


def _row(check: Check) -> tuple[str, str, str, str]:
    return check.target, check.set_name, check.proof, check.interpreter


def _place(check: Check) -> str:
    """Return where a check belongs, ready to be put before its reason: ``linux, base, pandas: ``."""
    words = [check.target, check.set_name, check.request or ("all together" if check.set_name else "")]
    return ", ".join(filter(None, words)) + ": " * bool(check.target)


def _order(check: Check) -> tuple[str, str, str, str, str]:
    return check.target, check.set_name, check.request, check.proof, check.reason


def _manifest_hash(site: Path) -> str:
    path = site / "manifest.json"
    return files.sha256_of(path) if path.is_file() else hashlib.sha256(b"").hexdigest()


def _bytes(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
