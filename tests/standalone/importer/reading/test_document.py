"""``bundle.json``: whatever contradicts itself is refused."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.reading.document import Bundle

if TYPE_CHECKING:
    from collections.abc import Callable

A, B, C, D, MANIFEST = ("a" * 64, "b" * 64, "c" * 64, "d" * 64, "e" * 64)
GOOD: dict[str, Any] = {
    "schema": "1.0",
    "kind": "pypi-subset bundle",
    "serial": 3,
    "created": "2026-01-01T00:00:00Z",
    "expires": "2026-02-01T00:00:00Z",
    "base": D,
    "manifest": MANIFEST,
    "manifest_from": C,
    "paths": {"simple/a/a.whl": A, "README.md": B, "simple/index.html": B},
    "beside": {"README.md": B, "proof/report.json": D},
    "removed": ["simple/b/b.whl"],
    "blobs": {
        A: {"size": 10, "parts": [{"volume": 1, "offset": 0, "size": 6}, {"volume": 2, "offset": 6, "size": 4}]},
        B: {"size": 0, "parts": [{"volume": 1, "offset": 0, "size": 0}]},
        C: {"size": 1, "parts": [{"volume": 2, "offset": 0, "size": 1}]},
    },
    "volumes": [
        {"name": "volume-001.zip", "size": 100, "sha256": A},
        {"name": "volume-002.zip", "size": 90, "sha256": B},
    ],
    "parity": {"name": "parity.xor", "size": 100, "sha256": C},
    "helpers": {"import_bundle.py": {"size": 1, "sha256": A}},
}


def bundle(change: Callable[[dict[str, Any]], object] = lambda _: None) -> Bundle:
    """Return a bundle, changed."""
    document = copy.deepcopy(GOOD)
    change(document)
    return Bundle(json.dumps(document).encode())


def test_good() -> None:
    """A bundle that agrees with itself is read; each volume knows its members."""
    found = bundle()
    assert (found.serial, found.base, found.manifest_from) == (3, D, C)
    assert set(found.members(1)) == {f"{A}.0".encode(), f"{B}.0".encode()}
    assert {name: (digest, part.size) for name, (digest, part) in found.members(2).items()} == {
        f"{A}.6".encode(): (A, 4),
        f"{C}.0".encode(): (C, 1),
    }


def test_later_minor_versions_may_say_more() -> None:
    """A key that 1.0 has not is refused there, and ignored in 1.1."""
    with pytest.raises(Refused, match="unknown key more"):
        bundle(lambda one: one.update(more=1))
    assert bundle(lambda one: one.update(more=1, schema="1.1")).serial == 3


def blob(digest: str, **changes: Any) -> Callable[[dict[str, Any]], object]:
    """Return a change of a blob."""
    return lambda one: one["blobs"][digest].update(changes)


def part(digest: str, number: int, **changes: Any) -> Callable[[dict[str, Any]], object]:
    """Return a change of a part."""
    return lambda one: one["blobs"][digest]["parts"][number].update(changes)


CHANGES: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("kind", lambda one: one.update(kind="other"), "is no bundle of pypi-subset"),
    ("major", lambda one: one.update(schema="2.0"), "has schema 2.0; run the import_bundle.py of this medium"),
    ("schema", lambda one: one.update(schema="1.x"), "has schema 1.x"),
    ("serial 0", lambda one: one.update(serial=0), "serial is 0"),
    ("serial too high", lambda one: one.update(serial=2**53 + 1), "serial is"),
    ("expires before", lambda one: one.update(expires="2025-01-01T00:00:00Z"), "expires before it was created"),
    ("no base, difference", lambda one: one.update(base=None, removed=[]), "has no base"),
    ("no base, removed", lambda one: one.update(base=None, manifest_from=None), "neither as it is nor|has no base"),
    ("no manifest", lambda one: one.update(manifest_from=None), "neither as it is nor as a difference"),
    ("two manifests", lambda one: one["paths"].update({"manifest.json": MANIFEST}), "as both"),
    ("other manifest", lambda one: one["paths"].update({"manifest.json": A}), "two hashes of manifest.json"),
    ("manifest beside", lambda one: one["beside"].update({"manifest.json": A}), "where it must not be"),
    ("release page", lambda one: one["beside"].update({"release.html": A}), "begins with a name that no site has"),
    ("way out", lambda one: one["paths"].update({"../x": A}), "the path ../x"),
    ("way out beside", lambda one: one["beside"].update({"simple/../../x": A}), "the path simple/"),
    ("way out removed", lambda one: one["removed"].append("/etc/passwd"), "the path /etc/passwd"),
    ("twins", lambda one: one["paths"].update({"readme.md": A}), "begins with a name"),
    ("twins below", lambda one: one["paths"].update({"simple/A/x": A}), "one directory on some systems"),
    ("removed twins", lambda one: one["removed"].append("simple/B/x"), "one directory on some systems"),
    ("removed twice", lambda one: one["removed"].append("simple/b/b.whl"), "no list of paths"),
    ("removed number", lambda one: one["removed"].append(1), "no list of paths"),
    ("blob of no path", lambda one: one["paths"].pop("simple/a/a.whl"), "no path has it"),
    ("path of no blob", lambda one: one["blobs"].pop(A), "is not in the bundle"),
    ("blob name", lambda one: one["blobs"].update({"x": one["blobs"].pop(A)}), "a blob is no SHA-256"),
    ("blob size", blob(A, size=11), "do not add up"),
    ("blob too large", blob(A, size=(1 << 40) + 1), "size is"),
    ("no parts", blob(A, parts=[]), "do not add up"),
    ("no parts of nothing", blob(B, parts=[]), "do not add up"),
    ("more of a blob", blob(A, name="x"), "unknown key name"),
    ("hole", part(A, 1, offset=7), "do not follow each other"),
    ("overlap", part(A, 1, offset=5), "do not follow each other"),
    ("part of size 0", part(A, 1, size=0), "size is 0"),
    ("part too large", part(A, 0, size=11), "size is 11"),
    ("no such volume", part(A, 1, volume=3), "volume is 3|do not follow"),
    ("volume 0", part(A, 0, volume=0), "volume is 0"),
    ("one volume twice", part(A, 1, volume=1), "volume is 1"),
    ("volume name", lambda one: one["volumes"][0].update(name="../volume-001.zip"), "another name"),
    ("volume order", lambda one: one["volumes"].reverse(), "another name"),
    ("volume hash", lambda one: one["volumes"][0].update(sha256="x"), "no SHA-256"),
    ("volume size", lambda one: one["volumes"][0].update(size=-1), "size is -1"),
    ("1000 volumes", lambda one: one.update(volumes=[one["volumes"][0]] * 1000), "more than 999 volumes"),
    ("short parity", lambda one: one["parity"].update(size=99), "not as long as the longest volume"),
    ("parity name", lambda one: one["parity"].update(name="parity"), "another name"),
    ("parity of nothing", lambda one: one.update(volumes=[]), "not as long|do not follow|volume is"),
    ("helper name", lambda one: one["helpers"].update({"../x": {"size": 1, "sha256": A}}), "another name"),
    (
        "many helpers",
        lambda one: one.update(helpers={f"h{n}": {"size": 1, "sha256": A} for n in range(17)}),
        "17|helpers",
    ),
    ("hash of a path", lambda one: one["paths"].update({"simple/a/a.whl": None}), "no SHA-256"),
    ("path list", lambda one: one.update(paths=[]), "paths is missing or of another type"),
]


@pytest.mark.parametrize(("change", "message"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES])
def test_what_is_refused(change: Callable[[dict[str, Any]], object], message: str) -> None:
    """A bundle that contradicts itself is refused by what is wrong."""
    with pytest.raises(Refused, match=message):
        bundle(change)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_each_key_is_needed(name: str) -> None:
    """No key has a default, and none has another type."""
    with pytest.raises(Refused, match=f"{name}|schema"):
        bundle(lambda one: one.pop(name))
    with pytest.raises(Refused):
        bundle(lambda one: one.update({name: 1.5}))
