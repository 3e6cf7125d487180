"""
What web hosts need to know about a site, and whether they can take it.

The snippets for nginx, Apache and Caddy stand in ``templates/`` and name no target: a pattern covers every view below
``targets/``, so that a copy of one stays right when a target is added. Where the site lies on the host is one line in
each, below a comment that says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pypi_subset import files
from pypi_subset.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Stands for the folder of the site in every snippet; once in each.
PLACE = "/srv/pypi-subset/site"

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """One object of an object store: its key, the file with its bytes, and the two headers to set; "" sets none."""

    key: str
    path: Path
    kind: str
    cache: str


def render(targets: Sequence[str]) -> dict[str, bytes]:
    """
    Return path below the site → bytes of every file that is there for a web host.

    ``_headers`` is for hosts that read a file of this name, at the root alone, such as Cloudflare Pages and Netlify.
    Without a ``404.html`` the first of these answers every wrong address with the front page, and uv takes that for a
    project without releases.

    :param targets: names of the targets that have a view of their own.
    """
    pages, json_pages = _template("simple.htaccess"), _template("simple-json.htaccess")
    head = "# For Apache. It needs `AllowOverride All` (else use hosts/apache.conf), mod_negotiation and mod_headers.\n"
    apache = _template("apache.conf").replace("    @simple@\n", _indented(pages))
    found = {
        ".nojekyll": "",
        "404.html": _template("404.html"),
        "_headers": _template("_headers"),
        "hosts/Caddyfile": _template("Caddyfile"),
        "hosts/apache.conf": apache.replace("    @simple-json@\n", _indented(json_pages)),
        "hosts/nginx.conf": _template("nginx.conf"),
        "simple-json/.htaccess": head + json_pages,
        "simple/.htaccess": head + pages,
    }
    found |= {f"targets/{target}/simple/.htaccess": head + pages for target in sorted(targets)}
    return {path: text.encode() for path, text in found.items()}


def objects(site: Path) -> Iterator[Object]:
    """
    Yield what an object store has to hold, in the order of `turn_of`: what is named before the pages that name it.

    Such a store knows no folders: a page has the key of its folder, with the slash, as well as its own.

    :raises FolderError: the site cannot be read.
    """
    with files.folder_errors(site):
        paths = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    visible = [path for path in paths if not any(part.startswith(".") for part in path.split("/"))]
    for path in sorted(visible, key=turn_of):
        one = Object(key=path, path=site / path, kind=type_of(path), cache="no-cache" if is_page(path) else "")
        yield one
        folder, _, name = path.rpartition("/")
        if name == "index.html" and folder:
            yield replace(one, key=f"{folder}/")


def type_of(path: str) -> str:
    """Return the media type of the file at *path* below the site; pip and uv read a page by its type alone."""
    if path.startswith("simple-json/"):
        return JSON_TYPE
    return _TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")


def turn_of(path: str) -> int:
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


def _template(name: str) -> str:
    return shipped("templates", name).decode()


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())
