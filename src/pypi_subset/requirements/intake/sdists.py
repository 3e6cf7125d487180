"""The table ``[sdists]`` of ``subset.toml``: the projects whose sdists are built, or kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.requirements.toml import unknown_keys

if TYPE_CHECKING:
    from pypi_subset.errors import Fault
    from pypi_subset.requirements.toml import Settings

_PROJECT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)


def read_sdists(settings: Settings, faults: list[Fault]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return ``build`` and ``keep`` of ``[sdists]``: normalized names of projects, sorted; no name is in both."""
    table = settings.table("sdists", faults)
    faults.extend(unknown_keys(settings, table, ("build", "keep"), "sdists"))
    build, keep = (_names(settings, table.get(key, []), key, faults) for key in ("build", "keep"))
    for name in sorted(build.keys() & keep.keys()):
        what, step = f"{name} is in build and in keep", "keep it in one of the two"
        faults.append(settings.fault(what, "sdists", "keep", next_step=step, item=keep[name]))
    return tuple(sorted(build)), tuple(sorted(keep))


def _names(settings: Settings, value: object, key: str, faults: list[Fault]) -> dict[str, str]:
    """Return the normalized names in the list *value*, each with its spelling."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        step = f'write {key} = ["docopt"]'
        faults.append(settings.fault(f"{key} must be a list of names of projects", "sdists", key, next_step=step))
        return {}
    found: dict[str, str] = {}
    for one in value:
        name = canonicalize_name(one)
        if not _PROJECT.fullmatch(one):
            what, step = f"{one!r} is no name of a project", "write the name alone, without a version"
        elif name in found:
            same = one == found[name]
            what = f"{name} stands twice in {key}" if same else f"{one!r} and {found[name]!r} are one project, {name}"
            step = "keep one of the two"
        else:
            found[name] = one
            continue
        faults.append(settings.fault(what, "sdists", key, next_step=step, item=one))
    return found
