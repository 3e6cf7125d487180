"""What makes a report evidence: who made it, when, with which tool and settings, for which requirements."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from pypi_subset.errors import SubsetError
from pypi_subset.model.report import TIME
from pypi_subset.proof.evidence import newest
from pypi_subset.proof.evidence.key import VARIABLE, KeyMissing, key_path, read
from pypi_subset.proof.evidence.settings import settings
from pypi_subset.support.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.report import Part, Report
    from pypi_subset.proof.evidence.key import Key


#: The two ways in which a report of another machine counts here.
WAYS_ACROSS = (
    f"give both machines one key, as a CI secret in a file that {VARIABLE} names, "
    "or sign it as a part (`pypi-subset verify --sign-with …`) and run `pypi-subset merge-reports`"
)


def authored(report: Report, key: Key, subset_sha256: str, parts: Sequence[Part] = ()) -> Report:
    """
    Return *report* with all that makes it evidence, and record it as the newest one about its manifest.

    It is later than each that was recorded before, whatever the clock says.

    :param subset_sha256: what `settings.subset_digest` returns for the requirements that it is about.
    :param parts: the reports that were joined to it.
    """
    with newest.held(key):
        last = newest.last(key, report.manifest_sha256)
        made = msgspec.structs.replace(
            report,
            created=_after(last.created if last else ""),
            tool=__version__,
            subset_sha256=subset_sha256,
            settings=settings(),
            parts=tuple(parts),
        )
        made = msgspec.structs.replace(made, mac=key.mac("report", _covered(made)))
        newest.record(key, made)
    return made


def has_author(report: Report, key: Key) -> bool:
    """Whether the report has the HMAC of *key*."""
    return bool(report.mac) and key.made(report.mac, "report", _covered(report))


def doubt(report: Report) -> SubsetError | None:
    """
    Return why *report* does not count as made here, ``None`` if it does.

    The key is read from its file; see `key.key_path`.
    """
    if not report.mac:
        what = "the report has no author: an earlier version of pypi-subset wrote it, or another program"
        return SubsetError(what, next_step="run `pypi-subset verify` once more")
    try:
        key = read(key_path())
    except KeyMissing as error:
        what = f"the report has an author, and there is no key here to check it ({error.path})"
        return SubsetError(what, next_step=WAYS_ACROSS)
    except SubsetError as error:
        return error
    if not has_author(report, key):
        return SubsetError("the report was changed, or made with another key than the one here", next_step=WAYS_ACROSS)
    return None


def _covered(report: Report) -> bytes:
    """Return the bytes under the HMAC: canonical JSON of all fields but two; ``stale`` follows from the manifest."""
    value = msgspec.to_builtins(report)
    del value["mac"], value["stale"]
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _after(last: str) -> str:
    """Return the time now, or the first that is later than *last*."""
    now = datetime.now(UTC).strftime(TIME)
    if now > last:
        return now
    return (datetime.strptime(last, TIME).replace(tzinfo=UTC) + timedelta(microseconds=1)).strftime(TIME)
