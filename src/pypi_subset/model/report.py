"""``site/proof/report.json``: every result of a proof, bound to the manifest of the site that was proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from pypi_subset.errors import SubsetError
from pypi_subset.model import documents
from pypi_subset.model.checks import Check
from pypi_subset.model.documents import Document
from pypi_subset.model.manifest import Names, Sha256, Text
from pypi_subset.model.paths import REPORT
from pypi_subset.support import files

if TYPE_CHECKING:
    from pathlib import Path


Count: TypeAlias = Annotated[int, Meta(ge=0)]
_Shard: TypeAlias = Annotated[str, Meta(pattern="^([1-9][0-9]*/[1-9][0-9]*)?$")]
Digest: TypeAlias = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$(?!\n)")]
#: RFC 3339 with microseconds, in UTC: as text, an earlier time is less than a later one.
Time: TypeAlias = Annotated[str, Meta(pattern=r"^([0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\.[0-9]{6}Z)?$(?!\n)")]

#: `Time` for `datetime.strftime`.
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"

#: What each result that is written has, though some fields have a default here.
_WRITTEN = {
    "required": ["target", "set_name", "request", "proof", "status", "reason", "seconds", "interpreter", "notes"],
    "if": {"properties": {"status": {"enum": ["failed", "amber", "accepted"]}}},
    "then": {"properties": {"reason": {"minLength": 1}}},
}


class Totals(Struct, frozen=True, kw_only=True):
    """
    How many results have which status.

    :param differs: older versions wrote no such number, nor one of *amber* or *accepted*.
    """

    passed: Count
    failed: Count
    skipped: Count
    differs: Count = 0
    amber: Count = 0
    accepted: Count = 0


class Settings(Struct, frozen=True, kw_only=True):
    """
    The settings of the proof that decide what green means.

    :param routes: names of the routes that each case was proven on.
    :param seconds: time limits of a case, by what they limit.
    :param code: SHA-256 of the code and data of the proof.
    """

    routes: tuple[str, ...] = ()
    seconds: dict[str, Count] = {}
    code: Digest = ""


class Part(Struct, frozen=True, kw_only=True):
    """
    One of the reports that were joined.

    :param sha256: SHA-256 of the file.
    :param targets: as in the report.
    :param shard: as in the report.
    :param signer: the identity in allowed-signers that signed the file; empty: it has the HMAC of the key here.
    """

    sha256: Sha256
    targets: Names = ()
    shard: _Shard = ""
    signer: str = ""


class Origin(Struct, frozen=True, kw_only=True):
    """
    The files of the site that one index offered.

    :param index: its URL, as in the manifest.
    :param files: their names, sorted.
    """

    index: Text
    files: tuple[Text, ...]


class Report(Document, frozen=True, kw_only=True):
    """
    What was proven about a site of pypi-subset, how, and with what result.

    :param schema: version of this form, major.minor.
    :param manifest_sha256: SHA-256 of the proven manifest. A report is about these bytes only.
    :param stale: whether the site was rebuilt to other bytes since.
    :param isolation: what keeps the code of packages away from this machine, or `none` and why.
    :param targets: the targets that the run was restricted to, empty for all.
    :param shard: the part of the cases that the run was about, empty for all. Older versions wrote none.
    :param checks: sorted by target, set and request.
    :param created: when the run ended (UTC). Empty, like all that follows, in what older versions wrote.
    :param tool: version of pypi-subset.
    :param subset_sha256: SHA-256 of the sets and targets in ``requirements/``.
    :param settings: those of the proof.
    :param parts: the reports that were joined to this one; none for the report of one run.
    :param warnings: acceptances of the user that nothing needs any more. Before 1.2 there were none.
    :param indexes: where the files come from, as the manifest says, sorted by URL; absent if no file has an index. Before
        1.4 there was none.
    :param mac: HMAC-SHA256 of all other fields but stale, under the key of who made the report.
    """

    name: ClassVar[str] = "the report"
    version: ClassVar[Literal["1.4"]] = "1.4"

    schema: Literal["1.4"]
    manifest_sha256: Sha256
    stale: bool
    isolation: Text
    targets: Names
    shard: _Shard = ""
    totals: Totals
    checks: tuple[Annotated[Check, Meta(extra_json_schema=_WRITTEN)], ...]
    created: Time = ""
    tool: str = ""
    subset_sha256: Digest = ""
    settings: Settings = Settings()
    parts: tuple[Part, ...] = ()
    warnings: tuple[str, ...] = ()
    # Unset, it is no part of what the HMAC of an older report covers.
    indexes: tuple[Origin, ...] | UnsetType = UNSET
    mac: Digest = ""


def report_path(site: Path) -> Path:
    """Return the path of the report of a site; the manifest does not name it, so the site's bytes do not depend on it."""
    return site / REPORT


def read_report(path: Path) -> Report:
    """
    Return the report at *path*.

    :raises SubsetError: there is none, it is damaged, or a later major version wrote it.
    """
    return read_bytes(path)[0]


def read_bytes(path: Path) -> tuple[Report, bytes]:
    """
    Return the report at *path*, and the bytes that it was read from.

    :raises SubsetError: as `read_report`.
    """
    if not path.is_file():
        msg = "there is no such report"
        raise SubsetError(msg, path=path, next_step="`pypi-subset verify` writes one to proof/report.json in the site")
    with files.folder_errors(path):
        data = path.read_bytes()
    step = "take proof/report.json of a site, as `pypi-subset verify` left it"
    return documents.decode(data, Report, path=path, next_step=step), data
