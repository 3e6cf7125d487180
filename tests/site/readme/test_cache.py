"""Rendered READMEs are remembered by the SHA-256 of METADATA, and rendered again where they are not what was written."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError
from pypi_subset.site.readme.cache import NAME, Shown, forget, renderers, shown_of

if TYPE_CHECKING:
    from pathlib import Path

METADATA = b"Metadata-Version: 2.1\nName: demo\nVersion: 1\nSummary: Fits\nLicense: MIT\n"
METADATA += b"Description-Content-Type: text/markdown\n\n*a*\n"
SHA256 = hashlib.sha256(METADATA).hexdigest()


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """Return the file with `METADATA`, by its hash."""
    (tmp_path / "METADATA").write_bytes(METADATA)
    return {SHA256: tmp_path / "METADATA"}


def test_what_is_known_is_not_rendered_again(
    sources: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is METADATA read again."""
    expected = {SHA256: Shown(summary="Fits", license="MIT", markup="<p><em>a</em></p>", by=renderers())}
    assert shown_of(sources, tmp_path) == expected
    monkeypatch.setattr(sys, "executable", "/nowhere")
    sources[SHA256].unlink()
    assert shown_of(sources, tmp_path) == expected


@pytest.mark.parametrize("harm", ["other renderers", "cut off", "another's words", "a directory"])
def test_what_is_not_as_written_is_rendered_again(sources: dict[str, Path], tmp_path: Path, harm: str) -> None:
    """A file of another version of the renderers, of a crash, or of a stranger."""
    expected = shown_of(sources, tmp_path)
    path = tmp_path / NAME / SHA256
    written = data = path.read_bytes()
    path.unlink()
    if harm == "a directory":
        path.mkdir()
        path = path.with_name("x")
        with pytest.raises(FolderError):
            shown_of(sources, tmp_path)
        return
    if harm == "other renderers":
        document = data.partition(b"\n")[2].replace(renderers().encode(), b"1 comrak 0")
        data = hashlib.sha256(document).hexdigest().encode() + b"\n" + document
    path.write_bytes({"cut off": data[:-9], "another's words": data.replace(b"Fits", b"Bits")}.get(harm, data))
    assert shown_of(sources, tmp_path) == expected
    assert path.read_bytes() == written


def test_without_a_directory_nothing_is_remembered(sources: dict[str, Path], tmp_path: Path) -> None:
    """An index alone has none."""
    assert shown_of(sources, None)[SHA256].summary == "Fits"
    assert [path.name for path in tmp_path.iterdir()] == ["METADATA"]


def test_what_no_page_shows_is_forgotten(sources: dict[str, Path], tmp_path: Path) -> None:
    """The cache never holds more than the site."""
    shown_of(sources, tmp_path)
    forget(tmp_path, {SHA256})
    assert [path.name for path in (tmp_path / NAME).iterdir()] == [SHA256]
    forget(tmp_path, set())
    assert [*(tmp_path / NAME).iterdir()] == []
    forget(tmp_path / "nowhere", set())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the directory that cannot be read."""
    with pytest.raises(FolderError, match="METADATA"):
        shown_of({SHA256: tmp_path / "METADATA"}, None)
