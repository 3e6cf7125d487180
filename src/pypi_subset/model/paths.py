"""The directories of a subset, and the one place that spells the layout of a site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

#: The directories of a site. `VIEWS` has one for each target, `SERVERS` the configuration of web servers.
SIMPLE, SIMPLE_JSON, VIEWS, LOCKS, SERVERS, PROOF = "simple", "simple-json", "targets", "locks", "hosts", "proof"
#: The page of every directory, and the JSON form of an index page (PEP 691) beside it.
PAGE, JSON_PAGE = "index.html", "index.v1_json"
#: Files at the top of a site.
MANIFEST, FIND_LINKS, README, NOT_FOUND = "manifest.json", "find-links.html", "README.md", "404.html"
#: Files at the top that configure web servers: GitHub Pages, and those that read headers from a file.
NO_JEKYLL, HEADERS = ".nojekyll", "_headers"
#: The report of the proof, in all its forms.
REPORT, REPORT_PAGE, JUNIT, BADGE = (f"{PROOF}/{name}" for name in ("report.json", PAGE, "junit.xml", "badge.svg"))
#: The signature of the report, if it is a part for another machine. It is not published.
SIGNATURE = f"{REPORT}.sig"
#: Suffix of a core metadata file (PEP 658).
METADATA = ".metadata"
#: All wheels of a site, as a glob pattern.
ALL_WHEELS = f"{SIMPLE}/*/*.whl"

#: What mirror and verify put into a site. A directory that holds anything else is never replaced.
GENERATED = frozenset(
    {
        *(SIMPLE, SIMPLE_JSON, VIEWS, LOCKS, SERVERS, PROOF),
        *(PAGE, MANIFEST, FIND_LINKS, README, NOT_FOUND, NO_JEKYLL, HEADERS),
    }
)

#: Media type of `JSON_PAGE` (PEP 691).
JSON_TYPE = "application/vnd.pypi.simple.v1+json"

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

_INDEX = (PAGE, JSON_PAGE)
# Files at the top that have a turn of their own, see `publish_order`.
_LAST = {FIND_LINKS: 2, MANIFEST: 5, PAGE: 6}


def view_of(target: str) -> str:
    """Return the directory of the simple index of *target*."""
    return f"{VIEWS}/{target}/{SIMPLE}"


def file_path(project: str, filename: str) -> str:
    """Return the path of a distribution; *project* is normalized."""
    return f"{SIMPLE}/{project}/{filename}"


def type_of(path: str) -> str:
    """Return the media type of the file at *path* below the site; pip and uv read a page by its type alone."""
    if path.startswith(f"{SIMPLE_JSON}/"):
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
    if folders[:1] == [PROOF]:
        return 4
    is_view = folders[:1] == [VIEWS] and folders[2:3] == [SIMPLE]
    below = len(folders) - (2 if is_view else 0)
    if is_view or folders[:1] in ([SIMPLE], [SIMPLE_JSON]):
        if below == 1 and name in _INDEX:
            return 3
        if below == 2:  # noqa: PLR2004 - a project's directory
            return 0 if folders[0] == SIMPLE and name not in _INDEX else 2
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
