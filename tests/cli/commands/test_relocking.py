"""The command relock, as a user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema

from pypi_subset.cli import app
from pypi_subset.support.resources import shipped
from tests.support.relocks.projects import write_project
from tests.support.relocks.sites import Held, write_manifest
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

DEMO = make_wheel("demo")
URL = "https://site.example.test/"
LOCK = f"""\
version = 1
requires-python = ">=3.11"

[[package]]
name = "app"
version = "1.0"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "demo" }},
]

[[package]]
name = "demo"
version = "1.0"
source = {{ registry = "https://index.example.test/simple" }}
sdist = {{ url = "https://files.example.test/demo-1.0.tar.gz", hash = "sha256:{"0" * 64}" }}
wheels = [
    {{ url = "https://files.example.test/{DEMO.filename}", hash = "sha256:{DEMO.sha256}" }},
]
"""


def prepared(folder: Path, monkeypatch: pytest.MonkeyPatch, *files: Held) -> None:
    """Change to *folder*, a project with `LOCK` and a site of *files*."""
    write_manifest(write_project(folder, "demo") / "site", *files)
    (folder / "uv.lock").write_text(LOCK, encoding="utf-8")
    monkeypatch.chdir(folder)


def test_a_lock_names_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines say what the new lock has, and what comes next."""
    prepared(tmp_path, monkeypatch, Held(DEMO))
    assert app.run(["relock", f"--url={URL}"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"uv.relocked.lock names {URL}simple/: 1 package, 1 file kept, 1 left out",
        "compared with site/manifest.json for lab, win",
        "Next: put it in the place of uv.lock, then `uv sync --frozen` on the disconnected side",
    ]
    assert app.run(["relock", "uv.lock", f"--url={URL}", "--in-place", "--target=lab"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"uv.lock names {URL}simple/: 1 package, 1 file kept, 1 left out",
        "compared with site/manifest.json for lab",
        "uv.lock.orig is the lock as it was",
        "Next: `uv sync --frozen` on the disconnected side",
    ]


def test_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The document has the form of its schema, after an error too."""
    prepared(tmp_path, monkeypatch, Held(DEMO))
    assert app.run(["relock", f"--url={URL}", "--json", "--output=new.lock"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads(shipped("schemas", "relock.schema.json")))
    assert (document["output"], document["kept"], document["dropped"]) == ("new.lock", 1, 1)


def test_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It is a finding, with a line for each package; --partial makes them warnings."""
    prepared(tmp_path, monkeypatch, Held(make_wheel("demo", "2.0")))
    assert app.run(["relock", f"--url={URL}", "--json"]) == 1
    said = capsys.readouterr()
    first, line = said.err.splitlines()
    assert first.startswith("error: the site lacks 1 item that the lock needs (site/manifest.json); ")
    assert line.strip() == "uv.lock:12: demo 1.0 has no file for lab, win; the site has 2.0"
    assert json.loads(said.out)["missing"] == [line.strip()]
    assert app.run(["relock", f"--url={URL}", "--partial"]) == 0
    assert f"warning: {line.strip()}" in capsys.readouterr().out


def test_errors_have_their_codes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No address and a package from git are inputs that are wrong; other bytes are a finding."""
    prepared(tmp_path, monkeypatch, Held(DEMO))
    assert app.run(["relock"]) == 2
    assert "`--url` is missing" in capsys.readouterr().err
    text = LOCK.replace('registry = "https://index.example.test/simple"', 'git = "https://host/demo#1"')
    (tmp_path / "git.lock").write_text(text, encoding="utf-8")
    assert app.run(["relock", "git.lock", f"--url={URL}"]) == 2
    assert "git.lock:12: demo comes from git (https://host/demo), which no index has" in capsys.readouterr().err
    (tmp_path / "uv.lock").write_text(LOCK.replace(DEMO.sha256, "1" * 64), encoding="utf-8")
    assert app.run(["relock", f"--url={URL}"]) == 1
    assert (
        f"{DEMO.filename} has the SHA-256 {'1' * 64} in the lock, and {DEMO.sha256} in the site"
        in capsys.readouterr().err
    )
