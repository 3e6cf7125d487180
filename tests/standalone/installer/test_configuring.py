"""Configuration of pip and uv: what was there stays, the clients read what was written, and there is a way back."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from uv import find_uv_bin

from pypi_subset.standalone.errors import Misused
from pypi_subset.standalone.installer.configuring import (
    BACKUP,
    LONGEST_SETTINGS,
    configure,
    places,
    read_settings,
    value_of,
    with_index,
    with_keys,
)
from tests.support.checkout import page
from tests.support.gap.installs import error_of, run

INDEX = "http://pypi.lab/simple/"
#: A configuration with everything that a merge must keep.
PIP = """\
# our settings
[global]
timeout = 60
index_url = http://old.lab/simple
    # a comment of that value
trusted-host =
    old.lab
    other.lab

; what installs
[install]
index-url = http://install.lab/simple
no-binary = :none:
"""
UV = """\
# our settings
[pip]
index-strategy = "first-index"

[[index]]
name = "acme"
url = "https://acme.example/simple"

[[index]] # the default
url = "http://old.lab/simple"
default = true
"""


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home directory, which has no configuration."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".config"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a site that has a manifest."""
    document: dict[str, Any] = {"schema": "1.4", "files": [], "pages": {}, "sets": [], "targets": []}
    document["targets"] = [{"name": "lab", "tag": "cp311-cp311-win_amd64", "python": "3.11.0"}]
    (tmp_path / "site").mkdir()
    (tmp_path / "site/manifest.json").write_text(json.dumps(document))
    return tmp_path / "site"


def keys(text: str, section: str = "global") -> dict[str, str]:
    """Return a section of a pip.conf, read as pip reads it."""
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return (
        {name.replace("_", "-"): value for name, value in parser.items(section)} if parser.has_section(section) else {}
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        PIP,
        "[install]\nuser = no\n",
        "[global]\n",
        "[global]\nindex-url: a\nindex-url= b",
        "# x",
        "[global]\n\n\n[x]\n",
    ],
)
def test_pip_keeps_the_other_keys(text: str) -> None:
    """Each section is as before, but for the keys that were asked for; a second merge changes nothing."""
    new = with_keys(text, {"index-url": INDEX, "trusted-host": "pypi.lab"})
    before = keys(text if "index-url= b" not in text else "")
    assert keys(new) == {**before, "index-url": INDEX, "trusted-host": "pypi.lab"}
    assert keys(new, "install") == keys(text if "[install]" in text else "", "install")
    assert {line for line in text.splitlines() if line.startswith(("#", ";"))} <= {*new.splitlines()}
    assert with_keys(new, {"index-url": INDEX, "trusted-host": "pypi.lab"}) == new


@pytest.mark.parametrize("text", ["", UV, "[pip]\nno-cache = true", "[[index]]\ndefault = true\n", "offline = true\n"])
def test_uv_keeps_the_other_keys(text: str) -> None:
    """The default index is ours; other indexes and tables are as before; a second merge changes nothing."""
    new = with_index(text, INDEX, "uv.toml")
    found, before = tomllib.loads(new), tomllib.loads(text)
    (default,) = [one for one in found["index"] if one.get("default")]
    assert default["url"] == INDEX
    assert [one for one in found["index"] if not one.get("default")] == [
        one for one in before.get("index", []) if not one.get("default")
    ]
    assert {**found, "index": 0} == {**before, "index": 0}
    assert with_index(new, INDEX, "uv.toml") == new


@pytest.mark.parametrize("line", ['index-url = "a"', "index = []", '"index" = []', 'default-index = "a"'])
def test_uv_in_another_form(home: Path, line: str) -> None:
    """It is an error that names the key, and pip's file is not written either."""
    (home / "uv").mkdir(parents=True)
    (home / "uv/uv.toml").write_text(f"{line}\n")
    with pytest.raises(Misused, match=r"uv.toml has the key \S+; move it into \[\[index\]\]"):
        configure("user", INDEX, "", dry=False)
    assert not (home / "pip").exists()


def test_hosts_that_are_trusted_stay() -> None:
    """The value of several lines gets one more word."""
    assert value_of(PIP, "trusted-host") == ["old.lab", "other.lab"]
    assert value_of(PIP, "index-url") == ["http://old.lab/simple"]
    assert value_of("[install]\ntrusted-host = a\n", "trusted-host") == []


