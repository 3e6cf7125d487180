"""
The rendered READMEs in the packages directory, in `NAME`: one file for each METADATA, called by its SHA-256.

The directory may be deleted: the next mirror renders again. A file of another version of the renderers is not used.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec

from pypi_subset.distributions.readme import readme_of
from pypi_subset.model.documents import DAMAGED
from pypi_subset.site.readme.pool import render_all
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

#: Name of the directory.
NAME = ".readmes"
#: Version of the form and of our own rules; a file of another version is not used.
SCHEMA = 1
#: Bytes of a file that is read.
_LARGEST = 8 << 20
#: Whose versions decide about the bytes of the HTML.
_RENDERERS = ("comrak", "docutils", "nh3", "pygments", "readme-renderer")


class Shown(msgspec.Struct, frozen=True):
    """
    What METADATA says for people, ready for a page.

    :param summary: one line.
    :param license: one line.
    :param markup: the README as safe HTML, ``""`` without one.
    :param by: the `renderers` that made it.
    """

    summary: str = ""
    license: str = ""
    markup: str = ""
    by: str = ""


#: What is shown of a release without METADATA.
NOTHING = Shown()


@functools.cache
def renderers() -> str:
    """Return names and versions of the renderers."""
    return " ".join([str(SCHEMA), *(f"{name} {version(name)}" for name in _RENDERERS)])


def shown_of(sources: Mapping[str, Path], folder: Path | None) -> dict[str, Shown]:
    """
    Return what is shown of each METADATA, by its SHA-256.

    :param sources: the files with METADATA, by SHA-256.
    :param folder: the packages directory, or ``None`` to remember nothing.
    :raises FolderError: a file cannot be read, or the cache cannot be written.
    """
    place = None if folder is None else folder / NAME
    found = {sha256: _read(place / sha256) for sha256 in sources} if place is not None and place.is_dir() else {}
    known = {sha256: one for sha256, one in found.items() if one is not None}
    missing = {}
    for sha256 in sorted(sources.keys() - known.keys()):
        with files.folder_errors(sources[sha256]):
            missing[sha256] = readme_of(sources[sha256].read_bytes())
    rendered = render_all([(one.text, one.kind) for one in missing.values()])
    for (sha256, one), markup in zip(missing.items(), rendered, strict=True):
        known[sha256] = Shown(summary=one.summary, license=one.license, markup=markup, by=renderers())
        if place is not None:
            _write(place / sha256, known[sha256])
    return known


def forget(folder: Path, used: Collection[str]) -> None:
    """
    Remove from the packages directory *folder* what no METADATA of *used* needs.

    :raises FolderError: the cache cannot be written.
    """
    place = folder / NAME
    with files.folder_errors(place):
        if place.is_dir():
            for path in place.iterdir():
                if path.name not in used:
                    path.unlink()


def _read(path: Path) -> Shown | None:
    """Return what the file at *path* holds, ``None`` if it is missing, damaged or of other renderers."""
    with contextlib.suppress(OSError, *DAMAGED):
        data = files.read_input(path, _LARGEST)
        digest, _, document = data.partition(b"\n")
        if hashlib.sha256(document).hexdigest().encode() == digest:
            found = msgspec.json.decode(document, type=Shown)
            return found if found.by == renderers() else None
    return None


def _write(path: Path, one: Shown) -> None:
    document = msgspec.json.encode(one)
    with files.folder_errors(path):
        path.parent.mkdir(exist_ok=True)
        # A file that a crash cut off has another digest, so it needs no temporary name.
        path.write_bytes(hashlib.sha256(document).hexdigest().encode() + b"\n" + document)
