"""Counts of files without upload times."""

from __future__ import annotations

import pytest
from packaging.tags import parse_tag
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.intake.verdicts import Untimed, Verdict
from pypi_subset.model.policy import Acceptance
from pypi_subset.policy.untimed import Count, sentence_of

APP, LIB = canonicalize_name("app"), canonicalize_name("lib")


def left_out(
    version: str = "1.0", *, rule: str = "min_age", uploaded: str | None = None, sdist: bool = False
) -> Candidate:
    """Return a file of app that *rule* refuses."""
    one = Distribution(
        filename=f"app-{version}{'.tar.gz' if sdist else '-py3-none-any.whl'}",
        project=APP,
        version=Version(version),
        upload_time=uploaded,
    )
    verdict = Verdict(rule=rule, project=APP, version=Version(version), sentence="x")
    tags = None if sdist else parse_tag("py3-none-any")
    return Candidate(
        distribution=one, source="https://host/simple/app/", tags=tags, verdicts=(verdict,) if rule else ()
    )


def test_what_is_counted() -> None:
    """Files that have no upload time and that ``min_age`` refuses; a page that is read twice counts once."""
    count = Count()
    files = [
        left_out(),
        left_out("2.0"),
        left_out(rule="deny"),
        left_out(rule=""),
        left_out(uploaded="2026-01-01T00:00:00Z"),
    ]
    for those in (files[:1], files, files[:1]):
        count.add(APP, those)
    assert count.found() == (Untimed(index="https://host/simple", files=2, projects=("app",)),)


def test_sdists_count_where_they_are_built() -> None:
    """An sdist is no candidate elsewhere."""
    count = Count()
    count.add(APP, [left_out(sdist=True)])
    assert count.found() == ()
    assert [one.files for one in count.found(["app"])] == [1]


@pytest.mark.parametrize(("version", "files"), [("", 0), ("<2", 1), (">=1", 0)])
def test_what_is_let_in(version: str, files: int) -> None:
    """A file that an acceptance lets in is not left out."""
    count = Count([Acceptance(rule="min_age", project="app", reason="x", until="9999-12-31", version=version)])
    count.add(APP, [left_out(), left_out("2.0")])
    assert [one.files for one in count.found()] == ([files] if files else [])


def test_the_sentence() -> None:
    """It has numbers, the first three projects, and the line that admits the files."""
    one = Untimed(index="https://host/simple", files=1, projects=("app",))
    assert sentence_of(one) == (
        "note: min_age leaves out 1 file of 1 project (app) on https://host/simple, which states no upload time of them in the form of PEP 700; "
        'no_times = ["https://host/simple"] below [policy] admits them'
    )
    many = Untimed(index="https://host/simple", files=9, projects=("a", "b", "c", "d"))
    assert "9 files of 4 projects (a, b, c, …) on" in sentence_of(many)
