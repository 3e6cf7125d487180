"""Since which bundle a file was carried: each bundle from that one on has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.bundle import ledger
from pypi_subset.model.documents import encode
from pypi_subset.model.manifest import File, Link, Manifest, Need
from pypi_subset.pipeline.requested.carried import carried, files_of

if TYPE_CHECKING:
    from pathlib import Path


def manifest(**files: str) -> bytes:
    """Return a manifest: project → the targets that need its one file."""
    found = tuple(
        File(
            filename=f"{name}-1.0-py3-none-any.whl",
            path=f"simple/{name}/{name}-1.0-py3-none-any.whl",
            project=name,
            version="1.0",
            size=1,
            sha256="0" * 64,
            requires_python=None,
            metadata=None,
            needed_by=tuple(
                Need(set_name="base", target=one, chain=(Link(requirement=name, by="", origin="base.txt:1"),))
                for one in targets.split()
            ),
        )
        for name, targets in files.items()
    )
    return encode(Manifest(schema=Manifest.version, targets=(), sets=(), files=found, pages={}))


def send(packages: Path, serial: int, data: bytes) -> ledger.Sent:
    """Return the entry of a bundle, which the ledger has now."""
    digest = ledger.base_from(data, ledger.manifest_in(data)).sha256
    one = ledger.Sent(manifest=digest, serial=serial, created="2026-01-01T00:00:00Z", beside={})
    ledger.keep(packages, ledger.with_sent(ledger.read(packages), one), data)
    return one


def name(project: str, target: str = "lab") -> tuple[str, str]:
    """Return what a file of *project* is called here."""
    return f"{project}-1.0-py3-none-any.whl", target


def test_since(tmp_path: Path) -> None:
    """A file that was gone for one bundle counts from its return; one that the last bundle lacks has no number."""
    send(tmp_path, 2, manifest(a="lab", b="lab", c="lab"))
    send(tmp_path, 3, manifest(a="lab", c="lab"))
    send(tmp_path, 5, manifest(a="lab win", b="lab"))
    every = [name("a"), name("a", "win"), name("b"), name("c"), name("d")]
    found = carried(tmp_path, every)
    assert found.since == {name("a"): 2, name("a", "win"): 5, name("b"): 5}
    assert (found.last, found.arrived) == (5, None)


def test_no_bundle(tmp_path: Path) -> None:
    """Without a ledger nothing is known."""
    found = carried(tmp_path, [name("a")])
    assert (found.since, found.last, found.arrived) == ({}, None, None)


def test_a_lost_manifest_ends_the_search(tmp_path: Path) -> None:
    """What is older than a lost manifest is not known to be the same."""
    send(tmp_path, 1, manifest(a="lab"))
    lost = send(tmp_path, 2, manifest(a="lab", b="lab"))
    send(tmp_path, 3, manifest(a="lab", c="lab"))
    (tmp_path / ".sent" / f"{lost.manifest}.json.gz").unlink()
    assert carried(tmp_path, [name("a")]).since == {name("a"): 3}


def test_what_arrived(tmp_path: Path) -> None:
    """The files of the site that the last receipt names."""
    first = send(tmp_path, 1, manifest(a="lab"))
    send(tmp_path, 2, manifest(a="lab", b="lab"))
    arrived = ledger.Arrived(manifest=first.manifest, serial=1)
    ledger.keep(tmp_path, ledger.with_arrived(ledger.read(tmp_path), arrived))
    found = carried(tmp_path, []).arrived
    assert found is not None
    assert found == files_of(ledger.manifest_in(manifest(a="lab")))
