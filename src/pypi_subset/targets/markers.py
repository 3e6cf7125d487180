"""Evaluating markers for a machine that is not this one, without this one's values slipping in (PEP 508)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.markers import Marker

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"[a-z_]+")


class UndefinedName(LookupError):
    """A marker reads a value that the environment leaves open; carries the name."""


def holds(marker: Marker | None, environment: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    """
    Return whether *marker* is true in *environment*, with one of *extras* or without any.

    `Marker.evaluate` itself fills what is absent from *environment* with the values of the running interpreter.

    :raises UndefinedName: the marker reads a name that *environment* has not.
    """
    if marker is None:
        return True
    absent = reads(marker) - environment.keys() - {"extra"}
    if absent:
        raise UndefinedName(min(absent))
    return any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def reads(marker: Marker) -> frozenset[str]:
    """Return the names of the values that *marker* reads."""
    words = _NAME.findall(_QUOTED.sub("", str(marker)))
    return frozenset(words) - {"and", "or", "not", "in"}
