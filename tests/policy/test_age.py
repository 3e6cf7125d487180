"""``min_age``: cut-offs of pip's indexes and of sources, files without a time, and exempt places."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.intake.rules import IntakeRules
from pypi_subset.model.intake.sources import Source, Sources
from pypi_subset.policy.age import MOMENT, MinAge

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
DAY = 86400
SOURCES = Sources(
    named=(
        Source(name="slow", index="https://slow.example", projects=("a",), min_age=14 * DAY),
        Source(name="own", index="https://own.example", projects=("b",), min_age=0),
        Source(name="plain", index="https://plain.example", projects=("c",)),
    )
)


def candidate(uploaded: str | None, source: str | None = None, path: Path | None = None) -> Candidate:
    """Return a wheel of app 1.0."""
    one = Distribution(
        filename="app-1.0-py3-none-any.whl",
        project=canonicalize_name("app"),
        version=Version("1.0"),
        upload_time=uploaded,
        source=source,
    )
    return Candidate(distribution=one, source="https://index.example/simple/app/", path=path)


@pytest.mark.parametrize(
    ("uploaded", "source", "refused"),
    [
        ("2026-11-21T11:59:59Z", None, False),
        ("2026-11-21T11:59:59.999999Z", None, False),
        ("2026-11-21T12:00:00Z", None, True),
        ("2026-11-27T00:00:00Z", None, True),
        ("2026-11-20T00:00:00Z", "slow", True),
        ("2026-11-14T00:00:00Z", "slow", False),
        ("2026-11-28T11:00:00Z", "own", False),
        (None, "own", False),
        ("2026-11-27T00:00:00Z", "plain", True),
        (None, None, True),
    ],
)
def test_the_cutoff_of_each_source(uploaded: str | None, source: str | None, refused: bool) -> None:  # noqa: FBT001
    """A source may have an age of its own; the others have that of the policy."""
    rule = MinAge(IntakeRules(min_age=7 * DAY), SOURCES, NOW)
    assert rule.cutoff == "2026-11-21T12:00:00Z"
    assert bool(rule.verdicts(candidate(uploaded, source))) is refused


def test_what_a_verdict_says() -> None:
    """It names the upload, the cut-off and the moment from which the file is admitted."""
    (found,) = MinAge(IntakeRules(min_age=7 * DAY), Sources(), NOW).verdicts(candidate("2026-11-27T10:30:00Z"))
    assert (found.rule, found.project, str(found.version)) == ("min_age", "app", "1.0")
    assert found.sentence == (
        "min_age: uploaded 2026-11-27, the cut-off is 2026-11-21T12:00:00Z; admitted from 2026-12-04 10:30 UTC"
    )


def test_places_without_times() -> None:
    """A directory needs no times; an index without them is named in ``no_times``, and no address that only begins alike."""
    rule = MinAge(IntakeRules(min_age=DAY, no_times=("https://index.example/simple",)), Sources(), NOW)
    assert rule.verdicts(candidate(None)) == ()
    assert rule.verdicts(candidate("2026-11-28T11:00:00Z"))
    other = MinAge(IntakeRules(min_age=DAY, no_times=("https://index.example/sim",)), Sources(), NOW)
    (found,) = other.verdicts(candidate(None))
    assert "states no upload time of it in the form of PEP 700 (UTC, with Z)" in found.sentence
    assert other.verdicts(candidate(None, path=Path("app.whl"))) == ()


def test_the_stricter_cutoff_counts() -> None:
    """That of pip's ``uploaded-prior-to`` or of the policy; ``as_of`` repeats an old one."""
    rules = IntakeRules(min_age=7 * DAY)
    assert MinAge(rules, Sources(), NOW, "2026-11-01T00:00:00Z").cutoff == "2026-11-01T00:00:00Z"
    assert MinAge(rules, Sources(), NOW, "2026-11-27T00:00:00Z").cutoff == "2026-11-21T12:00:00Z"
    assert MinAge(IntakeRules(), Sources(), NOW, "2026-11-27T00:00:00Z").cutoff == "2026-11-27T00:00:00Z"
    assert MinAge(IntakeRules(as_of="2026-10-01T00:00:00Z"), Sources(), NOW).cutoff == "2026-10-01T00:00:00Z"
    nothing = MinAge(IntakeRules(), Sources(), NOW)
    assert (nothing.cutoff, nothing.counts) == ("", False)
    assert MinAge(IntakeRules(), SOURCES, NOW).counts


