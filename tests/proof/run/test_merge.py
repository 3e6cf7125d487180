"""Parts of a proof: which machine proves what, what a part says of itself, and how parts become one report again."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from packaging.requirements import Requirement

from pypi_subset.errors import NotProven, SubsetError
from pypi_subset.model.checks import WAYS, Check
from pypi_subset.model.documents import encode, parse
from pypi_subset.model.report import Report, report_path
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.report import badge, junit, page, report
from pypi_subset.proof.report.report import carry_over
from pypi_subset.proof.report.verdict import verdict_of
from pypi_subset.proof.run import merge
from pypi_subset.proof.run.suite import run_suite
from pypi_subset.publishing.publication import release_of
from tests.support.checkout import schema
from tests.support.programs.commands import subset as command
from tests.support.sites.cases import HERE, WINDOWS, eight_cases
from tests.support.sites.published import made
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.checks import Proof, Status
    from pypi_subset.model.targets import Target

SCHEMA = schema("report")
LINES = ["aa", "bb", "cc"]
WHEELS = [make_wheel(name) for name in LINES]


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a whole subset: three lines for two targets, so eight cases."""
    return eight_cases(tmp_path / "work")


# --- what a part says of itself -----------------------------------------------------------------------------------


def test_a_part_says_so_everywhere(subset: SubsetOnDisk) -> None:
    """Report, screen, page, badge and the form for build servers say that it is a part, and which."""
    document = made(subset.paths.site, [GREEN], targets=["mac"], shard="2/8")
    jsonschema.validate(json.loads(encode(document)), SCHEMA)
    verdict = verdict_of(document)
    assert (document.shard, verdict.state, verdict.words) == ("2/8", "part", "proven in part: 1 of 1")
    words = "shard 2/8 of the targets mac"
    shown = [page.render(document, verdict), junit.render(document), "\n".join(report.lines_of(document))]
    assert [words in text for text in shown] == [True] * 3
    assert "proven in part" in badge.render(verdict)


def test_a_whole_says_nothing_of_parts(subset: SubsetOnDisk) -> None:
    """What is about everything looks as it did before there were parts; so does what an earlier version wrote."""
    document = made(subset.paths.site, [INSTALLED])
    assert (document.shard, verdict_of(document).state) == ("", "green")
    shown = junit.render(document), "\n".join(report.lines_of(document))
    assert not any("shard" in text or "part" in text for text in shown)
    older = json.loads(encode(document))
    del older["shard"]
    jsonschema.validate(older, SCHEMA)
    assert parse(json.dumps(older), Report) == document


def test_a_part_is_not_published(subset: SubsetOnDisk) -> None:
    """However green; the next step is to prove the rest."""
    site = subset.paths.site
    write(subset, site, [GREEN], shard="2/8")
    release = (
        "only a part was proven: shard 2/8; run `pypi-subset verify` for all of it, or join the reports of all parts by"
    )
    with pytest.raises(NotProven, match=release):
        release_of(site, force=False)


# --- joining ------------------------------------------------------------------------------------------------------

GREEN = inventory.check("passed", "3 files, 900 bytes: all there, and nothing else")


INSTALLED = Check(target="mac", set_name="base", request="", proof="unpacked", status="passed")


def write(
    subset: SubsetOnDisk, folder: Path, checks: Sequence[Check], *, shard: str = "", targets: Sequence[str] = ()
) -> Path:
    """Return the report with *checks*, and a second opinion on each case, that a machine would have sent, below *folder*."""
    digest, asked = subset_digest(subset.plan), opinions(checks)
    told = made(subset.paths.site, [*checks, *asked], subset_sha256=digest, shard=shard, targets=targets)
    path = report_path(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(told))
    return path


