"""What a wheel says about itself: METADATA, read from the archive byte for byte."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pypi_subset.errors import BadDistribution

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes; the largest METADATA seen in the wild is far below, and an archive may claim anything.
LARGEST_METADATA = 16 << 20

_METADATA = re.compile(r"(?P<name>[^/]+)-[^/-]+\.dist-info/METADATA")


def read_metadata(source: Path | IO[bytes], filename: str) -> bytes:
    """
    Return the bytes of METADATA in the wheel at *source* (core metadata, PEP 427).

    :param source: a path, or a file object that can seek.
    :param filename: the wheel's name, which its ``.dist-info`` folder must agree with.
    :raises BadDistribution: it is no ZIP archive, is damaged, or holds no such file, or more than one.
    """
    step = "tell whoever offers it, and leave this release out (e.g. 'name!=version')"
    try:
        project, *_ = parse_wheel_filename(filename)
        with zipfile.ZipFile(source) as archive:
            found = [name for name in archive.namelist() if _belongs(name, project)]
            if len(found) != 1:
                msg = f"{filename} holds {len(found)} METADATA files for {project}, where a wheel has one"
                raise BadDistribution(msg, project=project, next_step=step)
            if archive.getinfo(found[0]).file_size > LARGEST_METADATA:
                msg = f"{filename} claims a METADATA of more than {LARGEST_METADATA} bytes"
                raise BadDistribution(msg, project=project, next_step=step)
            return archive.read(found[0])
    except InvalidWheelFilename as error:
        raise BadDistribution(str(error), next_step="rename it as the project named it, or remove it") from error
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError) as error:
        # RuntimeError: it is encrypted, or packed in a way that Python does not know.
        msg = f"{filename} is a damaged wheel: {error}"
        raise BadDistribution(msg, next_step=step) from error


def _belongs(member: str, project: str) -> bool:
    match = _METADATA.fullmatch(member)
    return match is not None and canonicalize_name(match["name"]) == project
