"""What a site lacks for a lock, target by target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from packaging.markers import Marker
from packaging.pylock import Pylock

from pypi_subset.errors import SubsetError
from pypi_subset.relocking.address import address_of
from pypi_subset.relocking.entries import Package
from pypi_subset.relocking.holdings import Holdings, read_holdings
from pypi_subset.relocking.lacking import PylockNeeds, UvNeeds, concerned, missing
from pypi_subset.requirements.lockfiles.uv_format import UvLock
from pypi_subset.targets.tag import parse
from tests.support.relocks.sites import TARGETS, Held, write_manifest
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pypi_subset.model.targets import Target

LAB, WIN = (parse(name, tag) for name, tag in TARGETS.items())
DEMO, FAST, OTHER = make_wheel("demo"), make_wheel("fast", tag="cp312-cp312-win_amd64"), make_wheel("other", "2.0")
PATH = Path("uv.lock")


def uv_needs(*packages: Mapping[str, object], **more: object) -> UvNeeds:
    """Return the needs of a lock of these packages; each is at the line of its number."""
    shared = {"version": "1.0", "source": {"registry": "https://host/simple"}}
    lock = msgspec.convert({"package": [{**shared, **one} for one in packages], **more}, UvLock)
    return UvNeeds(lock=lock, path=PATH, lines=range(1, len(packages) + 1))


APP: dict[str, object] = {
    "name": "app",
    "source": {"editable": "."},
    "dependencies": [{"name": "demo"}, {"name": "console", "marker": "sys_platform == 'win32'"}],
    "optional-dependencies": {"more": [{"name": "extra"}]},
    "dev-dependencies": {"dev": [{"name": "fast"}]},
    "metadata": {"provides-extras": ["more"], "requires-dev": {"dev": [{"name": "fast"}]}},
}


def names(found: set[tuple[str, str]]) -> set[str]:
    """Return the names of releases."""
    return {name for name, _ in found}


def test_all_extras_and_groups_are_needed() -> None:
    """The lock serves whoever chooses them; markers of the machine count."""
    needs = uv_needs(APP, *({"name": one} for one in ("demo", "console", "extra", "fast", "unused")))
    assert names(needs.on(LAB)) == {"demo", "extra", "fast"}
    assert names(needs.on(WIN)) == {"demo", "extra", "fast", "console"}


def test_extras_that_conflict_are_needed_one_by_one() -> None:
    """A marker that excludes one extra of two is true for the other choice."""
    edges = [
        {"name": "gpu", "marker": "extra == 'extra-3-app-gpu'"},
        {"name": "cpu", "marker": "extra == 'extra-3-app-cpu' and extra != 'extra-3-app-gpu'"},
        {"name": "none", "marker": "extra != 'extra-3-app-cpu' and extra != 'extra-3-app-gpu'"},
    ]
    app = {"name": "app", "source": {"editable": "."}, "dependencies": edges}
    app |= {"metadata": {"provides-extras": ["cpu", "gpu"]}}
    conflicts = [[{"package": "app", "extra": "cpu"}, {"package": "app", "extra": "gpu"}]]
    needs = uv_needs(app, *({"name": one} for one in ("gpu", "cpu", "none")), conflicts=conflicts)
    assert names(needs.on(LAB)) == {"gpu", "cpu", "none"}


def test_each_member_of_a_workspace_counts() -> None:
    """A member that the root does not depend on is synced by its name."""
    tool = {"name": "tool", "source": {"editable": "tool"}, "dependencies": [{"name": "demo"}]}
    needs = uv_needs(
        {"name": "app", "source": {"editable": "."}}, tool, {"name": "demo"}, manifest={"members": ["app", "tool"]}
    )
    assert names(needs.on(LAB)) == {"demo"}


def test_each_patch_level_counts() -> None:
    """A target of X.Y has machines of every X.Y.z."""
    edge = {"name": "demo", "marker": "python_full_version < '3.11.4'"}
    needs = uv_needs({"name": "app", "source": {"virtual": "."}, "dependencies": [edge]}, {"name": "demo"})
    assert names(needs.on(LAB)) == {"demo"}
    assert names(needs.on(parse("new", TARGETS["lab"], "3.11.9"))) == set()


def test_a_pylock_needs_what_its_markers_say() -> None:
    """All its extras and groups count, and the machine."""
    markers = {"a": "", "b": "sys_platform == 'win32'", "c": "'more' in extras", "d": "'dev' in dependency_groups"}
    packages = [
        {"name": name, "version": "1.0", "wheels": [_wheel(name)]} | ({"marker": marker} if marker else {})
        for name, marker in markers.items()
    ]
    document = {"lock-version": "1.0", "created-by": "x", "extras": ["more"], "dependency-groups": ["dev"]}
    needs = PylockNeeds(lock=Pylock.from_dict({**document, "packages": packages}))
    assert names(needs.on(LAB)) == {"a", "c", "d"}
    assert names(needs.on(WIN)) == {"a", "b", "c", "d"}


def _wheel(name: str) -> dict[str, object]:
    return {"url": f"https://host/{name}-1.0-py3-none-any.whl", "hashes": {"sha256": "0" * 64}}


@pytest.mark.parametrize(
    ("bound", "markers", "found"),
    [
        (None, (), "lab win"),
        (">=3.12", (), "win"),
        (">=3.11.4", (), "lab win"),
        (">=3.13", (), ""),
        (">=3.11", ("sys_platform == 'linux'",), "lab"),
        (None, ("sys_platform == 'linux'", "sys_platform == 'win32'"), "lab win"),
        ("?", (), "lab win"),
    ],
)
def test_targets_of_a_lock(bound: str | None, markers: Sequence[str], found: str) -> None:
    """Its Pythons count at any patch level, and the environments that it is for."""
    assert [one.name for one in concerned([LAB, WIN], bound, [*map(Marker, markers)])] == found.split()


@pytest.fixture
def holdings(tmp_path: Path) -> Holdings:
    """Return the holdings of a site with a wheel for all, one for Windows, and another release than the locked one."""
    site = write_manifest(tmp_path, Held(DEMO), Held(FAST, ["win"]), Held(OTHER))
    return read_holdings(address_of(str(site)), site)


def lines(needs: UvNeeds, holdings: Holdings, targets: Sequence[Target] = (LAB, WIN)) -> list[str]:
    """Return what is missing."""
    files = {"demo": holdings.held(DEMO.filename, ""), "fast": holdings.held(FAST.filename, "")}
    packages = [
        Package(name=one.name, version="1.0", line=line, files=files.get(one.name, ()))
        for line, one in enumerate(needs.lock.package, 1)
        if "registry" in one.source
    ]
    return missing(needs, packages, targets, holdings, PATH)


def test_a_package_is_missing_where_no_file_installs(holdings: Holdings) -> None:
    """Each line has the package, the targets, and what the site has instead."""
    edges = [{"name": one} for one in ("demo", "fast", "other", "none")]
    needs = uv_needs({"name": "app", "source": {"virtual": "."}, "dependencies": edges}, *edges)
    assert lines(needs, holdings) == [
        "uv.lock:3: fast 1.0 has no file for lab; the site has files for other targets",
        "uv.lock:4: other 1.0 has no file for lab, win; the site has 2.0",
        "uv.lock:5: none 1.0 has no file for lab, win; the site does not have the project",
    ]
    assert [line.split()[1] for line in lines(needs, holdings, [WIN])] == ["other", "none"]


def test_a_package_that_no_target_needs_is_not_missing(holdings: Holdings) -> None:
    """A lock of uv has the packages of all systems."""
    edge = {"name": "none", "marker": "sys_platform == 'darwin'"}
    needs = uv_needs({"name": "app", "source": {"virtual": "."}, "dependencies": [edge]}, {"name": "none"})
    assert lines(needs, holdings) == []


def test_a_value_that_a_target_leaves_open_is_an_error(holdings: Holdings) -> None:
    """Nothing says whether such a machine needs the package."""
    edge = {"name": "demo", "marker": "platform_release == '6'"}
    needs = uv_needs({"name": "app", "source": {"virtual": "."}, "dependencies": [edge]}, {"name": "demo"})
    with pytest.raises(SubsetError, match="what the lock needs on lab depends on platform_release"):
        lines(needs, holdings)
