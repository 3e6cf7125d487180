"""``bundle.json``: its form is published, and names each file of a bundle."""

from __future__ import annotations

import json

import jsonschema
import pytest

from pypi_subset.bundle.document import BUNDLE, KIND, NAMESPACE, SIGNATURE, Bundle, volume_name
from pypi_subset.model.documents import encode, parse
from pypi_subset.support.resources import shipped
from tests.support.pages.schemas import generated

DIGEST = "0" * 64
DOCUMENT = {
    "schema": "1.0",
    "kind": "pypi-subset bundle",
    "serial": 3,
    "created": "2026-01-01T00:00:00Z",
    "expires": "2026-02-01T00:00:00Z",
    "base": None,
    "manifest": DIGEST,
    "manifest_from": None,
    "paths": {"manifest.json": DIGEST},
    "beside": {"README.md": DIGEST},
    "removed": [],
    "blobs": {DIGEST: {"size": 4, "parts": [{"volume": 1, "offset": 0, "size": 4}]}},
    "volumes": [{"name": "volume-001.zip", "size": 300, "sha256": DIGEST}],
    "parity": {"name": "parity.xor", "size": 300, "sha256": DIGEST},
    "helpers": {"import_bundle.py": {"size": 5, "sha256": DIGEST}},
}


def test_the_form_is_published() -> None:
    """The schema in the package is the one of the code, and takes what is written, field by field in this order."""
    schema = shipped("schemas", "bundle-document.schema.json").decode()
    assert schema == generated(Bundle)
    made = parse(json.dumps(DOCUMENT), Bundle)
    assert json.loads(encode(made)) == DOCUMENT
    assert [*json.loads(encode(made))] == [*DOCUMENT]
    jsonschema.validate(json.loads(encode(made)), json.loads(schema))


def test_each_file_is_named() -> None:
    """Volumes, parity and helpers, with size and hash; not the document itself, nor its signature."""
    made = parse(json.dumps(DOCUMENT), Bundle)
    assert made.files == {
        "volume-001.zip": (300, DIGEST),
        "parity.xor": (300, DIGEST),
        "import_bundle.py": (5, DIGEST),
    }
    assert {BUNDLE, SIGNATURE}.isdisjoint(made.files)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "another"},
        {"serial": 0},
        {"created": "2026-01-01"},
        {"manifest": "0" * 63},
        {"volumes": [{"name": "../a.zip", "size": 1, "sha256": DIGEST}]},
        {"blobs": {DIGEST: {"size": 4, "parts": []}}},
    ],
)
def test_other_documents_are_none(change: dict[str, object]) -> None:
    """A document of another kind, or with a value out of bounds, is no bundle."""
    with pytest.raises(ValueError, match=r"Invalid|Expected"):
        parse(json.dumps(DOCUMENT | change), Bundle)


def test_fixed_words() -> None:
    """What the importer compares with: kind, namespace, and the names of volumes."""
    assert (DOCUMENT["kind"], "pypi-subset-bundle") == (KIND, NAMESPACE)
    assert [volume_name(number) for number in (1, 42, 999)] == ["volume-001.zip", "volume-042.zip", "volume-999.zip"]
