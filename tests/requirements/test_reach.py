"""The sources that pip is configured for, however they are spelt."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.model.intake.sources import Source, Sources
from pypi_subset.requirements.reach import NOWHERE, Reach, without_user

URL = "https://one.example/simple"


@pytest.mark.parametrize(
    "url", [URL, f"{URL}/", f"{URL}//", "https://ONE.example:443/simple", "https://user:word@one.example/simple"]
)
def test_one_index_in_several_spellings(url: str) -> None:
    """Case of the server, the default port, credentials and a last slash make no other index (RFC 3986, 6.2)."""
    assert Reach(index_urls=(URL,)).is_only_index(url)
    assert Reach(index_urls=(url,)).is_index(URL)


@pytest.mark.parametrize(
    "url",
    [
        "http://one.example/simple",
        "https://one.example:444/simple",
        "https://one.example/",
        f"{URL}?key=1",
        f"{URL}/x",
        "",
    ],
)
def test_other_indexes(url: str) -> None:
    """Another scheme, port, path or query may be another index."""
    assert not Reach(index_urls=(URL,)).is_known(url)


def test_the_second_index() -> None:
    """It is known, and is neither the first nor the only one."""
    reach = Reach(index_urls=(URL, "file:///opt/pypi%20simple"))
    assert reach.is_known("file:///opt/pypi simple/")
    assert not reach.is_index("file:///opt/pypi simple/")
    assert not reach.is_only_index(URL)


def test_nothing_is_judged_without_a_configuration() -> None:
    """What resolves nothing need not know the indexes."""
    assert NOWHERE.is_index("https://x.example")
    assert NOWHERE.is_known("https://x.example")
    assert NOWHERE.is_linked("wheels")
    assert not Reach(index_urls=()).is_linked("wheels")


def test_sources_of_the_subset() -> None:
    """A source's index is known, asked by no other project, and serves what it names on its targets."""
    source = Source(name="corp", index="https://corp.example/simple", projects=("lib",), targets=("linux",))
    reach = Reach(index_urls=(URL,), sources=Sources(named=(source,)))
    lib, six = canonicalize_name("lib"), canonicalize_name("six")
    corp = "https://me@corp.example:443/simple/"
    assert (reach.is_known(corp), reach.is_asked(corp)) == (True, False)
    assert reach.serves(corp, lib, "linux")
    assert not reach.serves(corp, lib, "windows")
    assert not reach.serves(corp, six, "linux")
    assert reach.serves(URL, six, "linux")
    assert not reach.serves(URL, lib, "linux")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:pass@corp.example:443/simple/", "https://corp.example/simple"),
        ("http://corp.example/simple", "http://corp.example/simple"),
        ("https://corp.example/simple?token=x", ""),
        ("https://corp.example/a b", ""),
        ("https://corp.example/simple#x", ""),
        ('https://corp.example/"x', ""),
        ("file:///opt/simple", ""),
        ("../wheels", ""),
    ],
)
def test_the_url_that_a_source_may_have(url: str, expected: str) -> None:
    """It has no user, query or fragment, and is of a server."""
    assert without_user(url) == expected
