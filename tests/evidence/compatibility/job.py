"""What one cell of the table is made of: a site, a client's programs, and a directory that nobody used before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pypi_subset.site.pages.client_config import snippets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One command, and what it needs in the environment beyond what all have."""

    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """
    Where a client works.

    :param folder: empty at the start; the client's home, caches and project go below it.
    :param programs: client's environment → directory of its programs.
    :param python: the interpreter that is installed for.
    :param url: address of the site; ends in a slash.
    :param requests: what to install, as lines of a requirements file.
    """

    folder: Path
    programs: Mapping[str, Path]
    python: Path
    url: str
    requests: tuple[str, ...]

    @property
    def home(self) -> Path:
        """The home directory of the client."""
        return self.folder / "home"

    @property
    def project(self) -> Path:
        """The directory that commands run in."""
        return self.folder / "project"

    @property
    def interpreter(self) -> Path:
        """The Python of the environment that the client is to fill."""
        return self.project / ".venv" / "bin" / "python"

    def program(self, environment: str, name: str = "") -> str:
        """Return the path of a client's program."""
        return str(self.programs[environment] / (name or environment))

    def snippet(self, client: str) -> str:
        """Return what this client is told about the site, as users are shown it."""
        return snippets(self.url)[client]

    def write(self, path: Path, text: str) -> str:
        """Write a file for the client; return its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)
