"""Whether the other files of a site are those that ``requirements/`` asks for, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pypi_subset.model.manifest import Manifest, OtherFileEntry
    from pypi_subset.model.requests import Subset

_T = TypeVar("_T")


def faults(subset: Subset, manifest: Manifest, present: Mapping[str, Path]) -> Iterator[str]:
    """
    Yield a sentence for each other file that is missing, is another one, or is not what *subset* asks for.

    :param present: path below the site → file, of all that the site has.
    """
    wanted = {one.path: one.sha256 for one in subset.other_files}
    stated = {one.path: one for one in manifest.other_files or ()}
    for path in sorted(wanted.keys() | stated.keys()):
        if path not in stated:
            yield f"{path} is in requirements/, but not in the manifest: run `pypi-subset mirror`"
        elif path not in wanted:
            yield f"{path} is in the manifest, but not in requirements/: run `pypi-subset mirror`"
        elif wanted[path] != stated[path].sha256:
            yield f"{path} has one hash in requirements/ and another in the manifest: run `pypi-subset mirror`"
    for path, entry in sorted(stated.items()):
        if what := _wrong(entry, present.get(path)):
            yield f"{path} {what}"


def without(manifest: Manifest, found: Mapping[str, _T]) -> dict[str, _T]:
    """Return *found*, by path, without the other files of *manifest*, which `faults` looks at."""
    others = {one.path for one in manifest.other_files or ()}
    return {path: value for path, value in found.items() if path not in others}


def counted(manifest: Manifest) -> str:
    """Return how many other files there are and their bytes, as a part of a sentence; ``""`` without any."""
    found = manifest.other_files or ()
    size = sum(one.size for one in found)
    return f", and {len(found)} other file{'s' * (len(found) != 1)}, {size} bytes" if found else ""


def _wrong(entry: OtherFileEntry, path: Path | None) -> str:
    if path is None:
        return "is not in the site"
    if path.is_symlink():
        return "is a link, which is lost when the site is copied"
    if not path.is_file():
        return "is no regular file"
    if path.stat().st_size != entry.size:
        return f"has {path.stat().st_size} bytes in the site, and should have {entry.size}"
    return "" if files.sha256_of(path) == entry.sha256 else "has other bytes than the manifest says"
