"""The release of a published site: its schema, its bounds, and the chain from one to the next."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.publishing.release import LAST, MAX_BYTES, SiteRelease, decode, following, read_release, release_path
from pypi_subset.support.resources import shipped
from tests.support.checkout import schema
from tests.support.pages.schemas import generated

NOW = "2026-11-28T18:00:00.000000Z"
FIRST = following(None, b"", "a" * 64, NOW)


def read(data: bytes) -> SiteRelease:
    """Return the release in *data*."""
    return decode(data, path=Path("release.json"), next_step="remove it")


def test_the_committed_schema_is_the_generated_one() -> None:
    """What is written fits it."""
    assert shipped("schemas", "release.schema.json").decode() == generated(SiteRelease)
    jsonschema.Draft202012Validator.check_schema(schema("release"))
    jsonschema.validate(json.loads(FIRST), schema("release"))


def test_a_release_follows_another() -> None:
    """The serial rises with each other manifest; each names the bytes of the one before."""
    assert (read(FIRST).serial, read(FIRST).previous) == (1, "")
    assert following(read(FIRST), FIRST, "a" * 64, "later") == FIRST
    second = read(following(read(FIRST), FIRST, "b" * 64, NOW))
    assert (second.serial, second.manifest_sha256, second.published) == (2, "b" * 64, NOW)
    assert second.previous == hashlib.sha256(FIRST).hexdigest()


def test_the_last_number_has_no_next() -> None:
    """A release with the highest number stays; another manifest is refused before anything is published."""
    last = json.dumps({**json.loads(FIRST), "serial": LAST}).encode()
    assert following(read(last), last, "a" * 64, NOW) == last
    with pytest.raises(
        SubsetError, match=f"has the number {LAST}, after which there is none; remove release.json there"
    ):
        following(read(last), last, "b" * 64, NOW)


def test_what_is_no_file_is_no_absence(tmp_path: Path) -> None:
    """A link that leads nowhere, or a pipe, in its place is an error: it may hide that there was a release."""
    release_path(tmp_path).symlink_to(tmp_path / "nowhere")
    with pytest.raises(FolderError):
        read_release(tmp_path)
    release_path(tmp_path).unlink()
    os.mkfifo(release_path(tmp_path))
    with pytest.raises(FolderError, match="not a regular file"):
        read_release(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        *({"serial": serial} for serial in (0, -1, 1.5, True, None, 1 << 54, "1")),
        *({"manifest_sha256": digest} for digest in ("", "a" * 63, "A" * 64, "a" * 64 + "\n")),
        *({"published": time} for time in ("today", 5, NOW + "\n")),
        *({"previous": digest} for digest in ("b", "b" * 64 + "\n", None)),
    ],
)
def test_a_damaged_release_is_refused(changes: dict[str, Any]) -> None:
    """Every field has a form and bounds."""
    with pytest.raises(SubsetError, match="the release is damaged; remove it"):
        read(json.dumps({**json.loads(FIRST), **changes}).encode())


def test_a_release_is_short(tmp_path: Path) -> None:
    """What is longer is not decoded, and no more is read of a file."""
    with pytest.raises(SubsetError, match=f"more than {MAX_BYTES} bytes"):
        read(FIRST + b" " * MAX_BYTES)
    release_path(tmp_path).write_bytes(FIRST + b" " * MAX_BYTES)
    with pytest.raises(SubsetError, match=f"larger than {MAX_BYTES:,} bytes"):
        read_release(tmp_path)


def test_the_release_of_a_directory(tmp_path: Path) -> None:
    """There is none, one, or one that cannot be read; then the file is named."""
    assert read_release(tmp_path) is None
    release_path(tmp_path).write_bytes(FIRST)
    assert read_release(tmp_path) == read(FIRST)
    release_path(tmp_path).write_bytes(b"{")
    with pytest.raises(SubsetError, match=r"release\.json: the release is damaged; remove .*release\.json"):
        read_release(tmp_path)
