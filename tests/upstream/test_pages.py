"""Pages of the sources are fetched once, however often what they list is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.distributions.metadata import without_description
from pypi_subset.support.once import Spool
from pypi_subset.targets.tag import parse
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import FIRST, Loopback
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pages import Pages
from pypi_subset.upstream.pip_config import read_network
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index

APP, LIB = canonicalize_name("app"), canonicalize_name("lib")
LINUX = parse("linux", "cp312-manylinux_2_28_x86_64")


@pytest.fixture
def pages(configured_index: Index, tmp_path: Path) -> Pages:
    """Return the pages of an index with two projects, one of which has a wheel for Windows."""
    configured_index.add(make_wheel("app", "1.0", requires_python=">=3.8"), make_wheel("app", "2.0"))
    configured_index.add(make_wheel("app", "3.0", tag="cp312-cp312-win_amd64", requires_python=">=3.8"))
    configured_index.add(make_wheel("lib"))
    network = read_network()
    return Pages(network, Fetcher(network), Spool(tmp_path))


def names(found: object) -> list[str]:
    """Return file names of candidates."""
    return [one.distribution.filename for one in found]  # type: ignore[attr-defined]


def test_what_fits_is_a_part_of_what_is_offered(pages: Pages) -> None:
    """What fits some tags comes in the order of the page; all the rest is offered too."""
    fitting = pages.fitting((APP, None), frozenset(LINUX.tags))
    assert names(fitting) == ["app-1.0-py3-none-any.whl", "app-2.0-py3-none-any.whl"]
    everything = pages.candidates((APP, None))
    assert names(everything) == [*names(fitting), "app-3.0-cp312-cp312-win_amd64.whl"]
    assert fitting == everything[:2]


def test_a_page_crosses_the_network_once(configured_index: Index, tmp_path: Path) -> None:
    """What was dropped from memory is read again from the page that was fetched."""
    network = read_network()
    pages = Pages(network, Fetcher(network), Spool(tmp_path), kept=1)
    configured_index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0"), make_wheel("lib"))
    for _ in range(2):
        assert [len(pages.candidates((project, None))) for project in (APP, LIB)] == [2, 1]
        assert pages.fitting((APP, None), frozenset(LINUX.tags))
    assert configured_index.counts() == {"/simple/app/": 1, "/simple/lib/": 1}


def test_bounds_of_all_wheels(pages: Pages) -> None:
    """Each Requires-Python is known with the newest version that has it, whatever fits."""
    assert not pages.read(APP)
    assert pages.bounds((APP, None)) == {">=3.8": Version("3.0")}
    assert pages.read(APP) == [(APP, None)]


def test_an_old_release_is_found_on_its_page(configured_index: Index, tmp_path: Path) -> None:
    """A file that pip asks for is found by its address, also if it is none of the releases that are kept."""
    wheels = [make_wheel("app", f"{number}.0") for number in range(FIRST + 2)]
    configured_index.add(*wheels)
    upstream = Upstream(read_network(), store=tmp_path / "store", shelf=tmp_path)
    with Loopback(upstream, [LINUX]) as loopback:
        offered = loopback.answer(f"{loopback.token}/simple/linux/app/")
        assert isinstance(offered, bytes)
        for wheel, candidate in zip(wheels, upstream.on("linux").candidates(APP), strict=True):
            place = f"{loopback.token}/files/{candidate.key}/{wheel.filename}.metadata"
            assert loopback.answer(place) == without_description(wheel.metadata)
        assert loopback.answer(f"{loopback.token}/files/{'0' * 24}/app-1.0-py3-none-any.whl") is None
        assert loopback.answer(f"{loopback.token}/files/{'0' * 24}/{APP}") is None
