"""Advisories of a release: one for each vulnerability, with its fixes; what is refused; and a corpus of real rows."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.errors import SubsetError
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.intake.advisories import Advisory, AdvisoryRules
from pypi_subset.policy import advisories, database
from pypi_subset.policy.advisories import Advisories, judged
from tests.support.advisories import pseudo_code, rows
from tests.support.advisories.records import affected, record, write_zip
from tests.support.sites.workspace import ORIGINAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEMO = canonicalize_name("demo")
HIGH = {"severity": "HIGH"}
HIGH_, LOW_ = {"database_specific": HIGH}, {"database_specific": {"severity": "LOW"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a test writes its database."""
    return tmp_path / "osv.zip"


def known(path: Path, *records: Any) -> Advisories:
    """Return the advisories of a database of *records*, written to *path*."""
    return Advisories(database.read(write_zip(path, records)))


def found(path: Path, *records: Any, version: str = "1.0") -> list[tuple[str, str, list[str]]]:
    """Return ids, severity and fixes of what *records* say of a version of ``demo``."""
    of = known(path, *records).of(DEMO, Version(version))
    return [(" ".join(one.ids), one.severity, [*map(str, one.fixed)]) for one in of]


def wheel(version: str, tag: str = "py3-none-any", project: str = "demo") -> Distribution:
    """Return a wheel as an index describes it."""
    return Distribution(
        filename=f"{project}-{version}-{tag}.whl", project=canonicalize_name(project), version=Version(version)
    )


def test_names_are_normalized(path: Path) -> None:
    """A record about ``Demo.Project`` holds for ``demo-project`` and for no other."""
    those = known(path, record("X-1", affected("Demo.Project", versions=["1.0"])))
    assert those.of(canonicalize_name("demo-project"), Version("1")) == (Advisory(ids=("X-1",), severity=""),)
    assert those.of(canonicalize_name("demo-projects"), Version("1")) == ()
    assert those.of(canonicalize_name("demo-project"), Version("2")) == ()


def test_several_entries_and_projects(path: Path) -> None:
    """All entries of a record about a project count; those about another project do not."""
    first = affected("demo", {"introduced": "0"}, {"fixed": "0.5"})
    second = affected("demo", {"introduced": "1.0"}, {"fixed": "1.2"})
    other = affected("other", {"introduced": "0"}, {"fixed": "9"})
    assert found(path, record("X-1", first, other, second)) == [("X-1", "", ["1.2"])]
    assert found(path, record("X-1", first, other, second), version="0.7") == []


def test_a_withdrawn_record(path: Path) -> None:
    """A withdrawn record does not hold, and another record of the same vulnerability does."""
    withdrawn = record("X-1", withdrawn="2026-01-01T00:00:00Z", aliases=["CVE-1"])
    assert found(path, withdrawn, record("X-2", affected("demo", versions=["2.0"]))) == []
    assert found(path, withdrawn, record("X-2", aliases=["CVE-1"])) == [("X-2 CVE-1", "", [])]


def test_aliases_in_another_case(path: Path) -> None:
    """Records whose ids differ in upper and lower case are about one vulnerability; a record's own spelling is shown."""
    records = [record("GHSA-aa"), record("PYSEC-1", aliases=["ghsa-AA", "cve-1"]), record("X-1", aliases=["CVE-1"])]
    assert found(path, *records) == [("GHSA-aa PYSEC-1 X-1 CVE-1", "", [])]


def test_an_archive_is_read_once(path: Path) -> None:
    """A run that judges twice reads it once; another day, or other bytes at that path, are read again."""
    rules, day = AdvisoryRules(path=path, max_age=10_000), "2026-11-28"
    write_zip(path, [record("X-1")])
    first = advisories.read(rules, day)
    assert advisories.read(rules, day) is first
    assert advisories.read(rules, "2026-11-29") is not first
    write_zip(path, [record("X-2")])
    assert [one.ids for one in advisories.read(rules, day).of(DEMO, Version("1.0"))] == [("X-2",)]


def test_a_record_that_is_withdrawn_later(path: Path) -> None:
    """It holds until that day; the clocks of two machines may differ by a day."""
    records = [record("X-1", withdrawn="2026-11-29T00:00:00Z"), record("X-2", withdrawn="2026-11-30T00:00:00Z")]
    those = Advisories(database.read(write_zip(path, records)), "2026-11-28")
    assert [one.ids for one in those.of(DEMO, Version("1.0"))] == [("X-2",)]