def opinions(checks: Sequence[Check]) -> list[Check]:
    """Return the second opinion on each case that was tried by routes, unless *checks* have it."""
    had = {check.request for check in checks if check.proof == "second opinion"}
    tried = {(one.target, one.request) for one in checks if one.way and one.status != "skipped"}
    common = {"set_name": "base", "proof": "second opinion", "status": "passed", "way": WAYS[-1]}
    return [
        Check(target=target, request=request, **common)  # type: ignore[arg-type]
        for target, request in sorted(tried)
        if request not in had
    ]


def results(
    subset: SubsetOnDisk, target: str, *requests: str, proof: Proof = "unpacked", status: Status = "passed", **more: Any
) -> list[Check]:
    """Return a result for each way in of each of *requests*; without any, of all of the target's."""
    reason = "it does not install" if status == "failed" else ""
    return [
        Check(
            target=target, set_name="base", request=request, proof=proof, way=way, status=status, reason=reason, **more
        )
        for request in requests or ("", *(str(one.requirement) for one in subset.plan.sets[0].requests))
        for way in WAYS
    ]


def merged(subset: SubsetOnDisk, *places: Path) -> dict[str, Any]:
    """Return the joined report, which follows its schema and is what lies in the site."""
    told = merge.merge(subset.paths, subset.plan, places)
    document: dict[str, Any] = json.loads(report_path(subset.paths.site).read_bytes())
    assert json.loads(encode(told)) == document
    jsonschema.validate(document, SCHEMA)
    return document


def value_of(document: dict[str, Any]) -> Report:
    """Return the value that *document* is the JSON of."""
    return parse(json.dumps(document), Report)


def reds(document: dict[str, Any]) -> list[str]:
    """Return place and reason of each red result."""
    return report.findings(value_of(document).checks)


@pytest.fixture
def parts(subset: SubsetOnDisk, tmp_path: Path) -> tuple[Path, Path]:
    """Return a report of each target."""
    one, other = tmp_path / "parts" / "one", tmp_path / "parts" / "other"
    return (
        write(subset, one, [GREEN, *results(subset, "mac", proof="installed")], targets=["mac"]),
        write(subset, other, [GREEN, *results(subset, "windows")], shard="1/1"),
    )


def test_all_parts_are_a_whole_that_can_be_published(subset: SubsetOnDisk, parts: tuple[Path, Path]) -> None:
    """Joined, they are a green report about everything, with page, badge and the rest, and publish takes it."""
    document = merged(subset, *parts)
    assert (document["targets"], document["shard"], verdict_of(value_of(document)).state) == ([], "", "green")
    assert document["totals"] == {"passed": 33, "failed": 0, "skipped": 0, "differs": 0, "amber": 0, "accepted": 0}
    folder = subset.paths.site / "proof"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("badge.svg", "index.html", "junit.xml", "page.css", "page.js", "report.json")
    ]
    assert "proven: 33 of 33" in (folder / "badge.svg").read_text()
    assert release_of(subset.paths.site, force=False).doubt is None


@pytest.mark.slow
def test_a_folder_means_all_reports_in_it(subset: SubsetOnDisk, parts: tuple[Path, Path]) -> None:
    """However deep they lie; one that is named twice counts once, and the order makes no difference."""
    folder = parts[0].parents[2]
    document = merged(subset, *parts)
    for places in ([folder], [folder, *parts], parts[::-1]):
        again = merged(subset, *places)
        assert again["created"] > document["created"]
        assert again | {name: document[name] for name in ("created", "mac")} == document


def test_a_case_without_a_result_is_red(subset: SubsetOnDisk, parts: tuple[Path, Path]) -> None:
    """A part that was forgotten, or one request in it, shows; nothing else does."""
    assert reds(merged(subset, parts[0])) == [
        f"failed: windows, base, {what}: no report has a result" for what in ("all together", *LINES)
    ]
    write(subset, parts[1].parents[1], [GREEN, *results(subset, "windows", "", "aa", "cc")])
    assert reds(merged(subset, *parts)) == ["failed: windows, base, bb: no report has a result"]
    assert release_of(subset.paths.site, force=True).doubt is not None


