"""Each route to the site: the same files by all, and what differs by one."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.access.routes import TOKEN, WAYS, opened
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods.prove import prove
from tests.support.sites.cases import CLICK, COLORAMA, LINUX, WINDOWS, cases, outcome
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import Wheel, make_wheel, record_of, rewritten

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.slow
def test_every_way_in(tmp_path: Path) -> None:
    """One installation, from find-links.html; the two indexes lead to the same files; uv would take them too."""
    checks = prove(cases(tmp_path, WINDOWS, ["click"], [CLICK, COLORAMA])[0])
    assert [(one.way, one.proof, *outcome(one)) for one in checks] == [
        ("find-links", "unpacked", "passed", ""),
        ("simple", "unpacked", "passed", "the same files as by find-links"),
        ("target", "unpacked", "passed", "the same files as by find-links"),
        ("target", "second opinion", "passed", ""),
    ]
    assert {one.versions for one in checks} == {("click==8.1.7", "colorama==0.4.6")}
    assert {one.command for one in checks} == {""}


def for_two(tmp_path: Path, other: Wheel) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Return how aa alone goes on Linux, by each way in, where its lock has 1.0, and that of Windows has *other*."""
    pins = {"linux": [make_wheel("aa", "1.0")], "windows": [other]}
    subset = SubsetOnDisk(tmp_path, targets=[LINUX, WINDOWS], lines=["aa"], pins=pins).write()
    alone = cases_of(subset.plan, subset.paths, (), tmp_path / "work")[1]
    assert alone.name == "linux--base--base.txt:1"
    return {one.way: (*outcome(one), one.versions) for one in prove(alone) if one.proof == "unpacked"}


@pytest.mark.slow
def test_a_version_for_another_target_breaks_this_one(tmp_path: Path) -> None:
    """The index of all leads pip to what was mirrored for another target: there it is installed, and judged."""
    wheel = make_wheel("aa", "2.0")
    lines = record_of(wheel).splitlines()[1:]
    other = rewritten(wheel, b"\n".join([b"aa.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0", *lines, b""]))
    found = for_two(tmp_path, other)
    status, reason, versions = found.pop("simple")
    assert (status, versions) == ("failed", ("aa==2.0",))
    assert reason.startswith("aa-2.0-py3-none-any.whl contradicts its own RECORD")
    assert found == {
        "find-links": ("passed", "", ("aa==1.0",)),
        "target": ("passed", "the same files as by find-links", ("aa==1.0",)),
    }


@pytest.mark.slow
def test_a_version_for_another_target_that_lacks_something(tmp_path: Path) -> None:
    """A tempting newer version without its dependencies ends in a complete installed set of older ones."""
    found = for_two(tmp_path, make_wheel("aa", "2.0", requires=["nowhere"]))
    assert {status for status, *_ in found.values()} == {"passed"}
    assert {versions for *_, versions in found.values()} == {("aa==1.0",)}


@pytest.mark.slow
def test_another_version_by_one_way_is_reported(tmp_path: Path) -> None:
    """What differs and holds is green, and its versions are those that were installed for it."""
    found = for_two(tmp_path, make_wheel("aa", "2.0"))
    assert found["simple"] == ("passed", "", ("aa==2.0",))
    assert found["target"][2] == ("aa==1.0",)


def test_each_route_has_its_page(tmp_path: Path) -> None:
    """find-links is read from the disk, both indexes over HTTP; each is all that pip is told."""
    with opened(tmp_path, "linux") as ways:
        links, union, view = ways
        assert tuple(way.name for way in ways) == WAYS
        assert links.options() == ("--no-index", "--find-links", f"{tmp_path.as_uri()}/find-links.html")
        assert union.url == f"{union.root}/simple/"
        assert view.url == f"{union.root}/targets/linux/simple/"
        host, _, token = union.root.removeprefix("http://").partition("/")
        assert len(token) == 2 * TOKEN
        assert union.options() == ("--index-url", union.url, "--trusted-host", host)
        assert union.options("<site>") == ("--index-url", "<site>/simple/")


def test_a_site_that_is_served_already(tmp_path: Path) -> None:
    """With a URL, all three routes lead there, and nothing is served."""
    with opened(tmp_path, "linux", "https://site.test/x") as ways:
        assert {way.root for way in ways} == {"https://site.test/x"}
        assert ways[0].options() == ("--no-index", "--find-links", "https://site.test/x/find-links.html")


def test_which_file_a_url_is(tmp_path: Path) -> None:
    """A URL below the root is a path of the site, decoded; any other is none."""
    with opened(tmp_path, "linux", "https://site.test/x") as (way, *_):
        assert way.path_of("https://site.test/x/simple/aa/aa-1.0%2Bx.whl") == "simple/aa/aa-1.0+x.whl"
        assert way.path_of("https://site.test/xy/simple/aa/aa.whl") == ""
        assert way.path_of("https://other.test/x/simple/aa/aa.whl") == ""


def test_the_site_is_served_behind_a_token(tmp_path: Path) -> None:
    """Another user of this machine, who knows the port alone, gets nothing; nor does one with a wrong token."""
    (tmp_path / "simple").mkdir()
    (tmp_path / "simple" / "index.html").write_text("private")
    with opened(tmp_path, "linux") as (_, union, _view):
        for url in (union.url, union.url.rstrip("/")):
            with urllib.request.urlopen(url) as answer:  # noqa: S310 - loopback
                assert (answer.read(), answer.url) == (b"private", union.url)
        host, _, token = union.root.removeprefix("http://").partition("/")
        for path in ("simple/", "", f"{token[:-1]}/simple/", f"{'0' * len(token)}/simple/", f"x/../{token}/simple/"):
            with pytest.raises(urllib.error.HTTPError) as raised:
                urllib.request.urlopen(f"http://{host}/{path}")
            raised.value.close()
            assert raised.value.code == 404
