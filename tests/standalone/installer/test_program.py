"""The command line of the installer: what is wrong is one line, and what was done is said with the way back."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.installer.program import parser
from tests.support.checkout import page
from tests.support.gap.installs import PIP, Lab, error_of, run, run_alone
from tests.support.pages.console import matches
from tests.support.servers.served import Served

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return a mirrored site."""
    return Lab.made(tmp_path_factory.mktemp("lab"))


def test_preview(lab: Lab, tmp_path: Path) -> None:
    """It says what would be done, and writes nothing."""
    done = run(tmp_path / "env", "--site", lab.site, "--dry-run")
    assert (done.code, done.err) == (0, "")
    first, second = done.out.splitlines()
    assert first.startswith("would install 3 files: base for here, CPython 3.")
    pip = PIP.name.split("-")[1]
    assert second == f"into {tmp_path}/env, a new environment, with pip {pip}; nothing was written"
    assert not (tmp_path / "env").exists()
    document = json.loads(run(tmp_path / "env", "--site", lab.site, "--dry-run", "--json").out)
    assert (document["done"], document["new"], document["set"]) == (False, True, "base")


def test_from_a_web_server(lab: Lab, tmp_path: Path) -> None:
    """An address gives the same environment; the lines of pip are shown if they are asked for."""
    digest = hashlib.sha256((lab.site / "manifest.json").read_bytes()).hexdigest()
    with Served(lab.site, tmp_path / "log") as server:
        done = run(tmp_path / "env", "--site", server.url, "--manifest", digest.upper(), "--verbose")
    assert done.code == 0, done.err
    assert "Successfully installed app-2.0 lib-1.0 pip-" in done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("installed base for here, CPython 3.")
    assert lines[0].endswith(f", from {server.url.rstrip('/')}")
    assert lines[1].startswith(f"new in {tmp_path}/env: app 2.0, lib 1.0, pip ")
    assert lines[2:] == [
        f"manifest: {digest}",
        f"use: . {tmp_path}/env/bin/activate",
        f"undo: rm -r {tmp_path}/env",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "name either DIR or --configure; see `install.py --help`"),
        (["env", "--configure", "user"], 2, "name either DIR or --configure; see `install.py --help`"),
        (["--configure", "all"], 2, "argument --configure: invalid choice: 'all'"),
        (["--configure", "user", "--site", "SITE", "--target", "x"], 2, "has no target x; it has here, windows"),
        (["env", "--frob"], 2, "there is no option --frob; see `install.py --help`"),
        (["env"], 2, "/installer has no manifest.json; name the directory or the address of a site with --site"),
        (["env", "--site", "/none"], 2, "/none is no directory"),
        (["env", "--manifest", "12ab"], 2, "--manifest is no SHA-256; take it from `import_bundle.py --hash`"),
        (["/dev/null", "--site", "SITE"], 2, "/dev/null is no directory; name another one"),
        (["env", "--site", "SITE", "--manifest", "0" * 64], 1, "and --manifest says another one"),
        (["env", "--site", "SITE", "--set", "none"], 2, "has no set none; it has base, bootstrap"),
        (["env", "--site", "SITE", "--target", "none"], 2, "the site has no target none; it has here ("),
        (["env", "--site", "SITE", "--target", "windows"], 2, "no target of the site fits: this is "),
        (["/dev/null/env", "--site", "SITE"], 3, "/dev/null/env: Not a directory"),
    ],
)
def test_wrong_use(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    """One line, its exit code, and no file."""
    monkeypatch.chdir(tmp_path)
    done = run(*[str(lab.site) if one == "SITE" else one for one in arguments])
    assert done.code == code, done.err
    assert message in error_of(done)
    assert not list(tmp_path.iterdir())


def test_damaged_manifest(tmp_path: Path) -> None:
    """Neither JSON of another kind nor none is a traceback."""
    for text in ("", "[]", "{}", '{"schema": "2.0"}', '{"schema": "1.5", "files": [1]}'):
        (tmp_path / "manifest.json").write_text(text)
        done = run(tmp_path / "env", "--site", tmp_path)
        assert done.code == 1
        assert "manifest" in error_of(done)


def test_manual_has_every_option() -> None:
    """Each option of the command line has a row in the manual, and each row is an option."""
    text = page("docs/reference/installer.md")
    options = set(re.findall(r"(--[a-z-]+)", parser().format_help())) - {"--help"}
    assert set(re.findall(r"^\| `(--[a-z-]+)", text, re.MULTILINE)) == options


def test_documented_example(lab: Lab, tmp_path: Path) -> None:
    """The commands of the manual print what it shows."""
    text = page("docs/reference/installer.md")
    found = re.search(r"<!-- output:installer -->\n```text\n(.*?)```\n<!-- /output -->", text, re.DOTALL)
    assert found
    places = {"/srv/pypi/site": str(lab.site), "/srv/lab": str(tmp_path / "env")}
    printed = ""
    for command in re.findall(r"^\$ python3 (.*)$", found[1], re.MULTILINE):
        script, *arguments = (_here(word, places) for word in command.split())
        done = run_alone(sys.executable, Path(script), *arguments)
        assert done.code == 0, done.err
        printed += f"$ python3 {command}\n{done.out}"
    assert matches(_here(found[1], places), _here(printed, places)), printed


def _here(text: str, places: Mapping[str, str]) -> str:
    """Return *text* of the manual with the paths of this test."""
    for written, meant in places.items():
        text = text.replace(written, meant)
    return text
