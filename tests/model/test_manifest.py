"""The manifest as others see it: its JSON Schema, its reader, and what is no manifest."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.model.documents import encode, parse
from pypi_subset.model.door import read_manifest
from pypi_subset.model.manifest import Manifest, is_manifest, manifest_path
from pypi_subset.support.resources import shipped
from tests.support.checkout import schema
from tests.support.pages.schemas import generated
from tests.support.stages.manifests import SDIST, WHEEL, document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMA = schema("manifest")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

DOCUMENT = document()


def test_the_committed_schema_is_the_generated_one() -> None:
    """After a change of the Structs, ``python -m tests.support.pages.schemas`` writes it again."""
    assert shipped("schemas", "manifest.schema.json").decode() == generated(Manifest)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_manifest_is_what_its_schema_says() -> None:
    """A manifest with every kind of entry fits; it is read and written without a change, in the same order."""
    VALIDATOR.validate(DOCUMENT)
    data = encode(DOCUMENT)
    made = parse(data, Manifest)
    assert encode(made) == data
    assert made.files[1].needed_by[0].set_name == "base"


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "no sets": lambda made: made.pop("sets"),
    "other version": lambda made: made.update(schema="0.9"),
    "absolute path": lambda made: made["files"][0].update(path="/etc/passwd"),
    "path upwards": lambda made: made["files"][0].update(path="simple/../../x"),
    "short hash": lambda made: made["files"][0].update(sha256="0"),
    "short hash of a page": lambda made: made["pages"].update({"index.html": "0"}),
    "short hash of metadata": lambda made: made["files"][0].update(metadata=""),
    "size null": lambda made: made["files"][0].update(size=None),
    "size negative": lambda made: made["files"][0].update(size=-1),
    "size absurd": lambda made: made["files"][0].update(size=1 << 60),
    "digits without end": lambda made: made["targets"][0].update(python="3.12." + "1" * 5000),
    "hash with a line end": lambda made: made["files"][0].update(sha256="a" * 64 + "\n"),
    "project with a line end": lambda made: made["files"][0].update(project="app\n"),
    "file name": lambda made: made["files"][0].update(filename="-x.whl"),
    "project name": lambda made: made["files"][0].update(project="My_Lib"),
    "no version": lambda made: made["files"][0].update(version=""),
    "needed by nobody": lambda made: made["files"][0].update(needed_by=[]),
    "no chain": lambda made: made["files"][0]["needed_by"][0].update(chain=[]),
    "empty link": lambda made: made["files"][0]["needed_by"][0]["chain"][0].update(requirement=""),
    "set name": lambda made: made["sets"][0].update(name="Base"),
    "origin": lambda made: made["sets"][0]["requests"][0].update(origin="a/base.txt:1"),
    "Python version": lambda made: made["targets"][0].update(python="3.10"),
    "marker": lambda made: made["targets"][0].update(markers={"a": 1}),
    "edge": lambda made: made["edges"].append(["app", "", ""]),
    "edge of two": lambda made: made["edges"].append(["app", ""]),
    "owner of an edge": lambda made: made["edges"].append(["App", "", "my-lib"]),
    "closure without edges": lambda made: made["closures"][0].pop("edges"),
    "pins": lambda made: made["closures"][0].update(pins="a"),
    "pins with a line end": lambda made: made["closures"][0].update(pins="0\n"),
    "brought": lambda made: made["targets"][0].update(brought={"cffi": 1}),
    "action": lambda made: made["bad_files"][0].update(action="eat"),
    "reason": lambda made: made["bad_files"][0].update(reason=""),
}

#: What the schema refuses and a reader does not look at: a later minor version may write it, or nothing depends on it.
SCHEMA_ONLY: dict[str, Callable[[dict[str, Any]], object]] = {
    "unknown field": lambda made: made.update(clock="now"),
    "unknown field of a file": lambda made: made["files"][0].update(clock="now"),
    "proven": lambda made: made.update(unproven=False),
    "target twice": lambda made: made["sets"][0].update(targets=["linux", "linux"]),
    "first link": lambda made: made["files"][0]["needed_by"][0]["chain"][0].update(origin=""),
    "second link": lambda made: made["files"][1]["needed_by"][0]["chain"][1].update(by=""),
}


@pytest.mark.parametrize("what", [*SPOILT, *SCHEMA_ONLY])
def test_the_schema_refuses_a_spoilt_manifest(what: str) -> None:
    """Each rule of the form is in the schema, and nearly each holds when a manifest is read."""
    spoilt = copy.deepcopy(DOCUMENT)
    (SPOILT | SCHEMA_ONLY)[what](spoilt)
    assert not VALIDATOR.is_valid(spoilt)
    if what in SPOILT:
        with pytest.raises(ValueError, match=r"\S"):
            parse(json.dumps(spoilt), Manifest)
    else:
        parse(json.dumps(spoilt), Manifest)


def test_a_manifest_of_0_1_is_read() -> None:
    """Its version is a whole number, and it may lack the list of bad files."""
    older = {name: value for name, value in DOCUMENT.items() if name != "bad_files"}
    assert parse(json.dumps(older | {"schema": 1}), Manifest) == parse(json.dumps(older), Manifest)


def test_an_unproven_copy_says_so() -> None:
    """The mark stands at the end; without it there is no such field."""
    made = parse(json.dumps(DOCUMENT | {"unproven": True}), Manifest)
    assert made.unproven is True
    assert encode(made).endswith(b',\n "unproven": true\n}\n')
    VALIDATOR.validate(json.loads(encode(made)))
    assert b"unproven" not in encode(parse(json.dumps(DOCUMENT), Manifest))


def test_hashes_are_of_files_metadata_and_pages() -> None:
    """Every file that the manifest names has one."""
    made = parse(json.dumps(DOCUMENT), Manifest)
    files = {SDIST: "e" * 64, WHEEL: "a" * 64, f"{WHEEL}.metadata": "b" * 64}
    assert made.hashes == files | dict.fromkeys(DOCUMENT["pages"], "c" * 64)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "the site has no manifest; run `pypi-subset mirror`"),
        (b"{", "the manifest is damaged; run `pypi-subset mirror`"),
        (b'{"schema": 2}', "the manifest has schema 2.0, and this version reads 1.8; upgrade pypi-subset"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path, data: bytes | None, message: str) -> None:
    """No manifest, a damaged one, or one of a newer version: one line with the path and the next step."""
    path = manifest_path(tmp_path)
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(SubsetError) as caught:
        read_manifest(tmp_path)
    assert str(caught.value) == f"{path}: {message}"


def test_a_manifest_is_known_by_its_fields() -> None:
    """One of any version counts; other JSON, no JSON and JSON that is nested too deeply do not."""
    any_version = {"schema": 99, "targets": [], "sets": [], "files": [], "later": {}}
    assert is_manifest(json.dumps(any_version).encode())
    assert is_manifest(encode(DOCUMENT))
    others = (b"", b"[]", b'"schema"', b'{"schema": 1, "files": []}', b"[" * 100_000, b"\xff", b'{"schema": "\xff"}')
    assert not any(map(is_manifest, others))
