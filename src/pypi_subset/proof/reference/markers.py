"""Markers (PEP 508), evaluated for another machine; the proof shares no line of this with the resolver."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.markers import default_environment

from pypi_subset.errors import ProofFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.markers import Marker


_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'")


def holds(marker: Marker | None, environment: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    """
    Whether *marker* holds in *environment*, without an extra or with one of *extras*.

    :raises ProofFailed: it reads a value that *environment* leaves open; `packaging` would take this machine's.
    """
    if marker is None:
        return True
    bare = _TEXT.sub("", str(marker))
    for name in sorted(default_environment().keys() - environment.keys()):
        if re.search(rf"\b{name}\b", bare):
            msg = f"the marker {str(marker)!r} reads {name}, which nobody gave for this target"
            raise ProofFailed(msg)
    return any(marker.evaluate({**environment, "extra": extra}) for extra in ["", *extras])
