"""The directories of a subset, and the one place that spells the layout of a site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


#: What mirror and verify put into a site. A folder that holds anything else is somebody's work, and never replaced.
GENERATED = frozenset(
    {
        *("simple", "simple-json", "targets", "locks", "hosts", "find-links.html"),
        *(".nojekyll", "404.html", "_headers"),
        *("index.html", "manifest.json", "proof", "README.md"),
    }
)


#: An index page in its JSON form (PEP 691), and the file beside ``index.html`` that holds it.
JSON_TYPE, JSON_PAGE = "application/vnd.pypi.simple.v1+json", "index.v1_json"

# Files that are not listed are plain bytes; guessing would add an encoding to `.tar.gz`, which uv then unpacks twice.
_TYPES = {
    ".conf": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".txt": "text/plain; charset=utf-8",
    ".v1_json": JSON_TYPE,
    ".xml": "application/xml",
}

_INDEX = ("index.html", JSON_PAGE)
# What stands at the root and has a turn of its own; see `turn_of`.
_LAST = {"find-links.html": 2, "manifest.json": 5, "index.html": 6}


def type_of(path: str) -> str:
    """Return the media type of the file at *path* below the site; pip and uv read a page by its type alone."""
    if path.startswith("simple-json/"):
        return JSON_TYPE
    return _TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")


def publish_order(path: str) -> int:
    """
    Return when the file at *path* below the site is to be copied: what names others has a later turn than they.

    0 distributions and their metadata, 1 locks and settings, 2 pages that lead to files, 3 those that lead to such pages,
    4 the proof, 5 the manifest, 6 the front page. In the opposite order all of it can be removed.
    """
    *folders, name = path.split("/")
    if path in _LAST:
        return _LAST[path]
    match folders:
        case ["simple", _] if name not in _INDEX:
            return 0
        case ["simple"] | ["simple-json"] | ["targets", _, "simple"] if name in _INDEX:
            return 3
        case ["simple" | "simple-json", _] | ["targets", _, "simple", _]:
            return 2
        case ["proof", *_]:
            return 4
    return 1


def is_page(path: str) -> bool:
    """Whether the file at *path* may change with the next mirror, and so has to be asked for each time."""
    return PurePosixPath(path).suffix.lower() in _TYPES


@dataclass(frozen=True, kw_only=True, slots=True)
class Paths:
    """The three folders of a subset, as the user spelt them."""

    requirements: Path
    packages: Path
    site: Path

    @property
    def locks(self) -> Path:
        """Where the lock files lie."""
        return self.requirements / "lock"
