"""Requests of a lock for the targets of a set."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import Fault
from pypi_subset.requirements.lockfiles import choosing
from pypi_subset.requirements.lockfiles.choosing import requests_of
from pypi_subset.requirements.lockfiles.entries import Conditions, Entry
from pypi_subset.requirements.places import places_of
from pypi_subset.requirements.source import Source
from pypi_subset.requirements.subset_toml import Choice
from pypi_subset.requirements.toml import Settings
from pypi_subset.targets.tag import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

SHA = "sha256:" + "0" * 64
NOTHING = Settings(path=Path("x.lock"), document={}, places={})
TARGETS = (
    parse("linux", "cp310-manylinux2014_x86_64"),
    parse("glibc", "cp310-manylinux_2_28_x86_64"),
    parse("windows", "cp310-win_amd64"),
)
A, B = Entry(name="a", version="1.0", line=2, hashes=(SHA,)), Entry(name="b", version="2.0", line=1, hashes=(SHA,))


@dataclass(frozen=True)
class Lock:
    """Entries, each with the marker that decides."""

    markers: Mapping[Entry, str]
    conditions: Conditions = field(default_factory=Conditions)

    def __post_init__(self) -> None:
        """Parse the markers."""
        for marker in self.markers.values():
            self.conditions.add(marker, 1)

    def chosen(self, environment: Mapping[str, str]) -> Mapping[Entry, frozenset[str]]:
        """Return the entries whose markers are true."""
        truths = self.conditions.on(environment)
        return {entry: frozenset({"x"}) for entry, marker in self.markers.items() if truths.holds(marker)}


def found(markers: Mapping[Entry, str]) -> list[str]:
    """Return the requests and faults of a lock."""
    source = Source(
        set_name="app",
        path=Path("x.lock"),
        choice=Choice(targets=tuple(one.name for one in TARGETS)),
        targets=TARGETS,
        settings=NOTHING,
        places=places_of(Path("requirements")),
    )
    return [
        str(one) if isinstance(one, Fault) else f"{one.origin} {one}"
        for one in requests_of(source, NOTHING, Lock(markers))
    ]


def test_requests_are_in_the_order_of_lines() -> None:
    """What counts everywhere has no marker; what counts somewhere has one of these targets."""
    assert found({A: "os_name == 'nt'", B: "python_version >= '3'"}) == [
        f"x.lock:1 b[x]==2.0 --hash={SHA}",
        f'x.lock:2 a[x]==1.0; sys_platform == "win32" --hash={SHA}',
    ]


def test_patch_levels_are_looked_at() -> None:
    """A marker that changes between patch levels stays with the request."""
    assert found({A: "python_full_version < '3.10.4'"}) == [
        f'x.lock:2 a[x]==1.0; python_full_version < "3.10.4" --hash={SHA}'
    ]


def test_many_patch_levels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that asks about very many patch levels is no lock of a tool."""
    monkeypatch.setattr(choosing, "_MOST_PATCHES", 1)
    (fault,) = found({A: "python_full_version < '3.10.4'"})
    assert fault == "x.lock: markers distinguish more than 1 patch levels of Python 3.10; write the lock again"


def test_an_entry_without_version_or_hash_is_refused() -> None:
    """pipenv leaves the version of what its own system does not need."""
    empty, bare = Entry(name="a", version="", line=2, hashes=()), Entry(name="b", version="1", line=3, hashes=())
    assert [one.split(";")[0] for one in found({empty: "os_name != ''", bare: "os_name != ''"})] == [
        "x.lock:2: a has no version: the tool locked for another system than that of a target",
        "x.lock:3: b 1 has no hash that pip takes",
    ]
