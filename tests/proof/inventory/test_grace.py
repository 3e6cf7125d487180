"""Files that an importer keeps for a while are notes; what its state does not name by its bytes is red."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.inventory.grace import kept
from tests.support.sites.cases import LINUX
from tests.support.sites.handwritten import sha256
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AA, OLD = make_wheel("aa", "2.0"), make_wheel("aa", "1.0")
PATH = f"simple/aa/{OLD.filename}"
UNTIL = "2026-12-01T08:00:00Z"
WORDS = f"{PATH} is of an earlier release: the importer keeps it until {UNTIL}"


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a subset whose site still has a wheel of an earlier release, with its metadata."""
    made = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["aa"], pins={"linux": [AA]}).write()
    (made.paths.site / PATH).write_bytes(OLD.data)
    return made


def state(subset: SubsetOnDisk, **changes: Any) -> dict[str, Any]:
    """Return the state of an importer that keeps the file."""
    entry = {"path": PATH, "sha256": OLD.sha256, "size": len(OLD.data), "mtime": 1, "until": UNTIL}
    document = {"schema": "1.0", "kind": "pypi-subset import state", "live": {"serial": 2}, "grace": [entry]}
    (subset.root / "state.json").write_text(json.dumps(document | changes))
    return document


def test_a_file_of_an_earlier_release_is_a_note(subset: SubsetOnDisk) -> None:
    """With the moment until which it stays; the inventory is green."""
    state(subset)
    (only,) = inventory.take(subset.paths, subset.plan)
    assert (only.status, only.notes) == ("passed", (WORDS,))


def test_without_the_state_it_is_red(subset: SubsetOnDisk) -> None:
    """The file belongs to nothing."""
    (only,) = inventory.take(subset.paths, subset.plan)
    assert only.reason == f"{PATH} is in the site, but neither a lock nor the manifest names it"


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "other bytes": lambda made: made["grace"][0].update(sha256="0" * 64),
    "no hash": lambda made: made["grace"][0].pop("sha256"),
    "other file": lambda made: made["grace"][0].update(path="simple/aa/aa-3.0-py3-none-any.whl"),
    "a moment that is none": lambda made: made["grace"][0].update(until="soon\n\x1b[31m"),
    "other document": lambda made: made.update(kind="pypi-subset receipt"),
    "no list": lambda made: made.update(grace={}),
    "a number": lambda made: made.update(grace=[1]),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_state_that_is_none_excuses_nothing(subset: SubsetOnDisk, what: str) -> None:
    """Other bytes, another file, another document: the file is red."""
    document = state(subset)
    SPOILT[what](document)
    (subset.root / "state.json").write_text(json.dumps(document))
    assert kept(subset.paths.site, {PATH}) == {}


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b"\xff", b'{"kind": 1, "kind": 2}', b"null"], ids=repr)
def test_a_damaged_state_excuses_nothing(subset: SubsetOnDisk, data: bytes) -> None:
    """It is no error either: the file that it should name is."""
    (subset.root / "state.json").write_bytes(data)
    assert kept(subset.paths.site, {PATH}) == {}


def test_a_state_that_is_no_file_is_not_opened(subset: SubsetOnDisk) -> None:
    """A directory, or a link to a device without end."""
    (subset.root / "state.json").mkdir()
    assert kept(subset.paths.site, {PATH}) == {}
    (subset.root / "state.json").rmdir()
    (subset.root / "state.json").symlink_to("/dev/zero")
    assert kept(subset.paths.site, {PATH}) == {}


@pytest.mark.parametrize(
    "path",
    [
        "index2.html",
        "simple/aa/.htaccess",
        "proof/../simple/aa/x",
        "/etc/hostname",
        "simple/bb/aa-1.0-py3-none-any.whl",
    ],
)
def test_only_distributions_are_excused(subset: SubsetOnDisk, path: str) -> None:
    """A page could lead to something else; a path elsewhere is not looked at."""
    if not path.startswith("/"):
        (subset.paths.site / path).parent.mkdir(parents=True, exist_ok=True)
        (subset.paths.site / path).write_bytes(b"x")
    state(subset, grace=[{"path": path, "sha256": sha256(b"x"), "until": UNTIL}])
    assert kept(subset.paths.site, {path}) == {}


def test_metadata_and_sdists_are_excused_as_well(subset: SubsetOnDisk) -> None:
    """They lie beside each other; a symbolic link is nothing that an importer writes."""
    names = [f"{PATH}.metadata", "simple/aa/aa-1.0.tar.gz"]
    for name in names:
        (subset.paths.site / name).write_bytes(b"x")
    state(subset, grace=[{"path": name, "sha256": sha256(b"x"), "until": UNTIL} for name in names])
    assert kept(subset.paths.site, set(names)).keys() == {*names}
    (subset.paths.site / names[1]).unlink()
    (subset.paths.site / names[1]).symlink_to(subset.paths.site / names[0])
    assert kept(subset.paths.site, set(names)).keys() == {names[0]}
