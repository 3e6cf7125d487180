"""The index of any wheels, without requirements: what pip installs from it, what is kept, and what is refused."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

import pypi_subset
from pypi_subset.errors import BadDistribution, FolderError
from tests.support.programs.installers import install
from tests.support.sites.trees import facts, tree
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

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


def test_pip_installs_from_it(wheels: list[Path], tmp_path: Path) -> None:
    """By the page of links as by the index; a release for another Python is passed over."""
    site = tmp_path / "site"
    assert pypi_subset.build_index(wheels, site)
    for number, way in enumerate(
        (f"--index-url {site.as_uri()}/simple/", f"--no-index --find-links {site}/find-links.html")
    ):
        (tmp_path / str(number)).mkdir()
        code, said, into = install(f"pip install {way} app", tmp_path / str(number))
        assert code == 0, said
        assert {path.name for path in into.glob("*.dist-info")} == {"app-1.0.dist-info", "lib-1.0.dist-info"}


def test_it_holds_the_index_and_nothing_else(wheels: list[Path], tmp_path: Path) -> None:
    """Pages in both forms, the wheels as hard links, their METADATA, and the page of links."""
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
    assert [*tree(tmp_path / "site" / "simple" / "demo")] == [sdist.filename, "index.html", "index.v1_json"]


def test_with_a_cache_nothing_is_done_twice(
    wheels: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same wheels leave the site as it is; one more wheel leaves the files of other projects; no wheel is read."""
    site, cache = tmp_path / "site", tmp_path / "cache"
    cache.mkdir()
    assert pypi_subset.build_index(wheels[:2], site, cache=cache)
    before = facts(site / "simple" / "app")
    with monkeypatch.context() as patched:
        patched.setattr("pypi_subset.packages.file_cache.read_metadata", None)
        assert not pypi_subset.build_index(wheels[:2], site, cache=cache)
    assert pypi_subset.build_index(wheels, site, cache=cache)
    assert facts(site / "simple" / "app") == before
    fresh = tmp_path / "fresh"
    pypi_subset.build_index(wheels, fresh)
    assert tree(site) == tree(fresh)
    shutil.rmtree(site)
    assert pypi_subset.build_index(wheels, site, cache=cache)
    assert tree(site) == tree(fresh)


def test_without_a_cache_the_same_site_stays(wheels: list[Path], tmp_path: Path) -> None:
    """Everything is read again, and found to be the same."""
    site = tmp_path / "site"
    assert pypi_subset.build_index(wheels, site)
    before = facts(site)
    assert not pypi_subset.build_index(wheels, site)
    assert facts(site) == before


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
