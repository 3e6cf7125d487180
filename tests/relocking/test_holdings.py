"""What a site has for a lock."""

from __future__ import annotations

import hashlib
from functools import partial
from http.server import SimpleHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from pypi_subset.errors import HashMismatch, SubsetError, TargetError, UpstreamError
from pypi_subset.relocking.address import address_of
from pypi_subset.relocking.holdings import Holdings, fits, read_holdings
from tests.support.relocks.sites import Held, write_manifest
from tests.support.servers.ports import answering
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

DEMO, COMPILED = make_wheel("demo"), make_wheel("fast", tag="cp312-cp312-win_amd64")
SDIST, BUILT, KEPT = make_sdist("old"), make_wheel("old"), make_sdist("kept")


class Quiet(SimpleHTTPRequestHandler):
    """A server of a directory without a log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Write nothing."""


@pytest.fixture
def held(tmp_path: Path) -> Holdings:
    """Return the holdings of a site with a wheel for all, one for Windows, one that was built, and an sdist."""
    files = Held(DEMO), Held(COMPILED, ["win"]), Held(BUILT, built_from=SDIST), Held(KEPT, ["lab"])
    site = write_manifest(tmp_path / "site", *files)
    return read_holdings(address_of(str(site)), tmp_path / "other")


def sha256(file: object) -> str:
    """Return the SHA-256 of a wheel or an sdist."""
    return hashlib.sha256(vars(file)["data"]).hexdigest()


def names(held: Holdings, filename: str, digest: str) -> list[str]:
    """Return the names of what the site has for a file of a lock."""
    return [one.filename for one in held.held(filename, digest)]


def test_a_file_or_what_was_built_from_it(held: Holdings) -> None:
    """A file is found by its name, an sdist leads to the wheel that was built from it, and others to nothing."""
    assert names(held, DEMO.filename, sha256(DEMO)) == [DEMO.filename]
    assert names(held, DEMO.filename, "") == [DEMO.filename]
    assert names(held, SDIST.filename, sha256(SDIST)) == [BUILT.filename]
    assert names(held, "demo-2.0-py3-none-any.whl", "0" * 64) == []


@pytest.mark.parametrize("file", [DEMO, SDIST])
def test_other_bytes_are_refused(held: Holdings, file: object) -> None:
    """The error has both hashes."""
    with pytest.raises(HashMismatch) as caught:
        held.held(vars(file)["filename"], "0" * 64)
    assert "0" * 64 in caught.value.what
    assert sha256(file) in caught.value.what


def test_a_file_fits_by_its_tags(held: Holdings) -> None:
    """A wheel fits the targets of its tags; an sdist fits a target whose closure has it, where its build is served too."""
    lab, win = held.targets(["lab", "win"])
    for file, on_lab, on_win in ((DEMO, True, True), (COMPILED, False, True), (KEPT, True, False)):
        found = held.held(file.filename, "")
        assert fits(found, "lab", frozenset(lab.tags)) is on_lab
        assert fits(found, "win", frozenset(win.tags)) is on_win
    assert not fits((), "lab", frozenset(lab.tags))


def test_targets_by_name(held: Holdings) -> None:
    """Without names all targets count; an unknown one is an error with a suggestion."""
    assert [one.name for one in held.targets([])] == ["lab", "win"]
    assert [one.name for one in held.targets(["win"])] == ["win"]
    with pytest.raises(TargetError, match=r"the site has no target 'wim'.*did you mean 'win'"):
        held.targets(["wim"])


def test_a_build_requirement_is_served_where_its_closure_is(held: Holdings) -> None:
    """The version counts, and whether the closure of the target has the release, since it brings what that requires."""
    assert held.serves("demo", SpecifierSet(">=1"), "lab")
    assert not held.serves("demo", SpecifierSet(">=2"), "lab")
    assert not held.serves("fast", SpecifierSet(), "lab")
    assert held.serves("fast", SpecifierSet(), "win")
    assert not held.serves("other", SpecifierSet(), "win")


def test_what_there_is_instead(tmp_path: Path) -> None:
    """Some releases are named, or that there is none."""
    site = write_manifest(tmp_path, *(Held(make_wheel("demo", f"{number}.0")) for number in range(1, 8)))
    found = read_holdings(address_of(str(site)), site)
    assert found.instead("demo") == "the site has 1.0, 2.0, 3.0, 4.0, 5.0, …"
    assert found.instead("other") == "the site does not have the project"


def test_where_the_manifest_is_read(tmp_path: Path) -> None:
    """The directory of the address counts, else --site; a directory that is none is an error with both."""
    here, there = write_manifest(tmp_path / "site", Held(DEMO)), tmp_path / "there"
    for place in (str(there), "https://host.example.test/"):
        assert read_holdings(address_of(place), here).origin == str(here / "manifest.json")
    write_manifest(there, Held(COMPILED))
    assert read_holdings(address_of(str(there)), here).origin == str(there / "manifest.json")
    with pytest.raises(SubsetError, match=r"there is no site, and .* is none either"):
        read_holdings(address_of(str(tmp_path)), tmp_path / "none")


def test_the_manifest_of_a_server(tmp_path: Path) -> None:
    """Without a site here, the manifest comes from the address; a server without one is an error."""
    site = write_manifest(tmp_path / "site", Held(DEMO))
    with answering(partial(Quiet, directory=str(site))) as port:
        url = f"http://127.0.0.1:{port}/"
        found = read_holdings(address_of(url), tmp_path / "none")
        assert (found.origin, len(found.manifest.files)) == (f"{url}manifest.json", 1)
        (site / "manifest.json").unlink()
        with pytest.raises(UpstreamError, match="answered 404"):
            read_holdings(address_of(url), tmp_path / "none")
