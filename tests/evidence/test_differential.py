"""Our locks beside those of other resolvers: a small cut of the comparison, and how it judges."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.evidence.differential import compare, record
from tests.evidence.differential.__main__ import AGED_RECORD, RECORD
from tests.evidence.differential.cases import AGED, AGED_CUT, ALL, CUT, CUTOFF, REQUESTS, TARGETS, Case
from tests.evidence.differential.compare import Verdict, judge
from tests.evidence.differential.record import File, Record
from tests.evidence.differential.resolvers import Answer
from tests.evidence.differential.rules import faults
from tests.evidence.differential.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.evidence.differential.resolvers import Without

UV = Path(sysconfig.get_path("scripts"), "uv")

CASE = Case(request="app", target=TARGETS[0])


def release(name: str, version: str, *requires: str, python: str | None = None) -> tuple[File, str]:
    """Return a wheel for any machine, and its METADATA."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    text = "\n".join([*lines, *(f"Requires-Dist: {line}" for line in requires), "", ""])
    return File(filename=f"{name}-{version}-py3-none-any.whl", requires_python=python), text


def record_of(*releases: tuple[File, str]) -> Record:
    """Return a record that holds *releases*."""
    pages: dict[str, tuple[File, ...] | None] = {}
    for file, _ in releases:
        project = file.filename.partition("-")[0]
        pages[project] = (*(pages.get(project) or ()), file)
    return Record(pages=pages, texts={file.filename: text for file, text in releases})


def says(mine: Mapping[str, str] | None, *theirs: Mapping[str, str] | None, source: Record) -> Verdict:
    """Return the verdict on *mine* and on what the other says, and says then, each time that it is asked."""
    answers = iter(theirs)

    def ask(case: Case, without: Without) -> Answer:
        assert case == CASE
        assert without
        return Answer(chosen=next(answers))

    return judge(CASE, Answer(chosen=mine), Answer(chosen=next(answers)), ask=ask, source=source)


@pytest.mark.skipif(not UV.is_file(), reason="uv has no wheel for this machine")
def test_the_cut(tmp_path: Path) -> None:
    """From the recorded index, a few requests have the projects and versions that uv finds, but for what rules explain."""
    done = run(CUT, {"uv": UV}, record.read(RECORD), tmp_path, print)
    assert len(done.verdicts["uv"]) == 9
    assert [f"{one.case.name}: {one.unexplained}" for one in done.verdicts["uv"] if one.unexplained] == []
    assert (done.missing, done.passed_over) == ((), ())


@pytest.mark.skipif(not UV.is_file(), reason="uv has no wheel for this machine")
def test_the_cut_at_a_cutoff(tmp_path: Path) -> None:
    """With ``as_of``, a few requests have what uv finds with ``--exclude-newer``, and other releases than without."""
    source = record.read(AGED_RECORD)
    done = run(AGED_CUT, {"uv": UV}, source, tmp_path, print, cutoff=CUTOFF)
    assert [f"{one.case.name}: {one.unexplained}" for one in done.verdicts["uv"] if one.unexplained] == []
    assert (done.missing, done.passed_over) == ((), ())
    for request in ("boto3", "coverage", "django"):
        times = [file.uploaded or "" for file in source.page(request) or ()]
        assert min(times) < CUTOFF <= max(times)


def test_the_table_at_the_cutoff() -> None:
    """It has the first 20 requests of the table on all targets, and a record with upload times."""
    assert {one.request for one in AGED} == {*REQUESTS[:20]}
    assert len(AGED) == 20 * len(TARGETS)
    assert {one.name for one in AGED_CUT} <= {one.name for one in AGED}
    assert all(file.uploaded for files in record.read(AGED_RECORD).pages.values() for file in files or ())


def test_the_whole_is_large() -> None:
    """The comparison has at least 60 projects and 10 targets, none twice."""
    assert len(set(REQUESTS)) >= 60
    assert len({target.name for target in TARGETS}) == 10
    assert len({case.name for case in ALL}) == len(REQUESTS) * len(TARGETS)


@pytest.mark.parametrize("path", [RECORD, AGED_RECORD])
def test_the_record_knows_no_place(path: Path) -> None:
    """The recorded index names files, never where they came from."""
    found = record.read(path)
    assert not any("/" in file.filename for files in found.pages.values() for file in files or ())
    assert not any("://" in line for text in found.texts.values() for line in text.splitlines() if "@" not in line)


def test_a_difference_names_its_parts() -> None:
    """A difference without a rule names the project and both versions; one that is not chosen by one of them as well."""
    source = record_of(release("app", "1"), release("app", "2"), release("more", "1"))
    verdict = says({"app": "1"}, {"app": "2", "more": "1"}, source=source)
    assert verdict.unexplained == "app 1, theirs 2, more not, theirs 1"
    assert compare.complaints("uv", [verdict]) == [f"uv: app on {CASE.target.name}: {verdict.unexplained}"]


