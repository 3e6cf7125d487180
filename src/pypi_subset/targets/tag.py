"""
From a wheel's tag to a `Target`: every compatible tag, and nine or ten of the eleven marker values.

Unknown values are absent: the two of the kernel, and PyPy's own version.
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING

from packaging import tags as packaging_tags

from pypi_subset.errors import TargetError
from pypi_subset.model.targets import KERNEL_MARKERS, Target
from pypi_subset.targets.brought import brought_by
from pypi_subset.targets.grammar import Reading, read_tag
from pypi_subset.targets.platforms import SYSTEMS, WIDER_MACHINES, Machine
from pypi_subset.targets.suggest import complaint, nearest_tags, nearest_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.tags import Tag

#: ``implementation_name`` and ``platform_python_implementation`` by the first letters of a Python tag (PEP 425).
IMPLEMENTATIONS = {"cp": ("cpython", "CPython"), "pp": ("pypy", "PyPy")}

#: ``X.Y``, ``X.Y.Z``, or a pre-release of it (version specifiers).
_VERSION = re.compile(r"([0-9]+)\.([0-9]+)(?:\.([0-9]+)((?:a|b|rc)[0-9]+)?)?")

#: The markers that a tag leaves open, on some system or other: a target may say them itself.
OPEN_MARKERS = (*KERNEL_MARKERS, "platform_machine", "platform_system", "implementation_version")


def parse(name: str, tag: str, python: str | None = None, *, given: Mapping[str, str] | None = None) -> Target:
    """
    Return the target that *tag* describes.

    :param name: the target's name, for the result and for errors.
    :param tag: ``<python>[-<abi>]-<platform>``, written as in the file names of wheels (PEP 425, 600, 656, 730, 738, 783).
    :param python: full version ``X.Y.Z`` where it is known, or a pre-release ``X.Y.Zrc1``; otherwise it is X.Y.0.
    :param given: values of markers that a tag leaves open.
    :raises TargetError: the tag is none, *python* is no version of it, or *given* contradicts it; ``nearest`` holds
        valid spellings.
    """
    reading = read_tag(tag)
    if reading is None:
        raise TargetError(complaint(tag), nearest=nearest_tags(tag), target=name)
    patch, stage = _patch(name, reading, python)
    version = (3, reading.minor, patch)
    markers = _markers(reading.implementation, version, stage, reading.machine)
    given = dict(given or {})
    for marker, value in given.items():
        free = marker == "platform_machine" and reading.machine.name in WIDER_MACHINES
        if markers.get(marker, value) != value and not free:
            msg = f"{marker} = {value!r} contradicts the tag {reading.tag!r}, from which {markers[marker]!r} follows"
            raise TargetError(msg, nearest=[markers[marker]], target=name)
    return Target(
        name=name,
        interpreter=reading.interpreter,
        abi=reading.abi,
        platform=reading.platform,
        implementation=reading.implementation,
        python=version,
        abis=(reading.abi,),
        platforms=reading.machine.platforms,
        tags=tags_of(reading.implementation, version[:2], (reading.abi,), reading.machine.platforms),
        markers=tuple(sorted((markers | given).items())),
        other_machines=() if "platform_machine" in given else WIDER_MACHINES.get(reading.machine.name or "", ()),
        exact=python is not None and python.count(".") > 1,
        brought=brought_by(markers | given),
    )


def line_with(target: Target, names: Iterable[str]) -> str:
    """Return the line of ``[targets]`` that describes *target*, with a place for the value of each of *names*."""
    python = target.version if target.exact else None
    derived = parse(target.name, target.tag, python).environment
    given = {name: value for name, value in target.markers if derived.get(name) != value}
    stated = {"python": python, "pip": target.pip}
    values = {
        "tag": target.tag,
        **{key: text for key, text in stated.items() if text},
        **given,
        **dict.fromkeys(names, "…"),
    }
    return f"{target.name} = {{ {', '.join(f'{key} = {json.dumps(value, ensure_ascii=False)}' for key, value in values.items())} }}"


def flagged(interpreter: str, tags: Iterable[Tag]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ABIs and the platforms of *tags* that pip takes as flags, best first."""
    own = [tag for tag in tags if tag.interpreter == interpreter and tag.platform != "any"]
    # The stable ABIs and "none" are not given to pip: it adds them by itself, in their place.
    abis = tuple(dict.fromkeys(tag.abi for tag in own if tag.abi not in {"abi3", "abi3t", "none"}))
    return abis, tuple(dict.fromkeys(tag.platform for tag in own))


