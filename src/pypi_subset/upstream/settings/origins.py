"""Where a setting of pip was read from: a variable, or a section of a file, as ``pip config debug`` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Sections that count for ``pip download``, the last one first of all.
_SECTIONS = ("global", "download", ":env:")


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """
    A setting as it counts.

    :param name: as in a configuration file, such as ``index-url``.
    :param place: ``PIP_INDEX_URL``, or a file with its section.
    """

    name: str
    value: str
    place: str


def given(configuration: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Given]:
    """
    Return the settings that are not empty, by name, each as it counts.

    :param configuration: for each file, and for the variables, ``section.name`` → value: items of pip's `Configuration`.
    """
    found: dict[str, Given] = {}
    entries = [
        (place, *key.partition(".")[::2], value) for place, values in configuration for key, value in values.items()
    ]
    for wanted in _SECTIONS:
        for place, section, name, value in entries:
            if section == wanted and value:
                shown = variable(name) if section == ":env:" else f"{place} [{section}]"
                found[name] = Given(name=name, value=str(value), place=shown)
    return found


def variable(name: str) -> str:
    """Return the name of the variable of a setting."""
    return f"PIP_{name.upper().replace('-', '_')}"


def read_from(settings: Mapping[str, Given], *names: str) -> str:
    """Return where the first of *names* that is set was read from, ``""`` if none is."""
    return next((settings[name].place for name in names if name in settings), "")