@pytest.mark.parametrize("way", WAYS)
def test_half_a_result_is_none(subset: SubsetOnDisk, parts: tuple[Path, Path], way: str) -> None:
    """A request that was not tried by each way in has no result; a second opinion, or half of another kind, is none."""
    whole = results(subset, "windows")
    half = [one for one in whole if (one.request, one.way) != ("bb", way)]
    other = [replace(one, proof="emulated") for one in whole if (one.request, one.way) == ("bb", way)]
    opinion = [replace(one, proof="second opinion") for one in whole if one.request == "bb"]
    write(subset, parts[1].parents[1], [GREEN, *half, *other, *opinion])
    assert reds(merged(subset, *parts)) == ["failed: windows, base, bb: no report has a result"]


@pytest.mark.parametrize("line", ["bb", 'bb; sys_platform == "darwin"'])
def test_a_case_that_is_skipped_is_answered(tmp_path: Path, line: str) -> None:
    """What does not apply to a target has one result, by no way in; without a marker a request applies to every target."""
    pins = {"windows": WHEELS}
    subset = SubsetOnDisk(tmp_path / "work", targets=[WINDOWS], lines=["aa", line, "cc"], pins=pins).write()
    text = str(Requirement(line))
    skipped = Check(target="windows", set_name="base", request=text, proof="unpacked", status="skipped", reason="no")
    part = write(subset, tmp_path / "part", [GREEN, skipped, *results(subset, "windows", "", "aa", "cc")])
    red = [] if ";" in line else ["failed: windows, base, bb: no report has a result"]
    assert reds(merged(subset, part)) == red


@pytest.mark.parametrize("changes", [{"status": "skipped"}, {"proof": "inventory"}, {"proof": "inventory", "way": ""}])
def test_what_is_no_proof_answers_nothing(
    subset: SubsetOnDisk, parts: tuple[Path, Path], changes: dict[str, Any]
) -> None:
    """A case is skipped as a whole, never by one way in; and who looked at the files has installed nothing."""
    told = [replace(one, **changes) for one in results(subset, "windows")]
    write(subset, parts[1].parents[1], [GREEN, *told])
    assert reds(merged(subset, *parts)) == [
        f"failed: windows, base, {what}: no report has a result" for what in ("all together", *LINES)
    ]


def test_kinds_of_proof_stay_apart(subset: SubsetOnDisk, parts: tuple[Path, Path], tmp_path: Path) -> None:
    """What one machine installed and another unpacked are two results of one case; either of them answers it."""
    third = write(subset, tmp_path / "third", [GREEN, *results(subset, "windows", proof="installed")])
    document = merged(subset, *parts, third)
    kinds = Counter((one.target, one.proof) for one in value_of(document).checks)
    assert kinds == {
        ("", "inventory"): 1,
        ("mac", "installed"): 12,
        ("mac", "second opinion"): 4,
        ("windows", "installed"): 12,
        ("windows", "unpacked"): 12,
        ("windows", "second opinion"): 4,
    }
    assert verdict_of(value_of(document)).state == "green"


