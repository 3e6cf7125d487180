"""The address of a site, as locks and uv.toml spell it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.relocking.address import address_of
from pypi_subset.site.pages.client_config import snippets

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.manifest import File

FILE = cast("File", SimpleNamespace(path="simple/local/local-1.0+cpu-py3-none-any.whl"))


@pytest.mark.parametrize("url", ["https://host.example.test/wheels", "https://host.example.test/wheels/index.html"])
def test_the_index_is_spelled_as_in_uv_toml(url: str) -> None:
    """uv takes an index for another one if its lock spells it otherwise than its settings, slash at the end included."""
    found = address_of(url)
    assert f'url = "{found.registry}"' in snippets("https://host.example.test/wheels/")["uv"]
    assert (found.registry, found.key) == (found.url, "url")
    assert found.place(FILE) == f"{found.url}local/local-1.0%2Bcpu-py3-none-any.whl"
    assert found.url_of(FILE) == found.place(FILE)


@pytest.mark.parametrize("form", ["path", "url"])
def test_a_directory_is_a_path_in_the_lock_of_uv(tmp_path: Path, form: str) -> None:
    """uv writes the path of an index that its settings name as a file:// URL; a pylock has URLs."""
    site = tmp_path / "a site"
    found = address_of(str(site) if form == "path" else site.as_uri())
    assert (found.folder, found.key) == (site, "path")
    assert found.registry == f"{site.as_posix()}/simple/"
    assert found.place(FILE) == f"{site.as_posix()}/simple/local/local-1.0+cpu-py3-none-any.whl"
    assert found.url == f"{site.as_uri()}/simple/"
    assert found.url_of(FILE) == f"{site.as_uri()}/simple/local/local-1.0%2Bcpu-py3-none-any.whl"


def test_a_relative_directory_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is in another directory than the one of the command."""
    monkeypatch.chdir(tmp_path)
    assert address_of("site").base == f"{tmp_path.as_posix()}/site/"
    assert address_of("/").registry == "/simple/"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("", "`--url` is missing: the lock has to name a site"),
        ("ftp://host/", "no address of a published site"),
        ("https://host/?page=1", "has nothing below it"),
        ("https://ada:secret@host/", "a lock shows a user and a password to all its readers"),
    ],
)
def test_what_is_no_address(place: str, said: str) -> None:
    """An address that a lock cannot have is an error, which shows no password."""
    with pytest.raises(SubsetError, match=said) as caught:
        address_of(place)
    assert caught.value.next_step
    assert "secret" not in str(caught.value)
