"""What a report comes to, in one word and a few."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from msgspec import structs

from pypi_subset.model.checks import Finding
from pypi_subset.model.policy import Acceptance
from pypi_subset.proof.report import badge, page, report
from pypi_subset.proof.report.verdict import is_red, unneeded, verdict_of
from pypi_subset.support.text import escape
from tests.support.sites.published import CHECKS

if TYPE_CHECKING:
    from pypi_subset.model.report import Report


def made_of(*statuses: str, **more: object) -> Report:
    """Return a report with one result of each status."""
    checks = [
        replace(
            CHECKS[1],
            status=status,  # type: ignore[arg-type]
            proof=proof,
            request=f"a{number}",
            findings=(Finding(rule="undeclared", project="aa", what="aa lacks bb"),)
            * (status in {"amber", "accepted"}),
        )
        for number, status in enumerate(statuses)
        for proof in ("second opinion" if status == "differs" else "installed",)
    ]
    return structs.replace(report.report_of(checks, site=Path("nowhere"), isolation="none"), **more)


def test_an_inventory_alone_proves_nothing() -> None:
    """Where all files are there and every case was skipped, nothing is green, and the last lines say so."""
    skipped = replace(CHECKS[1], status="skipped", notes=())
    document = report.report_of([CHECKS[2], skipped], site=Path("nowhere"), isolation="namespaces")
    assert (verdict_of(document).state, verdict_of(document).words) == ("none", "nothing was proven")
    assert report.lines_of(document) == ["nothing was proven", "1 passed, 0 failed, 1 skipped; isolation: namespaces"]


def test_accepted_gaps_alone_fail_no_run() -> None:
    """Nothing is missing that the user did not accept; nothing is green either."""
    found = Finding(rule="gap", project="aa", what="no wheel fits", reason="known", until="2999-01-01")
    every = [CHECKS[2], replace(CHECKS[1], status="accepted", notes=(), findings=(found,))]
    document = report.report_of(every, site=Path("nowhere"), isolation="namespaces")
    assert not is_red(document)
    assert verdict_of(document).state == "none"
    assert "nothing to prove: every request is an accepted gap" in report.lines_of(document)
    assert is_red(report.report_of([*every, replace(CHECKS[1], status="failed")], site=Path("nowhere"), isolation=""))
    assert is_red(report.report_of([CHECKS[2]], site=Path("nowhere"), isolation="namespaces"))


def test_a_request_that_no_target_asks_for_is_told() -> None:
    """A request that is skipped on every target of its set, as by a typo in its marker; not where a part was tried."""
    line = 'aa; platform_system == "linux"'
    skipped = replace(CHECKS[1], request=line, status="skipped", reason="not requested here", notes=())
    nowhere = [replace(skipped, target=name) for name in ("linux", "win")]
    there = replace(nowhere[0], request="bb")
    checks = [*nowhere, there, replace(there, target="win", status="passed"), CHECKS[2]]
    document = report.report_of(checks, site=Path("nowhere"), isolation="network namespace")
    sentence = f"set base, {line}: no target of the set asks for it"
    left_out = "note: skipped on linux (not requested here): "
    assert report.lines_of(document)[:-1] == [f"note: {sentence}", f"{left_out}bb"]
    assert escape(sentence) in page.render(document, verdict_of(document))
    part = structs.replace(document, targets=("linux",))
    noted, _, last = report.lines_of(part)[:-1]
    assert (noted, last) == (f"{left_out}{line}; bb", "only a part was tried: the targets linux")


@pytest.mark.parametrize(
    ("document", "state", "words"),
    [
        (made_of("passed", "passed", "skipped", "differs"), "green", "proven: 2 of 2"),
        (made_of("passed", "amber", "skipped"), "amber", "proven: 1 of 2, 1 amber"),
        (made_of("amber"), "amber", "proven: 0 of 1, 1 amber"),
        (made_of("amber", "failed"), "red", "not proven: 1 red"),
        (made_of("passed", "amber", targets=("linux",)), "part", "proven in part: 1 of 2, 1 amber"),
        (made_of("passed", "failed", "failed"), "red", "not proven: 2 red"),
        (made_of("passed", targets=("linux",)), "part", "proven in part: 1 of 1"),
        (made_of("passed", stale=True), "stale", "stale"),
        (made_of("failed", targets=("linux",), stale=True), "stale", "stale"),
        (made_of("failed", targets=("linux",)), "red", "not proven: 1 red"),
        (made_of("skipped"), "none", "nothing proven yet"),
        (made_of(), "none", "nothing proven yet"),
    ],
)
def test_what_a_report_comes_to(document: Report, state: str, words: str) -> None:
    """Green is only a whole report of these very bytes in which something passed and nothing failed; the badge says so."""
    verdict = verdict_of(document)
    assert (verdict.state, verdict.words) == (state, words)
    texts = [element.text for element in tree(badge.render(verdict)).iter() if element.tag.endswith("}text")]
    assert texts == ["packages", words]


def tree(text: str) -> ET.Element:
    """Return the root of an XML document that we wrote."""
    return ET.fromstring(text)  # noqa: S314 - it is ours


@pytest.mark.parametrize(
    ("isolation", "weak"),
    [("network namespace", False), ("none: no namespaces here", True), ("namespaces; none: no namespaces here", True)],
)
def test_without_isolation_the_report_says_what_its_author_is_worth(isolation: str, *, weak: bool) -> None:
    """Where packages could have changed the report and its key, screen and page say so, for one part as for all."""
    document = report.report_of(CHECKS[1:], site=Path("nowhere"), isolation=isolation)
    words = "A package that ran here could have changed files, the report and its key included"
    assert (f"isolation: none. {words}" in report.lines_of(document)) is weak
    assert (words in page.render(document, verdict_of(document))) is weak


def test_an_acceptance_that_nothing_needs_is_named() -> None:
    """Where imports were tried without a finding of its project, or the project is gone; not where anything is red."""
    one = Acceptance(rule="import", project="aa", reason="known", until="9999-12-31", origin="subset.toml:3")
    green = replace(CHECKS[1], way="simple", versions=("aa==1.0", "bb==1.0"))
    amber = replace(
        green, status="amber", reason="lacks", findings=(Finding(rule="undeclared", project="aa", what="lacks"),)
    )
    words = ["subset.toml:3: [[policy.accept]] of import for aa is no longer needed, remove it"]
    assert unneeded([one], [green]) == words
    for checks in ([amber, green], [replace(green, status="failed", reason="r")], [replace(green, proof="unpacked")]):
        assert unneeded([one], checks) == []
    assert len(unneeded([replace(one, project="cc")], [green])) == 1
    document = report.report_of([green], site=Path("nowhere"), isolation="none", accepted=[one])
    assert document.warnings == tuple(words)
    assert report.lines_of(document)[1] == f"warning: {words[0]}"
    assert escape(words[0]) in page.render(document, verdict_of(document))
    part = report.report_of([green], site=Path("nowhere"), isolation="none", accepted=[one], shard="1/2")
    assert part.warnings == ()


def test_accepted_gaps_are_counted_apart() -> None:
    """They are neither green nor missing: words and meaning name their number, and nothing else proves nothing."""
    verdict = verdict_of(made_of("passed", "accepted"))
    assert (verdict.state, verdict.words) == ("green", "proven: 1 of 1, 1 accepted")
    assert verdict.meaning.endswith("Left out as accepted gaps: 1.")
    assert verdict_of(made_of("accepted")).state == "none"
    assert report.lines_of(made_of("passed", "accepted"))[-1].startswith("1 passed, 0 failed, 0 skipped, 1 accepted;")
    gap = Finding(rule="gap", project="aa", what="aa is left out", reason="known", until="9999-12-31")
    checks = [replace(CHECKS[1], target="linux", status="accepted", proof="unpacked", findings=(gap,))]
    entry = Acceptance(
        rule="gap", project="aa", reason="known", until="9999-12-31", targets=("linux", "mac"), origin="subset.toml:3"
    )
    words = "subset.toml:3: [[policy.accept]] of gap for aa is no longer needed"
    assert unneeded([entry], checks) == [f"{words} on mac, remove the name"]
    assert unneeded([entry], []) == [f"{words}, remove it"]
