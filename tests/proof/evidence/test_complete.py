"""What a report must have, by the manifest: each route of each case, each opinion, nothing twice and nothing strange."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from msgspec import UNSET

from pypi_subset.model.checks import Finding
from pypi_subset.model.manifest import GapEntry, Manifest, RequestEntry, SetEntry
from pypi_subset.proof.evidence.complete import gaps, summary
from tests.support.sites.published import GREEN, LOOKED, case_checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypi_subset.model.checks import Check

AA, BB = "aa", 'bb; sys_platform == "win32"'


def manifest(*lines: str, gaps: tuple[str, ...] = ()) -> Manifest:
    """Return the manifest of a set with *lines* for one target, of which *gaps* are left out."""
    requests = tuple(
        RequestEntry(requirement=line, origin=f"base.txt:{number}") for number, line in enumerate(lines, 1)
    )
    left = tuple(
        GapEntry(requirement=one, target="linux", project="aa", why="", reason="known", until="9999-12-31")
        for one in gaps
    )
    base = SetEntry(name="base", requests=requests, targets=("linux",), gaps=left or UNSET)
    return Manifest(schema="1.8", targets=(), sets=(base,), files=(), pages={})


WHOLE = [
    LOOKED,
    *case_checks("linux", "base"),
    *case_checks("linux", "base", AA, proof="installed"),
    *case_checks("linux", "base", BB),
]
OF_AA = slice(5, 9)


def lacks(checks: list[Check], *lines: str) -> list[str]:
    """Return what *checks* lack."""
    return [f"{gap.what}: {gap}" for gap in gaps(manifest(*(lines or (AA, BB))), checks)]


def test_a_whole_report_lacks_nothing() -> None:
    """Nor does one in which a second opinion differs, or a case was proven by two interpreters."""
    assert lacks(WHOLE) == []
    assert summary([]) == ""
    assert lacks([replace(one, status="differs") if one.proof == "second opinion" else one for one in WHOLE]) == []
    other = [replace(one, interpreter="CPython 3.12.1") for one in WHOLE if one.proof == "installed"]
    assert lacks([*WHOLE, *other]) == []


def skipped(request: str, **more: object) -> Check:
    """Return the result of a case that nothing asks for."""
    return replace(GREEN, request=request, status="skipped", **more)  # type: ignore[arg-type]


#: How a whole report is changed → what it lacks then.
CHANGES: dict[str, tuple[Callable[[list[Check]], list[Check]], list[str]]] = {
    "one green line": (
        lambda _: [GREEN],
        [
            "missing: the inventory",
            "missing: linux, base, all together",
            "missing: linux, base, aa",
            f"missing: linux, base, {BB}",
        ],
    ),
    "nothing": (
        lambda _: [LOOKED],
        ["missing: linux, base, all together", "missing: linux, base, aa", f"missing: linux, base, {BB}"],
    ),
    "no inventory": (lambda made: made[1:], ["missing: the inventory"]),
    "a route": (lambda made: made[:5] + made[6:], ["missing: linux, base, aa by find-links"]),
    "a case": (lambda made: made[:5] + made[9:], ["missing: linux, base, aa"]),
    "an opinion": (lambda made: made[:8] + made[9:], ["missing: linux, base, aa by second opinion"]),
    "a route is another": (
        lambda made: [*made[:5], replace(made[5], way="simple"), *made[6:]],
        ["missing: linux, base, aa by find-links", "twice: linux, base, aa by installed, simple"],
    ),
    "a line twice": (lambda made: [*made, made[5]], ["twice: linux, base, aa by installed, find-links"]),
    "the inventory twice": (lambda made: [*made, LOOKED], ["twice: the inventory"]),
    "half of another kind": (
        lambda made: [*made, replace(made[5], proof="emulated")],
        ["missing: linux, base, aa by simple", "missing: linux, base, aa by target"],
    ),
    "skipped by one route": (
        lambda made: [*made[:5], replace(made[5], status="skipped"), *made[6:]],
        ["missing: linux, base, aa by find-links"],
    ),
    "skipped without a marker": (lambda made: [*made[:5], skipped(AA), *made[9:]], ["missing: linux, base, aa"]),
    "skipped with a marker": (lambda made: [*made[:9], skipped(BB)], []),
    "no opinion with a marker": (lambda made: made[:12], []),
    "green as a whole": (
        lambda made: [*made[:5], replace(GREEN, request=AA), *made[9:]],
        ["missing: linux, base, aa"],
    ),
    "an opinion alone": (lambda made: [*made[:5], *made[8:]], ["missing: linux, base, aa"]),
    "another request": (lambda made: [*made, *case_checks("linux", "base", "cc")], ["unknown: linux, base, cc"]),
    "another set": (lambda made: [*made, *case_checks("linux", "other")], ["unknown: linux, other, all together"]),
    "another target": (lambda made: [*made, *case_checks("mac", "base")], ["unknown: mac, base, all together"]),
    "no target": (lambda made: [*made, replace(GREEN, target="", set_name="")], ["unknown: the inventory by unpacked"]),
    "an inventory of a case": (
        lambda made: [*made, replace(LOOKED, target="linux", set_name="base", request=AA)],
        ["unknown: linux, base, aa"],
    ),
    "a red one is no gap": (lambda made: [*made[:5], replace(GREEN, request=AA, status="failed"), *made[9:]], []),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_a_report_lacks(what: str) -> None:
    """Each result that is gone, that stands there twice, or that the manifest does not ask for is named."""
    change, expected = CHANGES[what]
    assert lacks(change(list(WHOLE))) == expected


def test_a_line_that_stands_in_a_set_twice() -> None:
    """Two equal requests have two results, or one in a joined report."""
    double = [*WHOLE, *WHOLE[OF_AA]]
    assert lacks(double, AA, AA, BB) == lacks(WHOLE, AA, AA, BB) == []
    assert lacks([*double, *WHOLE[OF_AA]], AA, AA, BB)[0] == "twice: linux, base, aa by installed, find-links"


def test_a_set_of_conditions_may_be_skipped() -> None:
    """The set as a whole is skipped where a marker stands at each of its requests."""
    checks = [LOOKED, skipped(""), skipped(BB)]
    assert lacks(checks, BB) == []
    assert lacks([*checks, *case_checks("linux", "base", AA)], AA, BB) == ["missing: linux, base, all together"]


def accepted(request: str) -> Check:
    """Return the result of a case that is left out."""
    finding = Finding(rule="gap", project="aa", what="no wheel fits", reason="known", until="9999-12-31")
    return replace(GREEN, request=request, status="accepted", reason="no wheel fits", findings=(finding,))


def test_what_is_left_out_is_accepted_and_nothing_else() -> None:
    """A gap of the manifest needs its result, and has no other; a set of gaps alone is one as a whole."""

    def found(checks: list[Check], *gone: str) -> list[str]:
        return [f"{gap.what}: {gap}" for gap in gaps(manifest(AA, BB, gaps=gone), checks)]

    left = [*WHOLE[:5], accepted(AA), *WHOLE[9:]]
    assert found(left, AA) == []
    assert found(left) == ["missing: linux, base, aa"]
    assert found(WHOLE, AA) == ["missing: linux, base, aa"]
    assert found([*WHOLE, accepted(AA)], AA) == ["missing: linux, base, aa"]
    assert found([one for one in left if one.request != AA], AA) == ["missing: linux, base, aa"]
    nothing = [LOOKED, accepted(""), accepted(AA), accepted(BB)]
    assert found(nothing, AA, BB) == []
    assert found(nothing, AA)[:1] == ["missing: linux, base, all together"]
    assert found([LOOKED, *case_checks("linux", "base"), *nothing[2:]], AA, BB) == [
        "missing: linux, base, all together"
    ]


def test_the_summary_is_one_line() -> None:
    """It counts, and names the first three."""
    lines = [f"p{number}" for number in range(9)]
    first = "linux, base, all together; linux, base, p0; linux, base, p1"
    assert summary(gaps(manifest(*lines), [LOOKED])) == f"the report has no result of {first}; … (10 in all)"
    double = [LOOKED, LOOKED, *case_checks("linux", "base")]
    assert summary(gaps(manifest(), double)) == "the report has more than one result of the inventory"
    strange = [*double[1:], *case_checks("mac", "base")]
    words = "the manifest does not ask for, but the report has mac, base, all together"
    assert summary(gaps(manifest(), strange)) == words
