"""A whole site: valid pages, the same in both forms, and every way to install; an index of wheels without requirements."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from pypi_simple import IndexPage, ProjectPage

import pypi_subset
from pypi_subset.cli.display import Display
from pypi_subset.errors import BadDistribution, FolderError
from pypi_subset.pipeline.mirror import mirror
from tests.support.pages.page_check import document
from tests.support.programs.installers import install
from tests.support.servers.served import Served
from tests.support.sites import trees
from tests.support.sites.workspace import Workspace, own_index
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.pip.pool import Pips

HOST = "https://host.example"
INDEXES = ("simple", "targets/here/simple", "targets/old/simple")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site for this machine and another, which get different releases of one project; no test changes it."""
    workspace = Workspace(tmp_path_factory.mktemp("builder") / "work")
    workspace.paths.requirements.mkdir(parents=True)
    workspace.write("base.txt", "app-one\nlib; python_version >= '3.11'\nlib==1.0+local.1; python_version < '3.11'\n")
    workspace.toml({"here": "host", "old": "cp310-win_amd64"})
    with own_index() as index:
        index.add(make_wheel("App.One", requires=["lib", "Extra>=1; sys_platform == 'win32'"]))
        index.add(make_wheel("lib", "2.0+local.1", requires_python=">=3.11,<4"))
        index.add(make_wheel("lib", "1.0+local.1"), make_wheel("extra"))
        index.yank(index.projects["lib"][1], "only <if> \"pinned\" & 'asked'")
        mirror(workspace.paths, progress=Display())
    return workspace.paths.site


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    """Yield the address of the site behind our server."""
    with Served(site, site.with_name("log")) as served:
        yield served.url


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


@pytest.mark.slow
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
def test_pip_takes_locks_and_views_over_http(site: Path, url: str, tmp_path: Path, way: str, own_pips: Pips) -> None:
    """The lock, with its ways to the files; a target's own index; requirements with hashes; constraints."""
    code, said, into = install(own_pips, f"pip install {way.format(url=url, site=site)}", tmp_path)
    assert code == 0, said
    assert {path.name.lower() for path in into.glob("*.dist-info")} == {
        "app_one-1.0.dist-info",
        "lib-2.0+local.1.dist-info",
    }


LONG_AGO = 1_700_000_000_123_456_789


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    """Return wheels in two directories: ``app`` needs ``lib``, of which two releases are there."""
    found = []
    for name, one in (
        ("one", make_wheel("app", requires=["lib"])),
        ("one", make_wheel("lib", "1.0")),
        ("two", make_wheel("lib", "2.0", requires_python=">=99")),
    ):
        (tmp_path / name).mkdir(exist_ok=True)
        found.append(one.save(tmp_path / name))
        os.utime(found[-1], ns=(LONG_AGO, LONG_AGO))
    return found


def test_pip_installs_from_it(wheels: list[Path], tmp_path: Path, own_pips: Pips) -> None:
    """By the find-links page as by the index; a release for another Python is passed over."""
    site = tmp_path / "site"
    assert pypi_subset.build_index(wheels, site)
    for number, way in enumerate(
        (f"--index-url {site.as_uri()}/simple/", f"--no-index --find-links {site}/find-links.html")
    ):
        (tmp_path / str(number)).mkdir()
        code, said, into = install(own_pips, f"pip install {way} app", tmp_path / str(number))
        assert code == 0, said
        assert {path.name for path in into.glob("*.dist-info")} == {"app-1.0.dist-info", "lib-1.0.dist-info"}


def test_it_holds_the_index_and_nothing_else(wheels: list[Path], tmp_path: Path) -> None:
    """Pages in both forms, the wheels as hard links, their METADATA, and the find-links page."""
    site = tmp_path / "site"
    pypi_subset.build_index(wheels, site)
    assert {path.name for path in site.iterdir()} == {"simple", "simple-json", "find-links.html"}
    folder = site / "simple" / "app"
    assert {path.name for path in folder.iterdir()} == {
        *("index.html", "index.v1_json", wheels[0].name, f"{wheels[0].name}.metadata")
    }
    assert (folder / wheels[0].name).samefile(wheels[0])


