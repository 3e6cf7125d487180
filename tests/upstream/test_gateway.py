"""The loopback index itself: what other tests count on."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Literal

import pytest

from tests.support.servers.index import Index
from tests.support.servers.index_http import CutError
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pathlib import Path


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
