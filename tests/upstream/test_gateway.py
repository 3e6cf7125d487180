"""The loopback index itself: what other tests count on."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Literal
from unittest import mock

import pytest

from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pip_config import read_network
from tests.support.servers.index import Index
from tests.support.servers.index_http import CutError
from tests.support.stages.mirroring import LINUX, mirror
from tests.support.stages.values import WINDOWS
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.model.targets import Target
    from tests.support.sites.workspace import Workspace


def fetch(url: str, **headers: str) -> tuple[int, bytes]:
    """Return status and body."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:  # noqa: S310 - loopback
        return answer.status, answer.read()


@pytest.mark.parametrize(("style", "metadata"), [("json", True), ("html", False)])
def test_pip_downloads_a_closure_from_it(
    index: Index, tmp_path: Path, style: Literal["json", "html"], *, metadata: bool
) -> None:
    """Real pip resolves and downloads from it, in both forms, and every request is counted."""
    index.style, index.metadata = style, metadata
    index.add(make_wheel("Demo.Pkg", requires=["dep"]), make_wheel("dep", "2.0+cpu"), make_sdist("dep", "1.0"))
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "download", "--no-cache-dir"]
    subprocess.run([*pip, "-q", "-d", tmp_path, "-i", index.url, "demo-pkg"], check=True)
    assert {path.name for path in tmp_path.iterdir()} == {
        "Demo_Pkg-1.0-py3-none-any.whl",
        "dep-2.0+cpu-py3-none-any.whl",
    }
    assert index.gets(".whl") == 2
    assert index.gets(".metadata") == (2 if metadata else 0)


def test_range_gives_the_part_asked_for() -> None:
    """``Range`` is honoured as long as the switch says so, and noted."""
    wheel = make_wheel("demo")
    with Index({"demo": [wheel]}) as index:
        url = f"http://{index.host}/files/{wheel.filename}"
        assert fetch(url, Range="bytes=-22") == (206, wheel.data[-22:])
        assert fetch(url, Range="bytes=0-3") == (206, wheel.data[:4])
        index.ranges = False
        assert fetch(url, Range="bytes=0-3") == (200, wheel.data)
    assert [hit.range for hit in index.requests] == ["bytes=-22", "bytes=0-3", "bytes=0-3"]


def test_credentials_are_asked_for(index: Index) -> None:
    """Without the right user and password the answer is 401."""
    index.auth = ("user", "password")
    with pytest.raises(urllib.error.HTTPError, match="401") as failure:
        fetch(index.url)
    failure.value.close()
    assert index.login_url.startswith("http://user:password@")


def test_the_hook_fails_or_cuts_a_request(index: Index) -> None:
    """``on_request`` can answer with an error or cut the connection; both are counted."""
    index.on_request = lambda path: 503 if path == "/simple/" else None
    with pytest.raises(urllib.error.HTTPError, match="503") as failure:
        fetch(index.url)
    failure.value.close()

    def cut(_path: str) -> int | None:
        raise CutError

    index.on_request = cut
    with pytest.raises(ConnectionError):
        fetch(index.url)
    assert [hit.status for hit in index.requests] == [503, 0]


@pytest.fixture
def loopback(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """Yield our own index, in front of one that has a wheel of ``app``."""
    index.add(make_wheel("app"))
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    with Loopback(Upstream(read_network(), store=tmp_path / "store", shelf=tmp_path), [WINDOWS]) as running:
        yield running


def status(url: str) -> int:
    """Return the status of the answer."""
    try:
        return fetch(url)[0]
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_the_run_alone_is_served(loopback: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    """Without the token of the run there is nothing at any path, for whoever else finds the port; no log has it."""
    caplog.set_level(logging.DEBUG)
    page = f"{loopback.target_url(WINDOWS)}app/"
    root, token = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/([0-9a-f]{32})/.*", page).groups()  # type: ignore[union-attr]
    data = fetch(page)[1]
    file = json.loads(data)["files"][0]["url"]
    assert status(page) == status(file) == status(f"{file}.metadata") == 200
    assert file.startswith(f"{root}/{token}/files/")
    for known in (page, file, f"{file}.metadata"):
        path = known.removeprefix(f"{root}/{token}/")
        for other in ("", f"{'0' * 32}/", f"{token[:-1]}/", f"{token}0/", f"/{token}x/"):
            assert status(f"{root}/{other}{path}") == 404
        assert status(f"{root}/%e2%98%83/{path}") == 404
    assert status(f"{root}/") == status(f"{root}/{token}/") == status(f"{root}/{token}") == 404
    assert loopback.candidate_at(file.replace(token, "0" * 32)) is None
    assert "GET /…/simple/" in caplog.text
    assert token not in caplog.text


def test_each_run_has_its_own_token(loopback: Loopback) -> None:
    """A token is of no use for another run."""
    with Loopback(loopback.upstream, [WINDOWS]) as other:
        assert other.target_url(WINDOWS).split("/")[3] != loopback.target_url(WINDOWS).split("/")[3]


@pytest.mark.usefixtures("configured_index")
def test_the_token_stays_in_the_run(
    workspace: Workspace, index: Index, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """No file of the site, no lock, no cache and no log has it; what pip works with, its user alone may read."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    tokens, modes = set[str](), set[int]()
    told = Loopback.run_of

    def noted(self: Loopback, target: Target) -> tuple[str, str]:
        tokens.add(told(self, target)[1].split("/")[3])
        modes.update(path.stat().st_mode & 0o777 for path in workspace.paths.packages.glob(".work.*"))
        return told(self, target)

    caplog.set_level(logging.DEBUG)
    with mock.patch.object(Loopback, "run_of", noted):
        mirror(workspace)
    (token,) = tokens
    assert modes == {0o700}
    assert "pip install" in caplog.text
    assert token not in caplog.text
    assert token not in "".join(capfd.readouterr())
    for path in workspace.root.rglob("*"):
        assert path.is_dir() or token.encode() not in path.read_bytes(), path
