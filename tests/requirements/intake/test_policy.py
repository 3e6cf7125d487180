"""``[policy]`` and ``[proof]``: what is read, and what is refused with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import InputFaults
from pypi_subset.model.policy import Acceptance
from pypi_subset.requirements.intake.policy import EXAMPLE
from pypi_subset.requirements.subset import read_subset
from tests.support.stages.requirements import LINUX, faults_of, plan_of

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """[[policy.accept]]
rule = "import"
project = "Dash.Core"
reason = "a script that only developers use"
until = 9999-12-31
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def test_an_entry_is_read() -> None:
    """The project is normalized; a date may be a string; without targets it holds for all; locks stay as they are."""
    plain = plan_of("aa", LINUX)
    subset = plan_of("aa", LINUX + WHOLE + WHOLE.replace("Dash.Core", "keras") + 'targets = ["linux"]\n')
    first, second = subset.accepted
    assert first == Acceptance(
        rule="import",
        project="dash-core",
        reason="a script that only developers use",
        until="9999-12-31",
        origin="subset.toml:3",
    )
    assert (second.project, second.targets, second.origin) == ("keras", ("linux",), "subset.toml:8")
    assert plan_of("aa", LINUX + WHOLE.replace("9999-12-31", '"9999-12-31"')).accepted == (first,)
    assert subset.policy_digest == plain.policy_digest


def test_strict_imports() -> None:
    """It is false unless the table says otherwise."""
    assert not plan_of("aa", LINUX).strict_imports
    assert plan_of("aa", f"{LINUX}[proof]\nstrict_imports = true\n").strict_imports
    assert faults_of("aa", f"{LINUX}[proof]\nstrict_imports = 1\n") == [
        "subset.toml:4: strict_imports must be true or false; write strict_imports = true"
    ]
    assert faults_of("aa", f"{LINUX}[proof]\nstrict = true\n") == [
        "subset.toml:4: unknown key 'strict'; did you mean 'strict_imports'?"
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('rule = "import"', 'rule = "imports"', "there is no rule 'imports'; did you mean 'import'?"),
        (
            'rule = "import"',
            "rule = []",
            "there is no rule []; rules are: import, undeclared, min_age, deny, yanked, advisory, license, gone, gap",
        ),
        ('"Dash.Core"', '"dash core"', 'project must be the name of a project; write project = "dash"'),
        ("9999-12-31", "9999", "until must be a date; write until = 2027-12-31"),
        ("9999-12-31", '"soon"', "until must be a date; write until = 2027-12-31"),
        ("9999-12-31", "9999-12-31T00:00:00", "until must be a date; write until = 2027-12-31"),
        ('"a script', r'"a\nscript', 'reason must be a text in one line; write reason = "…"'),
        ("reason", "resaon", "unknown key 'resaon'; did you mean 'reason'?"),
        ("until =", 'targets = ["mac"]\nuntil =', "there is no target 'mac'; targets are: linux"),
        (
            "until =",
            "targets = []\nuntil =",
            'targets must be a list of names; write targets = ["…"], or drop the line for all targets',
        ),
    ],
)
def test_a_wrong_entry_is_named_with_its_line(old: str, new: str, fault: str) -> None:
    """Whatever is wrong, the line is that of the entry."""
    wrong = WHOLE.replace(old, new)
    assert f"subset.toml:8: {fault}" in faults_of("aa", LINUX + WHOLE.replace("Dash.Core", "other") + wrong)


def test_an_entry_that_lacks_a_key_is_shown_a_whole_one() -> None:
    """All keys that are missing are named at once; the example itself is read without a fault."""
    (fault,) = faults_of("aa", f'{LINUX}[[policy.accept]]\nrule = "import"\n')
    first, *rest = fault.split("\n")
    assert first == "subset.toml:3: the entry lacks project, reason, until; a whole entry is:"
    assert [line.strip() for line in rest] == [*EXAMPLE]
    root = plan_of("aa").root
    (root / "subset.toml").write_text(f"{LINUX}{chr(10).join(EXAMPLE)}\n")
    assert read_subset(root, day="2026-01-01").accepted


def test_accept_is_a_list_of_tables() -> None:
    """Another value shows how an entry is written; in brackets, the line is that of the key."""
    assert faults_of("aa", f"{LINUX}[policy]\naccept = 1\n")[0].startswith("subset.toml:4: accept must be tables")
    inline = f'{LINUX}[policy]\naccept = [{{ rule = "x", project = "a", reason = "b", until = 9999-01-01 }}]\n'
    assert faults_of("aa", inline) == [
        "subset.toml:4: there is no rule 'x'; rules are: import, undeclared, min_age, deny, yanked, advisory, license, gone, gap"
    ]


def test_an_entry_that_has_expired_is_a_fault() -> None:
    """The last day is part of it; from the next one on no command runs."""
    root = plan_of("aa", LINUX + WHOLE.replace("9999-12-31", "9998-06-30")).root
    assert read_subset(root, day="9998-06-30").accepted
    with pytest.raises(InputFaults) as caught:
        read_subset(root, day="9998-07-01")
    assert str(caught.value).removeprefix("requirements/") == (
        "subset.toml:3: the acceptance of import for dash-core ended on 9998-06-30; "
        "mend what it accepts and remove it, or set a later day as until"
    )


def test_two_entries_for_one_thing_are_refused() -> None:
    """Both would hold on one target, with two reasons."""
    both = LINUX + WHOLE + WHOLE + 'targets = ["linux"]\n'
    assert faults_of("aa", both) == [
        "subset.toml:8: subset.toml:3 accepts import for dash-core as well; keep one of the two"
    ]


def test_a_gap_is_accepted_for_targets_that_are_named() -> None:
    """There is no entry for all targets, and none for a version."""
    gap = WHOLE.replace('"import"', '"gap"')
    assert faults_of("aa", LINUX + gap) == [
        'subset.toml:3: a gap is accepted for targets that are named; write targets = ["…"]'
    ]
    assert faults_of("aa", f'{LINUX}{gap}targets = ["linux"]\nversion = "==1"\n') == [
        "subset.toml:3: version is not for the rule gap; drop the line"
    ]
    (one,) = plan_of("aa", f'{LINUX}{gap}targets = ["linux"]\n').accepted
    assert (one.rule, one.targets) == ("gap", ("linux",))


def test_an_entry_for_a_malicious_release_is_refused() -> None:
    """No setting lets such a release in."""
    entry = WHOLE.replace('"import"', '"advisory"')
    assert faults_of("aa", f'{LINUX}{entry}id = "mal-2026-1"\n') == [
        (
            "subset.toml:3: no entry accepts mal-2026-1: a malicious release is never let in; "
            "remove the entry, and request another version"
        )
    ]
