"""Which patch levels of a minor version are to be tried: those that the metadata of any file in the site mentions."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pypi_subset.model.paths import ALL_WHEELS
from pypi_subset.proof.access.wheel_metadata import metadata_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.model.targets import Target


_FIELD = re.compile(r"(?:Requires-Python|Requires-Dist):.*", re.IGNORECASE)


def at_patch_levels(target: Target, site: Path) -> Iterator[Target]:
    """
    Yield *target* with each patch level that has to be tried; itself alone if it names one.

    Nothing changes but just at, or just behind, a version that some metadata mentions. Which of those matter is not
    asked: the resolver's own answer to that is what is to be proven.
    """
    if target.exact:
        yield target
        return
    minor = ".".join(map(str, target.python[:2]))
    for patch in sorted({0, *_mentioned(site, minor)}):
        python = (*target.python[:2], patch)
        full = ".".join(map(str, python))
        names = {"python_full_version"} | ({"implementation_version"} if target.implementation == "cp" else set())
        markers = tuple((name, full if name in names else value) for name, value in target.markers)
        yield replace(target, python=python, markers=markers)


@functools.cache
def _mentioned(site: Path, minor: str) -> frozenset[int]:
    """The patch levels of X.Y that stand in metadata, and the ones after them."""
    found: set[int] = set()
    mention = re.compile(rf"(?P<operator>[<>=!~]*)\s*[\"']?(?<![\d.]){re.escape(minor)}(?:\.(?P<patch>\d+))?(?![\d.*])")
    for wheel in sorted(site.glob(ALL_WHEELS)):
        for match in (match for line in _fields(wheel) for match in mention.finditer(line)):
            patch = int(match["patch"] or 0)
            # What begins or ends at a version begins or ends just there; of all else the next one may differ.
            found |= {patch} if match["operator"] in {"<", ">="} else {patch, patch + 1}
    return frozenset(found)


def _fields(wheel: Path) -> list[str]:
    """Return the lines of METADATA that may name a version of Python; the inventory reports a damaged file."""
    texts = (data.decode("utf-8", "replace").replace("\r\n", "\n") for data in metadata_in(wheel))
    return [line for text in texts for line in _FIELD.findall(text.partition("\n\n")[0])]
