"""The value that a site is built of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.model.locks import Inputs, Lock, Pin
from pypi_subset.site.content import Content, views
from tests.support.stages.values import artifacts_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

INPUTS = Inputs(requirement_set="0", target="0", policy="0", constraint="0")


def test_a_view_has_the_files_of_every_set(tmp_path: Path) -> None:
    """A target that several sets serve gets the files of all, each once; a target without pins has a view of its own."""
    a, b = artifacts_of([make_wheel("a"), make_wheel("b")], tmp_path)
    pins = {name: Pin(distribution=one.distribution, reasons=()) for name, one in (("a", a), ("b", b))}
    locks = [
        Lock(set_name=set_name, target_name=target, inputs=INPUTS, pins=tuple(pins[name] for name in names))
        for set_name, target, names in (("x", "linux", "a"), ("y", "linux", "ab"), ("x", "mac", "b"), ("x", "win", ""))
    ]
    assert views(locks) == {
        "linux": {a.distribution.filename, b.distribution.filename},
        "mac": {b.distribution.filename},
        "win": set(),
    }


def test_an_index_alone_needs_files_only(tmp_path: Path) -> None:
    """Without a subset there are no locks and no views."""
    content = Content(artifacts=artifacts_of([make_wheel("a")], tmp_path))
    assert (content.subset, views(content.locks)) == (None, {})