def test_one_without_an_answer_differs() -> None:
    """Where only one of the two finds an answer, no rule is asked."""
    source = record_of(release("app", "1"))
    assert says(None, {"app": "1"}, source=source).unexplained.startswith("ours failed")
    assert "theirs failed" in says({"app": "1"}, None, source=source).unexplained
    assert says(None, None, source=source) == Verdict(case=CASE, barren=True)


def test_a_release_that_python_shuts_out() -> None:
    """What no pip would install is explained if the other, asked again without it, says what ours says."""
    source = record_of(release("app", "1"), release("app", "2", python=">3.9.0"), release("app", "3", python="!=3.9.0"))
    verdict = says({"app": "1"}, {"app": "3"}, {"app": "1"}, source=source)
    assert verdict.rules == {"Requires-Python in full": {"app"}}
    assert not verdict.unexplained


def test_a_rule_does_not_hide_what_is_behind() -> None:
    """If the other, asked again, says something else than ours, the difference stays."""
    source = record_of(release("app", "1"), release("app", "2"), release("app", "3", python="!=3.9.0"))
    assert says({"app": "1"}, {"app": "3"}, {"app": "2"}, source=source).unexplained == "app 1, theirs 2"


def test_one_that_finds_no_end() -> None:
    """What the other says nothing about, within its time, is neither equal nor a difference; much of it is too much."""
    silent = Answer(chosen=None, gave_up=True)
    verdict = judge(CASE, Answer(chosen=None), silent, ask=lambda *_: silent, source=record_of())
    assert (verdict.silent, verdict.rules, verdict.barren, verdict.unexplained) == (True, {}, False, "")
    equal = judge(CASE, Answer(chosen=None), Answer(chosen=None), ask=lambda *_: silent, source=record_of())
    assert compare.complaints("nab", [verdict, *[equal] * 99]) == []
    assert compare.complaints("nab", [verdict, *[equal] * 98]) == [
        "nab: 1 of 99 cases were not compared: it found no end"
    ]
    assert compare.summary("nab", [verdict, equal])[1].startswith("  1 not compared")


def test_a_requires_python_that_cannot_be_read() -> None:
    """What pip passes over shuts nothing out."""
    source = record_of(release("app", "1"), release("app", "2", python=">= '2.7'"))
    assert says({"app": "1"}, {"app": "2"}, source=source).unexplained == "app 1, theirs 2"


def test_two_right_answers() -> None:
    """Of two complete answers neither need be wrong if each has something newer than the other."""
    source = record_of(
        release("app", "1", "one", "two"),
        *(release("one", "1"), release("one", "2", "two<2")),
        *(release("two", "1"), release("two", "2", "one<2")),
    )
    mine, theirs = {"app": "1", "one": "2", "two": "1"}, {"app": "1", "one": "1", "two": "2"}
    assert says(mine, theirs, source=source).rules == {"neither is newer throughout": {"one", "two"}}
    wrong = {**mine, "two": "2"}
    assert says(wrong, theirs, source=source).unexplained
    assert [*faults(wrong, CASE, source)] == ["one<2 is not met by 2", "two<2 is not met by 2"]


def test_markers_of_pre_releases_of_python() -> None:
    """A project that the other has besides, for early pre-releases of Python, is explained; one of another marker is not."""
    early, late = 'more; python_full_version <= "3.9.0a6"', 'more; python_full_version > "3.9.0"'
    for text, explained in ((early, True), (late, False)):
        source = record_of(release("app", "1", text), release("app", "2"), release("more", "1"))
        verdict = says({"app": "1"}, {"app": "1", "more": "1"}, source=source)
        assert bool(verdict.rules) == explained
        assert says({"app": "1"}, {"app": "2", "more": "1"}, source=source).unexplained
    assert compare.complaints("uv", [Verdict(case=CASE, rules={"x": frozenset({"more"})})], whole=False) == []


@pytest.mark.parametrize(("projects", "count"), [({"one"}, 1), ({"one", "two"}, 0)])
def test_a_rule_for_one_project_is_an_exception(projects: set[str], count: int) -> None:
    """A rule that shows in fewer than two projects is reported, like a difference without one."""
    verdicts = [Verdict(case=CASE, rules={"some rule": frozenset({project})}) for project in projects]
    assert len(compare.complaints("uv", verdicts)) == count


def test_same_record_same_bytes(tmp_path: Path) -> None:
    """A record is read as it was written, and written to the same bytes in whatever order it was made."""
    one, two = release("app", "1", python=">=3.9"), release("more", "2")
    for number, releases in enumerate([(one, two), (two, one)]):
        record.write(record_of(*releases), tmp_path / str(number))
    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()
    assert record.read(tmp_path / "0") == record_of(one, two)


def test_what_nobody_looked_into_is_trimmed() -> None:
    """A release is left out if it is older than all whose METADATA somebody read."""
    found = record_of(release("app", "1"), release("app", "2"), release("app", "3"))
    trimmed = Record(
        pages=found.pages, texts={name: text for name, text in found.texts.items() if "-2-" in name}
    ).trimmed()
    assert [str(file.version) for file in trimmed.page("app") or ()] == ["2", "3"]
