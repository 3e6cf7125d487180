"""What is wrong with a tag, and which valid tags come near."""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
from itertools import product
from typing import Any

from pypi_subset.support.resources import shipped
from pypi_subset.targets.grammar import PYTHON, first_cpython, read_tag
from pypi_subset.targets.platforms import LINUX_MACHINES, MAC_MACHINES, WINDOWS_MACHINES, machine_of

#: Shown where nothing that was written comes near a tag.
EXAMPLES = ("cp312-manylinux_2_28_x86_64", "cp312-macosx_14_0_arm64", "cp312-win_amd64")


def complaint(tag: str) -> str:
    """Return what is wrong with *tag*, in one line."""
    python, *rest = tag.split("-")
    if len(rest) not in {1, 2}:
        return f"{tag!r} is no tag of the form <python>[-<abi>]-<platform>"
    match = PYTHON.fullmatch(python)
    if match is None:
        return f"unknown Python {python!r} in the tag {tag!r}"
    first = first_cpython(match[1], rest[-1])
    if int(match[2]) < first:
        return f"there is no CPython 3.{match[2]} for the platform in the tag {tag!r}, the first is 3.{first}"
    if machine_of(rest[-1]):
        return f"{rest[0]!r} in the tag {tag!r} is no ABI of {python}"
    return _platform_complaint(rest[-1], tag)


def _platform_complaint(platform: str, tag: str) -> str:
    if "." in platform and all(map(machine_of, platform.split("."))):
        return f"{platform!r} in the tag {tag!r} names several platforms, a target is one machine"
    if platform.startswith("linux_"):
        return f"{platform!r} in the tag {tag!r} does not say which C library the machine has"
    if platform.startswith("macosx_") and platform.endswith("universal2"):
        return f"{platform!r} in the tag {tag!r} is a file format, a machine has one architecture"
    return f"unknown platform {platform!r} in the tag {tag!r}"


_WELL_KNOWN_PLATFORMS = (
    *(f"{libc}_{arch}" for arch in LINUX_MACHINES for libc in ("manylinux_2_28", "manylinux2014", "musllinux_1_2")),
    *(f"macosx_{version}_0_{arch}" for version in (11, 12, 13, 14, 15, 26) for arch in MAC_MACHINES),
    *WINDOWS_MACHINES,
)
_WELL_KNOWN_PYTHONS = (*(f"cp3{minor}" for minor in range(15, 8, -1)), "pp311", "pp310")


def nearest_tags(tag: str) -> tuple[str, ...]:
    """Return up to three valid tags that *tag* may stand for."""
    python, *rest = tag.strip().lower().split("-")
    pythons, free_threaded = _near_pythons(python)
    # Without a dash the whole may be a platform; behind two, the second may be a slip for an underscore.
    parts = dict.fromkeys((rest[-1] if rest else python, "-".join(rest)))
    spelt = (found for part in parts if (found := _spelt_platforms(part)))
    platforms = next(spelt, []) or next(filter(None, map(_like_platforms, parts)), [])
    pythons += [
        f"cp3{first}" for one in platforms if (first := first_cpython(pythons[0][:2], one)) > int(pythons[0][3:])
    ]
    abis = [*rest[:-1], *([f"{one}t" for one in pythons] if free_threaded else []), ""]
    spellings = ("-".join(filter(None, parts)) for parts in product(pythons, abis, platforms))
    found = list(dict.fromkeys(spelling for spelling in spellings if read_tag(spelling)))
    # The first that is good decides whether an ABI is named at all.
    same = [one for one in found if one.count("-") == found[0].count("-")]
    return tuple(same[:3]) or EXAMPLES


def nearest_versions(python: str, *others: str) -> tuple[str, ...]:
    """Return the pre-release that *python* may be another spelling of, else *others*."""
    spelling = re.fullmatch(
        r"(3\.[0-9]+)(\.[0-9]+)?[-_.]?(a|alpha|b|beta|c|rc|pre|preview)[-_.]?([0-9]*)", python.lower()
    )
    if spelling is None:
        return others
    return (f"{spelling[1]}{spelling[2] or '.0'}{_STAGES.get(spelling[3], 'rc')}{spelling[4] or 1}",)


#: The letters of a pre-release of Python by the words that people write; all others mean a release candidate.
_STAGES = {"a": "a", "alpha": "a", "b": "b", "beta": "b"}


def _near_pythons(python: str) -> tuple[list[str], bool]:
    """Return Python tags that *python* may stand for, and whether it asks for a free-threaded build."""
    match = re.fullmatch(r"(pp|pypy)?[a-z]*[-_]?3[._]?([0-9]{1,2})(?:\.[0-9]+)?(t?)", python)
    if match:
        spelling = f"{'pp' if match[1] else 'cp'}3{match[2]}"
        if PYTHON.fullmatch(spelling):
            return [spelling], bool(match[3])
    return difflib.get_close_matches(python, _WELL_KNOWN_PYTHONS, n=1, cutoff=0.6) or ["cp312"], False


def _spelt_platforms(platform: str) -> list[str]:
    """Return platform tags that *platform* is another spelling of, best first."""
    spelling = _proper(platform)
    found = ((re.fullmatch(gap, spelling), ones) for gap, ones in _known_slips()["gaps"])
    gaps = (match.expand(one) for match, ones in found if match for one in ones)
    return [one for one in (*platform.split("."), spelling, *gaps) if machine_of(one)]


def _like_platforms(platform: str) -> list[str]:
    return difflib.get_close_matches(_proper(platform), _WELL_KNOWN_PLATFORMS, n=2, cutoff=0.6)


def _proper(platform: str) -> str:
    """Return *platform* with what people write put into the words of tags."""
    for slip, proper in _known_slips()["slips"]:
        platform = re.sub(slip, proper, platform)
    return platform


@functools.cache
def _known_slips() -> dict[str, Any]:
    return tomllib.loads(shipped("slips.toml").decode())
