"""The files of a bundle: planned to the byte, within every limit, and equal for equal inputs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from random import Random
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from pypi_subset.bundle.document import Bundle
from pypi_subset.bundle.packing.assembly import assemble, planned
from pypi_subset.bundle.packing.blobs import gathered
from pypi_subset.errors import SubsetError
from pypi_subset.model.documents import encode
from pypi_subset.support.progress import SILENT
from tests.support.sites.trees import tree

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.bundle.packing.assembly import Plan
    from pypi_subset.bundle.packing.blobs import Blobs

HELPERS = {"import_bundle.py": b"i" * 3000, "REVIEW.html": b"<p>", "REVIEW.md": b"#"}
SIGNATURE = 300


def draft(paths: dict[str, str]) -> Bundle:
    """Return a document without its volumes."""
    return Bundle(
        schema="1.0",
        kind="pypi-subset bundle",
        serial=1,
        created="2026-01-01T00:00:00Z",
        expires="2026-02-01T00:00:00Z",
        base=None,
        manifest="0" * 64,
        manifest_from=None,
        paths=paths,
        beside={},
        removed=(),
        blobs={},
        volumes=(),
        parity=None,
        helpers={},
    )


def filled(blobs: Blobs, folder: Path, count: int = 40) -> dict[str, bytes]:
    """Return contents by their hash, wheels and pages of odd sizes, after handing them to *blobs*."""
    random, found = Random(5), dict[str, bytes]()  # noqa: S311 - the same each time
    for number in range(count):
        data = random.randbytes(random.randint(1, 3000)) * (1 + number % 2)
        digest = hashlib.sha256(data).hexdigest()
        path = folder / f"{number}{'.whl' if number % 2 else '.html'}"
        path.write_bytes(data)
        blobs.add_file(path, digest)
        found[digest] = data
    return found


def plan_of(blobs: Blobs, limit: int | None, *, parity: bool = False) -> Plan:
    """Return the plan of a bundle of all contents."""
    paths = {f"simple/{digest}": digest for digest in sorted(blobs.packed)}
    return planned(draft(paths), HELPERS, blobs.packed, limit, SIGNATURE, parity=parity)


def contents(stage: Path, bundle: Bundle) -> dict[str, bytes]:
    """Return the contents of all blobs, read from the volumes by zipfile."""
    archives = {
        number: zipfile.ZipFile(io.BytesIO((stage / one.name).read_bytes()))
        for number, one in enumerate(bundle.volumes, 1)
    }
    return {
        digest: b"".join(archives[part.volume].read(f"{digest}.{part.offset}") for part in blob.parts)
        for digest, blob in bundle.blobs.items()
    }


@pytest.mark.parametrize("limit", [None, 1_000_003, 60_001, 40_000, 29_999, 28_000])
@pytest.mark.parametrize("parity", [True, False])
def test_a_bundle_is_what_it_says(tmp_path: Path, limit: int | None, *, parity: bool) -> None:
    """Each file has the size and hash that the document names, no medium has a byte too many, and each content comes back."""
    with gathered() as blobs:
        wanted, stage = filled(blobs, tmp_path), tmp_path / "stage"
        stage.mkdir()
        plan = plan_of(blobs, limit, parity=parity)
        bundle = assemble(plan, blobs, stage, SILENT)
    for name, (size, sha256) in bundle.files.items():
        data = (stage / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (size, sha256)
    assert bundle.files.keys() == tree(stage).keys()
    assert contents(stage, bundle) == wanted
    beside = sum(map(len, HELPERS.values())) + len(encode(bundle)) + SIGNATURE
    if limit is not None:
        assert bundle.volumes[0].size + beside <= limit
        assert max(one.size for one in bundle.volumes) <= limit
    assert plan.size == sum(size for size, _ in bundle.files.values()) + len(encode(bundle)) + SIGNATURE
    assert plan.largest == max(one.size for one in bundle.volumes)
    assert bundle.parity is None or bundle.parity.size == plan.largest
    assert (bundle.parity is not None) == parity


def test_a_byte_less_makes_another_volume(tmp_path: Path) -> None:
    """The smallest limit for one medium is known to the byte: with one byte less, there are two."""
    with gathered() as blobs:
        filled(blobs, tmp_path)
        whole = plan_of(blobs, None)
        assert len(plan_of(blobs, whole.size).volumes) == 1
        assert len(plan_of(blobs, whole.size - 1).volumes) == 2


def test_a_medium_that_is_too_small(tmp_path: Path) -> None:
    """Helpers and document alone exceed the limit: one line, before anything is written."""
    with gathered() as blobs:
        filled(blobs, tmp_path)
        with pytest.raises(SubsetError, match="a volume of 3,000 bytes is too small"):
            plan_of(blobs, 3000)


def test_equal_inputs_make_equal_bytes(tmp_path: Path) -> None:
    """Whatever the order in which contents were read."""
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with gathered() as blobs:
            found = filled(blobs, tmp_path)
            if name == "two":
                for data in reversed([*found.values()]):
                    blobs.add(data)
            made.append(encode(assemble(plan_of(blobs, 40_000, parity=True), blobs, tmp_path / name, SILENT)))
    assert made[0] == made[1]
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_nothing_to_carry(tmp_path: Path) -> None:
    """A bundle without contents has no volume, and no parity."""
    with gathered() as blobs:
        bundle = assemble(plan_of(blobs, None, parity=True), blobs, tmp_path, SILENT)
    assert (bundle.volumes, bundle.parity, bundle.blobs) == ((), None, {})
    assert tree(tmp_path) == HELPERS
    assert structs.replace(bundle, helpers={}) == draft({})
