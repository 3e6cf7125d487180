"""What a case can see of a site, and what nobody can know in full."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.proof.access import http_server
from pypi_subset.proof.cache.reach import Opaque, Sight
from pypi_subset.proof.methods.prove import prove
from tests.support.sites.cases import CLICK, COLORAMA, SIX, WINDOWS, click_alone, click_and_six
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.sites.trees import edit
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a subset of two requests that have nothing in common."""
    return click_and_six(tmp_path / "subset")


def seen(case: Case) -> list[tuple[str, str]]:
    """Return what *case* can see, as a new run would find it."""
    return Sight(case.site).of(case)


#: What the case can see, each changed a little.
SEEN: dict[str, Callable[[Path], object]] = {
    "a byte of the wheel": lambda site: edit(site / "simple/click" / CLICK.filename),
    "a byte of what it requires": lambda site: edit(site / "simple/colorama" / COLORAMA.filename),
    "metadata": lambda site: edit(site / "simple/click" / f"{CLICK.filename}.metadata"),
    "the page": lambda site: edit(site / "simple/click/index.html"),
    "the page of what it requires": lambda site: edit(site / "simple/colorama/index.html"),
    "the page as JSON": lambda site: (site / "simple/click/index.v1_json").write_text("{} "),
    "the target's page": lambda site: edit(site / "targets/windows/simple/click/index.html"),
    "a page gone": lambda site: shutil.rmtree(site / "targets/windows/simple/colorama"),
    "a line of the find-links page": lambda site: edit(site / "find-links.html", COLORAMA.sha256, "0" * 64),
    "the rest of the find-links page": lambda site: edit(
        site / "find-links.html", "<!DOCTYPE html>", "<!DOCTYPE html> "
    ),
    "a file more": lambda site: make_wheel("colorama", "0.4.7").save(site / "simple/colorama"),
    "a file that is no wheel": lambda site: (site / "simple/click/notes.txt").write_text("hello"),
}


@pytest.mark.parametrize("what", SEEN)
def test_what_a_case_can_see(subset: SubsetOnDisk, what: str) -> None:
    """Any byte of a project that the case could ask about makes it another case."""
    case = click_alone(subset)
    before = seen(case)
    assert before
    assert seen(case) == before
    SEEN[what](subset.paths.site)
    assert seen(case) != before


def test_what_a_case_cannot_see(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """Other projects, other targets' pages, where the site lies and on which line a request stands change nothing."""
    case = click_alone(subset)
    before, site = seen(case), subset.paths.site
    edit(site / "simple/six" / SIX.filename)
    edit(site / "simple/six/index.html")
    edit(site / "find-links.html", SIX.sha256, "0" * 64)
    (site / "targets/other/simple/click").mkdir(parents=True)
    (site / "targets/other/simple/click/index.html").write_text("hello")
    (site / "proof").mkdir(exist_ok=True)
    (site / "proof/report.json").write_text("hello")
    shutil.copytree(subset.root, tmp_path / "copy")
    moved = replace(case, site=tmp_path / "copy/site", requests=(replace(case.requests[0], line=7),))
    assert seen(moved) == before


def test_a_page_that_was_asked_for_in_vain(tmp_path: Path) -> None:
    """A project that was not there is part of what was seen: when it appears, the case is another one."""
    subset = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK]}).write()
    case = click_alone(subset)
    before = seen(case)
    page = subset.paths.site / "simple/colorama/index.html"
    page.parent.mkdir()
    page.write_text("<!DOCTYPE html>\n")
    assert seen(case) != before


