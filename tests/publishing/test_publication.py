"""What is published of a site, and every reason for which nothing proves it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from pypi_subset.errors import FolderError, HashMismatch, NotProven, SubsetError
from pypi_subset.model.checks import Finding
from pypi_subset.model.door import read_manifest
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.report import report_path
from pypi_subset.proof.evidence import author, key, newest
from pypi_subset.proof.evidence.author import WAYS_ACROSS
from pypi_subset.proof.evidence.settings import settings, subset_digest
from pypi_subset.proof.report import report
from pypi_subset.publishing.publication import record, release_of
from pypi_subset.targets import tag
from tests.support.sites.published import CHECKS, GREEN, case_checks, complete, made, own_key, proven
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.sites.trees import tree
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pypi_subset.model.checks import Check

AA = make_wheel("aa")
WHEEL = f"simple/aa/{AA.filename}"
LINUX = tag.parse("linux", "cp312-manylinux_2_28_x86_64")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a proven site."""
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["aa"], pins={"linux": [AA]}).write()
    return proven(subset.paths.site)


def written(site: Path, *checks: Check, **more: Any) -> None:
    """Replace the report of *site*."""
    report.write_report(made(site, checks, **more), site)


def test_a_proven_site_is_published_as_it_is(site: Path) -> None:
    """All that the manifest names, the manifest, the report in all forms and the README; what is made again is the same."""
    release = release_of(site, force=False)
    assert release.doubt is None
    beside = {"manifest.json", "proof/report.json", "proof/index.html", "proof/junit.xml", "proof/badge.svg"}
    beside |= {"proof/page.css", "proof/page.js"}
    assert release.made == {path: data for path, data in tree(site).items() if path in beside}
    assert release.sizes == {path: len(data) for path, data in tree(site).items()}
    assert set(release.files) == set(release.sizes) - beside
    assert release_of(site, force=True) == release


def forged(site: Path, **changes: object) -> None:
    """Change fields of the report that is in *site*, as its author did not."""
    path = report_path(site)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes))


def edited(site: Path) -> None:
    """Turn a red result green in the report."""
    written(site, *(replace(one, status="failed", reason="no") for one in complete(site)))
    checks = json.loads(report_path(site).read_bytes())["checks"]
    forged(site, checks=[one | {"status": "passed", "reason": ""} for one in checks])


def dropped(site: Path) -> None:
    """Drop the red line from the report."""
    checks = complete(site)
    written(site, *checks[:-1], replace(checks[-1], status="failed", reason="no"))
    forged(
        site, checks=[one for one in json.loads(report_path(site).read_bytes())["checks"] if one["status"] == "passed"]
    )


def swapped(site: Path) -> None:
    """Let one route stand for another."""
    told = report_path(site).read_text()
    forged(site, **json.loads(told.replace('"way": "target"', '"way": "simple"')))


def by_hand(site: Path) -> None:
    """Write one green line by hand."""
    report.write_report(report.report_of([GREEN], site=site, isolation="network namespace"), site)


def by_hand_with_a_code(site: Path) -> None:
    """Write one green line by hand, and a code."""
    by_hand(site)
    forged(site, mac="0" * 64)


def by_a_stranger(site: Path) -> None:
    """Let somebody with another key make a complete report."""
    report.write_report(made(site, complete(site), own=key.made(site.parent / "stranger")), site)


def replayed(site: Path) -> None:
    """Put back the green report from before a red one."""
    before = report_path(site).read_bytes()
    written(site, *CHECKS)
    report_path(site).write_bytes(before)


def replayed_after_a_part(site: Path) -> None:
    """Put back the green report from before a part that is red."""
    before = report_path(site).read_bytes()
    written(site, *CHECKS, targets=["linux"])
    report_path(site).write_bytes(before)


def another_manifest(site: Path) -> None:
    """Take the report of another site, in which less is asked for."""
    other = SubsetOnDisk(site.parent / "other", targets=[LINUX], lines=["aa>=1"], pins={"linux": [AA]}).write()
    report_path(site).write_bytes(report_path(proven(other.paths.site)).read_bytes())


VERIFY = "run `pypi-subset verify`, or publish it unproven with `--force`"
FORCE = "or publish it unproven with `--force`"
MEND = f"mend what it names, run `pypi-subset mirror` and `pypi-subset verify`, {FORCE}"
NO_AUTHOR = "the report has no author: an earlier version of pypi-subset wrote it, or another program"
CHANGED = f"the report was changed, or made with another key than the one here; {WAYS_ACROSS}"
GAP = Finding(rule="gap", project="aa", what="no wheel fits", reason="known", until="2999-01-01")
MIRROR = "run `pypi-subset mirror` and `pypi-subset verify`, or publish it unproven with `--force`"

