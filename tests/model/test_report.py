"""The report as others see it: its JSON Schema and its reader."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.model.documents import encode, parse
from pypi_subset.model.report import Report, read_report, report_path
from pypi_subset.support.resources import shipped
from tests.support.checkout import schema
from tests.support.pages.schemas import generated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMA = schema("report")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

DOCUMENT: dict[str, Any] = {
    "schema": "1.4",
    "manifest_sha256": "a" * 64,
    "stale": False,
    "isolation": "network namespace",
    "targets": ["linux", "mac_arm"],
    "shard": "2/8",
    "totals": {"passed": 0, "failed": 1, "skipped": 0, "differs": 1, "amber": 1, "accepted": 0},
    "checks": [
        {
            "target": "linux",
            "set_name": "base",
            "request": "app",
            "proof": "installed",
            "status": "failed",
            "reason": "é is not there",
            "seconds": 2.5,
            "interpreter": "CPython 3.12.1 (/a/b)",
            "notes": ["one"],
            "way": "find-links",
            "command": "pip install app",
            "versions": ["app==1"],
            "remembered": False,
            "findings": [],
        },
        {
            "target": "linux",
            "set_name": "base",
            "request": "app",
            "proof": "installed",
            "status": "amber",
            "reason": "app lacks bs4",
            "seconds": 2.5,
            "interpreter": "CPython 3.12.1 (/a/b)",
            "notes": [],
            "way": "simple",
            "command": "",
            "versions": ["app==1"],
            "remembered": False,
            "findings": [
                {
                    "rule": "undeclared",
                    "project": "app",
                    "what": "app lacks bs4",
                    "likely": "beautifulsoup4",
                    "reason": "known",
                    "until": "2027-01-31",
                }
            ],
        },
        {
            "target": "linux",
            "set_name": "base",
            "request": "app",
            "proof": "second opinion",
            "status": "differs",
            "reason": "",
            "seconds": 0.0,
            "interpreter": "",
            "notes": [],
            "way": "",
            "command": "",
            "versions": [],
            "remembered": True,
            "findings": [],
        },
    ],
    "created": "2026-01-31T23:59:59.000001Z",
    "tool": "0.1.0",
    "subset_sha256": "b" * 64,
    "settings": {"routes": ["find-links"], "seconds": {"import": 120}, "code": "c" * 64},
    "parts": [{"sha256": "d" * 64, "targets": ["linux"], "shard": "1/2", "signer": "lab"}],
    "warnings": ["subset.toml:3: no longer needed"],
    "mac": "e" * 64,
}

#: What version 1.0 did not write.
LATER = ("created", "tool", "subset_sha256", "settings", "parts", "warnings", "mac")


def test_the_committed_schema_is_the_generated_one() -> None:
    """After a change of the Structs, ``python -m tests.support.pages.schemas`` writes it again."""
    assert shipped("schemas", "report.schema.json").decode() == generated(Report)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_report_is_what_its_schema_says() -> None:
    """A report with every field fits; it is read and written without a change, in the same order."""
    VALIDATOR.validate(DOCUMENT)
    data = encode(DOCUMENT)
    assert encode(parse(data, Report)) == data


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "no checks": lambda made: made.pop("checks"),
    "short hash": lambda made: made.update(manifest_sha256=""),
    "stale": lambda made: made.update(stale="no"),
    "no isolation": lambda made: made.update(isolation=""),
    "shard": lambda made: made.update(shard="0/8"),
    "target": lambda made: made.update(targets=["Linux"]),
    "total": lambda made: made["totals"].update(passed=-1),
    "no total": lambda made: made["totals"].pop("failed"),
    "proof": lambda made: made["checks"][0].update(proof="guessed"),
    "status": lambda made: made["checks"][0].update(status="FAILED"),
    "until": lambda made: made["checks"][1]["findings"][0].update(until="soon"),
    "no rule": lambda made: made["checks"][1]["findings"][0].pop("rule"),
    "seconds": lambda made: made["checks"][0].update(seconds=-1),
    "notes": lambda made: made["checks"][0].update(notes=[1]),
    "way": lambda made: made["checks"][0].update(way="elsewhere"),
    "created": lambda made: made.update(created="yesterday"),
    "no HMAC": lambda made: made.update(mac="e"),
    "a part": lambda made: made["parts"][0].pop("sha256"),
    "a setting": lambda made: made["settings"]["seconds"].update(script=-1),
    "no status": lambda made: made["checks"][0].pop("status"),
}

#: What the schema refuses and a reader does not look at.
SCHEMA_ONLY: dict[str, Callable[[dict[str, Any]], object]] = {
    "unknown field": lambda made: made.update(clock="now"),
    "unknown field of a result": lambda made: made["checks"][0].update(clock="now"),
    "target twice": lambda made: made.update(targets=["linux", "linux"]),
    "no reason": lambda made: made["checks"][0].pop("reason"),
    "red without a reason": lambda made: made["checks"][0].update(reason=""),
}


@pytest.mark.parametrize("what", [*SPOILT, *SCHEMA_ONLY])
def test_the_schema_refuses_a_spoilt_report(what: str) -> None:
    """Each rule of the form is in the schema, and nearly each holds when a report is read."""
    spoilt = copy.deepcopy(DOCUMENT)
    (SPOILT | SCHEMA_ONLY)[what](spoilt)
    assert not VALIDATOR.is_valid(spoilt)
    if what in SPOILT:
        with pytest.raises(ValueError, match=r"\S"):
            parse(json.dumps(spoilt), Report)
    else:
        parse(json.dumps(spoilt), Report)


def test_only_a_second_opinion_differs() -> None:
    """The JSON Schema cannot say it: the reader does."""
    spoilt = copy.deepcopy(DOCUMENT)
    spoilt["checks"][2]["proof"] = "installed"
    with pytest.raises(ValueError, match="only a second opinion differs"):
        parse(json.dumps(spoilt), Report)


@pytest.mark.parametrize(("number", "status"), [(1, "passed"), (0, "amber"), (0, "accepted")])
def test_amber_and_findings_go_together(number: int, status: str) -> None:
    """A green result with findings, or an amber one without, is no report."""
    spoilt = copy.deepcopy(DOCUMENT)
    spoilt["checks"][number]["status"] = status
    with pytest.raises(ValueError, match="an amber or accepted result has findings, and no other has"):
        parse(json.dumps(spoilt), Report)


def test_a_report_of_1_1_is_read() -> None:
    """It has no amber results, no findings and no warnings."""
    older = copy.deepcopy(DOCUMENT) | {"schema": "1.1"}
    del older["checks"][1], older["warnings"], older["totals"]["amber"], older["totals"]["accepted"]
    for check in older["checks"]:
        del check["findings"]
    made = parse(json.dumps(older), Report)
    assert (made.schema, made.totals.amber, made.warnings, made.checks[0].findings) == ("1.4", 0, (), ())


def test_a_report_of_0_1_is_read() -> None:
    """Its version is a whole number; the earliest have no author, no shard, no other opinions and no ways."""
    older = {name: value for name, value in copy.deepcopy(DOCUMENT).items() if name not in LATER}
    del (
        older["shard"],
        older["totals"]["differs"],
        older["totals"]["amber"],
        older["totals"]["accepted"],
        older["checks"][1],
    )
    for check in older["checks"]:
        for later in ("way", "command", "versions", "remembered", "findings"):
            del check[later]
    made = parse(json.dumps(older | {"schema": 1}), Report)
    assert (made.schema, made.shard, made.totals.differs, made.checks[0].way) == ("1.4", "", 0, "")
    assert (made.created, made.tool, made.settings.routes, made.parts, made.mac) == ("", "", (), (), "")


def test_a_report_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """No report, a damaged one, or one of a newer version: one line with the path and the next step."""
    path = report_path(tmp_path)
    path.parent.mkdir()
    for data, message in (
        (None, "there is no such report; `pypi-subset verify` writes one to proof/report.json in the site"),
        (b"[]", "the report is damaged; take proof/report.json of a site, as `pypi-subset verify` left it"),
        (b'{"schema": "2.0"}', "the report has schema 2.0, and this version reads 1.4; upgrade pypi-subset"),
    ):
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(SubsetError) as caught:
            read_report(path)
        assert str(caught.value) == f"{path}: {message}"
