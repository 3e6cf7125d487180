"""What makes a report evidence, and every way in which a report is not what its author made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from pypi_subset.model.documents import encode, parse
from pypi_subset.model.report import Part, Report, Settings
from pypi_subset.proof.evidence import author, key, newest
from pypi_subset.proof.evidence.author import authored, has_author
from pypi_subset.proof.report import report
from pypi_subset.support.version import __version__
from tests.support.sites.published import CHECKS, GREEN, LOOKED, own_key

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def made() -> Report:
    """Return a report as a run of this tool makes it."""
    plain = report.report_of([*CHECKS, GREEN], site=Path("nowhere"), isolation="none", targets=["linux"], shard="1/2")
    return authored(plain, own_key(), "a" * 64, [Part(sha256="b" * 64, signer="lab")])


def test_an_authored_report(made: Report) -> None:
    """It says when, with which tool and settings, for which requirements; it stays so through its form as JSON."""
    assert (made.tool, made.subset_sha256, made.settings.routes) == (
        __version__,
        "a" * 64,
        ("find-links", "simple", "target"),
    )
    assert author.doubt(made) is None
    again = parse(encode(made), Report)
    assert again == made
    assert has_author(again, own_key())


def test_half_a_surrogate_pair() -> None:
    """A name that is no text has an author as well."""
    plain = report.report_of([replace(CHECKS[0], reason="\udcff é")], site=Path("nowhere"), isolation="none")
    made = authored(plain, own_key(), "")
    assert has_author(parse(encode(made), Report), own_key())


def test_stale_follows_from_the_manifest(made: Report) -> None:
    """Another build marks the report as stale, and takes the mark away; its author stays."""
    assert has_author(structs.replace(made, stale=True), own_key())


CHANGES: dict[str, Callable[[Report], dict[str, Any]]] = {
    "manifest": lambda _: {"manifest_sha256": "0" * 64},
    "isolation": lambda _: {"isolation": "network namespace"},
    "targets": lambda _: {"targets": ()},
    "shard": lambda _: {"shard": ""},
    "totals": lambda made: {"totals": structs.replace(made.totals, failed=0)},
    "a line less": lambda made: {"checks": made.checks[1:]},
    "a line more": lambda made: {"checks": (*made.checks, made.checks[-1])},
    "another order": lambda made: {"checks": made.checks[::-1]},
    "status": lambda made: {"checks": (*made.checks[:-1], replace(made.checks[-1], status="passed"))},
    "route": lambda made: {"checks": (*made.checks[:-1], replace(made.checks[-1], way="simple"))},
    "note": lambda made: {"checks": (replace(made.checks[0], notes=("fine",)), *made.checks[1:])},
    "created": lambda _: {"created": "2999-01-01T00:00:00.000000Z"},
    "tool": lambda _: {"tool": "9.0"},
    "subset": lambda _: {"subset_sha256": "b" * 64},
    "settings": lambda _: {"settings": Settings()},
    "parts": lambda _: {"parts": ()},
    "signer": lambda _: {"parts": (Part(sha256="b" * 64, signer="root"),)},
    "mac": lambda _: {"mac": "0" * 64},
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_shows(made: Report, what: str) -> None:
    """A report of which any field was changed has no author any more, and the line names the two ways of a CI."""
    spoilt = structs.replace(made, **CHANGES[what](made))
    assert spoilt != made
    assert not has_author(spoilt, own_key())
    told = author.doubt(spoilt)
    assert str(told) == (
        "the report was changed, or made with another key than the one here; give both machines one key, as a CI secret in "
        "a file that PYPI_SUBSET_KEY_FILE names, or sign it as a part (`pypi-subset verify --sign-with …`) and run `pypi-subset merge-reports`"
    )


def test_every_field_is_covered() -> None:
    """A field that is added to the report is under its HMAC as well, or named here."""
    known = {"schema", "manifest_sha256", "isolation", "targets", "shard", "totals", "checks", "created", "tool"}
    assert {*Report.__struct_fields__} - {"stale", "mac"} == known | {
        "subset_sha256",
        "settings",
        "parts",
        "warnings",
        "indexes",
    }


def test_no_author_and_no_key(made: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report of an earlier version, a key that is not there, and one that is none are three lines."""
    assert "no author: an earlier version" in str(author.doubt(structs.replace(made, mac="")))
    monkeypatch.setenv(key.VARIABLE, str(tmp_path / "key"))
    told = str(author.doubt(made))
    assert told.startswith(f"the report has an author, and there is no key here to check it ({tmp_path / 'key'}); give")
    key.made(tmp_path / "key")
    assert "made with another key" in str(author.doubt(made))
    (tmp_path / "key").chmod(0o644)
    assert "others can read the key" in str(author.doubt(made))


def test_a_later_report_is_later(made: Report) -> None:
    """Whatever the clock says, a report is later than those that were recorded before; the newest is recorded."""
    future = structs.replace(made, created="2999-12-31T23:59:59.999999Z")
    newest.record(own_key(), future)
    later = authored(report.report_of([LOOKED], site=Path("nowhere"), isolation="none"), own_key(), "")
    assert later.created == "3000-01-01T00:00:00.000000Z"
    found = newest.last(own_key(), later.manifest_sha256)
    assert found is not None
    assert (found.created, found.mac) == (later.created, later.mac)
