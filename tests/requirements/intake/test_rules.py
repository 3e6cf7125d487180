"""The keys of ``[policy]`` about candidates: what is read, and what is refused with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.intake.rules import IntakeRules
from tests.support.stages.requirements import LINUX, faults_of, plan_of

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """[policy]
min_age = "7 days"
as_of = 2025-11-21T01:00:00+01:00
no_times = ["https://index.example/simple/"]
deny = ["Evil", "colors>1.4", "acme_*"]
yanked = "refuse"
allow_licenses = ["mit", "Apache-2.0"]
licenses = { Docutils = "bsd-2-clause" }
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def test_all_keys() -> None:
    """Names, URLs and licences get their usual spelling; a lock depends on all of it."""
    subset = plan_of("aa", LINUX + WHOLE)
    assert subset.rules == IntakeRules(
        min_age=604800,
        as_of="2025-11-21T00:00:00Z",
        no_times=("https://index.example/simple",),
        deny=(("evil", ""), ("colors", ">1.4"), ("acme-*", "")),
        yanked="refuse",
        allow_licenses=("MIT", "Apache-2.0"),
        known_licenses=(("docutils", "BSD-2-Clause"),),
    )
    assert subset.policy_digest != plan_of("aa", LINUX).policy_digest
    assert plan_of("aa", LINUX).rules == IntakeRules()
    assert plan_of("aa", f'{LINUX}[policy]\nas_of = "2026-11-21"\n').rules.as_of == "2026-11-21T00:00:00Z"


def test_a_repeated_cutoff_is_no_part_of_the_digest() -> None:
    """A lock holds its cut-off; years before 1000 have four digits as well."""
    age = f'{LINUX}[policy]\nmin_age = "7 days"\n'
    assert plan_of("aa", f'{age}as_of = "2025-11-21"\n').policy_digest == plan_of("aa", age).policy_digest
    assert plan_of("aa", f"{age}as_of = 0100-01-01T00:00:00Z\n").rules.as_of == "0100-01-01T00:00:00Z"


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "4000-01-01T00:00:00Z"])
def test_a_cutoff_that_is_later_than_that_of_the_age(moment: str) -> None:
    """It would let in what is too new; without an age it is a moment like any other."""
    (found,) = faults_of("aa", f'{LINUX}[policy]\nmin_age = "7 days"\nas_of = "{moment}"\n')
    assert "would let in files that are younger than min_age; write an earlier moment" in found
    assert found.startswith("subset.toml:5: as_of is ")
    assert plan_of("aa", f'{LINUX}[policy]\nas_of = "{moment}"\n').rules.as_of[:19] == moment[:19]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("min_age = 7", 'min_age must be a duration; write min_age = "7 days"'),
        ('as_of = ""', 'as_of must be a moment; write as_of = "2026-11-21T00:00:00Z"'),
        ('as_of = "last week"', 'as_of must be a moment; write as_of = "2026-11-21T00:00:00Z"'),
        (
            "no_times = true",
            'no_times must be a list of strings; write no_times = ["https://pypi.acme.example/simple"]',
        ),
        (
            "deny = [\"evil; python_version > '3'\"]",
            (
                "\"evil; python_version > '3'\" is no project with versions; "
                'write a project and its versions: "evil", "colors>1.4", "acme-*"'
            ),
        ),
        ('yanked = "no"', 'yanked must be "pinned" or "refuse"; write yanked = "refuse" to let none in'),
        (
            "allow_licenses = []",
            'allow_licenses is empty, and would let all licences in; name the allowed ones, such as "MIT", or drop the line',
        ),
        ('licenses = { a = "" }', "'' is no SPDX expression; write licenses = { docutils = \"BSD-2-Clause\" }"),
        ('allow_licenses = ["BSD"]', '\'BSD\' is no SPDX licence; write "MIT", "Apache-2.0"'),
        ('allow_licenses = ["MIT OR ISC"]', '\'MIT OR ISC\' is no SPDX licence; write "MIT", "Apache-2.0"'),
        ('licenses = { a = "BSD" }', "'BSD' is no SPDX expression; write licenses = { docutils = \"BSD-2-Clause\" }"),
        ("minage = 1", "unknown key 'minage'; did you mean 'min_age'?"),
    ],
)
def test_what_is_refused(line: str, fault: str) -> None:
    """Each fault has its line and what to write."""
    assert faults_of("aa", f"{LINUX}[policy]\n{line}\n") == [f"subset.toml:4: {fault}"]
