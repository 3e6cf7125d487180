"""A part before it is joined: whose it is, what it may be about, and every other one that is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from pypi_subset.errors import SubsetError
from pypi_subset.model.documents import encode
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.evidence import key
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.proof.evidence.signatures import signature_of
from pypi_subset.proof.report import report
from pypi_subset.proof.run.admission import admitted
from pypi_subset.proof.run.merge import merge
from tests.support.sites.cases import eight_cases
from tests.support.sites.published import LOOKED, case_checks, complete, made, own_key
from tests.support.sites.signed import allow, ssh_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.checks import Check
    from pypi_subset.model.report import Report
    from tests.support.sites.subset_on_disk import SubsetOnDisk

LINES = ("", "aa", "bb", "cc")


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a whole subset: three lines for two targets."""
    return eight_cases(tmp_path / "work")


@pytest.fixture
def stranger(tmp_path: Path) -> key.Key:
    """Return the key of another machine."""
    (tmp_path / "stranger").mkdir()
    return key.made(tmp_path / "stranger" / "key")


def of(target: str, *lines: str) -> list[Check]:
    """Return green results of *lines*, by default of all, and of the inventory."""
    return [LOOKED, *(check for line in lines or LINES for check in case_checks(target, "base", line))]


def part(
    subset: SubsetOnDisk,
    path: Path,
    checks: Sequence[Check],
    *,
    targets: Sequence[str] = (),
    shard: str = "",
    own: key.Key | None = None,
) -> Path:
    """Return *path*, now the report of a part that was made by *own*."""
    digest = subset_digest(subset.plan)
    path.parent.mkdir(exist_ok=True)
    document = made(subset.paths.site, checks, subset_sha256=digest, targets=targets, shard=shard, own=own)
    path.write_bytes(encode(document))
    return path


def signed(path: Path, ssh: Path) -> Path:
    """Return *path* after signing it."""
    path.with_name(f"{path.name}.sig").write_bytes(signature_of(path.read_bytes(), ssh))
    return path


def taken(subset: SubsetOnDisk, path: Path) -> Report:
    """Return the report at *path* if it may be joined."""
    cases = cases_of(subset.plan, subset.paths, (), subset.paths.site)
    return admitted(path, subset.paths, subset.plan, cases, own_key()).report


def refused(subset: SubsetOnDisk, *paths: Path) -> str:
    """Return the one line that a merge of *paths* ends with; no report is written."""
    with pytest.raises(SubsetError) as caught:
        merge(subset.paths, subset.plan, paths)
    assert "\n" not in str(caught.value)
    assert not (subset.paths.site / "proof").exists()
    return str(caught.value)


# --- whose it is --------------------------------------------------------------------------------------------------


def test_parts_of_own_and_signed_ones_are_joined(subset: SubsetOnDisk, tmp_path: Path, stranger: key.Key) -> None:
    """The joined report is whole and green, is the joiner's, and says who signed which part."""
    one = part(subset, tmp_path / "parts" / "one.json", of("mac"), targets=["mac"])
    ssh = ssh_key(tmp_path / "lab")
    other = signed(part(subset, tmp_path / "parts" / "two.json", of("windows"), targets=["windows"], own=stranger), ssh)
    allow(subset.paths.requirements / "allowed-signers", lab=ssh)
    joined = merge(subset.paths, subset.plan, [one, other])
    assert joined.totals.failed == 0
    assert sorted((each.targets, each.signer) for each in joined.parts) == [(("mac",), ""), (("windows",), "lab")]
    told = "note: a part (the targets windows) is signed by lab"
    assert told in report.lines_of(joined)
    assert "is signed by lab" in (subset.paths.site / "proof" / "index.html").read_text()
    # Joined once more with nothing new, it stays what it says of its parts.
    again = merge(subset.paths, subset.plan, [subset.paths.site / "proof" / "report.json"])
    assert again.parts == joined.parts