def test_one_vulnerability_has_many_names(path: Path) -> None:
    """Aliases join records in both directions and over a record about another version; the known severity counts."""
    records = [
        record("PYSEC-1", affected("demo", {"introduced": "0"}, {"fixed": "1.1"}), aliases=["CVE-1"]),
        record("GHSA-1", affected("demo", {"introduced": "0"}, {"fixed": "1.2"}), database_specific=HIGH),
        record("CVE-1", affected("demo", versions=["9.0"]), aliases=["GHSA-1"]),
        record("X-1"),
    ]
    joined = ("GHSA-1 PYSEC-1 CVE-1", "high", ["1.2"])
    assert found(path, *records) == [joined, ("X-1", "", [])]
    assert found(path, *reversed(records)) == [joined, ("X-1", "", [])]


def test_the_highest_severity_of_its_records(path: Path) -> None:
    """A malicious release is malicious in whichever record it is named so, and that id comes first."""
    records = [
        record("GHSA-1", aliases=["MAL-1"], database_specific={"severity": "LOW"}),
        record("PYSEC-1", aliases=["GHSA-1"], database_specific=HIGH),
    ]
    assert found(path, *records) == [("MAL-1 GHSA-1 PYSEC-1", "malicious", [])]
    records[0]["aliases"] = []
    assert found(path, *records) == [("GHSA-1 PYSEC-1", "high", [])]


@pytest.mark.parametrize(
    ("own", "other", "is_told"),
    [
        (
            {"database_specific": {"severity": "MODERATE"}},
            record("GHSA-1", affected("demo", versions=["9"]), **HIGH_),
            "high",
        ),
        ({}, record("GHSA-1", affected("demo", versions=["9"]), **HIGH_), "high"),
        ({"database_specific": HIGH}, record("GHSA-1", affected("demo", versions=["9"]), **LOW_), "high"),
        ({"database_specific": HIGH}, record("GHSA-1", affected("other"), **LOW_), "high"),
        (LOW_, record("GHSA-1", affected("other"), **HIGH_), "high"),
        ({}, record("GHSA-1", affected("other"), **HIGH_), "high"),
    ],
    ids=[
        "higher",
        "own is unknown",
        "lower",
        "lower for another project",
        "higher for another project",
        "known for one",
    ],
)
def test_the_severity_of_a_vulnerability_is_that_of_all_its_records(
    path: Path, own: dict[str, Any], other: dict[str, Any], is_told: str
) -> None:
    """Also of a record about other versions of the project: versions differ between databases, the vulnerability does not."""
    one = record("PYSEC-1", affected("demo", versions=["1.0"]), aliases=["GHSA-1"], **own)
    assert found(path, one, other) == [("PYSEC-1 GHSA-1", is_told, [])]
    assert found(path, one, other, version="1.1") == []


def test_malware_is_final_in_all_versions_of_its_records(path: Path) -> None:
    """What an alias calls malicious is, also where the malicious record lists other versions; its id is named."""
    records = [
        record("GHSA-1", affected("demo", versions=["1.0"]), database_specific={"severity": "LOW"}),
        record("MAL-1", affected("demo", versions=["9"]), aliases=["GHSA-1"]),
    ]
    assert found(path, *records) == [("MAL-1 GHSA-1", "malicious", [])]
    (verdict,) = judged([wheel("1.0")], known(path, *records), AdvisoryRules(path=path, max_severity="critical"))
    assert verdict.is_final


def test_fixes(path: Path) -> None:
    """Only later versions are fixes, in their order, and none that the same vulnerability affects."""
    events = [{"introduced": "0"}, {"fixed": "0.9"}, {"introduced": "1.0"}, {"fixed": "1.10"}]
    events += [{"introduced": "2.0"}, {"fixed": "2.0.1"}, {"introduced": "3.0"}, {"fixed": "foo"}]
    assert found(path, record("X-1", affected("demo", *events))) == [("X-1", "", ["1.10", "2.0.1"])]
    assert found(path, record("X-1", affected("demo", *events)), version="1.0+cpu")[0][2] == ["1.10", "2.0.1"]
    assert found(path, record("X-1", affected("demo", *events, versions=["1.10"])))[0][2] == ["2.0.1"]