def test_an_sdist_is_listed_without_metadata(tmp_path: Path) -> None:
    """An sdist has no core metadata file."""
    sdist = make_sdist("demo")
    (tmp_path / sdist.filename).write_bytes(sdist.data)
    pypi_subset.build_index([tmp_path / sdist.filename], tmp_path / "site")
    assert [*trees.tree(tmp_path / "site" / "simple" / "demo")] == [sdist.filename, "index.html", "index.v1_json"]


def test_with_a_cache_nothing_is_done_twice(
    wheels: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same wheels leave the site as it is; one more wheel leaves the files of other projects; no wheel is read."""
    site, cache = tmp_path / "site", tmp_path / "cache"
    cache.mkdir()
    assert pypi_subset.build_index(wheels[:2], site, cache=cache)
    before = trees.facts(site / "simple" / "app")
    with monkeypatch.context() as patched:
        patched.setattr("pypi_subset.packages.file_cache.read_metadata", None)
        patched.setattr("pypi_subset.packages.file_cache.check_wheel", None)
        assert not pypi_subset.build_index(wheels[:2], site, cache=cache)
    assert pypi_subset.build_index(wheels, site, cache=cache)
    assert trees.facts(site / "simple" / "app") == before
    fresh = tmp_path / "fresh"
    pypi_subset.build_index(wheels, fresh)
    assert trees.tree(site) == trees.tree(fresh)
    shutil.rmtree(site)
    assert pypi_subset.build_index(wheels, site, cache=cache)
    assert trees.tree(site) == trees.tree(fresh)


def test_paths_may_be_strings(wheels: list[Path], tmp_path: Path) -> None:
    """A string names a wheel as a `Path` does; the order of the wheels does not matter."""
    pypi_subset.build_index(wheels, tmp_path / "site")
    pypi_subset.build_index([str(path) for path in reversed(wheels)], tmp_path / "other")
    assert trees.tree(tmp_path / "other") == trees.tree(tmp_path / "site")


def test_an_index_loads_nothing_of_locks(wheels: list[Path], tmp_path: Path) -> None:
    """Locks, manifest and the grammar of requirements take longer to load than hundreds of wheels to index."""
    program = (
        "import sys, pypi_subset; from pathlib import Path; pypi_subset.build_index(sys.argv[2:], Path(sys.argv[1]));"
        "print(*sorted({'pypi_subset.locks', 'pypi_subset.site.manifest', 'packaging.requirements'} & {*sys.modules}))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "site"), *map(str, wheels)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "\n"


def test_without_a_cache_the_same_site_stays(wheels: list[Path], tmp_path: Path) -> None:
    """Everything is read again, and found to be the same."""
    site = tmp_path / "site"
    assert pypi_subset.build_index(wheels, site)
    before = trees.facts(site)
    assert not pypi_subset.build_index(wheels, site)
    assert trees.facts(site) == before


@pytest.mark.parametrize("name", ["simple", "thesis.txt", "find-links.html"])
def test_the_directory_of_somebody_else_stays(wheels: list[Path], tmp_path: Path, name: str) -> None:
    """Names alone prove nothing."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / name).write_text("mine", encoding="utf-8")
    with pytest.raises(FolderError, match=f"did not make {name}"):
        pypi_subset.build_index(wheels, tmp_path / "site")
    assert (tmp_path / "site" / name).read_text(encoding="utf-8") == "mine"


def test_what_is_no_distribution_is_refused(wheels: list[Path], tmp_path: Path) -> None:
    """A name that is none, and a wheel that is damaged: the site is not touched."""
    (tmp_path / "notes.txt").touch()
    with pytest.raises(BadDistribution, match=r"'notes.txt' is not the name of a wheel"):
        pypi_subset.build_index([*wheels, tmp_path / "notes.txt"], tmp_path / "site")
    wheels[1].write_bytes(b"PK")
    with pytest.raises(BadDistribution, match="damaged wheel"):
        pypi_subset.build_index(wheels, tmp_path / "site")
    assert not (tmp_path / "site").exists()