def test_a_part_of_another_machine(subset: SubsetOnDisk, tmp_path: Path, stranger: key.Key) -> None:
    """Without a signature the line names the two ways; a stranger's, and one of other bytes, is refused."""
    path = part(subset, tmp_path / "parts" / "one.json", complete(subset.paths.site), own=stranger)
    words = refused(subset, path)
    assert words.startswith(
        f"{path}: this report was changed, or made with another key than the one here, and no signature"
    )
    assert "as a CI secret in a file that PYPI_SUBSET_KEY_FILE names, or sign it as a part" in words
    signed(path, ssh_key(tmp_path / "lab"))
    assert "no file names who may sign parts" in refused(subset, path)
    allow(subset.paths.requirements / "allowed-signers", other=ssh_key(tmp_path / "other"))
    assert "no identity in allowed-signers signed this part" in refused(subset, path)
    allow(subset.paths.requirements / "allowed-signers", lab=tmp_path / "lab")
    assert taken(subset, path).totals.failed == 0
    path.write_bytes(path.read_bytes().replace(b'"isolation": "namespaces"', b'"isolation": "none"'))
    assert "no identity in allowed-signers signed this part" in refused(subset, path)


def edited(report: Report) -> Report:
    """Turn a red result green."""
    return structs.replace(report, checks=tuple(replace(check, status="passed") for check in report.checks))


def test_an_edited_part(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """A part of the own machine that was changed is refused."""
    red = [replace(check, status="failed", reason="no") for check in complete(subset.paths.site)[:1]]
    path = part(subset, tmp_path / "parts" / "one.json", [*red, *complete(subset.paths.site)[1:]])
    path.write_bytes(encode(edited(taken(subset, path))))
    assert "this report was changed, or made with another key" in refused(subset, path)


def test_a_part_of_an_earlier_version(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """It has no author, signed or not: it is proven once more."""
    path = part(subset, tmp_path / "parts" / "one.json", complete(subset.paths.site))
    document = json.loads(path.read_bytes())
    for name in ("created", "tool", "subset_sha256", "settings", "parts", "mac"):
        del document[name]
    path.write_text(json.dumps(document | {"schema": "1.0"}))
    words = "this report has no author: an earlier version of pypi-subset wrote it, or another program; run `pypi-subset verify` once"
    assert words in refused(subset, path)
    ssh = ssh_key(tmp_path / "lab")
    allow(subset.paths.requirements / "allowed-signers", lab=ssh)
    assert words in refused(subset, signed(path, ssh))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("tool", "0.0.1", "pypi-subset 0.0.1, and this is "),
        ("subset_sha256", "0" * 64, "other requirements than those here (subset digest)"),
        ("settings", {"routes": ["simple"]}, "other settings of the proof than here (routes, seconds, code)"),
    ],
)
def test_a_part_of_another_tool(
    subset: SubsetOnDisk, tmp_path: Path, stranger: key.Key, name: str, value: object, words: str
) -> None:
    """A signed part that was made with another tool, for other requirements or with other settings is named so."""
    path = part(subset, tmp_path / "parts" / "one.json", complete(subset.paths.site), own=stranger)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {name: value}))
    ssh = ssh_key(tmp_path / "lab")
    allow(subset.paths.requirements / "allowed-signers", lab=ssh)
    assert f"this report was made with {words}" in refused(subset, signed(path, ssh))


# --- what it may say ----------------------------------------------------------------------------------------------


