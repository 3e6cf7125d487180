"""An error of the network names the setting that led to the server; `test_usable` has the kinds of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import UpstreamError
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.settings.blame import name_source

if TYPE_CHECKING:
    from tests.support.servers.index import Index

from tests.support.servers.index_http import Answer


def test_the_owner_of_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest configured URL counts; passwords do not matter, and other addresses have no owner."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:pw@one.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://one.example/simple/more")
    blame = read_network().blame()
    assert blame.owner("https://one.example/simple/alpha/") == "pip's 'index-url' (PIP_INDEX_URL)"
    assert (
        blame.owner("https://me:pw@one.example/simple/more/alpha/") == "pip's 'extra-index-url' (PIP_EXTRA_INDEX_URL)"
    )
    assert blame.owner("https://two.example/simple/") == ""


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("login", "tried"),
    [("me:s3cret@", "the user and password in pip's 'index-url'"), ("", "no credentials: neither its URL nor .netrc")],
)
def test_what_was_tried(status: int, login: str, tried: str, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer 401 or 403 is told with the index and the credentials that were sent, without a password."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("://", f"://{login}"))
    index.answers["/files/x"] = Answer(status=status, headers={"WWW-Authenticate": 'Basic realm="x"'})
    url = f"http://{login}{index.host}/files/x"
    with pytest.raises(UpstreamError, match=f"answered {status}") as caught:
        Fetcher(read_network()).span(url, 0, 1)
    assert tried in caught.value.what
    assert "s3cret" not in str(caught.value)


def test_a_source_is_named_once() -> None:
    """An error that is raised again, or that names the setting already, has one note."""
    error = UpstreamError("page answered 500 ([sources.a] in subset.toml)", next_step="wait, or name another index")
    for _ in range(2):
        name_source(error, "a", "app", only=True)
        assert error.what == "page answered 500 ([sources.a], the only source of app)"
        assert error.next_step == "wait, or name another index in [sources.a]"
    other = UpstreamError("page answered 500", next_step="wait")
    name_source(other, "a", "app", only=False)
    assert (other.what, other.next_step) == ("page answered 500 ([sources.a], a source of app)", "wait")


def test_a_login_of_a_source_is_not_in_its_url() -> None:
    """``subset.toml`` refuses a URL with a user."""
    error = UpstreamError(
        "page answered 401", next_step="give pip credentials for it (in the URL, .netrc or a keyring)"
    )
    name_source(error, "a", "app", only=True)
    assert error.next_step == "give pip credentials for it (in .netrc or a keyring)"
