"""Projects that an interpreter brings itself; ``brought.toml`` has the facts."""

from __future__ import annotations

import functools
import tomllib
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from pypi_subset.support.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping


def brought_by(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """
    Return project → version of what the interpreter with these marker values brings, sorted by project.

    :param environment: without ``implementation_version`` the newest release of the implementation is meant.
    """
    releases = _facts().get(environment["implementation_name"], {}).get(environment["python_version"], {})
    try:
        own = Version(environment["implementation_version"])
    except (KeyError, InvalidVersion):
        own = None
    known = sorted((Version(release), projects) for release, projects in releases.items())
    held = [projects for release, projects in known if own is None or release <= own]
    return tuple(sorted(held[-1].items())) if held else ()


@functools.cache
def _facts() -> dict[str, Any]:
    return tomllib.loads(shipped("brought.toml").decode())