@pytest.mark.slow
def test_what_is_asked_for_was_foreseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither pip nor uv asks for any page or file but of the projects that were foreseen, found or not."""
    asked: list[str] = []
    real = http_server.Handler.send_head

    def send_head(handler: http_server.Handler) -> Any:
        # Behind the token of the run.
        asked.append(f"/{handler.path.split('/', 2)[2]}")
        return real(handler)

    monkeypatch.setattr(http_server.Handler, "send_head", send_head)
    deep = make_wheel("deep", requires=["Other_One>=1; python_version >= '3'"], extras=["more"])
    top = make_wheel("top", requires=["deep[more]", "absent; sys_platform == 'darwin'"])
    pins = {"windows": [top, deep, make_wheel("other-one", "2.0"), SIX]}
    subset = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["top", "six"], pins=pins).write()
    case = click_alone(subset)
    assert {one.status for one in prove(case)} == {"passed"}
    projects = {"top", "deep", "other-one", "absent"}
    assert {name for name, _ in Sight(subset.paths.site).of(case) if "absent" in name} == {
        "simple/absent",
        "targets/windows/simple/absent",
    }
    folders = tuple(f"{index}/{one}/" for index in ("/simple", "/targets/windows/simple") for one in projects)
    assert asked
    assert [path for path in asked if not path.startswith(folders)] == []


@pytest.mark.parametrize(
    ("page", "leads"),
    [
        ("simple/click/index.html", '<a href="../six/click-9-py3-none-any.whl">click</a>'),
        ("simple/click/index.html", '<a href="six-9-py3-none-any.whl">click</a>'),
        ("simple/click/index.html", '<a href="click-9.tar.gz">click</a>'),
        ("find-links.html", '<a href="elsewhere/click-9-py3-none-any.whl">click</a>'),
        ("find-links.html", '<a href="simple/six/click-9-py3-none-any.whl">click</a><br>'),
        ("find-links.html", '<base href="elsewhere/">'),
        ("simple/click/index.html", '<a href="../../targets/linux/simple/click/click-9-py3-none-any.whl">click</a>'),
        ("targets/windows/simple/click/index.html", '<a href="../../../linux/simple/click/index.html">click</a>'),
    ],
)
def test_a_page_that_leads_elsewhere(subset: SubsetOnDisk, page: str, leads: str) -> None:
    """Where a page leads to what is not looked at, the case is not known, and is never remembered."""
    with (subset.paths.site / page).open("a") as stream:
        stream.write(f"{leads}\n")
    with pytest.raises(Opaque):
        seen(click_alone(subset))


def test_the_union_may_name_a_view(subset: SubsetOnDisk) -> None:
    """Its page of a project with variants leads to the pages of views, which hold no file."""
    case = click_alone(subset)
    before = seen(case)
    with (subset.paths.site / "simple/click/index.html").open("a") as stream:
        stream.write('<a href="../../targets/linux/simple/click/index.html">targets/linux/simple/</a>\n')
    assert seen(case) != before


def test_a_link_or_a_damaged_wheel_hides_something(subset: SubsetOnDisk) -> None:
    """Where a file cannot be read, or is a link, what the case sees is not known."""
    path = subset.file(COLORAMA)
    data = path.read_bytes()
    path.write_bytes(b"no archive")
    with pytest.raises(Opaque):
        seen(click_alone(subset))
    path.unlink()
    path.symlink_to(subset.root / "elsewhere.whl")
    (subset.root / "elsewhere.whl").write_bytes(data)
    with pytest.raises(Opaque):
        seen(click_alone(subset))


def test_a_site_that_changes_meanwhile(subset: SubsetOnDisk) -> None:
    """A file that is written, exchanged or added after the first look shows; one below ``proof/`` does not."""
    site = subset.paths.site
    sight = Sight(site)
    (site / "proof").mkdir()
    (site / "proof" / "report.json").write_text("{}")
    assert sight.is_still()
    (site / "simple" / "new.txt").write_text("")
    assert not sight.is_still()
    sight = Sight(site)
    assert sight.is_still()
    page = site / "index.html"
    page.with_name("other").write_bytes(page.read_bytes())
    page.with_name("other").replace(page)
    assert not sight.is_still()


def test_projects_that_can_be_reached(tmp_path: Path) -> None:
    """All that any file requires is seen, whatever its marker, extra and version say."""
    aa = make_wheel("aa", requires=["Bb_b; sys_platform == 'darwin'", "cc>9; extra == 'x'"], extras=["x"])
    subset = SubsetOnDisk(tmp_path, targets=[WINDOWS], lines=["aa"], pins={"windows": [aa, SIX]}).write()
    found = {
        name.removeprefix("targets/windows/") for name, _ in seen(click_alone(subset)) if name != "find-links.html"
    }
    assert {name.split("/")[1] for name in found if name.startswith("simple/")} == {"aa", "bb-b", "cc"}
