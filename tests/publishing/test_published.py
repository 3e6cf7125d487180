"""The documents of a published site, read at its address."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError, UpstreamError
from pypi_subset.publishing import published
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from tests.support.relocks.sites import Held, write_manifest
from tests.support.servers.index import Index
from tests.support.servers.index_http import LOGIN, Answer
from tests.support.servers.ports import answering
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("url", ["https://host/lab", "https://host/lab/", "https://host/lab/index.html"])
def test_the_address_is_that_of_a_directory(url: str) -> None:
    """People copy it from the line of a browser."""
    assert published.address_of(url) == "https://host/lab/"


@pytest.mark.parametrize(
    ("url", "said"), [("", "no address is named"), ("site", "no address"), ("https://host/?a", "a query")]
)
def test_what_is_no_address(url: str, said: str) -> None:
    """The error shows one that is."""
    with pytest.raises(SubsetError, match=said) as caught:
        published.address_of(url)
    assert caught.value.next_step


def test_the_manifest_of_a_server(tmp_path: Path) -> None:
    """It is read whole, and names the address if it is none, or is not there."""
    site = write_manifest(tmp_path, Held(make_wheel("demo")))
    fetcher = Fetcher(read_network())
    with answering(partial(SimpleHTTPRequestHandler, directory=str(site))) as port:
        base = f"http://127.0.0.1:{port}/"
        data = published.manifest_at(fetcher, base)
        assert [one.filename for one in published.decoded(base, data).files] == ["demo-1.0-py3-none-any.whl"]
        with pytest.raises(UpstreamError, match=f"{base}manifest.json: "):
            published.decoded(base, b"{}")
        assert published.small(fetcher, f"{base}none", 10) is None
        (site / "manifest.json").unlink()
        with pytest.raises(UpstreamError, match="answered 404 File not found") as caught:
            published.manifest_at(fetcher, base)
        assert caught.value.next_step.startswith("name the address of the front page")
    fetcher.close()


REFUSALS = {
    401: (
        "answered 401 Unauthorized to no credentials",
        "give pip credentials for it (in the URL, .netrc or a keyring)",
    ),
    403: ("answered 403 Forbidden to no credentials", "see who may read it, and pip's credentials for it; or name the"),
    410: ("answered 410 Gone", "name the address of the front page"),
    200: ("answered with a page in HTML in place of manifest.json", "it may want a login: see who may read it"),
}


@pytest.mark.parametrize("status", REFUSALS)
def test_a_server_that_does_not_show_the_manifest(status: int) -> None:
    """The line has the address and the answer, and what a user does about that answer."""
    what, step = REFUSALS[status]
    with Index() as index:
        index.answers["/lab/manifest.json"] = LOGIN if status == 200 else Answer(status=status)
        base = index.url.replace("/simple/", "/lab/")
        fetcher = Fetcher(read_network())
        with pytest.raises(UpstreamError) as caught:
            published.manifest_at(fetcher, base)
        fetcher.close()
    assert caught.value.what.startswith(f"{base}manifest.json {what}")
    assert caught.value.next_step.startswith(step)
