"""
The state of the last build, by which the next one finds what did not change.

It is `FILE` in the packages directory, and may be deleted: the next build then renders every page again.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from pypi_subset.model.documents import DAMAGED
from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from pathlib import Path


#: Name of the file, in the packages directory.
FILE = ".build-state.json"
#: Version of the form; the state of another version is not used.
SCHEMA = 2


class BuiltProject(msgspec.Struct, frozen=True, array_like=True):
    """
    One project of the site.

    :param digest: covers everything that the pages of the project are rendered from.
    :param lines: number of lines that the project has in ``find-links.html``.
    :param pages: SHA-256 of each of its pages, in the order of `simple_index.pages_of`.
    """

    digest: str
    lines: int
    pages: tuple[str, ...]


class BuiltPage(msgspec.Struct, frozen=True, array_like=True):
    """
    One page for people that has a directory of its own.

    :param digest: covers everything that the page is rendered from.
    :param sha256: that of the page.
    :param about: of a project, the summary and the licence that METADATA states.
    """

    digest: str
    sha256: str
    about: tuple[str, ...]


class BuildState(msgspec.Struct, frozen=True):
    """
    What a build left.

    :param program: the program that built the site, see `incremental.program_of_site`.
    :param inputs: digest of all inputs, the program included.
    :param directories: digest of each directory of the site, see `fingerprint.snapshot`.
    :param projects: the projects, by name.
    :param people: the pages of projects and requests, by path.
    """

    program: str = ""
    inputs: str = ""
    directories: dict[str, str] = {}
    projects: dict[str, BuiltProject] = {}
    people: dict[str, BuiltPage] = {}
    schema: int = SCHEMA


#: Nothing is known: everything is rendered.
UNKNOWN = BuildState()


def read(path: Path) -> BuildState:
    """Return the state that *path* holds, `UNKNOWN` if it is missing, damaged or of another version."""
    with contextlib.suppress(OSError, *DAMAGED):
        state = msgspec.json.decode(files.read_input(path, bounds.LARGEST_CACHE), type=BuildState)
        if state.schema == SCHEMA:
            return state
    return UNKNOWN