def test_what_is_red_for_one_kind_is_not_hidden_by_another(subset: SubsetOnDisk, parts: tuple[Path, Path]) -> None:
    """A real machine where it does not install makes the whole red, whatever was unpacked elsewhere."""
    red = results(subset, "windows", "aa", proof="installed", status="failed")
    write(subset, parts[0].parents[1], [GREEN, *results(subset, "mac"), *red])
    assert len(reds(merged(subset, *parts))) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("proof", "told", "wanted"),
    [
        ("unpacked", ("passed", "failed"), "failed"),
        ("second opinion", ("passed", "skipped"), "skipped"),
        ("second opinion", ("differs", "failed"), "failed"),
        ("second opinion", ("skipped", "differs"), "differs"),
    ],
)
def test_a_case_that_two_parts_tell_counts_once(
    subset: SubsetOnDisk,
    parts: tuple[Path, Path],
    tmp_path: Path,
    proof: Proof,
    told: tuple[Status, ...],
    wanted: Status,
) -> None:
    """The worse of two results of the same thing stays, whichever part is named first."""
    whole = results(subset, "mac", "aa")[0]
    first, second = (replace(whole, proof=proof, status=word, reason=word) for word in told)
    more = [write(subset, tmp_path / name, [GREEN, check]) for name, check in (("x", first), ("y", second))]
    write(
        subset, parts[0].parents[1], [GREEN, *results(subset, "mac", "", "bb", "cc"), *results(subset, "mac", "aa")[1:]]
    )
    place = ("mac", "aa", WAYS[0], proof)
    for order in itertools.permutations(more):
        document = merged(subset, *parts, *order)
        found = [one for one in value_of(document).checks if (one.target, one.request, one.way, one.proof) == place]
        assert [check.status for check in found] == [wanted]
        # Without the first way in, aa has no result.
        assert sum(document["totals"].values()) == 33 + (proof != "unpacked")


def test_each_reason_stays(subset: SubsetOnDisk, parts: tuple[Path, Path]) -> None:
    """What the inventories of two machines found is all told, each thing once, and makes the whole red."""
    gone, other = (inventory.check("failed", f"{name} is gone") for name in ("aa", "bb"))
    write(subset, parts[0].parents[1], [gone, other, *results(subset, "mac")])
    write(subset, parts[1].parents[1], [replace(gone, seconds=3.0), *results(subset, "windows")])
    assert reds(merged(subset, *parts)) == ["failed: aa is gone", "failed: bb is gone"]


def test_nobody_looked_at_the_files(subset: SubsetOnDisk, parts: tuple[Path, Path]) -> None:
    """A report without an inventory is no proof about these bytes: the manifest alone was the same."""
    write(subset, parts[1].parents[1], results(subset, "windows"))
    told = ["failed: report.json: no run compared the files there with these"]
    assert reds(merged(subset, *parts)) == told
    written = merged(subset, *parts, parts[1].parent / ".." / "proof")
    assert written["totals"]["failed"] == 1
    write(subset, parts[1].parents[1], [replace(GREEN, status="skipped"), *results(subset, "windows")])
    assert reds(merged(subset, *parts)) == told


def test_a_site_that_changed_since_is_red(subset: SubsetOnDisk, parts: tuple[Path, Path]) -> None:
    """What lies here is looked at when parts are joined: a wheel of other bytes is red, however green the parts are."""
    wheel = subset.file(WHEELS[0])
    wheel.write_bytes(wheel.read_bytes()[::-1])
    (told,) = reds(merged(subset, *parts))
    assert "aa-1.0-py3-none-any.whl" in told
    assert "has other bytes than the manifest says" in told


def outdate(subset: SubsetOnDisk, name: str) -> None:
    """Let the lock of the target *name* say that it was made for another machine."""
    lock = subset.paths.locks / f"pylock.base--{name}.toml"
    digest = subset.plan.jobs[0].requirement_set.digest
    inputs = f'[tool.pypi-subset.inputs]\nset = "{digest}"\ntarget = "another machine"\n'
    lock.write_text(f"{lock.read_text()}\n{inputs}")


def test_requirements_that_changed_since_are_red(subset: SubsetOnDisk, parts: tuple[Path, Path]) -> None:
    """A target that is another machine by now is red, though it has the name that the parts tell of."""
    outdate(subset, "mac")
    told = "failed: pylock.base--mac.toml was made before its target was changed: run `pypi-subset mirror`"
    assert reds(merged(subset, *parts)) == [told]


