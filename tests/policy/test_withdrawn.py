"""Withdrawn releases: a yanked file is refused with the reason of its project, a vanished one with the day."""

from __future__ import annotations

from dataclasses import replace

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.candidates import LOCK, Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.intake.gone import Missing
from pypi_subset.policy.withdrawn import Vanished, Withdrawn, YankedSince


def sentences(yanked: str | None) -> list[str]:
    """Return what is said of a file with that reason of a yank."""
    one = Distribution(
        filename="app-1.0.tar.gz", project=canonicalize_name("app"), version=Version("1.0"), yanked=yanked
    )
    return [found.sentence for found in Withdrawn().verdicts(Candidate(distribution=one, source="x"))]


def test_a_yanked_file_is_refused() -> None:
    """An empty reason is a yank as well (PEP 592)."""
    assert sentences("broken") == ["yanked: broken"]
    assert sentences("") == ["yanked: no reason given"]
    assert sentences(None) == []


GONE = Missing(
    project="acme",
    version="2.0",
    filename="acme-2.0-py3-none-any.whl",
    state="gone",
    what="the index does not list it any more",
    since="2026-01-31",
)


def candidate(version: str, source: str = "https://host.example/simple/acme/") -> Candidate:
    """Return a candidate of acme."""
    one = Distribution(filename=f"acme-{version}.whl", project=canonicalize_name("acme"), version=Version(version))
    return Candidate(distribution=one, source=source)


def test_what_is_dropped_is_refused() -> None:
    """Every file of the release, with the day; other releases are admitted."""
    rule = Vanished([GONE], drop=True)
    (verdict,) = rule.verdicts(candidate("2.0.0"))
    assert (verdict.rule, verdict.project, str(verdict.version)) == ("gone", "acme", "2.0.0")
    assert verdict.sentence == "gone: the index does not list it any more (since 2026-01-31)"
    assert rule.verdicts(candidate("1.0")) == ()


def test_without_a_decision_only_what_the_lock_has_is_refused() -> None:
    """Another file of the release that the index offers is not judged."""
    rule = Vanished([GONE], drop=False)
    assert rule.verdicts(candidate("2.0")) == ()
    assert rule.verdicts(candidate("2.0", LOCK))


def test_a_yank_is_no_reason() -> None:
    """Nor is a file of a directory that is not there."""
    others = [replace(GONE, state="yanked"), replace(GONE, state="local"), replace(GONE, state="changed")]
    assert Vanished(others, drop=True).verdicts(candidate("2.0")) == ()


def test_a_later_yank_counts_for_what_locks_say() -> None:
    """A page says itself what is yanked; a lock was made before."""
    rule = YankedSince([replace(GONE, state="yanked", what="yanked: broken")])
    (verdict,) = rule.verdicts(candidate("2.0", ""))
    assert (verdict.rule, verdict.sentence) == ("yanked", "yanked: broken")
    assert rule.verdicts(candidate("1.0", "")) == ()
    assert rule.verdicts(candidate("2.0")) == ()


def test_the_releases_of_a_project_that_are_gone() -> None:
    """The newest is the first, whether or not a file of it is left."""
    rule = Vanished([replace(GONE, version="10.0"), replace(GONE, version="9.0")], drop=True)
    assert [str(one.version) for one in rule.of("acme")] == ["10.0", "9.0"]
    assert rule.of("other") == ()