#: What happens to a proven site → the file that is named, and the line about it.
DOUBTS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no report": (lambda site: report_path(site).unlink(), "", f"nothing is proven yet; {VERIFY}"),
    "report is cut off": (
        lambda site: report_path(site).write_text('{"schema": "1.0",'),
        "proof/report.json",
        f"the report is damaged; {VERIFY}",
    ),
    "report of a later version": (
        lambda site: report_path(site).write_text('{"schema": "2.0"}'),
        "proof/report.json",
        "the report has schema 2.0, and this version reads 1.4; upgrade pypi-subset",
    ),
    "other manifest": (
        lambda site: manifest_path(site).write_bytes(manifest_path(site).read_bytes() + b" "),
        "proof/report.json",
        f"the report is about other bytes than these; {VERIFY}",
    ),
    "another manifest": (
        another_manifest,
        "proof/report.json",
        f"the report is about other bytes than these; {VERIFY}",
    ),
    "one green line": (by_hand, "proof/report.json", f"{NO_AUTHOR}; run `pypi-subset verify` once more, {FORCE}"),
    "one green line with a code": (by_hand_with_a_code, "proof/report.json", f"{CHANGED}, {FORCE}"),
    "a stranger": (by_a_stranger, "proof/report.json", f"{CHANGED}, {FORCE}"),
    "an edited status": (edited, "proof/report.json", f"{CHANGED}, {FORCE}"),
    "a dropped line": (dropped, "proof/report.json", f"{CHANGED}, {FORCE}"),
    "a swapped route": (swapped, "proof/report.json", f"{CHANGED}, {FORCE}"),
    "one green line of its author": (
        lambda site: written(site, GREEN),
        "proof/report.json",
        f"the report has no result of the inventory; linux, base, all together; linux, base, aa; {VERIFY}",
    ),
    "a route less": (
        lambda site: written(site, *(one for one in complete(site) if one.way != "simple")),
        "proof/report.json",
        f"the report has no result of linux, base, all together by simple; linux, base, aa by simple; {VERIFY}",
    ),
    "a line twice": (
        lambda site: written(site, *complete(site), complete(site)[1]),
        "proof/report.json",
        f"the report has more than one result of linux, base, all together by unpacked, find-links; {VERIFY}",
    ),
    "a line more": (
        lambda site: written(site, *complete(site), *case_checks("linux", "base", "bb")),
        "proof/report.json",
        f"the manifest does not ask for, but the report has linux, base, bb; {VERIFY}",
    ),
    "a file in proof/": (
        lambda site: (site / "proof" / "run.js").write_text(""),
        "proof/run.js",
        f"the proof does not write this; remove it, {FORCE}",
    ),
    "red": (lambda site: written(site, *CHECKS), "proof/report.json", f"1 of 3 checks are red; {MEND}"),
    "a part": (
        lambda site: written(site, GREEN, targets=["linux"], shard="2/8"),
        "proof/report.json",
        (
            "only a part was proven: shard 2/8 of the targets linux; run `pypi-subset verify` for all of it, or join the reports of "
            "all parts by `pypi-subset merge-reports`, or publish it unproven with `--force`"
        ),
    ),
    "no result": (written, "proof/report.json", f"nothing was proven; {VERIFY}"),
    "inventory alone": (
        lambda site: written(site, CHECKS[2], replace(GREEN, status="skipped")),
        "proof/report.json",
        (
            "nothing was proven but that the files are there; ask for something that a target needs in requirements/, "
            f"{MIRROR}"
        ),
    ),
    "accepted gaps alone": (
        lambda site: written(site, CHECKS[2], replace(GREEN, status="accepted", findings=(GAP,))),
        "proof/report.json",
        (
            "every request is an accepted gap, and nothing was proven but that the files are there; "
            f"ask for something that a target needs in requirements/, {MIRROR}"
        ),
    ),
    "file gone": (
        lambda site: (site / WHEEL).unlink(),
        WHEEL,
        f"the manifest names this, and it is not there; {MIRROR}",
    ),
    "file changed": (
        lambda site: (site / WHEEL).write_bytes(AA.data[::-1]),
        WHEEL,
        f"this has other bytes than the manifest says; {MIRROR}",
    ),
    "stranger": (
        lambda site: (site / "simple" / "aa" / "x.whl").write_bytes(b""),
        "simple/aa/x.whl",
        f"the manifest does not name this; {MIRROR}",
    ),
}


@pytest.fixture(params=DOUBTS)
def doubtful(site: Path, request: pytest.FixtureRequest) -> tuple[Path, str]:
    """Return a site that nothing proves, and the line that says why."""
    change, path, words = DOUBTS[request.param]
    change(site)
    return site, f"{site / path if path else site}: {words}"