@pytest.mark.parametrize("more", [[], [WINDOWS]])
def test_parts_are_joined_on_any_machine(tmp_path: Path, more: list[Target]) -> None:
    """The host of the parts need not be the machine that joins them: who proved it there has looked."""
    chosen = [HERE, *more]
    subset = SubsetOnDisk(tmp_path, targets=chosen, lines=["aa"], pins={one.name: WHEELS[:1] for one in chosen}).write()
    outdate(subset, "here")
    told = [check for one in chosen for check in results(subset, one.name)]
    assert reds(merged(subset, write(subset, tmp_path / "part", [GREEN, *told]))) == []


def test_what_nobody_asked_for_is_red(subset: SubsetOnDisk, parts: tuple[Path, Path]) -> None:
    """A result for another plan says that the machines did not read the same requirements."""
    write(subset, parts[1].parents[1], [GREEN, *results(subset, "windows"), *results(subset, "windows", "dd")])
    sentence = "failed: windows, base, dd: proven, but the requirements here do not ask for it"
    assert reds(merged(subset, *parts)) == [sentence]


REFUSED: dict[str, tuple[dict[str, Any] | str | None, str]] = {
    "other bytes": (
        {"manifest_sha256": "0" * 64},
        "about other bytes: a manifest with SHA-256 000000000000…, and this site has",
    ),
    "other form": ({"schema": "2.0"}, "the report has schema 2.0, and this version reads 1.4; upgrade pypi-subset"),
    "results": ({"checks": [{"target": 1}]}, "the report is damaged; take proof/report.json of a site"),
    "cut off": ('{"schema": 1,', "the report is damaged; take proof/report.json of a site"),
    "list": ("[]", "the report is damaged; take proof/report.json of a site"),
    "gone": (None, "there is no such report; `pypi-subset verify` writes one"),
}


DAMAGED: list[dict[str, Any]] = [
    {"status": "banana"},
    {"status": "FAILED"},
    {"status": None},
    {"status": ["passed"]},
    {"status": "differs"},
    {"proof": "guessed"},
    {"target": None},
    {"reason": 5},
    {"seconds": "a"},
    {"seconds": float("nan")},
    {"seconds": float("inf")},
    {"seconds": -1},
    {"seconds": True},
    {"notes": None},
    {"notes": "a note"},
    {"notes": [1]},
    {"remembered": 1},
]


@pytest.mark.slow
@pytest.mark.parametrize("change", DAMAGED, ids=str)
def test_a_result_that_is_none_damages_the_report(
    subset: SubsetOnDisk, parts: tuple[Path, Path], change: dict[str, Any]
) -> None:
    """A value of another type, or a word that there is not, is neither joined nor published, nor shown in another form."""
    path = report_path(subset.paths.site)
    document = json.loads(parts[0].read_bytes()) | {"targets": []}
    document["checks"][3] |= change
    path.parent.mkdir()
    path.write_text(json.dumps(document))
    with pytest.raises(SubsetError, match="the report is damaged"):
        merge.merge(subset.paths, subset.plan, [path, parts[1]])
    with pytest.raises(NotProven, match="the report is damaged"):
        release_of(subset.paths.site, force=False)
    carry_over(subset.paths.site, subset.root / "stage")
    assert not report_path(subset.root / "stage").exists()


@pytest.mark.parametrize("checks", [{}, {"a": 1}, "abc", ["a"], [None], [[]], [{}], None, 5])
def test_results_that_are_no_list_damage_the_report(
    subset: SubsetOnDisk, parts: tuple[Path, Path], checks: Any
) -> None:
    """Whatever stands where the results should, is refused in one line."""
    path = write(subset, subset.paths.site, [GREEN])
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"checks": checks}))
    with pytest.raises(SubsetError, match="the report is damaged"):
        merge.merge(subset.paths, subset.plan, [*parts, path])
    with pytest.raises(NotProven, match="the report is damaged"):
        release_of(subset.paths.site, force=False)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_joined_is_refused(subset: SubsetOnDisk, parts: tuple[Path, Path], name: str) -> None:
    """A report about other bytes, of another form, damaged or gone is an error that names it; the old report stays."""
    change, words = REFUSED[name]
    before = report_path(subset.paths.site)
    write(subset, subset.paths.site, [GREEN])
    data = before.read_bytes()
    if change is None:
        parts[1].unlink()
    else:
        told = json.loads(parts[1].read_bytes())
        parts[1].write_text(json.dumps(told | change) if isinstance(change, dict) else change)
    with pytest.raises(SubsetError) as raised:
        merge.merge(subset.paths, subset.plan, parts)
    assert str(raised.value).startswith(f"{parts[1]}: ")
    assert words in str(raised.value)
    assert before.read_bytes() == data


