"""The table ``[channels]`` of ``subset.toml``: names for the places that promote publishes to."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pypi_subset.errors import InputFaults
from pypi_subset.model.paths import DEVICE
from pypi_subset.requirements.places import places_of
from pypi_subset.requirements.subset_toml import SETTINGS, read_settings
from pypi_subset.requirements.toml import NAME, not_text

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.errors import Fault
    from pypi_subset.requirements.toml import Settings

_LONGEST = 60
_EXAMPLE = 'write prod = "/srv/www/pypi/prod", or what rsync takes: prod = "host:/srv/www/pypi/prod"'


def channels_of(root: Path) -> dict[str, str]:
    """
    Return name and destination of each channel in the directory of requirements *root*; of its files, subset.toml alone is read.

    :raises InputFaults: a channel is described wrongly, or the file cannot be read.
    """
    if not root.is_dir():
        return {}
    faults: list[Fault] = []
    settings = read_settings(root / SETTINGS, faults)
    if settings.readable:
        # What else is wrong there is said by those who read it.
        faults.clear()
    found = read_channels(settings, faults)
    if faults:
        raise InputFaults([places_of(root).shown(fault) for fault in faults])
    return dict(found)


def read_channels(settings: Settings, faults: list[Fault]) -> tuple[tuple[str, str], ...]:
    """Return name and destination of each channel, sorted; a path is relative to the directory of ``subset.toml``."""
    found: dict[str, str] = {}
    for name, value in settings.table("channels", faults).items():
        what, step = "", _EXAMPLE
        if DEVICE.fullmatch(name):
            what, step = f"{name!r} is a device on Windows, where no file has that name", "call it test or prod, say"
        elif not NAME.fullmatch(name) or len(name) > _LONGEST or name == "site":
            what = f"{name!r} is no name of a channel: lower-case letters, digits, and single - or _ between them"
            step = 'call it test or prod, say; "site" is the site of this directory'
        elif not isinstance(value, str):
            what, step = not_text(name, value)
        elif not value or value.startswith("-") or not value.isprintable():
            what = f"the destination of the channel {name} is {value!r}"
        else:
            found[name] = value if _is_remote(value) else os.path.normpath(settings.path.parent / value)
            same = [one for one, place in found.items() if place == found[name] and one != name]
            if same:
                what, step = f"the channels {same[0]} and {name} have one destination", "give each its own"
        if what:
            faults.append(settings.fault(what, "channels", name, next_step=step))
    return tuple(sorted(found.items()))


def _is_remote(value: str) -> bool:
    """Whether rsync takes *value* for a place of another machine, as `pypi_subset.publishing.destinations.rsync` has it."""
    head = value.partition("/")[0]
    return ":" in head and not (sys.platform == "win32" and len(head.partition(":")[0]) == 1)