def test_written_with_a_way_back(home: Path) -> None:
    """A backup has the first state, whatever is run later; a mode stays; a dry run writes nothing."""
    for name, text in (("pip/pip.conf", PIP), ("uv/uv.toml", UV)):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text(text)
        (home / name).chmod(0o640)
    planned = configure("user", INDEX, "pypi.lab", dry=True)
    assert (home / "pip/pip.conf").read_text() == PIP
    done = configure("user", INDEX, "pypi.lab", dry=False)
    assert done["configured"] == planned["configured"]
    assert keys((home / "pip/pip.conf").read_text())["trusted-host"] == "old.lab other.lab pypi.lab"
    configure("user", "http://second.lab/simple/", "second.lab", dry=False)
    for name, text in (("pip/pip.conf", PIP), ("uv/uv.toml", UV)):
        assert (home / f"{name}{BACKUP}").read_text() == text
        assert (home / name).stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in home.rglob("*") if path.is_file()) == [
        *("pip.conf", f"pip.conf{BACKUP}", "uv.toml", f"uv.toml{BACKUP}")
    ]


def test_pip_and_uv_read_it(home: Path, site: Path) -> None:
    """Both clients name the index of the site."""
    done = run("--configure", "user", "--site", site, "--target", "lab")
    assert done.code == 0, done.err
    index = f"{site.as_uri()}/targets/lab/simple/"
    environment = {**os.environ, "HOME": str(home.parent)}
    environment.pop("PIP_CONFIG_FILE")
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == index
    command = [find_uv_bin(), "pip", "install", "--dry-run", "--python", sys.executable, "nothing-here"]
    refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "/targets/lab/simple/nothing-here" in refused.stderr or "nothing-here was not found" in refused.stderr


def test_another_index_is_named(home: Path, site: Path) -> None:
    """A key that makes pip ask others stays, with a warning."""
    (home / "pip").mkdir(parents=True)
    (home / "pip/pip.conf").write_text("[global]\nextra-index-url = https://other.example/simple\n")
    done = run("--configure", "user", "--site", site, "--dry-run")
    assert (
        done.err
        == f"warning: {home}/pip/pip.conf has extra-index-url, so pip asks other indexes too; remove that line\n"
    )
    assert done.out.endswith("nothing was written\n")


def test_files_that_cannot_be_read(home: Path, site: Path) -> None:
    """Bytes that are no text, and a file of megabytes, are one line each."""
    (home / "pip").mkdir(parents=True)
    for data, what in ((b"\xff", "is not UTF-8"), (b"#" * (1 << 20) + b"\n", "has more than 1048576 bytes")):
        (home / "pip/pip.conf").write_bytes(data)
        done = run("--configure", "user", "--site", site)
        assert (done.code, what in error_of(done)) == (2, True)


def test_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the clients read; XDG_CONFIG_HOME moves both."""
    assert places("system") == {"pip": "/etc/pip.conf", "uv": "/etc/uv/uv.toml"}
    monkeypatch.setenv("XDG_CONFIG_HOME", "/x")
    assert places("user") == {"pip": "/x/pip/pip.conf", "uv": "/x/uv/uv.toml"}


def test_documented_example(home: Path, site: Path) -> None:
    """The manual shows what a run prints."""
    (example,) = re.findall(
        r"```text\n\$ python3 install\.py --configure .*?\n(.*?)```", page("docs/reference/installer.md"), re.DOTALL
    )
    (home / "pip").mkdir(parents=True)
    (home / "pip/pip.conf").write_text("# our settings\n[global]\nindex-url = http://old.lab/simple\ntimeout = 60\n")
    found = configure("user", INDEX, "pypi.lab", dry=False)
    from pypi_subset.standalone.installer.program import lines_of  # noqa: PLC0415 - the words of one example

    assert site.is_dir()
    printed = "\n".join([*lines_of(found), ""])
    assert printed.replace(str(home.parent), "/srv/lab") == example


def test_a_pipe_is_no_configuration(tmp_path: Path) -> None:
    """Nothing waits for it; another name is no remedy, for the user named none."""
    os.mkfifo(tmp_path / "pip.conf")
    with pytest.raises(Misused, match=r"pip\.conf is no file, but a pipe, .*; write the configuration by hand$"):
        read_settings(str(tmp_path / "pip.conf"))
    (tmp_path / "uv.toml").write_bytes(b"#" * (LONGEST_SETTINGS + 1))
    with pytest.raises(Misused, match=r"uv\.toml has more than \d+ bytes; write the configuration by hand$"):
        read_settings(str(tmp_path / "uv.toml"))
