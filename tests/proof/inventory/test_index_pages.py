"""Pages of all indexes, held to the manifest's entries: which there must be, and what is wrong with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from pypi_subset.model.manifest import File, Link, Need
from pypi_subset.proof.inventory import index_pages
from tests.support.sites.handwritten import Entry, sha256, write_site
from tests.support.wheels import make_wheel, rewritten

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.wheels import Wheel

AA, BB = make_wheel("aa", requires=["bb"]), make_wheel("bb")
PAGE = "simple/aa/index.html"


def entry(wheel: Wheel, *targets: str, **changes: Any) -> File:
    """Return what a manifest says of *wheel*, which *targets* need."""
    project = wheel.filename.partition("-")[0]
    chain = (Link(requirement=project, by="", origin="base.txt:1"),)
    stated = File(
        filename=wheel.filename,
        path=f"simple/{project}/{wheel.filename}",
        project=project,
        version="1.0",
        size=len(wheel.data),
        sha256=wheel.sha256,
        requires_python=None,
        metadata=sha256(wheel.metadata),
        needed_by=tuple(Need(set_name="base", target=target, chain=chain) for target in targets),
    )
    return structs.replace(stated, **changes)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a site with both wheels, and a view of one."""
    write_site(tmp_path, map(Entry, (AA, BB)), {"linux": [Entry(AA)]})
    return tmp_path


def test_which_pages_there_must_be() -> None:
    """The union has HTML, JSON and JSON under a prefix; each target has both forms of what it needs."""
    entries = [entry(AA, "linux"), entry(BB, "linux", "windows")]
    pages, roots = index_pages.pages_of(entries, ["linux", "windows"])
    assert {page: [one.project for one in wanted] for page, wanted in pages.items()} == {
        "find-links.html": ["aa", "bb"],
        **{f"simple/{name}/{form}": [name] for name in ("aa", "bb") for form in ("index.html", "index.v1_json")},
        **{f"simple-json/{name}/index.html": [name] for name in ("aa", "bb")},
        **{f"targets/linux/simple/{name}/index.html": [name] for name in ("aa", "bb")},
        **{f"targets/linux/simple/{name}/index.v1_json": [name] for name in ("aa", "bb")},
        "targets/windows/simple/bb/index.html": ["bb"],
        "targets/windows/simple/bb/index.v1_json": ["bb"],
    }
    assert roots["simple/index.html"] == roots["simple-json/index.html"] == {"aa", "bb"}
    assert roots["targets/windows/simple/index.v1_json"] == {"bb"}
    assert "simple-json/index.v1_json" not in roots


def test_a_target_without_files_has_a_root() -> None:
    """A target that some set serves has an index, though it needs no file."""
    _, roots = index_pages.pages_of([entry(AA, "linux")], ["linux", "windows"])
    assert roots["targets/windows/simple/index.html"] == set()


def test_pages_that_are_right(site: Path) -> None:
    """Nothing is wrong with any page of a whole site."""
    pages, roots = index_pages.pages_of([entry(AA, "linux"), entry(BB)], ["linux"])
    assert [fault for page, wanted in pages.items() for fault in index_pages.of_page(page, site / page, wanted)] == []
    assert [fault for page, names in roots.items() for fault in index_pages.of_root(page, site / page, names)] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": "0" * 64}, "does not lead to aa-1.0-py3-none-any.whl by its hash"),
        ({"path": "simple/aa/other.whl"}, "does not lead to aa-1.0-py3-none-any.whl by its hash"),
        ({"requires_python": ">=3"}, "has another Requires-Python for aa-1.0-py3-none-any.whl"),
        ({"metadata": "0" * 64}, "has another hash for the metadata of aa-1.0-py3-none-any.whl"),
        ({"metadata": None}, "has another hash for the metadata of aa-1.0-py3-none-any.whl"),
    ],
)
def test_a_page_that_says_something_else(site: Path, changes: dict[str, Any], words: str) -> None:
    """Hash, place, Requires-Python and metadata are the entry's."""
    wanted = entry(AA, **changes)
    assert next(index_pages.of_page(PAGE, site / PAGE, [wanted])) == (wanted, f"the page {PAGE} {words}")


