"""Each route to the site: the same files by all, and what differs by one."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.checks import WAYS
from pypi_subset.proof.access.routes import TOKEN, apart, opened
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods.pip_install import APART
from pypi_subset.proof.methods.prove import prove
from tests.support.sites.cases import CLICK, COLORAMA, LINUX, WINDOWS, cases, outcome
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import Wheel, make_wheel, record_of, rewritten

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case

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


def without_variants(site: Path, project: str) -> None:
    """Take the files of *project* from the pages for all targets, as mirror leaves them out."""
    for page in (site / "find-links.html", site / "simple" / project / "index.html"):
        lines = page.read_text().splitlines(keepends=True)
        page.write_text("".join(line for line in lines if f"{project}-" not in line))


#: Of two targets, the versions that they lock.
PAIRS = {
    "the other has a local part": ("1.0", "1.0+cpu"),
    "the other sorts higher": ("1.0+cpu", "1.0+cu128"),
    "another release": ("1.0+cpu", "1.1+cu128"),
}


def alone_and_joint(root: Path, own: str, other: str) -> list[Case]:
    """Return the cases of Linux, which locks aa in the version *own*, and Windows in *other*; the union has both."""
    pins = {"linux": [make_wheel("aa", own)], "windows": [make_wheel("aa", other)]}
    subset = SubsetOnDisk(root, targets=[LINUX, WINDOWS], lines=["aa"], pins=pins).write()
    return [one for one in cases_of(subset.plan, subset.paths, (), root / "work") if one.target is LINUX]


def by_route(case: Case) -> dict[str, tuple[str, str]]:
    """Return how *case* goes by each route."""
    return {one.way: outcome(one) for one in prove(case) if one.proof == "unpacked"}


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS)
def test_variants_in_the_pages_for_all_targets_are_red(tmp_path: Path, pair: str) -> None:
    """Where these pages list both variants, a client gets the wrong one; only the lock's hash keeps it away."""
    own, other = PAIRS[pair]
    joint, alone = (by_route(case) for case in alone_and_joint(tmp_path, own, other))
    red = ("failed", f"aa {other} was installed on linux, and {own} is locked: another variant; {APART}")
    assert (joint["find-links"], joint["simple"], joint["target"][0]) == (red, red, "passed")
    assert (alone["find-links"], alone["simple"], alone["target"][0]) == (("passed", ""), red, "passed")


@pytest.mark.slow
def test_another_variant_in_the_view_is_red(tmp_path: Path) -> None:
    """The last route is judged as the others are."""
    joint, _ = alone_and_joint(tmp_path, "1.0", "1.0+cpu")
    without_variants(joint.site, "aa")
    union, view = (joint.site / f"{place}simple/aa/index.html" for place in ("targets/windows/", "targets/linux/"))
    view.write_text(union.read_text())
    assert {status for status, _ in by_route(joint).values()} == {"failed"}


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS)
def test_a_target_with_a_variant_is_proven_through_its_view(tmp_path: Path, pair: str) -> None:
    """Where the pages for all targets leave variants out, the page of the view completes them."""
    for case in alone_and_joint(tmp_path, *PAIRS[pair]):
        without_variants(case.site, "aa")
        same = ("passed", "the same files as by find-links")
        assert by_route(case) == {"find-links": ("passed", ""), "simple": same, "target": same}


def test_routes_to_a_project_with_variants(tmp_path: Path) -> None:
    """The first two routes name the page of the target's view besides; the view needs no other."""
    joint, _ = alone_and_joint(tmp_path, "1.0", "1.0+cpu")
    page = "targets/linux/simple/aa/index.html"
    with opened(joint.site, "linux", "https://site.test/x") as ways:
        assert [way.further for way in ways] == [(page,), (page,), ()]
        assert ways[1].options("<site>") == ("--index-url", "<site>/simple/", "--find-links", f"<site>/{page}")
    assert apart(joint.site, "absent").left_out == ()


def test_a_manifest_that_changes_is_read_again(tmp_path: Path) -> None:
    """A process that proves one site after another looks at each."""
    joint, _ = alone_and_joint(tmp_path / "one", "1.0", "1.0+cpu")
    other, _ = alone_and_joint(tmp_path / "two", "1.0", "2.0")
    assert apart(joint.site, "linux").left_out == ("aa",)
    (other.site / "manifest.json").replace(joint.site / "manifest.json")
    assert apart(joint.site, "linux").left_out == ()


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
