"""
``packages/.gone.json``: what looks found of locked files that an index does not offer any more, and what they had answers about.

Without the file, no run has looked for locked files in this checkout.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pypi_subset.locks.gone.look import files_of
from pypi_subset.model import documents
from pypi_subset.model.intake.gone import Looked, keys_of
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from pypi_subset.model.intake.gone import Key, Missing
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.paths import Paths

#: Its name.
FILE = ".gone.json"


def read(packages: Path) -> Looked:
    """
    Return what looks found, nothing if there is no such file.

    :raises SubsetError: it is damaged: what was gone is not forgotten in silence.
    """
    path = packages / FILE
    if not path.is_file():
        return Looked()
    step = "delete it, and run `pypi-subset plan`, which asks the indexes again"
    return documents.read(path, Looked, next_step=step)


def keep(paths: Paths, locks: Iterable[Lock], found: Iterable[Missing], answered: Collection[Key]) -> None:
    """
    Write what a run knows of the files of its *locks*; what was known of other files stays.

    A lock may come back from version control, and another subset may have the packages directory as well.

    :param found: what is missing of them.
    :param answered: files about which a look had an answer, also of other locks.
    :raises FolderError: the directory cannot be written.
    :raises SubsetError: the list is damaged.
    """
    before, every = read(paths.packages), [one for lock in locks for one in files_of(lock)]
    own = {key for one in every for key in keys_of(one)}
    others = (one for one in before.files if (one.filename, one.sha256) not in own)
    place = os.path.relpath(paths.requirements, paths.packages).replace(os.sep, "/")
    _write(
        paths.packages / FILE,
        Looked(
            files=tuple(sorted((*found, *others), key=lambda one: (one.project, one.filename, one.sha256))),
            answered=dict(sorted({**before.answered, place: dict(sorted(own & {*answered}))}.items())),
        ),
    )


def _write(path: Path, looked: Looked) -> None:
    with files.folder_errors(path):
        data = documents.encode(looked)
        if path.is_file() and path.read_bytes() == data:
            return
    files.write(path, data)
