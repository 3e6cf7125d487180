"""The documents of snapshots: read back, checked, removed with what they alone need."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.snapshots.store import require_name, require_plain
from tests.support.sites.trees import tree
from tests.support.states.lab import Lab, two_states

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with the snapshots one and two."""
    return two_states(tmp_path / "lab")


@pytest.mark.parametrize("name", ["2026-11", "a", "v1.2_rc-3", "x" * 60])
def test_good_names(name: str) -> None:
    """Dates, versions and words."""
    assert require_name(name) == name


@pytest.mark.parametrize("name", ["con", "nul.2026", "LPT1"])
def test_a_device_of_windows_is_no_name(name: str) -> None:
    """A packages directory may be on a disk of Windows."""
    with pytest.raises(SubsetError, match=f"a snapshot cannot be called '{name}', a device on Windows"):
        require_name(name)


def test_snapshots_are_listed_as_they_were_taken(lab: Lab) -> None:
    """Not by their names; foreign files beside the documents are none."""
    (lab.store.folder / "named" / "Not a name.json").write_text("")
    assert lab.store.names() == ["one", "two"]
    lab.take("a")
    assert [one.title for one in lab.store.every()] == ["one", "two", "a"]


def test_a_site_laid_out_is_the_site(lab: Lab) -> None:
    """All files are there but the forms of the report, which publish renders; after the block it is gone."""
    site = {path: data for path, data in tree(lab.paths.site).items() if not path.startswith("proof/")}
    with lab.store.laid_out(lab.store.read("two")) as stage:
        found = tree(stage)
    assert {path: data for path, data in found.items() if not path.startswith("proof/")} == site
    assert found["proof/report.json"] == (lab.paths.site / "proof" / "report.json").read_bytes()
    assert not stage.exists()


def test_what_a_killed_run_laid_out_goes(lab: Lab) -> None:
    """The next one removes it."""
    left = lab.store.folder / ".one.1.stage"
    left.mkdir()
    with lab.store.laid_out(lab.store.read("two")):
        assert not left.exists()


def test_removing_one_keeps_what_others_need(lab: Lab) -> None:
    """The pool then has the files of the other snapshot alone."""
    lab.store.remove("one")
    held = {path.name for path in (lab.store.folder / "pool").rglob("*") if path.is_file()}
    assert held == {*lab.store.hashes(lab.store.read("two")).values()}
    assert lab.store.names() == ["two"]


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "1.0", "name": "one"}', '{"schema": "2.0"}'])
def test_a_damaged_document_is_one_line(lab: Lab, text: str) -> None:
    """It is named, with the next step; nothing is removed because of it."""
    path = lab.store.folder / "named" / "one.json"
    path.write_text(text)
    before = tree(lab.store.folder)
    for call in (lambda: lab.store.read("one"), lab.store.every, lab.store.sweep):
        with pytest.raises(SubsetError) as caught:
            call()
        assert caught.value.path == path
        assert caught.value.next_step
    assert tree(lab.store.folder) == before


def test_a_document_under_another_name(lab: Lab) -> None:
    """A snapshot that was copied by hand to another name is refused."""
    named = lab.store.folder / "named"
    (named / "three.json").write_bytes((named / "one.json").read_bytes())
    with pytest.raises(SubsetError, match="this is the snapshot 'one' under another name"):
        lab.store.read("three")


def test_a_changed_manifest_is_refused(lab: Lab) -> None:
    """Its hash stands in the document."""
    place = lab.store.pool.path_of(lab.store.read("one").manifest)
    data = place.read_bytes()
    place.unlink()
    place.write_bytes(data + b" ")
    with pytest.raises(SubsetError, match="has other bytes than when it was taken"):
        lab.store.hashes(lab.store.read("one"))


def test_no_path_leads_out_of_the_site(lab: Lab) -> None:
    """A manifest that was put into the pool with a path of another directory writes nothing there."""
    snapshot = lab.store.read("one")
    document = json.loads(lab.store.pool.read(snapshot.manifest))
    document["pages"]["../../../escaped"] = next(iter(document["pages"].values()))
    data = json.dumps(document).encode()
    digest = hashlib.sha256(data).hexdigest()
    lab.store.pool.write(data, digest)
    lab.store.keep(structs.replace(snapshot, manifest=digest))
    before = tree(lab.root)
    with pytest.raises(SubsetError, match="the manifest is refused"), lab.store.laid_out(lab.store.read("one")):
        pass
    assert tree(lab.root) == before


def test_a_link_is_no_file(tmp_path: Path) -> None:
    """What a symbolic link leads to is not kept."""
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(FolderError, match="no plain file"):
        require_plain(tmp_path, "link")
