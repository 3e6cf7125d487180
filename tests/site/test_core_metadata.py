"""The core metadata file beside each wheel: its METADATA, linked from the live site while that is right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from pypi_subset.errors import BadDistribution
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.site import core_metadata
from pypi_subset.site.stage_writer import StageWriter
from pypi_subset.support import files
from tests.support.stages.values import artifact_of, artifacts_of, projects_of
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pathlib import Path


WHEEL = make_wheel("app", requires=["lib"])


def beside(folder: Path, before: Path, cache: FileCache) -> Path:
    """Return where metadata lies now beside a wheel in the site *folder*, which replaces *before*."""
    artifacts = [core_metadata.described(one, cache) for one in artifacts_of([WHEEL], folder / "simple" / "app")]
    core_metadata.write_metadata(projects_of(artifacts), StageWriter(folder, live=before), cache)
    path = folder / "simple" / "app" / f"{WHEEL.filename}.metadata"
    assert artifacts[0].metadata == files.sha256_of(path)
    return path


def test_metadata_lies_beside_the_wheel(tmp_path: Path) -> None:
    """Byte for byte; from the old site it is linked if it is still right, and written again if not."""
    one = FileCache(tmp_path / "memory")
    first = beside(tmp_path / "first", tmp_path / "nowhere", one)
    assert first.read_bytes() == WHEEL.metadata
    assert beside(tmp_path / "second", tmp_path / "first", one).samefile(first)
    first.unlink()
    first.write_bytes(b"Name: app\n")
    third = beside(tmp_path / "third", tmp_path / "first", FileCache(tmp_path / "memory"))
    assert not third.samefile(first)
    assert third.read_bytes() == WHEEL.metadata


def test_an_sdist_has_none(tmp_path: Path) -> None:
    """Only wheels have core metadata files (PEP 658)."""
    sdist = make_sdist("demo")
    (tmp_path / sdist.filename).write_bytes(sdist.data)
    one = core_metadata.described(artifact_of(tmp_path / sdist.filename), FileCache(tmp_path / "memory"))
    assert one.metadata is None
    assert one.identity


def test_what_the_lock_was_resolved_by_is_what_is_served(tmp_path: Path) -> None:
    """A wheel with other METADATA than its lock says is refused by name."""
    (one,) = artifacts_of([WHEEL], tmp_path)
    other = replace(one, distribution=structs.replace(one.distribution, metadata="0" * 64))
    with pytest.raises(BadDistribution, match=f"{WHEEL.filename} and the metadata that it was resolved by contradict"):
        core_metadata.described(other, FileCache(tmp_path / "memory"))
