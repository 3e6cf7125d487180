"""Places are read: an index or a location of links, on this machine or behind HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.support.once import Spool
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.places.locations import Locations
from pypi_subset.upstream.transport.page import Page
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index

APP = canonicalize_name("app")


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    """Return what reads places."""
    return Locations(Fetcher(read_network()), Spool(tmp_path))


def test_an_index(locations: Locations, index: Index, tmp_path: Path) -> None:
    """A page of an index is kept on disk; without a page there is none, and an index may be a directory."""
    index.add(make_wheel("app"))
    found = locations.page((index.url.rstrip("/"), APP))
    assert found is not None
    assert found.url == f"{index.url}app/"
    assert locations.page((index.url.rstrip("/"), canonicalize_name("lib"))) is None
    folder = tmp_path / "simple" / "app"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("<a href='app-1.0-py3-none-any.whl'>app</a>")
    local = locations.page((folder.parent.as_uri(), APP))
    assert local is not None
    assert local.url == (folder / "index.html").as_uri()


def test_locations_of_links(locations: Locations, index: Index, tmp_path: Path) -> None:
    """A directory has its files, a file itself, a page in HTML its links, and a server the page that it sends."""
    wheel = make_wheel("app").save(tmp_path)
    (tmp_path / "deeper").mkdir()
    assert locations.links(str(tmp_path)) == (wheel,)
    assert locations.links(wheel.as_uri()) == (wheel,)
    page = tmp_path / "links.html"
    page.write_text("<a href='x'>x</a>")
    assert locations.links(str(page)) == Page(text="<a href='x'>x</a>", content_type="text/html", url=page.as_uri())
    index.add(make_wheel("app"))
    served = locations.links(f"{index.url}app/")
    assert isinstance(served, Page)
    assert served.url == f"{index.url}app/"
