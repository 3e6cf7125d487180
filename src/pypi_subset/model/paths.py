"""The directories of a subset, and the one place that spells the layout of a site."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

#: The directories of a site. `VIEWS` has one for each target, `SERVERS` the configuration of web servers.
SIMPLE, SIMPLE_JSON, VIEWS, LOCKS, SERVERS, PROOF = "simple", "simple-json", "targets", "locks", "hosts", "proof"
#: The directories of pages for people: one page for each project, for each request of a set, and for each part of a long list.
PROJECTS, REQUESTS, LISTS = "project", "request", "list"
#: The directory of other files, which no installer reads.
OTHERS = "files"
#: The page of every directory, and the JSON form of an index page (PEP 691) beside it.
PAGE, JSON_PAGE = "index.html", "index.v1_json"
#: Files at the top of a site.
MANIFEST, FIND_LINKS, README, NOT_FOUND = "manifest.json", "find-links.html", "README.md", "404.html"
#: What installs a set on a machine without pypi-subset, and what starts it on Unix and on Windows.
INSTALLER, INSTALLER_SH, INSTALLER_CMD = "install.py", "install.sh", "install.cmd"
#: What writes there what the site lacks, for the connected side.
REQUESTER = "request.py"
#: What `publish` says of a published site, at its destination alone.
RELEASE = "release.json"
#: The page about the live release of an imported site. The front page shows it.
RELEASE_PAGE = "release.html"
#: Files that belong to a site where it is: they say how it came there, no manifest names them, and none is published.
OF_THE_PLACE = (RELEASE, RELEASE_PAGE)
#: Style and script of the front page. As files, they work under a Content-Security-Policy and from a disk.
STYLE, SCRIPT = "page.css", "page.js"
#: What the search of the front page looks through: a script, since a page from a disk may load no other data.
SEARCH = "search.js"
#: Files at the top that configure web servers: GitHub Pages, and those that read headers from a file.
NO_JEKYLL, HEADERS = ".nojekyll", "_headers"
#: The configuration of Apache for one directory, and the files below `SERVERS`.
HTACCESS, CADDY, APACHE, NGINX = ".htaccess", "Caddyfile", "apache.conf", "nginx.conf"
#: The report of the proof, in all its forms, and the style and script of its page.
REPORT, REPORT_PAGE, JUNIT, BADGE = (f"{PROOF}/{name}" for name in ("report.json", PAGE, "junit.xml", "badge.svg"))
REPORT_STYLE, REPORT_SCRIPT = f"{PROOF}/{STYLE}", f"{PROOF}/{SCRIPT}"
#: The signature of the report, if it is a part for another machine. It is not published.
SIGNATURE = f"{REPORT}.sig"
#: The manual, if `make docs` put it into the site.
MANUAL = "docs"
#: The page that lists the other files, and the list of CPython archives that uv reads.
OTHERS_PAGE, PYTHON_DOWNLOADS = f"{OTHERS}/{PAGE}", f"{OTHERS}/python/downloads.json"
#: Suffix of a core metadata file (PEP 658).
METADATA = ".metadata"
#: All wheels of a site, as a glob pattern.
ALL_WHEELS = f"{SIMPLE}/*/*.whl"

#: What mirror, verify and fetch put into a site. A directory that holds anything else is never replaced.
GENERATED = frozenset(
    {
        *(SIMPLE, SIMPLE_JSON, VIEWS, LOCKS, SERVERS, PROOF, PROJECTS, REQUESTS, LISTS, MANUAL, OTHERS),
        *(INSTALLER, INSTALLER_SH, INSTALLER_CMD, REQUESTER),
        *(PAGE, MANIFEST, FIND_LINKS, README, NOT_FOUND, NO_JEKYLL, HEADERS, STYLE, SCRIPT, SEARCH, *OF_THE_PLACE),
    }
)

#: Media type of `JSON_PAGE` (PEP 691).
JSON_TYPE = "application/vnd.pypi.simple.v1+json"

# Files that are not listed are plain bytes; guessing would add an encoding to `.tar.gz`, which uv then unpacks twice.
_TYPES = {
    ".cmd": "text/plain; charset=utf-8",
    ".conf": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".py": "text/plain; charset=utf-8",
    ".sh": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".txt": "text/plain; charset=utf-8",
    ".v1_json": JSON_TYPE,
    ".xml": "application/xml",
}

_INDEX = (PAGE, JSON_PAGE)
# Files that have a turn of their own, see `publish_order`.
_LAST = {
    REPORT_STYLE: 1,
    REPORT_SCRIPT: 1,
    FIND_LINKS: 2,
    PYTHON_DOWNLOADS: 2,
    SEARCH: 3,
    OTHERS_PAGE: 3,
    MANIFEST: 5,
    RELEASE: 6,
    PAGE: 7,
}

#: Windows takes these for devices, in every directory and with every ending: no file there has such a name.
DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE | re.DOTALL)

# A file of the manual: no part is hidden, and none ends with a dot.
_MANUAL_FILE = re.compile(rf"{MANUAL}(?:/[A-Za-z0-9_](?:[A-Za-z0-9._-]{{0,98}}[A-Za-z0-9_])?){{1,8}}")

# What every site has, whatever is in it; the first list since schema 1.0, the second since 1.1, pages for people since 1.4,
# the installers since 1.6, the last one since 1.7.
_TOP = (
    *(PAGE, FIND_LINKS, NOT_FOUND, NO_JEKYLL, HEADERS),
    *(f"{SERVERS}/{name}" for name in (CADDY, APACHE, NGINX)),
    *(f"{SIMPLE_JSON}/{name}" for name in (PAGE, HTACCESS)),
)
_ASSETS = (STYLE, SCRIPT)
_INSTALLERS = (INSTALLER, INSTALLER_SH, INSTALLER_CMD)
_PEOPLE_SINCE, _INSTALLERS_SINCE, _REQUESTER_SINCE = 4, 6, 7

#: Projects that the front page lists, and each page of a long list.
LISTED = 200


def view_of(target: str) -> str:
    """Return the directory of the simple index of *target*."""
    return f"{VIEWS}/{target}/{SIMPLE}"


def file_path(project: str, filename: str) -> str:
    """Return the path of a distribution; *project* is normalized."""
    return f"{SIMPLE}/{project}/{filename}"


def is_manual(path: str) -> bool:
    """Whether *path* may be a file of the manual in a site."""
    return bool(_MANUAL_FILE.fullmatch(path))


def project_page(project: str) -> str:
    """Return the path of the page for people of *project*, which is normalized."""
    return f"{PROJECTS}/{project}/{PAGE}"


def request_page(set_name: str, project: str) -> str:
    """Return the path of the page about the request of a set for *project*, a normalized name."""
    return f"{REQUESTS}/{set_name}--{project}/{PAGE}"


def list_page(number: int) -> str:
    """Return the path of a part of the list of projects; the front page is number 1."""
    return PAGE if number == 1 else f"{LISTS}/{number}/{PAGE}"


def lists_of(projects: int) -> range:
    """Return the numbers of the parts of a list of so many projects."""
    return range(1, max(1, -(-projects // LISTED)) + 1)


def lock_paths(name: str) -> tuple[str, str, str]:
    """Return the paths of the lock *name*: as it is (PEP 751), as constraints, and as requirements with hashes."""
    return f"{LOCKS}/pylock.{name}.toml", f"{LOCKS}/{name}.constraints.txt", f"{LOCKS}/{name}.requirements.txt"


def written(
    views: Mapping[str, Collection[str]],
    projects: Collection[str],
    jobs: Iterable[str],
    requests: Iterable[tuple[str, str]] = (),
    others: Collection[str] = (),
    *,
    minor: int,
) -> set[str]:
    """
    Return every path of a site that its manifest may name besides distributions and their metadata.

    :param views: the projects of each target, by the target's name.
    :param projects: those of the site.
    :param jobs: names of the locks.
    :param requests: each set, with each project that it requests.
    :param others: paths of its other files.
    :param minor: the minor number of the manifest's schema. 1.0 had no style and no script, 1.3 the front page alone,
        1.5 no installer, 1.6 no `REQUESTER`.
    """
    found = {*_TOP, *(_ASSETS if minor else ()), *(path for job in jobs for path in lock_paths(job))}
    found.update(_index_paths(SIMPLE, projects), (f"{SIMPLE_JSON}/{one}/{PAGE}" for one in projects))
    for target, own in views.items():
        found.update(_index_paths(view_of(target), own))
    if minor >= _PEOPLE_SINCE:
        found.update(map(project_page, projects), (request_page(*one) for one in requests))
        found.update({SEARCH, *map(list_page, lists_of(len(projects)))})
    if minor >= _INSTALLERS_SINCE:
        found.update(_INSTALLERS)
    if minor >= _REQUESTER_SINCE:
        found.add(REQUESTER)
    if others:
        found.update(others, (OTHERS_PAGE, PYTHON_DOWNLOADS))
    return found


def _index_paths(folder: str, projects: Iterable[str]) -> Iterator[str]:
    """Yield the paths of all pages of an index, and of its configuration."""
    yield from (f"{folder}/{name}" for name in (*_INDEX, HTACCESS))
    for project in projects:
        yield from (f"{folder}/{project}/{page}" for page in _INDEX)


def type_of(path: str) -> str:
    """Return the media type of the file at *path* below the site; pip and uv read a page by its type alone."""
    if path.startswith(f"{SIMPLE_JSON}/"):
        return JSON_TYPE
    return _TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")


def publish_order(path: str) -> int:
    """
    Return when the file at *path* below the site is to be copied: what names others has a later turn than they.

    0 distributions and their metadata, 1 locks, settings and other files, 2 pages that lead to files, 3 those that lead to such pages,
    pages for people and what the search looks through, 4 the proof, 5 the manifest, 6 the release that names it, 7 the
    front page. In the opposite order all of it can be removed. Pages for people lead to one another: of one turn, what is
    new goes first, and no page that a reader can reach leads to a missing one.
    """
    *folders, name = path.split("/")
    if path in _LAST:
        return _LAST[path]
    if folders[:1] == [PROOF]:
        return 4
    if folders[:1] in ([PROJECTS], [REQUESTS], [LISTS]):
        return 3
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
    is_other = path.startswith(f"{OTHERS}/") and path not in {OTHERS_PAGE, PYTHON_DOWNLOADS}
    return not is_other and PurePosixPath(path).suffix.lower() in _TYPES


def one_shot(site: Path) -> Path:
    """Return where a site that one command line asks for has its requirements and packages: hidden beside it."""
    return site.with_name(f".{site.name}.subset")


@dataclass(frozen=True, kw_only=True, slots=True)
class Paths:
    """
    The three directories of a subset, as the user wrote them.

    :param locked: where the lock files lie, if not in ``requirements/lock``: a site may itself state what it is for.
    """

    requirements: Path
    packages: Path
    site: Path
    locked: Path | None = None

    @property
    def locks(self) -> Path:
        """Where the lock files lie."""
        return self.locked or self.requirements / "lock"