def test_what_is_not_judged(path: Path) -> None:
    """A record in another order than PyPI's refuses every release, unless a record of its vulnerability judges them."""
    git = affected("demo", ranges=[{"type": "GIT", "events": [{"introduced": "0"}]}])
    semver = affected("demo", ranges=[{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}]}])
    those = known(
        path,
        record("X-1", git, affected("demo", versions=["1.0"])),
        record("X-2", git, aliases=["CVE-2"]),
        record("X-3", affected("demo", versions=["1.0"]), aliases=["CVE-2"]),
        record("X-4", semver, database_specific=HIGH),
        record("X-5", affected("demo"), withdrawn="2026-01-01T00:00:00Z"),
        record("X-6", affected("other"), aliases=["CVE-6"]),
        record("MAL-7", affected("evil")),
    )
    assert those.unjudged(DEMO) == (Advisory(ids=("X-4",), severity="high"),)
    assert those.unjudged(canonicalize_name("fine")) == ()
    assert [one.ids for one in those.of(DEMO, Version("1.0"))] == [("X-1",), ("X-3", "CVE-2")]
    rules = AdvisoryRules(path=path, max_severity="medium", unknown_severity="allow")
    named = [wheel("2.0", project=name) for name in ("demo", "other", "evil")]
    why = "the advisory names no versions in PyPI's order, so it counts for every release"
    assert [one.sentence for one in judged(named, those, rules)] == [
        f"demo 2.0 may have X-4, severity high: {why}",
        f"evil 2.0 may be malicious: MAL-7: {why}",
    ]
    strict = judged(named, those, AdvisoryRules(path=path))
    assert [(one.project, one.ids) for one in strict] == [
        ("demo", ("X-4",)),
        ("evil", ("MAL-7",)),
        ("other", ("X-6", "CVE-6")),
    ]


def test_verdicts(path: Path) -> None:
    """Each release is judged once, however many files it has; the sentence names what fixes it."""
    those = known(
        path,
        record("X-1", affected("demo", {"introduced": "1.1"}, {"fixed": "1.3"}), database_specific=HIGH),
        record("X-2", affected("demo", versions=["1.2"]), database_specific={"severity": "LOW"}, aliases=["CVE-2"]),
        record("MAL-1", affected("evil", {"introduced": "0"})),
        record("X-3", affected("demo", versions=["1.0"])),
    )
    distributions = [
        wheel("1.2", "cp311-cp311-win32"),
        wheel("1.2"),
        wheel("1.0"),
        wheel("1.3"),
        wheel("7.0", project="evil"),
        wheel("1.2", project="good"),
    ]
    rules = AdvisoryRules(path=path, max_severity="low")
    verdicts = judged(distributions, those, rules)
    assert [one.sentence for one in verdicts] == [
        "demo 1.0 has X-3, severity unknown; fixed in no version that is named",
        "demo 1.2 has X-1, severity high; fixed in 1.3",
        "evil 7.0 is malicious: MAL-1",
    ]
    assert [(one.rule, one.project, str(one.version), one.ids) for one in verdicts] == [
        ("advisory", "demo", "1.0", ("X-3",)),
        ("advisory", "demo", "1.2", ("X-1",)),
        ("advisory", "evil", "7.0", ("MAL-1",)),
    ]
    assert [*map(str, verdicts[1].fixed)] == ["1.3"]
    second = judged(distributions, those, AdvisoryRules(path=path))[2]
    assert second.sentence == "demo 1.2 has X-2 (CVE-2), severity low; fixed in no version that is named"


def test_a_sentence_is_short(path: Path) -> None:
    """Of many names and fixes a sentence has four, and the number of the others."""
    events = [event for minor in range(1, 8) for event in ({"introduced": f"1.{minor}"}, {"fixed": f"1.{minor}.1"})]
    one = record("X-1", affected("demo", *events), aliases=[f"CVE-{number}" for number in range(1, 1000)])
    (verdict,) = judged([wheel("1.1")], known(path, one), AdvisoryRules(path=path))
    assert verdict.sentence == (
        "demo 1.1 has X-1 (CVE-1, CVE-10, CVE-100, 996 more), severity unknown; "
        "fixed in 1.1.1, 1.2.1, 1.3.1, 1.4.1, 3 more"
    )
    assert len(verdict.ids) == 1000


