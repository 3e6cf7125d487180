"""What the name of a wheel or an sdist says, read by `packaging` once for all who ask."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from packaging.utils import InvalidName, canonicalize_name, parse_sdist_filename, parse_wheel_filename

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

# All that names of distributions are made of (PyPA "Binary distribution format", "Source distribution format"):
# no separator of paths, nothing that a page, a shell or a web server reads as something else.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*")


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
    if filename.endswith(".whl"):
        project, version, _, _ = parse_wheel_filename(filename)
    else:
        project, version = parse_sdist_filename(filename)
    # The parsers do not validate the name itself: ``_-1.0.tar.gz`` would become the folder ``-``.
    return canonicalize_name(project, validate=True), version