def test_pages_of_a_project_with_variants() -> None:
    """The pages for all targets lead to no file, the union's HTML page leads to the views, and each view to its own."""
    entries = [entry(AA, "linux", version="1.0+cpu"), entry(AA, "windows", version="1.0"), entry(BB, "linux")]
    pages, roots = index_pages.pages_of(entries, ["linux", "windows"])
    for page in ("simple/aa/index.html", "simple/aa/index.v1_json", "simple-json/aa/index.html"):
        assert pages[page] == []
    assert pages["find-links.html"] == [entries[2]]
    assert pages["targets/linux/simple/aa/index.html"] == [entries[0]]
    assert pages["targets/windows/simple/aa/index.v1_json"] == [entries[1]]
    assert roots["simple/index.html"] == {"aa", "bb"}
    views = {"targets/linux/simple/aa/index.html", "targets/windows/simple/aa/index.html"}
    assert index_pages.views_from(entries) == {PAGE: views}
    assert index_pages.views_from(entries[:1]) == {}


def test_a_page_must_lead_to_the_views_and_nowhere_else(site: Path) -> None:
    """A view that is missing, and a page of another project."""
    view, other = "targets/linux/simple/aa/index.html", "targets/linux/simple/bb/index.html"
    page = site / PAGE
    page.write_text(f'<a href="../../{view}">linux</a>')
    assert [*index_pages.of_page(PAGE, page, [], {view})] == []
    page.write_text(f'<a href="../../{other}">linux</a>')
    assert [words for _, words in index_pages.of_page(PAGE, page, [], {view})] == [
        f"the page {PAGE} does not lead to {view}",
        f"the page {PAGE} leads to {other}, which is not in the manifest",
    ]


def test_a_page_that_leads_further(site: Path) -> None:
    """A link to what the manifest does not name belongs to no entry."""
    where = f"simple/bb/{BB.filename}"
    faults = [*index_pages.of_page("find-links.html", site / "find-links.html", [entry(AA)])]
    assert faults == [(None, f"the page find-links.html leads to {where}, which is not in the manifest")]


def test_a_root_that_says_something_else(site: Path) -> None:
    """A project that is missing, and one too many."""
    found = [*index_pages.of_root("simple/index.html", site / "simple/index.html", {"aa", "cc"})]
    assert found == [
        "the page simple/index.html does not lead to simple/cc/",
        "the page simple/index.html leads to simple/bb, where there is no project",
    ]


METADATA: dict[str, tuple[Callable[[Path], object], str]] = {
    "right": (lambda _: None, ""),
    "gone": (lambda path: path.unlink(), "is not in the site"),
    "a link": (
        lambda path: path.replace(path.with_name("x")).with_name(path.name).symlink_to("x"),
        "is not in the site",
    ),
    "other bytes": (lambda path: path.write_bytes(b"Name: aa"), "has other bytes than the manifest says"),
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata_beside_a_wheel(site: Path, name: str) -> None:
    """It is a file, with the bytes that the manifest names."""
    change, words = METADATA[name]
    wheel = site / "simple" / "aa" / AA.filename
    beside = wheel.with_name(f"{AA.filename}.metadata")
    change(beside)
    said = index_pages.of_metadata(entry(AA), wheel, beside if beside.exists() else None)
    assert said == (words and f"the metadata of {AA.filename} {words}")


def test_metadata_that_is_not_the_wheels(site: Path) -> None:
    """Manifest and file may agree on METADATA that the wheel does not hold; a damaged wheel is another fault."""
    wheel = site / "simple" / "aa" / AA.filename
    beside = wheel.with_name(f"{AA.filename}.metadata")
    beside.write_bytes(BB.metadata)
    stated = entry(AA, metadata=sha256(BB.metadata))
    words = f"the metadata of {AA.filename} is not that of the wheel"
    assert index_pages.of_metadata(stated, wheel, beside) == words
    wheel.write_bytes(rewritten(AA, b"").data)
    assert index_pages.of_metadata(stated, wheel, beside) == words
    wheel.write_bytes(b"no archive")
    assert index_pages.of_metadata(stated, wheel, beside) == ""
    assert index_pages.of_metadata(entry(AA, metadata=None), wheel, None) == ""
