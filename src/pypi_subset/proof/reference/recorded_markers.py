"""Marker values of a target as real machines reported them, not as `targets` derives them from a tag."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pypi_subset.errors import ProofFailed
from pypi_subset.model.targets import KERNEL_MARKERS

if TYPE_CHECKING:
    from pypi_subset.model.targets import Target


_LINUX = re.compile(r"(?:many|musl)?linux(?:\d+|_\d+_\d+)?_([a-z]\w*)")
_MACOS = re.compile(r"macosx_\d+_\d+_(\w+)")


def machine_kind(platform: str) -> str:
    """
    Return what kind of machine a platform tag (PEP 425) speaks of, C library and system version left aside.

    :param platform: e.g. ``manylinux_2_28_x86_64``, for which ``linux_x86_64`` is returned.
    """
    if found := _LINUX.fullmatch(platform):
        return f"linux_{found[1]}"
    if found := _MACOS.fullmatch(platform):
        return f"macos_{found[1]}"
    return platform


def kind_of(target: Target) -> str:
    """Return the kind of machine that *target* is, a key of ``verify/environments.json``."""
    return machine_kind(target.platform)


def recorded(target: Target) -> dict[str, str]:
    """
    Return the marker environment (PEP 508) of *target*, every machine-dependent value from a recording.

    What concerns the version follows from the target's full version, which the user gave; so do the kernel's values.
    A value that is not known is absent.

    :raises ProofFailed: no machine of that kind was ever recorded: nothing is guessed.
    """
    version = ".".join(map(str, target.python)) + stage_of(dict(target.markers)["python_full_version"])
    given = {name: value for name, value in target.markers if name in {*KERNEL_MARKERS, "implementation_version"}}
    # PyPy's own version (7.3.17) is not that of the language, and nothing records it; it may be given.
    own = {"implementation_version": version.replace("rc", "c")} if target.implementation == "cp" else {}
    return {
        **_values("machines", kind_of(target), target),
        **_values("implementations", target.implementation, target),
        "python_version": ".".join(map(str, target.python[:2])),
        "python_full_version": version,
        **given,
        **own,
    }


def stage_of(version: str) -> str:
    """Return the stage of a pre-release of Python, ``rc1`` of ``3.15.0rc1``, and ``""`` of ``3.15.0`` or ``3.15.0+``."""
    found = re.search(r"(?<=[0-9])(?:a|b|rc)[0-9]+", version)
    return found[0] if found else ""


@cache
def recordings() -> dict[str, Any]:
    """Return the recordings that travel with the suite."""
    document: dict[str, Any] = json.loads(files("pypi_subset.verify").joinpath("environments.json").read_bytes())
    return document


def _values(group: str, kind: str, target: Target) -> dict[str, str]:
    for record in recordings()[group]:
        if record["kind"] == kind:
            values: dict[str, str] = record["values"]
            return values
    msg = f"no real machine of the kind {kind} was ever recorded, so nothing can be proven for {target.name}"
    raise ProofFailed(msg, target=target.name, next_step="record one in verify/environments.json")
