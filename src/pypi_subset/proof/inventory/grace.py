"""Files of an earlier release that an importer keeps for a while: clients that read its pages may still ask for them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from pypi_subset.errors import FolderError
from pypi_subset.model import documents
from pypi_subset.model.door import named
from pypi_subset.model.manifest import Sha256
from pypi_subset.model.paths import METADATA, SIMPLE
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

#: The file beside an imported site in which the importer says what it keeps.
STATE = "state.json"
#: Bytes of that file: an entry has some 300, and a release has fewer distributions than 100,000.
_LARGEST = 64 << 20


class _Kept(Struct, frozen=True):
    """
    One file.

    :param until: the moment in UTC until which it stays.
    """

    path: Annotated[str, Meta(max_length=300)]
    sha256: Sha256
    until: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z$(?!\n)")]


class _State(Struct, frozen=True):
    """The state of an importer, as far as it is read here."""

    kind: Literal["pypi-subset import state"]
    grace: tuple[_Kept, ...]


def kept(site: Path, unknown: Collection[str]) -> dict[str, str]:
    """
    Return path → a sentence of each file that the importer keeps in *site*, of the *unknown* paths.

    Only a distribution or its metadata counts, with the bytes that the importer wrote down. A state that cannot be read
    excuses nothing.
    """
    if not unknown:
        return {}
    try:
        data = files.read_input(site.resolve().parent / STATE, _LARGEST)
        state = documents.parse(data, _State)
    except (OSError, ValueError):
        return {}
    found = {}
    for one in state.grace:
        path = site / one.path
        if one.path in unknown and _is_distribution(one.path) and not path.is_symlink():
            with contextlib.suppress(FolderError):
                if files.sha256_of(path) == one.sha256:
                    found[one.path] = f"{one.path} is of an earlier release: the importer keeps it until {one.until}"
    return found


def _is_distribution(path: str) -> bool:
    folder, _, rest = path.partition("/")
    project, _, name = rest.partition("/")
    found = named(name.removesuffix(METADATA))
    return folder == SIMPLE and found is not None and found[0] == project
