"""The commands about the proof: what they print, as words and as JSON, and their exit codes."""

from __future__ import annotations

import json
import re
import stat
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.report import report_path
from pypi_subset.proof.evidence.key import VARIABLE
from pypi_subset.proof.evidence.signatures import signature_of
from tests.support.programs.commands import complaints
from tests.support.programs.commands import subset as command
from tests.support.sites.cases import CLICK, COLORAMA, WINDOWS
from tests.support.sites.signed import allow, ssh_key
from tests.support.sites.subset_on_disk import SubsetOnDisk

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a whole subset for Windows."""
    pins = {"windows": [CLICK, COLORAMA]}
    return SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins=pins).write().looked()


@pytest.mark.slow
def test_verify_in_words_and_as_json(subset: SubsetOnDisk) -> None:
    """Words are a table and the totals; JSON is the report in the site, byte for byte."""
    words = command("verify", "--processes=1", cwd=subset.root)
    assert (words.returncode, complaints(words)) == (0, "")
    assert re.search(r"^proving: windows, \d+\.\d s\nproving: 4 done in \d+\.\d s\n\Z", words.stderr, re.MULTILINE)
    assert "unpacked" in words.stdout
    assert words.stdout.splitlines()[-2].startswith("9 passed, 0 failed, 0 skipped; isolation: ")
    assert words.stdout.splitlines()[-1] == "Next: `pypi-subset publish --to DIR`"
    document = command("verify", "--processes=1", "--json", cwd=subset.root)
    assert (document.returncode, document.stderr) == (0, "")
    assert document.stdout == report_path(subset.paths.site).read_text(encoding="utf-8")


@pytest.mark.slow
def test_red_is_an_exit_code_beside_the_document(subset: SubsetOnDisk) -> None:
    """A red proof prints the same document, one line on standard error, and exits with 1; a wrong flag is a document too."""
    subset.file(COLORAMA).unlink()
    red = command("verify", "--processes=1", "--json", cwd=subset.root)
    assert json.loads(red.stdout)["totals"]["failed"] == 7
    assert (red.returncode, red.stderr.count("\n")) == (1, 1)
    assert red.stderr.startswith("error: the subset is not proven; ")
    wrong = command("verify", "--shard=9/8", "--json", cwd=subset.root)
    assert json.loads(wrong.stdout)["error"] == wrong.stderr.removeprefix("error: ").rstrip("\n")
    assert wrong.returncode == 2


@pytest.mark.slow
def test_merged_reports_are_shown_like_one(subset: SubsetOnDisk) -> None:
    """Two shards make the whole; a report that is not there is one line."""
    for shard in ("1/2", "2/2"):
        assert command("verify", "--processes=1", f"--shard={shard}", cwd=subset.root).returncode == 0
        report_path(subset.paths.site).rename(subset.root / f"part{shard[0]}.json")
    merged = command("merge-reports", "part1.json", "part2.json", cwd=subset.root)
    assert merged.returncode == 0, merged.stderr
    assert "9 passed, 0 failed, 0 skipped" in merged.stdout
    missing = command("merge-reports", "nowhere.json", cwd=subset.root)
    assert (missing.returncode, missing.stdout, missing.stderr.count("\n")) == (2, "", 1)


@pytest.mark.slow
def test_parts_of_machines_with_other_keys(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """A part that another machine signed is joined and published; unsigned, or by a stranger, it is one line."""
    ssh, other = ssh_key(tmp_path / "prover"), tmp_path / "other key"
    signature = subset.paths.site / "proof" / "report.json.sig"
    for shard, flags in (("1/2", [f"--sign-with={ssh}"]), ("2/2", [])):
        proven = command(
            "verify", "--processes=1", f"--shard={shard}", *flags, cwd=subset.root, **{VARIABLE: str(other)}
        )
        assert (proven.returncode, complaints(proven), signature.exists()) == (0, "", bool(flags))
        for path in (report_path(subset.paths.site), *([signature] if flags else [])):
            path.rename(subset.root / path.name.replace("report", f"part{shard[0]}"))
    assert stat.S_IMODE(other.stat().st_mode) == 0o600
    unsigned = command("merge-reports", "part1.json", "part2.json", cwd=subset.root)
    assert (unsigned.returncode, unsigned.stderr.count("\n")) == (2, 1)
    assert "no file names who may sign parts" in unsigned.stderr
    allow(subset.paths.requirements / "allowed-signers", prover=ssh)
    unsigned = command("merge-reports", "part1.json", "part2.json", cwd=subset.root)
    assert unsigned.stderr.startswith("error: part2.json: this report was changed, or made with another key")
    (subset.root / "part2.json.sig").write_bytes(signature_of((subset.root / "part2.json").read_bytes(), ssh))
    merged = command("merge-reports", "part1.json", "part2.json", cwd=subset.root)
    assert (merged.returncode, merged.stderr) == (0, "")
    assert "note: a part (shard 1/2) is signed by prover" in merged.stdout
    published = command("publish", "--to=public", "--grace=0", cwd=subset.root)
    assert (published.returncode, complaints(published)) == (0, "")
    assert "report.json" in [path.name for path in (subset.root / "public" / "proof").iterdir()]
    refused = command("publish", "--to=public", "--grace=0", cwd=subset.root, **{VARIABLE: str(other)})
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "made with another key than the one here; give both machines one key" in refused.stderr


def test_what_is_wrong_with_a_key_is_one_line(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """A key of reports that others can read, and a key that cannot sign, stop a proof before it starts."""
    path = tmp_path / "open"
    path.write_text("ab" * 32)
    path.chmod(0o644)
    refused = command("verify", cwd=subset.root, **{VARIABLE: str(path)})
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert refused.stderr.startswith(f"error: {path}: others can read the key of reports; run `chmod go= ")
    refused = command("verify", "--sign-with=nowhere", cwd=subset.root)
    assert refused.stderr.startswith("error: nowhere: there is no such key to sign with; make one: ssh-keygen")
    assert (refused.returncode, refused.stdout, report_path(subset.paths.site).exists()) == (2, "", False)


def test_a_workflow_is_printed(subset: SubsetOnDisk) -> None:
    """The file goes to standard output; without an address, and for a service without such machines, there is none."""
    done = command("workflow", "--url=https://example.org/", cwd=subset.root)
    assert (done.returncode, done.stderr) == (0, "")
    assert 'SITE: "https://example.org/"' in done.stdout
    for flags in ((), ("--form=gitlab", "--url=https://example.org/")):
        refused = command("workflow", *flags, cwd=subset.root)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
