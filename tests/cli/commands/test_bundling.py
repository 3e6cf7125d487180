"""The command that writes a bundle, as a user runs it: mirror, verify, bundle."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import jsonschema
import pytest

from pypi_subset.support.resources import shipped
from tests.support.bundles.office import arrived, document
from tests.support.programs.commands import subset
from tests.support.sites.signed import ssh_key
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


@pytest.fixture
def root(workspace: Workspace, index: Index) -> Path:
    """Return a directory with a site of two wheels, which is proven."""
    index.add(make_wheel("demo", requires=["dep"]), make_wheel("dep"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"lab": "cp312-manylinux_2_28_x86_64"})
    ssh_key(workspace.root / "office")
    assert subset("mirror", cwd=workspace.root, PIP_INDEX_URL=index.url).returncode == 0
    verified = subset("verify", cwd=workspace.root)
    assert verified.returncode == 0, verified.stderr
    return workspace.root


@pytest.mark.slow
def test_bundle_and_again(root: Path, index: Index) -> None:
    """A full bundle, then the difference after an update: what is printed, and what the review names."""
    done = subset("bundle", "--to=stick", "--key=office", cwd=root)
    assert done.returncode == 0, done.stderr
    first, signed, digest, removed, following = [
        line for line in done.stdout.splitlines() if not line.startswith("read")
    ]
    assert first.startswith("stick has release 1, all of the site: ")
    assert first.endswith("; it was read back")
    printed = subprocess.run(["ssh-keygen", "-l", "-f", str(root / "office.pub")], capture_output=True, check=True)
    assert signed == f"signed with {printed.stdout.decode().split()[1]}"
    assert digest == f"manifest.json has the SHA-256 {document(root / 'stick')['manifest']}"
    assert removed == "the medium can be removed"
    command = "`python3 stick/import_bundle.py stick --into DIR`"
    assert following == f"Next: read REVIEW.html, then {command} on the disconnected side"
    assert arrived(root / "stick")["simple/dep/dep-1.0-py3-none-any.whl"] == make_wheel("dep").data
    index.add(make_wheel("dep", "2.0"))
    assert subset("update", cwd=root, PIP_INDEX_URL=index.url).returncode == 0
    refused = subset("bundle", "--to=stick", "--key=office", "--since=last", cwd=root)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the report is about other bytes than these" in refused.stderr
    assert subset("verify", cwd=root).returncode == 0
    done = subset("bundle", "--to=stick", "--key=office", "--since=last", "--parity", cwd=root)
    assert "stick has release 2, the difference to the site: " in done.stdout, done.stderr
    assert "the disconnected side must have the site whose manifest.json has the SHA-256 " in done.stdout
    review = (root / "stick" / "REVIEW.md").read_text()
    assert "| `dep` | `1.0` | `2.0` | `base.txt:1: demo → dep` |" in review
    assert "namespaces" in review or "none" in review


@pytest.mark.slow
def test_json_and_the_time(root: Path) -> None:
    """One document on standard output, with the time that SOURCE_DATE_EPOCH names; volumes by their names."""
    words = ("bundle", "--to=stick", "--key=office", "--json", "--volume=fat32", "--days=7")
    done = subset(*words, cwd=root, SOURCE_DATE_EPOCH="1700000000")
    found = json.loads(done.stdout)
    jsonschema.validate(found, json.loads(shipped("schemas", "bundle.schema.json")))
    assert (found["created"], found["expires"]) == ("2023-11-14T22:13:20Z", "2023-11-21T22:13:20Z")
    assert found["signer"] == " ".join((root / "office.pub").read_text().split()[:2])
    (root / "far").mkdir()
    refused = subprocess.run(
        [sys.executable, str(root / "stick" / "import_bundle.py"), str(root / "stick"), "--into", str(root / "far")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"the bundle is signed with {found['fingerprint']}, " in refused.stderr
    assert (found["serial"], found["base"], found["volumes"]) == (1, "", ["volume-001.zip"])
    assert found["manifest_sha256"] == document(root / "stick")["manifest"]
    again = subset("bundle", "--to=other", "--key=office", "--json", "--since=last", cwd=root)
    assert "does not have the site that this bundle was to start from" in json.loads(again.stdout)["note"]
    wrong = subset(*words, cwd=root, SOURCE_DATE_EPOCH="yesterday")
    assert wrong.returncode == 2
    assert "SOURCE_DATE_EPOCH='yesterday' is no number of seconds" in wrong.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--to=stick"], 2, "a bundle is signed, and there is no key"),
        ([], 2, "bundle has no directory to write to; name a directory, as in `--to /media/stick`"),
        (["--to=stick", "--key=none"], 2, "none: there is no such key to sign with"),
        (["--to=stick", "--volume=floppy"], 2, "'floppy' is no size of a volume; name one of fat32, dvd, bd25"),
        (["--too=stick"], 2, "--to"),
    ],
)
def test_one_line_for_each_mistake(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    """What is wrong and what to do next, before any work."""
    done = subset("bundle", *words, cwd=tmp_path, SSH_AUTH_SOCK="")
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert [*tmp_path.iterdir()] == []


def test_an_old_ssh_keygen_is_named_first(tmp_path: Path) -> None:
    """Also where there is no site: nothing is looked at before."""
    program = tmp_path / "bin" / "ssh-keygen"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'unknown option -- Y' >&2\nexit 1\n")
    program.chmod(0o755)
    key = ssh_key(tmp_path / "office")
    done = subset("bundle", "--to=stick", f"--key={key}", cwd=tmp_path, PATH=str(program.parent))
    assert (done.returncode, done.stdout) == (3, "")
    assert "ssh-keygen here is too old, and knows no -Y" in done.stderr
    assert not (tmp_path / "stick").exists()