def test_an_empty_folder_is_no_proof(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """Where no report lies, or none is named, that is said."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(SubsetError, match="no report in this directory"):
        merge.merge(subset.paths, subset.plan, [tmp_path / "empty"])
    with pytest.raises(SubsetError, match="no report is named"):
        merge.merge(subset.paths, subset.plan, [])


# --- as users do it -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_joined_from_the_command_line(subset: SubsetOnDisk, parts: tuple[Path, Path]) -> None:
    """Words, a list in one flag, a directory whose name holds a blank; 0 for green, 1 for red with a line for each."""
    root = subset.root
    folder = parts[0].parents[2].rename(root / "all parts")
    one, other = sorted(path.relative_to(root).as_posix() for path in folder.rglob("*.json"))
    done = command("merge-reports", "all parts", cwd=root)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(
        "33 passed, 0 failed, 0 skipped; isolation: namespaces\nNext: `pypi-subset publish --to DIR`\n"
    )
    folder.rename(root / "parts")
    one, other = (name.replace("all parts", "parts") for name in (one, other))
    assert command("merge-reports", one, other, cwd=root).returncode == 0
    red = command("merge-reports", one, cwd=root)
    assert (red.returncode, red.stderr) == (
        1,
        "error: the subset is not proven; see the lines above, and proof/report.json in the site\n",
    )
    assert "failed: windows, base, bb: no report has a result" in red.stdout
    none = command("merge-reports", cwd=root)
    assert (
        none.returncode,
        none.stderr.startswith("error: no report is named; as in `pypi-subset merge-reports "),
    ) == (2, True)


@pytest.mark.slow
def test_parts_that_were_really_proven(tmp_path: Path) -> None:
    """Two parts, joined, have the results of a run that proves it all, each once; one alone is red for the other's."""
    wheels = WHEELS[:1]
    subset = SubsetOnDisk(tmp_path, targets=[WINDOWS], lines=["aa"], pins={"windows": wheels}).write()
    written = report_path(subset.paths.site)
    places = []
    for number in (1, 2):
        run_suite(subset.paths, processes=1, shard=f"{number}/2")
        places.append(written.rename(tmp_path / f"{number}.json"))
        document = json.loads(places[-1].read_bytes())
        jsonschema.validate(document, SCHEMA)
        assert (document["shard"], document["totals"]["passed"]) == (f"{number}/2", 5)
    document = merged(subset, *places)
    assert document["totals"] == {"passed": 9, "failed": 0, "skipped": 0, "differs": 0, "amber": 0, "accepted": 0}
    assert reds(merged(subset, places[0])) == ["failed: windows, base, aa: no report has a result"]


def test_another_machine_is_no_host(tmp_path: Path) -> None:
    """Who proves other targets elsewhere is not told that the host's lock is old; who proves the host is."""
    subset = SubsetOnDisk(
        tmp_path, targets=[HERE, WINDOWS], lines=["aa"], pins={"here": WHEELS[:1], "windows": WHEELS[:1]}
    )
    outdate(subset.write(), "here")
    for chosen, count in ((["windows"], 0), (["here"], 1), (["here", "windows"], 1), ([], 1)):
        found = inventory.take(subset.paths, subset.plan, chosen)
        assert sum("was made before its target was changed" in one.reason for one in found) == count, chosen