def test_a_doubt_is_one_line(doubtful: tuple[Path, str]) -> None:
    """It names the file, the reason and the next step."""
    site, line = doubtful
    with pytest.raises(NotProven) as caught:
        release_of(site, force=False)
    assert str(caught.value) == line


def test_by_force_the_manifest_says_unproven(doubtful: tuple[Path, str]) -> None:
    """The published manifest has the mark; the report beside it is stale or absent; a file that nobody named stays here."""
    site, line = doubtful
    if "this has other bytes" in line:
        # That holds for its pages alone: a distribution has one content.
        (site / WHEEL).write_bytes(AA.data)
        page = site / "simple" / "aa" / "index.html"
        page.write_bytes(page.read_bytes() + b"\n")
        line = line.replace(str(site / WHEEL), str(page))
    before = tree(site)
    release = release_of(site, force=True)
    assert str(release.doubt) == line
    manifest = json.loads(release.made["manifest.json"])
    assert manifest.pop("unproven") is True
    assert manifest == json.loads(manifest_path(site).read_bytes())
    assert not any(path.startswith("proof/") for path in release.files)
    told = json.loads(release.made.get("proof/report.json", b'{"stale": true}'))
    assert told["stale"] is True
    assert set(release.files) <= {*read_manifest(site).hashes, "README.md"}
    assert tree(site) == before


def amber(site: Path, until: str = "") -> None:
    """Let every case of a complete report be amber."""
    one = Finding(rule="import", project="aa", what="aa lacks bb", reason="known" if until else "", until=until)
    checks = [
        replace(check, status="amber", reason=str(one), findings=(one,)) if check.proof == "unpacked" else check
        for check in complete(site)
    ]
    written(site, *checks)


def test_amber_is_published(site: Path) -> None:
    """A report with amber results is complete, and its page and badge are those of the copy."""
    amber(site)
    release = release_of(site, force=False)
    assert release.doubt is None
    assert b"amber" in release.made["proof/badge.svg"]


def test_an_acceptance_that_has_expired_is_not_published(site: Path) -> None:
    """The report says until when; the day after, it proves nothing, though no requirements are at hand."""
    amber(site, "9999-12-31")
    assert release_of(site, force=False).doubt is None
    amber(site, "2020-01-31")
    with pytest.raises(
        NotProven, match="the acceptance of import for aa ended on 2020-01-31; mend it, or accept it again"
    ):
        release_of(site, force=False)


@pytest.mark.parametrize("proven", [False, True])
def test_no_force_publishes_other_bytes_of_a_distribution(site: Path, *, proven: bool) -> None:
    """Whatever else is doubted: a distribution whose bytes are not those of its name is refused."""
    if not proven:
        report_path(site).unlink()
    (site / WHEEL).write_bytes(AA.data[::-1])
    with pytest.raises(HashMismatch, match="has other bytes than when it was locked, and FORCE does not change that"):
        release_of(site, force=True)
    (site / WHEEL).write_bytes(AA.data)
    page = site / "simple" / "aa" / "index.html"
    page.write_bytes(page.read_bytes() + b"\n")
    # What is copied is hashed as it is copied, too.
    assert release_of(site, force=True).digests == {WHEEL: AA.sha256}


@pytest.mark.parametrize("again", [replayed, replayed_after_a_part], ids=lambda again: again.__name__)
def test_an_older_report(site: Path, again: Callable[[Path], None]) -> None:
    """A report from before a later one about the same manifest is refused, with both times."""
    again(site)
    with pytest.raises(NotProven, match=rf"the report is of 2.*Z, and there is a newer one .*, of 2.*Z; {VERIFY}"):
        release_of(site, force=False)


def test_an_older_report_than_one_from_elsewhere(site: Path) -> None:
    """What was published from here is recorded as well: with one key on two machines, nothing older follows."""
    before = report_path(site).read_bytes()
    proven(site)
    newer = release_of(site, force=False).report
    assert newer is not None
    newest.state_path(own_key()).unlink()
    record(newer)
    report_path(site).write_bytes(before)
    with pytest.raises(NotProven, match="there is a newer one about the same manifest"):
        release_of(site, force=False)


