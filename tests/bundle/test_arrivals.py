"""Receipts become the ledger: the last one says what the disconnected side has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.bundle import ledger
from pypi_subset.bundle.arrivals import is_receipt, take_receipt
from pypi_subset.bundle.bases import start_of
from pypi_subset.errors import SubsetError
from pypi_subset.model.paths import Paths
from tests.support.bundles.office import Office, document, office
from tests.support.sites.trees import tree
from tests.support.sites.workspace import Workspace, own_index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Return the connected side after two bundles, with a third site."""
    folder = tmp_path_factory.mktemp("office")
    made = office(Workspace(folder), {"lab": "cp312-manylinux_2_28_x86_64"})
    with own_index() as index:
        index.add(make_wheel("app"), make_wheel("lib", ballast=5000), make_wheel("other"))
        for lines in (["app"], ["app", "lib"]):
            made.mirror(*lines)
            made.bundle(folder / f"stick{len(lines)}")
        made.mirror("lib", "other")
    return made


@pytest.fixture
def space(sent: Office, tmp_path: Path) -> Paths:
    """Return the directories of `sent` with a ledger of their own."""
    packages = tmp_path / "packages"
    (packages / ".sent").mkdir(parents=True)
    for path in (sent.space.paths.packages / ".sent").iterdir():
        (packages / ".sent" / path.name).write_bytes(path.read_bytes())
    return Paths(requirements=sent.space.paths.requirements, packages=packages, site=sent.site)


def receipt(path: Path, sent: Office, number: int, **changes: Any) -> Path:
    """Return the path of a receipt of the bundle *number*, as the importer writes it."""
    bundle = document(sent.space.root / f"stick{number}")
    found = {"schema": "1.0", "kind": "pypi-subset receipt", "serial": bundle["serial"], "manifest": bundle["manifest"]}
    path.write_text(json.dumps({**found, "imported": "2026-11-20T08:00:00Z", **changes}))
    return path


def test_a_receipt_is_recorded(sent: Office, space: Paths, tmp_path: Path) -> None:
    """The ledger has it, the result says what did not arrive, and a bundle can begin there."""
    file = receipt(tmp_path / "receipt.json", sent, 1)
    assert is_receipt(file)
    seen = take_receipt(space, file, dry=True)
    assert (seen.serial, seen.recorded, ledger.read(space.packages).arrived) == (1, False, None)
    assert (seen.new_files, seen.gone_files, seen.imported) == (2, 1, "2026-11-20T08:00:00Z")
    assert seen.new_bytes == len(make_wheel("lib", ballast=5000).data) + len(make_wheel("other").data)
    assert take_receipt(space, file).recorded
    known = ledger.read(space.packages)
    assert known.arrived == ledger.Arrived(manifest=seen.manifest, serial=1, imported="2026-11-20T08:00:00Z")
    assert take_receipt(space, file, dry=True).recorded
    start = start_of("arrived", space.packages, known, "f" * 64)
    assert start.base is not None
    assert start.base.sha256 == seen.manifest
    assert take_receipt(space, receipt(file, sent, 2, imported="")).serial == 2
    assert take_receipt(space, receipt(file, sent, 1, imported="2026-11-21T08:00:00Z")).serial == 1


def test_what_arrived_is_kept(sent: Office, space: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger forgets the oldest sites, but for the one that arrived."""
    take_receipt(space, receipt(tmp_path / "receipt.json", sent, 1))
    monkeypatch.setattr(ledger, "_KEPT", 1)
    known = ledger.read(space.packages)
    third = ledger.Sent(manifest="3" * 64, serial=3, created="2026-01-01T00:00:00Z", beside={})
    assert [one.serial for one in ledger.with_sent(known, third).sent] == [1, 3]


def test_arrived_without_a_receipt(space: Paths) -> None:
    """The error names the command that takes one."""
    with pytest.raises(SubsetError, match=r"no receipt was taken yet; take one with `pypi-subset add --request"):
        start_of("arrived", space.packages, ledger.read(space.packages), "f" * 64)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"manifest": "0" * 64}, "no bundle carried the site that the receipt names, 000000000000…; compare it with"),
        ({"serial": 7}, "the receipt states the number 7, and the bundle of that site had 1; compare it with"),
        ({"serial": 1 << 60}, "the receipt is damaged"),
        ({"serial": 0}, "the receipt is damaged"),
        ({"manifest": "../x"}, "the receipt is damaged"),
        ({"imported": "\x1b[31m"}, "the receipt is damaged"),
        ({"imported": "x" * 1000}, "the receipt is damaged"),
        ({"imported": "2026-02-30T08:00:00Z"}, "the receipt is damaged"),
        ({"imported": "2026-11-20T08:61:00Z"}, "the receipt is damaged"),
        ({"user": "alice"}, "the receipt is damaged"),
        ({"schema": "2.0"}, "the receipt has schema 2.0, and this version reads 1.0; upgrade pypi-subset"),
        ({"kind": "x"}, "the receipt is damaged"),
        ({"imported": "x" * 70_000}, "this is no receipt of import_bundle.py"),
    ],
)
def test_hostile_receipts(sent: Office, space: Paths, tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """Each is refused in one line, and the ledger is as it was."""
    before = tree(space.packages / ".sent")
    file = receipt(tmp_path / "receipt.json", sent, 1, **changes)
    with pytest.raises(SubsetError) as caught:
        take_receipt(space, file)
    assert message in caught.value.lines[0]
    assert len(caught.value.lines) == 1
    assert tree(space.packages / ".sent") == before


def test_what_is_no_receipt(tmp_path: Path) -> None:
    """Other documents, broken ones and large ones are none."""
    for data in (b"", b"[]", b"{", b"[" * 5000, b'{"kind": "pypi-subset request"}', b" " * 70_000):
        (tmp_path / "x.json").write_bytes(data)
        assert not is_receipt(tmp_path / "x.json")
    with pytest.raises(SubsetError):
        is_receipt(tmp_path / "none.json")
