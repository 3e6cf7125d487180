"""What the name of a wheel or an sdist says, read by `packaging` once for all who ask."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from packaging.utils import (
    InvalidName,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version


# All that names of distributions are made of (PyPA "Binary distribution format", "Source distribution format"):
# no separator of paths, nothing that a page, a shell or a web server reads as something else.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*")
#: Of the name of a wheel without a build tag, between its dashes.
_PARTS = 5


def is_plain(filename: str) -> bool:
    """Whether *filename* is made of nothing but what names of distributions are made of."""
    return _PLAIN.fullmatch(filename) is not None


@functools.lru_cache(maxsize=1 << 18)
def project_and_version(filename: str) -> tuple[NormalizedName, Version]:
    """
    Return project and version that the name of a wheel or an sdist says.

    :raises InvalidName: it is made of other characters, or its project has no valid name.
    :raises InvalidWheelFilename: it is none of a wheel.
    :raises InvalidSdistFilename: it is none of an sdist.
    """
    if not is_plain(filename):
        raise InvalidName(filename)
    parts = filename.removesuffix(".whl").split("-")
    if filename.endswith(".whl") and len(parts) == _PARTS:
        project, version, *tags = parts
        # What is wrong is said of the whole name, below.
        try:
            _read_tags("-".join(tags))
            return _read_project(project), _read_version(version)
        except (InvalidName, InvalidWheelFilename):
            pass
    if filename.endswith(".whl"):
        name, found, _, _ = parse_wheel_filename(filename)
    else:
        name, found = parse_sdist_filename(filename)
    # The parsers do not validate the name itself: ``_-1.0.tar.gz`` would become the folder ``-``.
    return canonicalize_name(name, validate=True), found


# The parts of a wheel's name do not depend on each other, and come again and again among thousands of wheels. Each is
# read, once, as a part of a name that is right but for it.


@functools.lru_cache(maxsize=1 << 16)
def _read_project(part: str) -> NormalizedName:
    return canonicalize_name(parse_wheel_filename(f"{part}-1-py3-none-any.whl")[0], validate=True)


@functools.lru_cache(maxsize=1 << 16)
def _read_version(part: str) -> Version:
    return parse_wheel_filename(f"x-{part}-py3-none-any.whl")[1]


@functools.lru_cache(maxsize=1 << 16)
def _read_tags(part: str) -> None:
    parse_wheel_filename(f"x-1-{part}.whl")


@functools.lru_cache(maxsize=1 << 16)
def normalized(project: str) -> NormalizedName:
    """Return the name of a project as PEP 503 has it."""
    return canonicalize_name(project)
