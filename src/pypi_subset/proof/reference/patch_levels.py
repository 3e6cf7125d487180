"""Which patch levels of a minor version are to be tried: those that the metadata of any file in the site mentions."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pypi_subset.proof.access.site_wheels import wheels_of
from pypi_subset.proof.access.wheel_metadata import metadata_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from pypi_subset.model.targets import Target


#: What may name a version of Python: of a requirement the marker alone.
_FIELD = re.compile(r"Requires-Python:.*|Requires-Dist:[^;\n]*;.*", re.IGNORECASE)


def at_patch_levels(
    target: Target, site: Path, projects: Collection[str] | None = None, *, lines: Iterable[str] = ()
) -> Iterator[Target]:
    """
    Yield *target* with each patch level that has to be tried; itself alone if it names one.

    Nothing changes but just at, or just behind, a version that some metadata mentions. Which of those matter is not
    asked: the resolver's own answer to that is what is to be proven.

    :param projects: those whose metadata can be read for a request; ``None`` for all of the site.
    :param lines: texts besides metadata that may mention versions, as markers.
    """
    if target.exact:
        yield target
        return
    minor = ".".join(map(str, target.python[:2]))
    mentioned = _mentioned(site, minor, None if projects is None else frozenset(projects))
    for patch in sorted({0, *mentioned, *_levels_in(lines, minor)}):
        python = (*target.python[:2], patch)
        full = ".".join(map(str, python))
        names = {"python_full_version"} | ({"implementation_version"} if target.implementation == "cp" else set())
        markers = tuple((name, full if name in names else value) for name, value in target.markers)
        yield replace(target, python=python, markers=markers)


@functools.cache
def _mentioned(site: Path, minor: str, projects: frozenset[str] | None) -> frozenset[int]:
    """The patch levels of X.Y that stand in the metadata of *projects*, and the ones after them."""
    return frozenset(
        _levels_in((line for one in wheels_of(site, projects) for line in _fields(one, one.stat().st_mtime_ns)), minor)
    )


def _levels_in(lines: Iterable[str], minor: str) -> Iterator[int]:
    """Yield the patch levels of the version *minor* that *lines* mention, and the ones after them."""
    mention = re.compile(rf"(?P<operator>[<>=!~]*)\s*[\"']?(?<![\d.]){re.escape(minor)}(?:\.(?P<patch>\d+))?(?![\d.*])")
    for match in (match for line in lines for match in mention.finditer(line)):
        patch = int(match["patch"] or 0)
        # What begins or ends at a version begins or ends just there; of all else the next one may differ.
        yield from (patch,) if match["operator"] in {"<", ">="} else (patch, patch + 1)


@functools.lru_cache(maxsize=1 << 14)
def _fields(wheel: Path, changed: int) -> list[str]:
    """
    Return what in METADATA may name a version of Python; the inventory reports a damaged file.

    :param changed: when; each wheel is read once by each process.
    """
    del changed
    texts = (data.decode("utf-8", "replace").replace("\r\n", "\n") for data in metadata_in(wheel))
    lines = (line for text in texts for line in _FIELD.findall(text.partition("\n\n")[0]))
    return [line if line.lower().startswith("requires-python") else line.partition(";")[2] for line in lines]
