"""All rules together, and what the user accepts all the same."""

from __future__ import annotations

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.intake.rules import IntakeRules
from pypi_subset.model.intake.verdicts import Verdict
from pypi_subset.model.policy import Acceptance
from pypi_subset.policy.judge import ADMIT_ALL, acceptance_for, judge_of


def candidate(version: str, yanked: str | None = None) -> Candidate:
    """Return a wheel of app."""
    one = Distribution(
        filename=f"app-{version}-py3-none-any.whl",
        project=canonicalize_name("app"),
        version=Version(version),
        yanked=yanked,
    )
    return Candidate(distribution=one, source="https://index.example/simple/")


def accept(rule: str, **more: object) -> Acceptance:
    """Return an entry that does not expire."""
    return Acceptance(rule=rule, project="app", reason="known", until="9999-12-31", **more)  # type: ignore[arg-type]


def test_every_rule_is_asked() -> None:
    """A candidate has a verdict of each rule that refuses it; without rules there is none."""
    judge = judge_of(IntakeRules(deny=(("app", ">1"),), yanked="refuse"), ())
    assert [one.rule for one in judge.judged(candidate("2.0", yanked="broken"))] == ["deny", "yanked"]
    assert [one.sentence for one in judge.judged(candidate("1.0", yanked=""))] == ["yanked: no reason given"]
    assert judge.judged(candidate("1.0")) == ()
    assert ADMIT_ALL.judged(candidate("2.0", yanked="")) == ()
    assert judge_of(IntakeRules(), ()) == ADMIT_ALL


def test_what_is_accepted_does_not_stand() -> None:
    """An acceptance is of one rule, on its targets, for its versions."""
    entry = accept("deny", targets=("linux",), version="==2.*")
    judge = judge_of(IntakeRules(deny=(("app", ""),)), (entry,))
    standing = {
        (version, target): bool(judge.standing(judge.judged(candidate(version)), target))
        for version in ("1.0", "2.0", "2.1rc1")
        for target in ("linux", "mac")
    }
    assert [key for key, value in standing.items() if not value] == [("2.0", "linux"), ("2.1rc1", "linux")]


def test_an_advisory_is_accepted_by_its_id() -> None:
    """Another advisory of the release stands."""
    names = {"project": canonicalize_name("app"), "version": Version("1.0"), "sentence": "it has one"}
    one, other = (Verdict(rule="advisory", ids=ids, **names) for ids in (("PYSEC-1", "CVE-1"), ("PYSEC-2",)))  # type: ignore[arg-type]
    entry, lower = accept("advisory", id="CVE-1"), accept("advisory", id="cve-1")
    assert acceptance_for(one, "linux", [entry]) is entry
    assert acceptance_for(one, "linux", [lower]) is lower
    assert acceptance_for(other, "linux", [entry]) is None
    assert acceptance_for(other, "linux", [accept("deny"), accept("advisory")]) is not None


def test_no_entry_accepts_a_malicious_release() -> None:
    """Neither an entry for all advisories nor one that names another id of it."""
    names = {"project": canonicalize_name("app"), "version": Version("1.0"), "sentence": "app 1.0 is malicious"}
    one = Verdict(rule="advisory", ids=("MAL-2026-1", "GHSA-1"), **names)  # type: ignore[arg-type]
    assert acceptance_for(one, "linux", [accept("advisory"), accept("advisory", id="GHSA-1")]) is None
    # A rule of the user's own has no ids.
    other = Verdict(rule="deny", **names)  # type: ignore[arg-type]
    assert acceptance_for(other, "linux", [accept("deny")]) is not None