def test_a_repeated_cutoff_keeps_the_ages_of_sources() -> None:
    """With ``as_of``, a source has the cut-off that it had when ``as_of`` was that of the policy."""
    first = MinAge(IntakeRules(min_age=7 * DAY), SOURCES, NOW)
    later = datetime(2027, 3, 1, tzinfo=UTC)
    again = MinAge(IntakeRules(min_age=7 * DAY, as_of=first.cutoff), SOURCES, later)
    for days in range(1, 30):
        for source in ("slow", "own", "plain", None):
            one = candidate(datetime.fromtimestamp(NOW.timestamp() - days * DAY, UTC).strftime(MOMENT), source)
            assert bool(first.verdicts(one)) == bool(again.verdicts(one)), (days, source)


def test_a_moment_after_all_others() -> None:
    """An index may state the last moment that there is: the file is never admitted, and no such moment is named."""
    (found,) = MinAge(IntakeRules(min_age=7 * DAY), Sources(), NOW).verdicts(candidate("9999-12-31T23:59:59Z"))
    assert (found.until, "admitted from" in found.sentence) == ("", False)


@pytest.mark.parametrize(("source", "uploaded"), [("own", "2026-10-31T23:59:59Z"), ("slow", "2026-10-31T23:59:59Z")])
def test_the_option_of_pip_holds_for_sources(source: str, uploaded: str) -> None:
    """An age of a source does not switch it off, and the sentence names the option."""
    rule = MinAge(IntakeRules(), SOURCES, NOW, "2026-11-01T00:00:00Z")
    assert rule.verdicts(candidate(uploaded, source)) == ()
    (found,) = rule.verdicts(candidate("2026-11-01T00:00:00Z", source))
    assert found.sentence == ("pip's uploaded-prior-to: uploaded 2026-11-01, the cut-off is 2026-11-01T00:00:00Z")
    # An age of the source that is the stricter one counts.
    assert MinAge(IntakeRules(), SOURCES, NOW, "2026-11-27T00:00:00Z").verdicts(
        candidate("2026-11-20T00:00:00Z", "slow")
    )


def test_sources_alone_have_an_age() -> None:
    """The lock records a moment all the same, and a repeat has the cut-offs of then; files of pip's indexes have none."""
    first = MinAge(IntakeRules(), SOURCES, NOW)
    assert first.cutoff == "2026-11-28T12:00:00Z"
    assert first.verdicts(candidate("2026-11-28T11:00:00Z")) == first.verdicts(candidate(None)) == ()
    again = MinAge(IntakeRules(as_of=first.cutoff), SOURCES, datetime(2027, 3, 1, tzinfo=UTC))
    for uploaded in ("2026-11-14T11:59:59Z", "2026-11-14T12:00:00Z", "2026-11-28T11:59:59Z"):
        for source in ("slow", "own", None):
            one = candidate(uploaded, source)
            assert bool(first.verdicts(one)) == bool(again.verdicts(one)), (uploaded, source)
    assert again.verdicts(candidate("2026-11-28T12:00:00Z", "own"))
    assert again.verdicts(candidate(None, "own")) == ()
    assert again.cutoff == first.cutoff


def test_an_age_beyond_all_moments() -> None:
    """Nothing is old enough."""
    rule = MinAge(IntakeRules(min_age=5000 * 366 * DAY), Sources(), NOW)
    assert rule.cutoff == "0001-01-01T00:00:00Z"
    assert rule.verdicts(candidate("0001-01-01T00:00:00Z"))
