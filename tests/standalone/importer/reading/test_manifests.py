"""Manifests and differences between them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.reading.manifests import SiteManifest, patched
from tests.support.gap.bundles import difference
from tests.support.gap.releases import first, second
from tests.support.sites.handwritten import sha256

if TYPE_CHECKING:
    from collections.abc import Callable


def manifest(change: Callable[[dict[str, Any]], object] = lambda _: None) -> SiteManifest:
    """Return the manifest of a release, changed."""
    document = json.loads(first().manifest({"index.html": "0" * 64}))
    change(document)
    return SiteManifest(json.dumps(document).encode())


def test_hashes_are_those_of_the_tool() -> None:
    """Distributions, metadata and pages are named."""
    found = manifest().hashes()
    assert len(found) == 9
    assert found["index.html"] == "0" * 64
    assert {path.rpartition(".")[2] for path in found} == {"html", "whl", "metadata"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: one.update(schema="2.0"), "has schema 2.0; use the program that came with it"),
        (lambda one: one.update(schema="1"), None),
        (lambda one: one.update(schema=1), None),
        (lambda one: one.update(schema="1.9", other=1), None),
        (lambda one: one.pop("files"), "files is missing"),
        (lambda one: one.pop("closures"), "closures is missing"),
        (lambda one: one["closures"].pop(), "no closure, or two, for a set"),
        (lambda one: one["closures"].append(one["closures"][0]), "no closure, or two, for a set"),
        (lambda one: one["edges"].append(["a", "b"]), "an edge that is damaged"),
        (lambda one: one["edges"].append(["a", "b", 1]), "an edge that is damaged"),
        (lambda one: one["files"][0].update(sha256="x"), "no SHA-256"),
        (lambda one: one["files"][0].update(one["files"][1]), "names a file twice"),
        (lambda one: one["files"][0].update(path=one["files"][1]["path"]), "at another path than that of its project"),
        (lambda one: one["pages"].update({one["files"][1]["path"]: "0" * 64}), "names a file twice"),
    ],
)
def test_damaged_manifests(change: Callable[[dict[str, Any]], object], message: str | None) -> None:
    """What an import needs is there; other fields of later minor versions are ignored."""
    if message is None:
        manifest(change).hashes()
        return
    with pytest.raises(Refused, match=message):
        manifest(change).hashes()


def test_difference_makes_the_new_manifest() -> None:
    """The operations of a difference make the new manifest byte for byte."""
    one, other = first().manifest({}), second().manifest({})
    text = difference(one, other)
    assert len(text) < len(other)
    assert patched(one, text, sha256(other)) == other


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: one.update(base="0" * 64), "from another manifest"),
        (lambda one: one["ops"].append([0, 10**15]), "reads beyond its base"),
        (lambda one: one["ops"].append([10**15, 1]), "reads beyond its base"),
        (lambda one: one["ops"].append([-1, 1]), "is damaged"),
        (lambda one: one["ops"].append([0, 1, 2]), "is damaged"),
        (lambda one: one["ops"].append(["0", 1]), "is damaged"),
        (lambda one: one["ops"].append(None), "is damaged"),
        (lambda one: one["ops"].append("x"), "makes another manifest"),
        (lambda one: one.update(ops=[[0, 1000]] * 100_000), "makes another manifest"),
        (lambda one: one.update(size=1), "makes another manifest"),
        (lambda one: one.update(size=10**12), "outside of"),
        (lambda one: one["ops"].append("\ud800"), "makes another manifest"),
    ],
)
def test_damaged_differences(change: Callable[[dict[str, Any]], object], message: str) -> None:
    """A difference that reads elsewhere, grows, or makes something else is refused."""
    one, other = first().manifest({}), second().manifest({})
    document = json.loads(difference(one, other))
    change(document)
    with pytest.raises(Refused, match=message):
        patched(one, json.dumps(document).encode(), sha256(other))
