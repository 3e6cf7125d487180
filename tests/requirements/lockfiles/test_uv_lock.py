"""The graph of uv's lock."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pypi_subset.requirements.lockfiles.entries import Malformed
from pypi_subset.requirements.lockfiles.uv_format import UvLock
from pypi_subset.requirements.lockfiles.uv_lock import Graph

SHA = "sha256:" + "0" * 64
REGISTRY = {"registry": "https://host/simple"}


def package(name: str, *edges: dict[str, object], **more: object) -> dict[str, object]:
    """Return a package of an index, which depends on *edges*."""
    return {"name": name, "version": "1", "source": REGISTRY, "dependencies": edges, "wheels": [{"hash": SHA}], **more}


def graph(*packages: dict[str, object], extras: str = "", groups: str = "", **more: object) -> Graph:
    """Return the graph of *packages*; each is at the line of its number."""
    lock = msgspec.convert({"package": packages, **more}, UvLock)
    lines = range(1, len(packages) + 1)
    return Graph(
        lock=lock, path=Path("uv.lock"), lines=lines, extras=frozenset(extras.split()), groups=frozenset(groups.split())
    )


def chosen(found: Graph, **environment: str) -> dict[str, str]:
    """Return name and version of what is chosen, with its extras."""
    return {
        f"{entry.name}{sorted(extras) or ''}": entry.version
        for entry, extras in found.chosen({"sys_platform": "linux", **environment}).items()
    }


def test_circles_and_extras_are_followed() -> None:
    """Projects that depend on each other are reached once, an extra adds its own dependencies."""
    found = graph(
        package("app", {"name": "a", "extra": ["X"]}, source={"editable": "."}),
        package("a", {"name": "b"}, **{"optional-dependencies": {"x": [{"name": "c"}]}}),
        package("b", {"name": "a"}, {"name": "d", "marker": "sys_platform == 'win32'"}),
        package("c"),
        package("d"),
        package("unused"),
    )
    assert chosen(found) == {"a['x']": "1", "b": "1", "c": "1"}
    assert chosen(found, sys_platform="win32") == {"a['x']": "1", "b": "1", "c": "1", "d": "1"}


def test_an_extra_of_a_member_may_conflict() -> None:
    """A marker about an extra of a member counts where a dependency requests that extra."""
    edges: list[dict[str, object]] = [
        {"name": "x", "version": v, "source": REGISTRY, "marker": f"extra {sign} 'extra-4-part-fast'"}
        for v, sign in (("1", "=="), ("2", "!="))
    ]
    for extra, version in (([], "2"), (["fast"], "1")):
        found = graph(
            package("app", {"name": "part", "extra": extra}, source={"virtual": "."}),
            package("part", *edges, source={"editable": "part"}, **{"optional-dependencies": {"fast": []}}),
            package("x"),
            package("x", version="2"),
            manifest={"members": ["app", "Part"]},
        )
        assert chosen(found) == {"x": version}


def test_a_path_that_is_no_member_has_a_place() -> None:
    """The entry says where it comes from; a directory of wheels is a registry with a whole path."""
    found = graph(
        package("app", {"name": "near"}, {"name": "flat"}, source={"virtual": "."}),
        package("near", source={"editable": "../near"}),
        package("flat", source={"registry": "../wheels"}),
    )
    places = {entry.name: (entry.place, entry.registry) for entry in found.chosen({})}
    assert places == {"near": ("a path", ""), "flat": ("", "../wheels")}


def test_requirements_of_a_script_name_one_package() -> None:
    """Of several packages of a name the one that the specifier admits is meant."""
    packages = package("a"), package("a", version="2")
    assert chosen(graph(*packages, manifest={"requirements": [{"name": "A", "specifier": "<2"}]})) == {"a": "1"}
    assert chosen(
        graph(*packages, manifest={"dependency-groups": {"dev": [{"name": "a", "specifier": ">1"}]}}, groups="dev")
    ) == {"a": "2"}
    for stated in ({"name": "a"}, {"name": "b"}):
        with pytest.raises(Malformed, match="no single package"):
            chosen(graph(*packages, manifest={"requirements": [stated]}))
