"""The chain of requirements that leads to a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.errors import LockError
from pypi_subset.locks.why import ROOT, chains, closure, edges, requires
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.door import read_manifest
from pypi_subset.model.locks import Inputs, Lock, Pin, Reason
from pypi_subset.targets.tag import parse
from tests.support.sites import chain_check as chaincheck
from tests.support.stages.values import LINUX
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pypi_subset.model.targets import Target
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import THREE, mirror

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_chains_hold_against_the_wheels(workspace: Workspace, index: Index) -> None:
    """Every chain in the manifest can be rebuilt from the METADATA of the wheels in the site."""
    index.add(make_wheel("app", requires=["lib[x]", "win; os_name == 'nt'"]), make_wheel("win", requires=["lib"]))
    index.add(make_wheel("lib", requires=["deep; extra == 'x'"], extras=["x"]), make_wheel("deep"))
    workspace.write("base.txt", "app\n")
    workspace.write("more.txt", "lib[x]\nwin; os_name == 'nt'\n")
    workspace.toml(THREE)
    mirror(workspace)
    assert chaincheck.faults(read_manifest(workspace.paths.site), workspace.paths.site) == []


def locked(*pins: tuple[str, Reason, str], patches: tuple[int, ...] = (0,)) -> Lock:
    """Return a lock for Linux of *pins*: release, the requirement that leads to it, and a marker."""
    made: dict[str, Pin] = {}
    for release, reason, marker in pins:
        name, version = release.split("-")
        one = made.get(
            release,
            Pin(
                distribution=Distribution(
                    filename=f"{release}.tar.gz", project=canonicalize_name(name), version=Version(version)
                ),
                reasons=(),
                marker=Marker(marker) if marker else None,
            ),
        )
        made[release] = replace(one, reasons=(*one.reasons, reason))
    inputs = Inputs(requirement_set="a", target="b", policy="c", constraint="d")
    return Lock(set_name="base", target_name="linux", inputs=inputs, pins=tuple(made.values()), patches=patches)


def asked(line: str, number: int = 1) -> Reason:
    """Return the reason that line *number* of the set gives."""
    return Reason(requirement=Requirement(line), origin=f"base.txt:{number}")


def by(project: str, requirement: str) -> Reason:
    """Return the reason that the metadata of *project* gives."""
    return Reason(requirement=Requirement(requirement), by=project)


def shown(lock: Lock, target: Target = LINUX) -> dict[str, str]:
    """Return each release with the texts of its chain."""
    found = chains(lock, target)
    return {name.removesuffix(".tar.gz"): " > ".join(step.text for step in chain) for name, chain in found.items()}


def test_the_shortest_chain_wins() -> None:
    """Of two ways the shorter counts, of two as short the first by name; an extra counts for who asked for it."""
    lock = locked(
        ("app-1", asked("app[x]"), ""),
        ("lib-1", by("app", "lib"), ""),
        ("deep-1", by("lib", "deep"), ""),
        ("deep-1", by("app", 'deep>=1; extra == "x"'), ""),
        ("alone-1", by("app", 'alone; extra == "y"'), ""),
        ("alone-1", by("lib", "alone"), ""),
    )
    assert shown(lock) == {
        "app-1": "app[x]",
        "lib-1": "app[x] > lib",
        "deep-1": 'app[x] > deep>=1; extra == "x"',
        "alone-1": "app[x] > lib > alone",
    }


def test_each_patch_level_has_its_own_chains() -> None:
    """A pin that only some patch levels get is explained at the first of those."""
    lock = locked(
        ("app-1", asked("app"), ""),
        ("shim-1", by("app", 'shim; python_full_version < "3.11.3"'), 'python_full_version < "3.11.3"'),
        ("shim-2", by("app", 'shim; python_full_version >= "3.11.3"'), 'python_full_version >= "3.11.3"'),
        patches=(0, 3),
    )
    found = shown(lock, parse("linux", "cp311-manylinux_2_28_x86_64"))
    assert found["shim-1"] == 'app > shim; python_full_version < "3.11.3"'
    assert found["shim-2"] == 'app > shim; python_full_version >= "3.11.3"'


def test_a_pin_that_nothing_requires_is_an_error() -> None:
    """A circle without a request, and a requirement whose marker is false, lead nowhere."""
    circle = (("one-1", by("two", "one"), ""), ("two-1", by("one", "two"), ""))
    elsewhere = (("app-1", asked("app"), ""), ("win-1", by("app", "win; os_name == 'nt'"), ""))
    for pins, name in ((circle, "one-1"), (elsewhere, "win-1")):
        with pytest.raises(LockError, match=f"nothing in the lock base--linux requires {name}"):
            shown(locked(*pins))


def test_a_request_brings_its_closure() -> None:
    """Over extras that are requested, in circles as well; what another request alone brings is none of it."""
    app, more = asked("app[x]"), asked("more", 2)
    lock = locked(
        ("app-1", app, ""),
        ("more-1", more, ""),
        ("lib-1", by("app", "lib; extra == 'x'"), ""),
        ("lib-1", by("more", "lib"), ""),
        ("deep-1", by("lib", "deep"), ""),
        ("app-1", by("deep", "app"), ""),
        ("odd-1", by("more", "odd"), ""),
    )
    steps = requires(lock, LINUX)
    assert {(reason.text, project) for reason, project in steps[ROOT]} == {("app[x]", "app"), ("more", "more")}
    found = {(one, other) for one, _, other in closure(steps, app)}
    assert found == {("app", "lib"), ("lib", "deep"), ("deep", "app")}
    assert {(one, other) for one, _, other in closure(steps, more)} >= {("more", "odd"), ("more", "lib")}


def test_without_its_extra_a_request_brings_less() -> None:
    """Though another request has the extra brought in."""
    plain, extra = asked("app"), asked("app[x]", 2)
    lock = locked(("app-1", plain, ""), ("app-1", extra, ""), ("lib-1", by("app", 'lib; extra == "x"'), ""))
    steps = requires(lock, LINUX)
    assert closure(steps, plain) == set()
    assert {other for _, _, other in closure(steps, extra)} == {"lib"}


def test_a_closure_has_what_some_patch_levels_need() -> None:
    """Each patch level that the lock tells apart."""
    app = asked("app")
    lock = locked(
        ("app-1", app, ""),
        ("old-1", by("app", 'old; python_full_version < "3.10.2"'), 'python_full_version < "3.10.2"'),
        patches=(0, 2),
    )
    assert {other for _, _, other in closure(requires(lock, LINUX), app)} == {"old"}


def test_edges_lead_from_the_requests_to_each_pin() -> None:
    """Each with the extra that states it; what holds without any extra is stated without one."""
    lock = locked(
        ("app-1", asked("app[x]"), ""),
        ("lib-1", by("app", "lib"), ""),
        ("deep-1", by("app", 'deep; extra == "x"'), ""),
        ("deep-1", by("lib", "deep"), ""),
        ("app-1", by("deep", "app[y]"), ""),
        ("odd-1", by("app", 'odd; extra == "y" or extra == "x"'), ""),
    )
    assert sorted(map(str, edges(lock, LINUX))) == [
        *("app -> lib", "app[x] -> deep", "app[x] -> odd", "app[y] -> odd", "deep -> app", "lib -> deep"),
        "the set -> app",
    ]


def test_an_edge_of_an_extra_that_is_not_requested_is_none() -> None:
    """The lock may name the extra of another requirement; what no request leads to is left out."""
    lock = locked(
        ("app-1", asked("app"), ""),
        ("lib-1", by("app", 'lib; extra == "x"'), ""),
        ("one-1", by("two", "one"), ""),
        ("two-1", by("one", "two"), ""),
    )
    assert sorted(map(str, edges(lock, LINUX))) == ["the set -> app"]


def test_edges_of_each_patch_level_count() -> None:
    """Also of a level at which no pin begins or ceases to count."""
    lock = locked(
        ("app-1", asked("app"), ""),
        ("lib-1", asked("lib", 2), ""),
        ("lib-1", by("app", 'lib; python_full_version >= "3.10.3"'), ""),
    )
    assert "app -> lib" in map(str, edges(lock, LINUX))
    exact = parse("linux", "cp310-manylinux2014_x86_64", "3.10.2")
    assert "app -> lib" not in map(str, edges(lock, exact))