def telling(platforms: Sequence[str]) -> str:
    """Return the best platform that states a C library; ``linux_<arch>`` does not."""
    return next((platform for platform in platforms if not platform.startswith("linux_")), platforms[0])


def tags_of(
    implementation: str, python: tuple[int, int], abis: Iterable[str], platforms: Iterable[str]
) -> tuple[Tag, ...]:
    """
    Return all compatible tags, best first, as `packaging.tags.sys_tags` ranks them.

    One thing differs, on PyPy: pip accepts ``pp311-none-any`` where packaging has ``pp3-none-any``; pip installs here.
    """
    return _tags_of(implementation, python, tuple(abis), tuple(platforms))


# A thousand tags take milliseconds, and a next step looks at dozens of targets.
@functools.lru_cache(maxsize=64)
def _tags_of(
    implementation: str, python: tuple[int, int], abis: tuple[str, ...], platforms: tuple[str, ...]
) -> tuple[Tag, ...]:
    interpreter = f"{implementation}{python[0]}{python[1]}"
    own = (
        packaging_tags.cpython_tags(python, abis, platforms)
        if implementation == "cp"
        else packaging_tags.generic_tags(interpreter, abis, platforms)
    )
    return (*own, *packaging_tags.compatible_tags(python, interpreter, platforms))


def _markers(implementation: str, python: tuple[int, int, int], stage: str, machine: Machine) -> dict[str, str]:
    """Return the marker values that follow from a tag and the *stage* of a pre-release; others are absent, not empty."""
    os_name, sys_platform, platform_system = SYSTEMS[machine.system]
    implementation_name, platform_python_implementation = IMPLEMENTATIONS[implementation]
    numbers = ".".join(map(str, python))
    values = {
        "implementation_name": implementation_name,
        # CPython is the reference: its own version is that of the language. PyPy's is another (7.3.17), and in no tag.
        # It spells a release candidate with one letter (dependency specifiers, "implementation_version").
        "implementation_version": f"{numbers}{stage.replace('rc', 'c')}" if implementation == "cp" else None,
        "os_name": os_name,
        "platform_machine": machine.name,
        "platform_python_implementation": platform_python_implementation,
        "platform_system": platform_system,
        "python_full_version": f"{numbers}{stage}",
        "python_version": f"{python[0]}.{python[1]}",
        "sys_platform": sys_platform,
    }
    return {marker: value for marker, value in values.items() if value is not None}


def _patch(name: str, reading: Reading, python: str | None) -> tuple[int, str]:
    """Return the patch level that *python* states, and the stage of a pre-release: ``rc1``, or ``""``."""
    match = _VERSION.fullmatch(f"3.{reading.minor}" if python is None else python)
    if match is None and python and re.fullmatch(r"3\.[0-9]+(\.[0-9]+)?t", python):
        msg = f"{python!r} in python: beside a tag, free threading stands in the tag"
        free = f"cp3{reading.minor}-cp3{reading.minor}t-{reading.platform}"
        raise TargetError(msg, target=name, next_step=f"write tag = {free!r}" if read_tag(free) else "drop the 't'")
    if match is None or (match[4] and reading.implementation != "cp"):
        msg = f"{python!r} is no {'PyPy' if match else 'Python'} version such as '3.{reading.minor}.4'"
        nearest = nearest_versions("" if match else python or "", f"3.{reading.minor}.0")
        raise TargetError(msg, nearest=nearest, target=name)
    if (int(match[1]), int(match[2])) != (3, reading.minor):
        msg = f"Python {python} contradicts the tag {reading.tag!r}, which is for 3.{reading.minor}"
        raise TargetError(msg, nearest=[f"3.{reading.minor}.{match[3] or 0}"], target=name)
    return int(match[3] or 0), match[4] or ""
