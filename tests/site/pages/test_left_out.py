"""A project with variants: views list its files, the pages for all targets list none, and real clients find no wrong one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pypi_simple import ProjectPage

from tests.support.pages.page_check import anchors, document
from tests.support.programs.installers import install
from tests.support.servers.served import Served
from tests.support.stages.values import artifacts_of, lay_out, write_index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.pip.pool import Pips

#: What each target gets.
VERSIONS = {"laptop": "2.13.0+cpu", "server": "2.13.0+cu128", "desk": "2.13.0", "old": "2.12.0"}
UNION = ("simple/torch/index.html", "simple/torch/index.v1_json", "simple-json/torch/index.html", "find-links.html")


def write(folder: Path, versions: dict[str, str]) -> Path:
    """Return a site below *folder*, whose targets get ``app``, and ``torch`` in these *versions*."""
    wheels = {target: make_wheel("torch", version) for target, version in versions.items()}
    app = make_wheel("app", requires=["torch"])
    unique = {wheel.filename: wheel for wheel in (app, *wheels.values())}
    site = folder / "site"
    site.mkdir(parents=True)
    projects = lay_out(artifacts_of(unique.values(), folder / "packages"), site)
    write_index(projects, site, **{name: frozenset({app.filename, one.filename}) for name, one in wheels.items()})
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site with four targets; no test changes it."""
    return write(tmp_path_factory.mktemp("left-out"), VERSIONS)


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    """Yield its address."""
    with Served(site, site.with_name("log")) as served:
        yield served.url


def test_the_union_lists_no_file(site: Path) -> None:
    """No page for all targets names a wheel of torch, also none of its release without variants."""
    for page in UNION:
        assert "torch-2" not in (site / page).read_text(), page
    assert "app-1.0" in (site / "find-links.html").read_text()
    assert '<a href="torch/">torch</a>' in (site / "simple/index.html").read_text()


def test_a_view_lists_the_variant_of_its_target(site: Path) -> None:
    """Each view has just the file that its target needs."""
    for target, version in VERSIONS.items():
        page = site / "targets" / target / "simple/torch/index.html"
        assert [one.text for one in anchors(page.read_text())] == [f"torch-{version}-py3-none-any.whl"]


def test_the_page_leads_to_the_views(site: Path) -> None:
    """In words, and by a link to the page of each view, which is there."""
    page = site / "simple/torch/index.html"
    text = page.read_text()
    document(text)
    assert "No file of torch is listed here: its build differs by target." in text
    places = [page.parent.joinpath(*one.segments).resolve() for one in anchors(text)]
    assert places == [site / "targets" / target / "simple/torch/index.html" for target in sorted(VERSIONS)]
    assert all(place.is_file() for place in places)
    assert all(version in text for version in VERSIONS.values())


@pytest.mark.parametrize("page", UNION[1:3])
def test_the_page_in_json_is_valid_and_leads_to_the_views(site: Path, page: str) -> None:
    """PEP 691: no file and no version; what is ours is below a key with an underscore."""
    path = site / page
    found = json.loads(path.read_bytes())
    assert ProjectPage.from_json_data(found).packages == []
    assert (found["files"], found["versions"]) == ([], [])
    assert found["_variants"]["note"].startswith("No file of torch is listed here")
    places = {target: (path.parent / link).resolve() for target, link in found["_variants"]["indexes"].items()}
    assert places == {target: site / "targets" / target / "simple/torch" for target in VERSIONS}


def test_the_page_of_links_names_the_pages_of_views_as_text(site: Path) -> None:
    """Each link there is a file; the line of torch has the page of each target."""
    text = (site / "find-links.html").read_text()
    document(text)
    assert [one.text for one in anchors(text)] == ["app-1.0-py3-none-any.whl"]
    assert all(f"targets/{target}/simple/torch/index.html" in text for target in VERSIONS)


def test_versions_with_one_local_part_stay_in_the_union(tmp_path: Path) -> None:
    """A local part is no variant by itself."""
    site = write(tmp_path, {"laptop": "1.0+acme.1", "server": "2.0+acme.1"})
    found = [one.text for one in anchors((site / "simple/torch/index.html").read_text())]
    assert found == ["torch-1.0+acme.1-py3-none-any.whl", "torch-2.0+acme.1-py3-none-any.whl"]


def test_same_variants_same_bytes(tmp_path: Path) -> None:
    """The order in which targets come changes no page."""
    one = write(tmp_path / "one", VERSIONS)
    two = write(tmp_path / "two", dict(reversed(VERSIONS.items())))
    for page in (*UNION, "simple/index.html", "targets/old/simple/torch/index.v1_json"):
        assert (one / page).read_bytes() == (two / page).read_bytes()


TOOLS = {"pip": "pip install --index-url {}", "uv": "uv pip install --default-index {}"}
#: How each says that there is no such version.
NONE = {"pip": "No matching distribution found for torch", "uv": "No solution found"}


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("wanted", ["torch", "torch==2.13.0", "torch>=2", "app"])
def test_clients_of_the_union_find_no_wrong_variant(
    site: Path, url: str, tmp_path: Path, own_pips: Pips, tool: str, wanted: str
) -> None:
    """In JSON over HTTP and in HTML on disk, pip and uv say in one clean error that there is no version."""
    for root in (url, f"{site.as_uri()}/"):
        code, said, into = install(own_pips, f"{TOOLS[tool].format(f'{root}simple/')} '{wanted}'", tmp_path)
        assert code != 0
        assert NONE[tool] in said
        assert "Traceback" not in said
        assert not [*into.glob("torch*")]


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("target", VERSIONS)
def test_clients_of_a_view_get_its_variant(url: str, tmp_path: Path, own_pips: Pips, tool: str, target: str) -> None:
    """Whatever is asked for."""
    code, said, into = install(own_pips, f"{TOOLS[tool].format(f'{url}targets/{target}/simple/')} app", tmp_path)
    assert code == 0, said
    assert [path.name for path in into.glob("torch-*")] == [f"torch-{VERSIONS[target]}.dist-info"]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["--no-index --find-links {}find-links.html", "--index-url {}simple/"])
def test_the_page_of_a_view_completes_pages_for_all(site: Path, tmp_path: Path, own_pips: Pips, way: str) -> None:
    """The find-links page, and the union, with the view's page of torch beside."""
    root = f"{site.as_uri()}/"
    links = f"{way.format(root)} --find-links {root}targets/laptop/simple/torch/index.html"
    code, said, into = install(own_pips, f"pip install {links} app", tmp_path)
    assert code == 0, said
    assert {path.name for path in into.glob("*.dist-info")} == {"torch-2.13.0+cpu.dist-info", "app-1.0.dist-info"}