def test_a_long_chain_of_aliases(path: Path) -> None:
    """Records that are aliases of each other in one long chain are one vulnerability."""
    chain = [record(f"X-{number}", aliases=[f"X-{number + 1}"]) for number in range(3000)]
    (only,) = known(path, *chain).of(DEMO, Version("1.0"))
    assert len(only.ids) == 3001


def test_age(path: Path) -> None:
    """A database is read through its last day; an older one is an error with the days, and one of a later day as well."""
    write_zip(path, [record("X-1", modified="2026-11-20T23:00:00Z")])
    rules = AdvisoryRules(path=path)
    for today in ("2026-11-19", "2026-11-20", "2026-11-27"):
        assert advisories.read(rules, today).day == "2026-11-20"
    with pytest.raises(SubsetError) as caught:
        advisories.read(rules, "2026-11-28")
    assert str(caught.value) == (
        f"{path}: the newest advisory is of 2026-11-20, 8 days ago; max_age is 7; "
        "bring a newer database, or raise max_age below [policy]"
    )
    assert advisories.read(AdvisoryRules(path=path, max_age=8), "2026-11-28")
    with pytest.raises(
        SubsetError, match="the newest advisory is of 2026-11-20, and today is 2026-11-18; set the clock"
    ):
        advisories.read(rules, "2026-11-18")


def test_a_year_that_no_clock_has(path: Path) -> None:
    """The last day of the calendar is a day in the future, not a crash."""
    write_zip(path, [record("X-1", modified="9999-12-31T23:59:59Z")])
    with pytest.raises(SubsetError, match="the newest advisory is of 9999-12-31"):
        advisories.read(AdvisoryRules(path=path), "2026-11-28")


#: Pairs of project and version of the corpus, at least.
PAIRS = 1_000


@pytest.mark.network
def test_a_corpus_of_real_rows(path: Path) -> None:
    """Real rows, as records, match the pseudo-code of the schema on versions at and beside each bound."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--quiet",
        "-d",
        str(path.parent),
        rows.REQUIREMENT,
    ]
    # As this machine's user has configured pip.
    subprocess.run(command, check=True, env=ORIGINAL)
    records = rows.records_of(rows.rows_of(next(path.parent.glob("*.whl"))))
    those = known(path, *records)
    assert len(records) > 20_000
    assert not any(
        those.unjudged(canonicalize_name(entry["package"]["name"])) for one in records for entry in one["affected"]
    )
    about: dict[str, list[dict[str, Any]]] = {}
    for one in records:
        for entry in one["affected"]:
            about.setdefault(canonicalize_name(entry["package"]["name"]), []).append(one)
    chosen = [*sorted(about)[::50], *sorted(name for name, those in about.items() if len(those) > 3)[::5]]
    pairs = {(project, version) for project in chosen for version in _versions(about[project])}
    assert len(pairs) >= PAIRS
    hits = 0
    for project, version in pairs:
        wanted = {one["id"] for one in about[project] if pseudo_code.is_vulnerable(project, version, one)}
        ids = {name for one in those.of(canonicalize_name(project), Version(version)) for name in one.ids}
        assert ids & {one["id"] for one in about[project]} >= wanted, (project, version)
        aliases = {alias for one in about[project] if one["id"] in wanted for alias in one["aliases"]}
        assert ids == wanted | aliases, (project, version)
        hits += bool(wanted)
    # Both answers are common.
    assert PAIRS / 4 < hits < len(pairs) - PAIRS / 20


def _versions(records: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a few versions that *records* list, each bound of their ranges, and what comes before and behind it."""
    entries = [entry for one in records[:5] for entry in one["affected"]]
    bounds = [text for one in entries for part in one["ranges"] for event in part["events"] for text in event.values()]
    for text in {*bounds[:8], *(text for one in entries for text in one["versions"][-2:])}:
        if pseudo_code.key_of(text):
            version = Version(text)
            base = version.base_version
            yield from (text, f"{base}.dev1", f"{base}.post1", f"{base}.1", f"{version.public}+cpu")
