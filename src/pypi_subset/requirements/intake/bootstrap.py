"""The table ``[bootstrap]`` of ``subset.toml``: pip and uv for machines that have neither, as a set of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from pypi_subset.model.requests import BOOTSTRAP, Request, RequirementSet
from pypi_subset.requirements.toml import unknown_keys

if TYPE_CHECKING:
    from collections.abc import Collection

    from pypi_subset.errors import Fault
    from pypi_subset.requirements.toml import Settings

#: What each key requests. Neither runs on Emscripten, and no uv installs for a Python before 3.8.
_REQUESTS = {
    "pip": 'pip; sys_platform != "emscripten"',
    "uv": 'uv; python_version >= "3.8" and sys_platform != "emscripten"',
}


def read_bootstrap(
    settings: Settings, targets: tuple[str, ...], names: Collection[str], faults: list[Fault]
) -> RequirementSet | None:
    """
    Return the set that ``[bootstrap]`` makes, ``None`` if it asks for nothing.

    :param targets: names of all targets.
    :param names: those of the other sets.
    """
    table = settings.table(BOOTSTRAP, faults)
    faults.extend(unknown_keys(settings, table, tuple(_REQUESTS), BOOTSTRAP))
    wanted = []
    for key in _REQUESTS:
        value = table.get(key, False)
        if not isinstance(value, bool):
            faults.append(
                settings.fault(f"{key} must be true or false", BOOTSTRAP, key, next_step=f"write {key} = true")
            )
        elif value:
            wanted.append(key)
    if not wanted:
        return None
    if BOOTSTRAP in names:
        what = f"[{BOOTSTRAP}] makes a set of that name, and there is one already"
        faults.append(settings.fault(what, BOOTSTRAP, next_step="give the other set another name"))
    requests = tuple(
        Request(requirement=Requirement(_REQUESTS[key]), path=settings.path, line=settings.line(BOOTSTRAP, key) or 1)
        for key in wanted
    )
    return RequirementSet(name=BOOTSTRAP, path=settings.path, requests=requests, constraints=(), targets=targets)
