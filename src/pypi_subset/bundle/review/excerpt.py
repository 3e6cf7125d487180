"""A few pins of a large lock, without reading the rest: a lock of a thousand pins takes 0.1 s to read."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from packaging.pylock import Pylock, PylockValidationError

from pypi_subset.errors import LockError
from pypi_subset.locks import lockfile
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pypi_subset.model.distributions import Distribution

#: Begins each package of a lock that this tool writes. No string of it has a line of its own.
_BEGIN = "\n[[packages]]\n"
#: If more than this share of the packages is asked for, all of them are read.
_SHARE = 0.25
_HEAD = 'lock-version = "1.0"\ncreated-by = "pypi-subset"\n'


def distributions_of(path: Path, hashes: Collection[str]) -> tuple[Distribution, ...]:
    """
    Return the distributions in the lock at *path* that have a SHA-256 among *hashes*, and perhaps others.

    :raises LockError: it is damaged.
    :raises FolderError: it cannot be read.
    """
    with files.folder_errors(path):
        text = files.read_input(path).decode(errors="replace")
    _, *packages = text.split(_BEGIN)
    chosen = (
        [one for one in packages if any(digest in one for digest in hashes)] if _few(hashes, packages) else packages
    )
    if len(chosen) == len(packages):
        return lockfile.read(path).distributions
    try:
        found = Pylock.from_dict(_without_tool(tomllib.loads("".join([_HEAD, *(_BEGIN + one for one in chosen)]))))
        pins = [lockfile.pin_of(package) for package in found.packages]
    except (PylockValidationError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        msg = f"the lock cannot be read: {str(error) or type(error).__name__}"
        raise LockError(msg, path=path, next_step="run `pypi-subset mirror`, which writes it again") from error
    return tuple(one for pin in pins for one in (pin.distribution, *pin.build))


def _few(hashes: Collection[str], packages: Collection[str]) -> bool:
    return len(hashes) < _SHARE * len(packages)


def _without_tool(document: dict[str, object]) -> dict[str, object]:
    """Return *document* without the table of the lock itself, which follows the last package."""
    return {"packages": [], **{key: value for key, value in document.items() if key != "tool"}}