def test_a_report_of_another_tool(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the tool, or other settings of the proof, are named."""
    with monkeypatch.context() as patch:
        patch.setattr(author, "__version__", "0.0.9")
        proven(site)
    with pytest.raises(NotProven, match=rf"the report was made with pypi-subset 0\.0\.9, and this is .*; {VERIFY}"):
        release_of(site, force=False)
    with monkeypatch.context() as patch:
        patch.setattr(author, "settings", lambda: structs.replace(settings(), code="0" * 64))
        proven(site)
    with pytest.raises(
        NotProven, match=r"made with other settings of the proof than here \(code\); run `pypi-subset verify`"
    ):
        release_of(site, force=False)


def test_a_report_about_other_requirements(tmp_path: Path) -> None:
    """The requirements beside the site are those that were proven; where there are none, nothing is compared."""
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["aa"], pins={"linux": [AA]}).write()
    site, asked = subset.paths.site, subset.paths.requirements
    proven(site, subset_sha256=subset_digest(subset.plan))
    for place in (asked, tmp_path / "nowhere", None):
        assert release_of(site, force=False, requirements=place).doubt is None
    (asked / "base.txt").write_text("aa\nbb\n")
    words = r"the report was made with other requirements than those here \(subset digest\)"
    with pytest.raises(NotProven, match=rf"{words}; {VERIFY}"):
        release_of(site, force=False, requirements=asked)
    (asked / "base.txt").write_text("aa=>1\n")
    for force in (False, True):
        with pytest.raises(SubsetError, match=r"base\.txt:1: "):
            release_of(site, force=force, requirements=asked)


def open_key(path: Path) -> None:
    """Let everybody read the key."""
    path.chmod(0o644)


def linked_key(path: Path) -> None:
    """Put a link in the place of the key."""
    path.rename(path.with_name("real"))
    path.symlink_to("real")


def no_key(path: Path) -> None:
    """Lose the key."""
    path.unlink()


KEYS: dict[Callable[[Path], None], str] = {
    open_key: "others can read the key of reports; run `chmod go= ",
    linked_key: "this is a link, and the key of reports is not read through one",
    no_key: "the report has an author, and there is no key here to check it ",
}


@pytest.mark.parametrize("spoil", KEYS, ids=lambda spoil: spoil.__name__)
def test_a_key_that_is_none(site: Path, spoil: Callable[[Path], None]) -> None:
    """Without a key that is its user's alone nothing is proven, in one line; by force it is published as unproven."""
    spoil(key.key_path())
    with pytest.raises(NotProven) as caught:
        release_of(site, force=False)
    assert KEYS[spoil] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert json.loads(release_of(site, force=True).made["manifest.json"])["unproven"] is True


def test_the_forms_of_the_report_are_made_anew(site: Path) -> None:
    """Whatever was written into page, badge or list after the proof, what is published follows from the report."""
    before = release_of(site, force=False)
    for name in ("index.html", "junit.xml", "badge.svg"):
        (site / "proof" / name).write_text("<script>alert(1)</script>")
    (site / "proof" / "report.json.sig").write_text("of a part, for another machine")
    document = json.loads(report_path(site).read_bytes())
    report_path(site).write_text(json.dumps(document | {"stale": True, "clock": "now"}))
    after = release_of(site, force=False)
    assert after.made == before.made
    assert after.sizes == before.sizes


def test_a_file_in_proof_is_left_out_by_force(site: Path) -> None:
    """What the proof does not write is not published, whatever is forced."""
    (site / "proof" / "run.js").write_text("")
    sizes = release_of(site, force=True).sizes
    assert not [path for path in sizes if path.endswith(("run.js", ".sig"))]


def test_nothing_is_published_without_a_site(tmp_path: Path, site: Path) -> None:
    """No manifest, or a link in the site, is an error even by force."""
    with pytest.raises(SubsetError, match="the site has no manifest"):
        release_of(tmp_path / "nowhere", force=True)
    (site / "link").symlink_to(site / "README.md")
    with pytest.raises(FolderError, match="no plain file"):
        release_of(site, force=True)
    (site / "link").unlink()


@pytest.mark.parametrize("force", [False, True])
def test_other_bytes_than_once_locked_are_not_published(tmp_path: Path, *, force: bool) -> None:
    """Not by force either; without a list, or with one that agrees, nothing is compared or everything agrees."""
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["aa"], pins={"linux": [AA]}).write()
    proven(subset.paths.site, subset_sha256=subset_digest(subset.plan))
    wheel = next(iter(read_manifest(subset.paths.site).files))
    path = subset.paths.locks / "hashes.txt"
    path.write_text(f"{wheel.sha256}  {wheel.filename}\n")
    assert release_of(subset.paths.site, force=force, requirements=subset.paths.requirements).doubt is None
    path.write_text(f"{'0' * 64}  {wheel.filename}\n")
    with pytest.raises(HashMismatch, match=f"sha256 {wheel.sha256} now, {'0' * 64} then"):
        release_of(subset.paths.site, force=force, requirements=subset.paths.requirements)