def test_a_part_speaks_for_its_own_targets(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """A result about another target is refused, whatever it says."""
    path = part(subset, tmp_path / "parts" / "one.json", [*of("mac"), *of("windows", "aa")[1:]], targets=["mac"])
    words = "this report is about a part alone (the targets mac), and has a result of another: windows, base, aa; take"
    assert words in refused(subset, path)
    path = part(subset, tmp_path / "parts" / "one.json", [*of("mac"), *of("linux", "zz")[1:]], targets=["mac"])
    assert "has a result of another: linux, base, zz" in refused(subset, path)


def test_a_part_speaks_for_its_own_shard(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """Shards are dealt out as for a proof: first the sets, then the requests; one of another shard is refused."""
    own = [*of("mac", "", "aa", "cc"), *of("windows", "bb")[1:]]
    path = part(subset, tmp_path / "parts" / "one.json", own, shard="1/2")
    assert taken(subset, path).shard == "1/2"
    path = part(subset, tmp_path / "parts" / "one.json", [*own, *of("windows", "aa")[1:]], shard="1/2")
    words = "this report is about a part alone (shard 1/2), and has a result of another: windows, base, aa"
    assert words in refused(subset, path)


def test_a_shard_that_is_called_another(subset: SubsetOnDisk, tmp_path: Path, stranger: key.Key) -> None:
    """The same shard twice under two names is no whole: the second name does not fit what it is about."""
    own = [*of("mac", "", "aa", "cc"), *of("windows", "bb")[1:]]
    path = part(subset, tmp_path / "parts" / "one.json", own, shard="2/2", own=stranger)
    ssh = ssh_key(tmp_path / "lab")
    allow(subset.paths.requirements / "allowed-signers", lab=ssh)
    assert "(shard 2/2), and has a result of another: mac, base" in refused(subset, signed(path, ssh))


def test_a_whole_needs_all_parts(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """What no part has is red in the joined report, an opinion as well as a route."""
    one = part(subset, tmp_path / "parts" / "one.json", of("mac"), targets=["mac"])
    checks = [check for check in of("windows") if (check.proof, check.request) != ("second opinion", "bb")]
    two = part(subset, tmp_path / "parts" / "two.json", checks, targets=["windows"])
    assert report.findings(merge(subset.paths, subset.plan, [one, two]).checks) == [
        "failed: windows, base, bb by second opinion: no report has a result"
    ]
    found = report.findings(merge(subset.paths, subset.plan, [one]).checks)
    assert found == [f"failed: windows, base, {line or 'all together'}: no report has a result" for line in LINES]


# --- a part from before -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("is_signed", [False, True])
def test_a_part_that_was_proven_again(
    subset: SubsetOnDisk, tmp_path: Path, stranger: key.Key, *, is_signed: bool
) -> None:
    """The older of two reports of one part is not joined without the newer one, which may be red."""
    own, ssh = (stranger if is_signed else None), ssh_key(tmp_path / "lab")
    allow(subset.paths.requirements / "allowed-signers", lab=ssh)
    rest = part(subset, tmp_path / "parts" / "rest.json", of("windows"), targets=["windows"])
    old = signed(part(subset, tmp_path / "parts" / "old.json", of("mac"), targets=["mac"], own=own), ssh)
    assert merge(subset.paths, subset.plan, [rest, old]).totals.failed == 0
    red = [replace(check, status="failed", reason="no") if check.way else check for check in of("mac")]
    new = signed(part(subset, tmp_path / "parts" / "new.json", red, targets=["mac"], own=own), ssh)
    if is_signed:
        # Here it becomes known when it is joined for the first time.
        assert merge(subset.paths, subset.plan, [rest, new]).totals.failed
    with pytest.raises(SubsetError, match=r"these bytes were proven again at .*; join that newer report too, or prove"):
        merge(subset.paths, subset.plan, [rest, old])
    assert merge(subset.paths, subset.plan, [rest, old, new]).totals.failed


@pytest.mark.parametrize("more", [{}, {"targets": ["mac"]}, {"shard": "1/2"}])
def test_an_older_report_of_other_parts(subset: SubsetOnDisk, tmp_path: Path, more: dict[str, Any]) -> None:
    """A green report is not joined without a newer red one, whatever parts both are about: joined, it would look new."""
    kept = part(subset, tmp_path / "kept.json", [*of("mac"), *of("windows")], shard="" if more else "1/1")
    red = [replace(check, status="failed", reason="no") if check.way else check for check in of("mac")]
    part(subset, tmp_path / "new.json", red[:5] if "shard" in more else red, **more)
    with pytest.raises(SubsetError, match="these bytes were proven again"):
        merge(subset.paths, subset.plan, [kept])
