"""pip's own settings for the network count, and no others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from pip._internal.network import auth

from pypi_subset.errors import SubsetError, UpstreamError
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from tests.support.servers.index import Index
from tests.support.sites.trees import tree
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, mirror, versions

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_credentials_never_reach_a_lock(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that asks for a password is mirrored, and the password stands nowhere in what was written."""
    with Index(auth=("me", "s3cret")) as closed:
        closed.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
        monkeypatch.setenv("PIP_INDEX_URL", closed.login_url)
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX})
        mirror(workspace)
        assert versions(workspace, "base--linux") == {"app": "1.0", "lib": "1.0"}
        assert not any(b"s3cret" in data for data in tree(workspace.root).values())
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:wr0ng@{closed.host}/simple/")
        with pytest.raises(SubsetError, match="401") as caught:
            mirror(workspace, update=True)
    assert "wr0ng" not in str(caught.value)


@pytest.mark.parametrize("no_input", ["", "1"])
def test_a_keyring_is_asked_where_pip_would(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_input: str
) -> None:
    """Under the provider ``auto`` the program on the path is asked for the password, and under ``no-input`` it is not."""
    program = tmp_path / "bin" / "keyring"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho \'{"username": "me", "password": "s3cret"}\'\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PIP_NO_INPUT", no_input)
    # pip remembers for a process that there was none.
    auth.get_keyring_provider.cache_clear()
    with Index(auth=("me", "s3cret")) as closed:
        closed.add(make_wheel("app"))
        monkeypatch.setenv("PIP_INDEX_URL", closed.url.replace("://", "://me@"))
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX})
        if no_input:
            with pytest.raises(SubsetError, match="401"):
                mirror(workspace)
        else:
            mirror(workspace)
            assert versions(workspace, "base--linux") == {"app": "1.0"}
            assert not any(b"s3cret" in data for data in tree(workspace.root).values())


POISON = {
    "PIP_NO_DEPS": "1",
    "PIP_TARGET": "elsewhere",
    "PIP_USER": "1",
    "PIP_PRE": "1",
    "PIP_ONLY_BINARY": ":all:",
    "PIP_NO_BINARY": ":none:",
    "PIP_DEST": "elsewhere",
    "PIP_REQUIRE_HASHES": "0",
    "PIP_IGNORE_REQUIRES_PYTHON": "1",
    "PIP_PREFER_BINARY": "1",
    "PIP_REQUIREMENT": "absent.txt",
    "PIP_QUIET": "3",
    "PIP_VERBOSE": "3",
    "PIP_LOG": "pip.log",
    "PIP_PREFIX": "elsewhere",
    "PIP_ROOT": "elsewhere",
    "PIP_DRY_RUN": "1",
    "PIP_REPORT": "elsewhere.json",
    "PIP_PYTHON": "/nowhere/python",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_ISOLATED": "1",
    "PIP_CACHE_DIR": "elsewhere",
    "PIP_EXISTS_ACTION": "a",
}


@pytest.mark.parametrize("where", ["variables", "file"])
def test_other_settings_of_pip_change_nothing(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whatever else the user told pip is overridden, by variable or by file: the lock is what it always is."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"), make_wheel("lib", "2.0rc1"))
    index.add(make_wheel("app", "2.0", requires_python=">=3.12"), make_sdist("app", "3.0"))
    if where == "variables":
        for name, value in POISON.items():
            monkeypatch.setenv(name, value)
    else:
        lines = [f"{name.removeprefix('PIP_').lower().replace('_', '-')} = {value}" for name, value in POISON.items()]
        config = workspace.root / "pip.conf"
        config.write_text("\n".join(["[global]", *lines, "[download]", *lines, "[install]", *lines, ""]))
        monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.chdir(workspace.root)
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0", "lib": "1.0"}
    left = {path.name for path in workspace.root.iterdir()} - {"pip.conf"}
    assert left == {"requirements", "packages", "site"}


def test_a_setting_that_pip_refuses(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that pip itself cannot read is one line, in pip's words."""
    monkeypatch.setenv("PIP_TIMEOUT", "soon")
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(SubsetError, match=r"pip refuses its own configuration: .*soon"):
        mirror(workspace)


@pytest.mark.parametrize(
    "url",
    [
        "http://me:a S3CRET@h/simple",
        "http://me:a/S3CRET@h/simple",
        "http://me:a?S3CRET@h/simple",
        "http://me:a#S3CRET@h/simple",
        "http://[me:S3CRET@h/simple",
        "https:me:S3CRET@h/simple",
        "https://me:S3CRET@h:99999/simple",
        "https://me:S3CRET\x1b@h/simple",
        "https://me:S3CRET\\x@h/simple",
        "https://me:1\\S3CRET@h/simple",
        "https://domain\\me:S3CRET@h/simple",
    ],
)
def test_an_address_that_is_none_is_not_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A blank, a missing server and a port that is none are refused: what of it is a password is not known."""
    monkeypatch.setenv("PIP_INDEX_URL", url)
    with pytest.raises(UpstreamError, match=r"'index-url' \(PIP_INDEX_URL\) is no URL.*percent-encode") as caught:
        read_network()
    assert "S3CRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "step"),
    [
        ("[global]\n".encode("utf-16"), "save it as UTF-8 without a byte order mark"),
        ("[global]\n".encode("utf-16-le"), "save it as UTF-8 without a byte order mark"),
        ("[global]\n".encode("utf-8-sig"), "save it as UTF-8 without a byte order mark"),
        (b"timeout = 5\n", "mend that file"),
    ],
)
def test_a_file_that_pip_cannot_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, step: str) -> None:
    """The next step is about that file: `pip config list` cannot read it either."""
    (tmp_path / "pip.conf").write_bytes(data)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    with pytest.raises(
        UpstreamError, match=r"pip refuses its own configuration: Configuration file .*pip\.conf"
    ) as caught:
        read_network()
    assert caught.value.next_step == step


def test_a_setting_that_only_a_session_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is no number is one line, which names the setting."""
    monkeypatch.setenv("PIP_TRUSTED_HOST", "absent:abc")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(UpstreamError, match=r"\(PIP_TRUSTED_HOST\).*pip config list"):
        Fetcher(read_network()).page("https://127.0.0.1:9/")
