"""The list of what is gone, as a file in the packages directory."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.errors import SubsetError
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.intake.gone import Looked, Missing
from pypi_subset.model.locks import Inputs, Lock, Pin
from pypi_subset.model.paths import Paths
from pypi_subset.packages import gone_list

if TYPE_CHECKING:
    from pathlib import Path

FILE = Distribution(
    filename="acme-2.0-py3-none-any.whl", project=canonicalize_name("acme"), version=Version("2.0"), sha256="ab"
)
KEY = (FILE.filename, "ab")
ONE = Missing(
    project="acme",
    version="2.0",
    filename=FILE.filename,
    sha256="ab",
    state="gone",
    what="the index does not list it any more",
    since="2026-01-31",
)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Return the directories of a subset, of which packages/ exists."""
    (tmp_path / "packages").mkdir()
    return subset(tmp_path, "requirements")


def subset(root: Path, name: str) -> Paths:
    """Return the directories of a subset that shares its packages directory."""
    return Paths(requirements=root / name, packages=root / "packages", site=root / "site")


def lock(*files: Distribution) -> list[Lock]:
    """Return one lock with *files*."""
    pins = tuple(Pin(distribution=one, reasons=()) for one in files)
    none = Inputs(requirement_set="", target="", policy="", constraint="")
    return [Lock(set_name="base", target_name="linux", inputs=none, pins=pins)]


def test_what_is_kept_is_read(paths: Paths) -> None:
    """With a version of its form; equal knowledge is not written again."""
    assert gone_list.read(paths.packages) == Looked()
    gone_list.keep(paths, lock(FILE), [ONE], {KEY, ("another.whl", "cd")})
    found = gone_list.read(paths.packages)
    assert (found.files, found.answered) == ((ONE,), {"../requirements": {FILE.filename: "ab"}})
    path = paths.packages / gone_list.FILE
    assert json.loads(path.read_bytes())["schema"] == "1.1"
    before = path.stat().st_mtime_ns
    gone_list.keep(paths, lock(FILE), [ONE], {KEY})
    assert path.stat().st_mtime_ns == before


def test_what_no_lock_of_now_has_stays(paths: Paths) -> None:
    """A lock may come back. What the run has no answer about is looked for then."""
    gone_list.keep(paths, lock(FILE), [ONE], {KEY})
    gone_list.keep(paths, lock(), [], {KEY})
    found = gone_list.read(paths.packages)
    assert (found.files, found.keys) == ((ONE,), frozenset())


def test_what_is_offered_again_is_forgotten(paths: Paths) -> None:
    """A lock has the file, and the run found nothing missing; older lists do not state the hash."""
    for before in (ONE, replace(ONE, sha256="")):
        gone_list.keep(paths, lock(FILE), [before], {KEY})
        assert gone_list.read(paths.packages).of([FILE]) == (before,)
        gone_list.keep(paths, lock(FILE), [], {KEY})
        assert gone_list.read(paths.packages).files == ()


def test_two_subsets_know_what_each_found(paths: Paths) -> None:
    """One packages directory may serve both; another file under the name is not the one that is gone."""
    other = Distribution(filename=FILE.filename, project=FILE.project, version=FILE.version, sha256="ef")
    gone_list.keep(paths, lock(FILE), [ONE], {KEY})
    gone_list.keep(subset(paths.packages.parent, "second"), lock(other), [], {(other.filename, "ef")})
    found = gone_list.read(paths.packages)
    assert found.of([FILE]) == (ONE,)
    assert found.of([other]) == ()
    assert found.keys == {KEY, (other.filename, "ef")}


def test_a_list_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """It states neither hashes nor answers."""
    entry = {key: getattr(ONE, key) for key in ("project", "version", "filename", "state", "what", "since")}
    (tmp_path / gone_list.FILE).write_text(json.dumps({"schema": "1.0", "files": [entry]}))
    assert gone_list.read(tmp_path).of([FILE]) == (replace(ONE, sha256=""),)
    assert gone_list.read(tmp_path).keys == frozenset()


@pytest.mark.parametrize("data", [b"", b"{}", b'{"schema": "1.0", "files": [1]}'])
def test_a_damaged_list_is_an_error(tmp_path: Path, data: bytes) -> None:
    """It is not taken for an empty one."""
    (tmp_path / gone_list.FILE).write_bytes(data)
    with pytest.raises(SubsetError, match="the list of files that are gone is damaged; delete it"):
        gone_list.read(tmp_path)
