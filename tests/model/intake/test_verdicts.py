"""Verdicts: what JSON has of one."""

from __future__ import annotations

import json

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.intake.verdicts import ADVISORY, Verdict


def test_a_verdict_as_json() -> None:
    """The document of a verdict has each of its facts, versions as texts."""
    verdict = Verdict(
        rule=ADVISORY,
        project=canonicalize_name("Demo"),
        version=Version("1.0+cpu"),
        sentence="demo 1.0+cpu has X-1, severity high; fixed in 1.1",
        ids=("X-1", "CVE-1"),
        fixed=(Version("1.1"),),
    )
    assert json.loads(json.dumps(verdict.document())) == {
        "rule": "advisory",
        "project": "demo",
        "version": "1.0+cpu",
        "ids": ["X-1", "CVE-1"],
        "sentence": "demo 1.0+cpu has X-1, severity high; fixed in 1.1",
        "fixed": ["1.1"],
    }
