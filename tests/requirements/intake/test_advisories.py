"""``[policy]`` about advisories: what is read, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.model.intake.advisories import AdvisoryRules
from tests.support.stages.requirements import LINUX, faults_of, plan_of

NAMED = f'{LINUX}[policy]\nadvisories = "osv.zip"\n'


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def test_all_keys() -> None:
    """The path is relative to ``subset.toml``; ``max_age`` is a number of days, in words as well."""
    assert plan_of("aa", LINUX).advisories is None
    assert plan_of("aa", NAMED).advisories == AdvisoryRules(path=Path("requirements/osv.zip"))
    rest = 'max_severity = "medium"\nunknown_severity = "allow"\nmax_age = "30 days"\n'
    wanted = AdvisoryRules(
        path=Path("requirements/osv.zip"), max_severity="medium", unknown_severity="allow", max_age=30
    )
    assert plan_of("aa", NAMED + rest).advisories == wanted
    for spelling in ("30", '"P30D"', '"720 hours"'):
        assert plan_of("aa", NAMED + rest.replace('"30 days"', spelling)).advisories == wanted
    assert len(faults_of("aa", NAMED + rest.replace("30 days", "36 hours"))) == 1


def test_the_directory_above() -> None:
    """A path that leads out of ``requirements/`` is meant that way, as that of a source is."""
    subset = plan_of("aa", NAMED.replace("osv.zip", "../../shared/osv"))
    assert subset.advisories == AdvisoryRules(path=Path("../shared/osv"))


def test_a_link_that_leads_elsewhere(tmp_path: Path) -> None:
    """A link out of the directory above ``requirements/`` is refused, as with other paths."""
    work = tmp_path / "work"
    (work / "requirements").mkdir(parents=True)
    (tmp_path / "secret.zip").touch()
    (work / "requirements" / "osv.zip").symlink_to(tmp_path / "secret.zip")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        (fault,) = faults_of("aa", NAMED)
        assert fault.startswith(f"subset.toml:4: osv.zip: it stands outside {work}; put a copy below")
        outside = f'outside = ["{tmp_path / "secret.zip"}"]\n'
        assert plan_of("aa", outside + NAMED).advisories


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        ('"osv.zip"', "1", ['subset.toml:4: advisories must be the path of a database; write advisories = "osv.zip"']),
        ('"osv.zip"', '""', ['subset.toml:4: advisories must be the path of a database; write advisories = "osv.zip"']),
        (
            '"osv.zip"',
            '"https://user:secret@example.org/osv.zip"',
            ["subset.toml:4: a URL as advisories is refused; fetch the database, and name the path of the file"],
        ),
        (
            'advisories = "osv.zip"',
            'max_severity = "high"\nmax_age = 3',
            [
                'subset.toml:4: max_severity without advisories; name the database: advisories = "osv.zip"',
                'subset.toml:5: max_age without advisories; name the database: advisories = "osv.zip"',
            ],
        ),
        (
            '"osv.zip"',
            '"osv.zip"\nmax_severity = "moderate"\nunknown_severity = true\nmax_age = -1',
            [
                (
                    "subset.toml:5: max_severity must be one of low, medium, high, critical; "
                    'write max_severity = "medium" to let in low and medium'
                ),
                (
                    'subset.toml:6: unknown_severity must be "refuse" or "allow"; '
                    'write unknown_severity = "allow" to let in advisories without a severity'
                ),
                "subset.toml:7: max_age must be a number of whole days, at most 36,500; write max_age = 7",
            ],
        ),
        ('"osv.zip"', '"osv.zip"\nmax_severity = ["low"]\nmax_age = true', []),
        ("advisories", "advisory", ["subset.toml:4: unknown key 'advisory'; did you mean 'advisories'?"]),
    ],
)
def test_wrong_values(old: str, new: str, faults: list[str]) -> None:
    """Each wrong value is a fault with its line, all of them at once."""
    found = faults_of("aa", NAMED.replace(old, new))
    if faults:
        assert found == faults
    else:
        assert len(found) == 2


def test_it_is_no_table() -> None:
    """A policy that is no table is one fault, however many keys are read of it."""
    assert len(faults_of("aa", f"policy = 1\n{LINUX}")) == 1
