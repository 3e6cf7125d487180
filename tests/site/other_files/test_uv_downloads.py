"""``files/python/downloads.json``: uv reads it, and installs from the archives that it lists."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from uv import find_uv_bin

from pypi_subset.site.other_files.uv_downloads import archive_in, downloads_of
from tests.support.others.cpython import ARCHIVE, VERSION, stand_in
from tests.support.others.entries import carrying, entry
from tests.support.programs.commands import run
from tests.support.servers.served import Served
from tests.support.stages.mirroring import mirror

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

STRIPPED = "20261110/cpython-3.12.16+20261110-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"
#: No server but those on loopback.
NOWHERE = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}


def downloads(*names: str) -> dict[str, Any]:
    """Return the list of the archives with these names."""
    found: dict[str, Any] = json.loads(downloads_of({f"files/python/{name}": "a" * 64 for name in names}))
    return found


def test_an_entry_has_what_uv_reads() -> None:
    """The address is that of the release, so that uv replaces it by that of a mirror."""
    assert downloads(STRIPPED) == {
        "cpython-3.12.16-linux-x86_64-gnu": {
            "name": "cpython",
            "arch": {"family": "x86_64", "variant": None},
            "os": "linux",
            "libc": "gnu",
            "major": 3,
            "minor": 12,
            "patch": 16,
            "prerelease": "",
            "url": "https://github.com/astral-sh/python-build-standalone/releases/download/"
            + STRIPPED.replace("+", "%2B"),
            "sha256": "a" * 64,
            "variant": None,
            "build": "20261110",
        }
    }


def test_of_two_archives_of_one_interpreter_the_smaller_counts() -> None:
    """A stripped archive has no debugging symbols."""
    (one,) = downloads(STRIPPED.replace("_stripped", ""), STRIPPED).values()
    assert one["url"].endswith("install_only_stripped.tar.gz")


@pytest.mark.parametrize(
    "path",
    [
        f"files/{STRIPPED}",
        f"files/python/{STRIPPED}.sha256",
        f"files/python/{STRIPPED.replace('20261110/', '20261111/')}",
        f"files/python/{STRIPPED.replace('cpython', 'pypy')}",
        f"files/x/files/python/{STRIPPED}",
        "files/python/20261110/cpython-3.12.tar.gz",
    ],
)
def test_other_names_are_not_listed(path: str) -> None:
    """What is no archive of a release, in the layout of releases, is no entry."""
    assert archive_in(path) is None
    assert downloads_of({path: "a" * 64}) == b""


def listed(tmp_path: Path, *options: str) -> dict[str, str]:
    """Return key → path below the releases of each CPython that uv offers, with *options*."""
    command = [find_uv_bin(), "python", "list", "--only-downloads", "--show-urls", "--all-versions", "--all-platforms"]
    command += ["--all-arches", "--output-format", "json", "--no-config", "--offline", *options]
    done = run(command, tmp_path, UV_CACHE_DIR=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    return {
        one["key"]: one["url"].partition("/releases/download/")[2]
        for one in json.loads(done.stdout)
        if one["implementation"] == "cpython"
    }


@pytest.mark.slow
def test_uv_finds_the_same_interpreters_in_our_list(tmp_path: Path) -> None:
    """uv's own list, written by us from the names of the archives alone, is the same list to uv."""
    wanted = {key: url for key, url in listed(tmp_path).items() if archive_in(f"files/python/{unquote(url)}")}
    assert len(wanted) > 2000
    path = tmp_path / "downloads.json"
    path.write_bytes(downloads_of({f"files/python/{unquote(url)}": "a" * 64 for url in wanted.values()}))
    assert listed(tmp_path, "--python-downloads-json-url", str(path)) == wanted


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="the archive is for glibc")
@pytest.mark.usefixtures("configured_index")
@pytest.mark.parametrize("way", ["server", "disk"])
def test_uv_installs_from_a_site(workspace: Workspace, index: Index, way: str) -> None:
    """With two settings and no other server, uv installs the archive of the site, and its interpreter runs."""
    data = stand_in()
    (workspace.root / ARCHIVE).write_bytes(data)
    entries = entry(f"python/20261110/{ARCHIVE}", hashlib.sha256(data).hexdigest(), path=f"../{ARCHIVE}")
    carrying(workspace, index, entries)
    mirror(workspace)
    with Served(workspace.paths.site, workspace.root / "log") as server:
        base = (
            f"{server.url.rstrip('/')}/files/python"
            if way == "server"
            else f"file://{workspace.paths.site}/files/python"
        )
        folder = workspace.root / "managed"
        settings = {
            "UV_PYTHON_INSTALL_MIRROR": base,
            "UV_PYTHON_DOWNLOADS_JSON_URL": f"{base}/downloads.json",
            "UV_PYTHON_INSTALL_DIR": str(folder),
            "UV_CACHE_DIR": str(workspace.root / "cache"),
            **NOWHERE,
        }
        version = VERSION.rpartition(".")[0]
        options = ["--no-config", "--managed-python"]
        done = run([find_uv_bin(), "python", "install", version, "--no-bin", *options], workspace.root, **settings)
        assert (done.returncode, f"Installed Python {VERSION}" in done.stderr) == (0, True), done.stderr
    done = run([find_uv_bin(), "venv", "env", "--python", version, *options], workspace.root, **settings)
    assert done.returncode == 0, done.stderr
    home = (workspace.root / "env" / "pyvenv.cfg").read_text()
    assert VERSION in home
    done = run(["env/bin/python", "-c", "import sys; print(sys.version_info[:3])"], workspace.root)
    assert done.stdout == f"{tuple(sys.version_info[:3])}\n"
