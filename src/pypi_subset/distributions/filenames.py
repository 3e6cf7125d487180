"""The one reader of distribution file names outside the proof: project, version and tags, by `packaging.utils`, cached."""

from __future__ import annotations

import functools
import math
import re
from typing import TYPE_CHECKING

from packaging.utils import (
    InvalidName,
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from pypi_subset.support import bounds

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.version import Version

#: What `parse` raises: other characters or an invalid project name, no name of a wheel, no name of an sdist.
INVALID = (InvalidName, InvalidWheelFilename, InvalidSdistFilename)

# The characters of distribution names (PyPA "Binary distribution format", "Source distribution format"):
# no path separator, nothing that a page, a shell or a web server interprets.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*")
#: The label of a wheel variant, and how the name of the file ends that lists those of a release (PEP 825, a draft).
_LABEL, VARIANTS = re.compile("[0-9a-z._]+"), "-variants.json"
#: Parts between the dashes of a wheel's name without a build tag.
_PARTS = 5


@functools.lru_cache(maxsize=1 << 14)
def parse(filename: str) -> tuple[NormalizedName, Version, frozenset[Tag] | None]:
    """
    Return project, version and tags that the name of a wheel or an sdist states; tags are ``None`` for an sdist.

    :raises InvalidName: *filename* has other characters, or its project has no valid name.
    :raises InvalidWheelFilename: it ends in ``.whl`` and is not the name of a wheel.
    :raises InvalidSdistFilename: it is neither the name of a wheel nor of an sdist.
    """
    if not _PLAIN.fullmatch(filename):
        raise InvalidName(filename)
    if not filename.endswith(".whl"):
        name, version = parse_sdist_filename(filename)
        # The parsers do not validate the name itself: ``_-1.0.tar.gz`` would become the directory ``-``.
        return canonicalize_name(name, validate=True), version, None
    if filename.count("-") == _PARTS - 1:
        project, said, tag = filename[:-4].split("-", 2)
        # An error is reported for the whole name, below.
        try:
            return _project(project), _version(said), _tags(tag)
        except (InvalidName, InvalidWheelFilename):
            pass
    _refuse_many(filename)
    name, version, _, tags = parse_wheel_filename(filename)
    return canonicalize_name(name, validate=True), version, tags


def of_wheel_variant(filename: str) -> NormalizedName | None:
    """
    Return the project of a wheel variant, or of the file that lists those of a release; ``None`` for any other file.

    A wheel variant has a label behind its tags: ``demo-1.0-py3-none-any-x86_64_v3.whl``. The other file is named
    ``demo-1.0-variants.json`` (PEP 825, a draft).

    :param filename: no name that `parse` reads.
    """
    found = release_of_variants(filename)
    return found[0] if found else None


def release_of_variants(filename: str) -> tuple[NormalizedName, Version] | None:
    """Return project and version of a file that `of_wheel_variant` knows, ``None`` for any other file."""
    wheel, _, label = filename.removesuffix(".whl").rpartition("-")
    try:
        if filename.endswith(VARIANTS):
            return parse(f"{filename.removesuffix(VARIANTS)}.tar.gz")[:2]
        if filename.endswith(".whl") and _LABEL.fullmatch(label):
            return parse(f"{wheel}.whl")[:2]
    except INVALID:
        pass
    return None


def _refuse_many(filename: str) -> None:
    """Refuse a wheel with too many tags: each part of the tag may name several, and every combination is a tag."""
    stated = filename.removesuffix(".whl").rsplit("-", 3)[1:]
    if math.prod(part.count(".") + 1 for part in stated) > bounds.MOST_TAGS:
        msg = f"Invalid wheel filename (more than {bounds.MOST_TAGS} tags): {filename!r}"
        raise InvalidWheelFilename(msg)


# The parts of a wheel's name are independent, and recur among thousands of wheels. Each is parsed once, within a name
# that is otherwise valid.


@functools.lru_cache(maxsize=1 << 16)
def _project(part: str) -> NormalizedName:
    return canonicalize_name(parse_wheel_filename(f"{part}-1-py3-none-any.whl")[0], validate=True)


@functools.lru_cache(maxsize=1 << 12)
def _version(part: str) -> Version:
    return parse_wheel_filename(f"x-{part}-py3-none-any.whl")[1]


@functools.lru_cache(maxsize=1 << 16)
def _tags(part: str) -> frozenset[Tag]:
    _refuse_many(f"x-1-{part}.whl")
    return parse_wheel_filename(f"x-1-{part}.whl")[3]


@functools.lru_cache(maxsize=1 << 16)
def normalized(project: str) -> NormalizedName:
    """Return the normalized name of a project (PEP 503)."""
    return canonicalize_name(project)
