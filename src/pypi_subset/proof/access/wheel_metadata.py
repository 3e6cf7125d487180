"""The METADATA of a wheel, as it stands in the archive."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def metadata_in(wheel: Path) -> list[bytes]:
    """Return every METADATA file of a ``.dist-info`` at the top of *wheel*; none of an archive that cannot be read."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
            return [archive.read(name) for name in names if name.count("/") == 1]
    # The last three: an unknown compression, an encrypted member, damaged data.
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error):
        return []
