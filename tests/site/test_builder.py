"""A whole site as the tool makes it: every page valid and the same in both forms, and ways to install that it offers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from pypi_simple import IndexPage, ProjectPage

from pypi_subset.cli.display import Display
from pypi_subset.pipeline.mirror import mirror
from tests.support.pages.page_check import document
from tests.support.programs.installers import install
from tests.support.servers.served import Served
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

HOST = "https://host.example"
INDEXES = ("simple", "targets/here/simple", "targets/old/simple")


@pytest.fixture
def site(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a site for this machine and another, which get different releases of one project."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    index.add(make_wheel("App.One", requires=["lib", "Extra>=1; sys_platform == 'win32'"]))
    index.add(make_wheel("lib", "2.0+local.1", requires_python=">=3.11,<4"))
    index.add(make_wheel("lib", "1.0"), make_wheel("extra"))
    index.yank(index.projects["lib"][1], "only <if> \"pinned\" & 'asked'")
    workspace.write("base.txt", "app-one\nlib; python_version >= '3.11'\nlib==1.0; python_version < '3.11'\n")
    workspace.toml({"here": "host", "old": "cp310-win_amd64"})
    mirror(workspace.paths, progress=Display())
    return workspace.paths.site


def test_every_page_is_valid_and_says_the_same_in_both_forms(site: Path) -> None:
    """html5lib finds no error in any page; pypi-simple reads each in HTML and JSON, and finds the same files and facts."""
    for page in site.rglob("*.html"):
        if "simple-json" not in page.parts:
            document(page.read_text(encoding="utf-8"))
    for folder in INDEXES:
        root = IndexPage.from_html((site / folder / "index.html").read_text())
        assert root.projects == IndexPage.from_json_data(read(site / folder / "index.v1_json")).projects
        assert {canonicalize_name(name) for name in root.projects} == {
            path.name for path in (site / folder).iterdir() if path.is_dir()
        }
        for project in root.projects:
            address, place = f"{HOST}/{folder}/{project}/", site / folder / project
            html = ProjectPage.from_html(project, (place / "index.html").read_text(), base_url=address)
            page_in_json = ProjectPage.from_json_data(read(place / "index.v1_json"), base_url=address)
            assert facts(html) == facts(page_in_json)
            for one in html.packages:
                file = site / one.url.removeprefix(f"{HOST}/").replace("%2B", "+")
                assert file.is_file()
                assert file.with_name(f"{file.name}.metadata").is_file()


def read(path: Path) -> object:
    """Return the page at *path*, in JSON."""
    return json.loads(path.read_bytes())


def facts(page: ProjectPage) -> list[tuple[object, ...]]:
    """Return what the standards have for both forms."""
    return [
        (one.url, one.digests, one.requires_python, one.is_yanked, one.yanked_reason, one.metadata_digests, one.version)
        for one in page.packages
    ]


def test_json_under_its_own_prefix_is_that_of_the_union(site: Path) -> None:
    """The same bytes, but for the way to the files."""
    for path in (site / "simple-json").rglob("index.html"):
        beside = site / "simple" / path.relative_to(site / "simple-json").with_name("index.v1_json")
        project = path.parent.name
        assert path.read_text().replace(f"../../simple/{project}/", "") == beside.read_text()


@pytest.mark.parametrize(
    "way",
    [
        "--no-index -r {url}locks/pylock.base--here.toml",
        "--index-url {url}targets/here/simple/ app-one",
        "--require-hashes --index-url {url}simple/ -r {url}locks/base--here.requirements.txt",
        "--index-url {url}simple/ -c {url}locks/base--here.constraints.txt app-one",
        "--no-index -r {site}/locks/pylock.base--here.toml",
    ],
)
def test_pip_takes_locks_and_views_over_http(site: Path, tmp_path: Path, way: str) -> None:
    """The lock, with its ways to the files; a target's own index; requirements with hashes; constraints."""
    with Served(site, tmp_path / "log") as served:
        code, said, into = install(f"pip install {way.format(url=served.url, site=site)}", tmp_path)
    assert code == 0, said
    assert {path.name.lower() for path in into.glob("*.dist-info")} == {
        "app_one-1.0.dist-info",
        "lib-2.0+local.1.dist-info",
    }
