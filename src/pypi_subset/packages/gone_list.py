"""
``packages/.gone.json``: what the last look found of locked files that an index does not offer any more.

Without the file, no run has looked for the locked files in this checkout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.model import documents
from pypi_subset.model.intake.gone import Looked
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pypi_subset.model.intake.gone import Missing

#: Its name.
FILE = ".gone.json"


def read(packages: Path) -> tuple[Missing, ...]:
    """
    Return what the last look found, nothing if there is no such file.

    :raises SubsetError: it is damaged: what was gone is not forgotten in silence.
    """
    path = packages / FILE
    if not path.is_file():
        return ()
    step = "delete it, and run `pypi-subset plan`, which asks the indexes again"
    return documents.read(path, Looked, next_step=step).files


def is_kept(packages: Path) -> bool:
    """Return whether a run has looked for locked files here."""
    return (packages / FILE).is_file()


def write(packages: Path, found: Iterable[Missing]) -> None:
    """
    Keep *found* in *packages*, sorted; an empty list says that nothing was gone.

    :raises FolderError: the directory cannot be written.
    """
    path, own = packages / FILE, tuple(sorted(found, key=lambda one: (one.project, one.filename)))
    with files.folder_errors(path):
        data = documents.encode(Looked(files=own))
        if path.is_file() and path.read_bytes() == data:
            return
    files.write(path, data)
