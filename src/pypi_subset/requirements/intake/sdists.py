"""The table ``[sdists]`` of ``subset.toml``: the projects whose sdists are built."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.requirements.toml import unknown_keys

if TYPE_CHECKING:
    from pypi_subset.errors import Fault
    from pypi_subset.requirements.toml import Settings

_PROJECT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)


def read_build(settings: Settings, faults: list[Fault]) -> tuple[str, ...]:
    """Return ``build`` of ``[sdists]``: normalized names of projects, sorted."""
    table = settings.table("sdists", faults)
    faults.extend(unknown_keys(settings, table, ("build",), "sdists"))
    value = table.get("build", [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        step = 'write build = ["docopt"]'
        faults.append(settings.fault("build must be a list of names of projects", "sdists", "build", next_step=step))
        return ()
    found: dict[str, str] = {}
    for one in value:
        name = canonicalize_name(one)
        if not _PROJECT.fullmatch(one):
            what, step = f"{one!r} is no name of a project", "write the name alone, without a version"
        elif name in found:
            same = one == found[name]
            what = f"{name} stands twice in build" if same else f"{one!r} and {found[name]!r} are one project, {name}"
            step = "keep one of the two"
        else:
            found[name] = one
            continue
        faults.append(settings.fault(what, "sdists", "build", next_step=step, item=one))
    return tuple(sorted(found))
