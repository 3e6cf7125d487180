"""``site/proof/report.json``: every result of a proof, bound to the manifest of the site that was proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta, Struct

from pypi_subset.errors import SubsetError
from pypi_subset.model import documents
from pypi_subset.model.checks import Check
from pypi_subset.model.documents import Document
from pypi_subset.model.manifest import Names, Sha256, Text
from pypi_subset.model.paths import REPORT

if TYPE_CHECKING:
    from pathlib import Path


Count: TypeAlias = Annotated[int, Meta(ge=0)]

#: What each result that is written has, though some fields have a default here.
_WRITTEN = {
    "required": ["target", "set_name", "request", "proof", "status", "reason", "seconds", "interpreter", "notes"],
    "if": {"properties": {"status": {"const": "failed"}}},
    "then": {"properties": {"reason": {"minLength": 1}}},
}


class Totals(Struct, frozen=True, kw_only=True):
    """
    How many results have which status.

    :param differs: older versions wrote no such number.
    """

    passed: Count
    failed: Count
    skipped: Count
    differs: Count = 0


class Report(Document, frozen=True, kw_only=True):
    """
    What was proven about a site of pypi-subset, how, and with what result.

    :param schema: version of this form, major.minor.
    :param manifest_sha256: of the manifest that was proven: a report is about these bytes alone.
    :param stale: whether the site was rebuilt to other bytes since.
    :param seal: what kept the network out.
    :param targets: the targets that the run was restricted to, empty for all.
    :param shard: the part of the cases that the run was about, empty for all. Older versions wrote none.
    :param checks: sorted by target, set and request.
    """

    name: ClassVar[str] = "the report"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"]
    manifest_sha256: Sha256
    stale: bool
    seal: Text
    targets: Names
    shard: Annotated[str, Meta(pattern="^([1-9][0-9]*/[1-9][0-9]*)?$")] = ""
    totals: Totals
    checks: tuple[Annotated[Check, Meta(extra_json_schema=_WRITTEN)], ...]


def report_path(site: Path) -> Path:
    """Return the path of the report of a site; the manifest does not name it, so the site's bytes do not depend on it."""
    return site / REPORT


def read_report(path: Path) -> Report:
    """
    Return the report at *path*.

    :raises SubsetError: there is none, it is damaged, or a later major version wrote it.
    """
    if not path.is_file():
        msg = "there is no such report"
        raise SubsetError(msg, path=path, next_step="`make verify` writes one to proof/report.json in the site")
    return documents.read(path, Report, next_step="take proof/report.json of a site, as `make verify` left it")
