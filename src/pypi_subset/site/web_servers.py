"""
The configuration of web servers and static hosting that a site brings along.

The files for nginx, Apache and Caddy are in ``templates/`` and name no target: a pattern covers every view below
``targets/``. A copy stays right when a target is added. The directory of the site is one line in each, below a comment
that says to change it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pypi_subset.model import paths
from pypi_subset.support import files
from pypi_subset.support.resources import shipped
from pypi_subset.support.text import POLICY_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


#: Stands for the directory of the site, once in each configuration.
PLACE = "/srv/pypi-subset/site"


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """One object of an object store: its key, the file with its bytes, and the two headers to set; "" sets none."""

    key: str
    path: Path
    kind: str
    cache: str


def render(targets: Sequence[str]) -> dict[str, bytes]:
    """
    Return path below the site → bytes of every file that configures a web server.

    Cloudflare Pages and Netlify read ``_headers``, at the root alone.
    Without a ``404.html`` the first of these answers every wrong address with the front page, and uv takes that for a
    project without releases.

    :param targets: names of the targets that have a view of their own.
    """
    pages, json_pages = _template("simple.htaccess"), _template("simple-json.htaccess")
    head = "# For Apache. It needs `AllowOverride All` (else use hosts/apache.conf), mod_negotiation and mod_headers.\n"
    apache = _template("apache.conf").replace("    @simple@\n", _indented(pages))
    found = {
        paths.NO_JEKYLL: "",
        paths.NOT_FOUND: _template(paths.NOT_FOUND),
        paths.HEADERS: _template(paths.HEADERS),
        f"{paths.SERVERS}/{paths.CADDY}": _template("Caddyfile"),
        f"{paths.SERVERS}/{paths.APACHE}": apache.replace("    @simple-json@\n", _indented(json_pages)),
        f"{paths.SERVERS}/{paths.NGINX}": _template("nginx.conf"),
        f"{paths.SIMPLE_JSON}/{paths.HTACCESS}": head + json_pages,
        f"{paths.SIMPLE}/{paths.HTACCESS}": head + pages,
    }
    found |= {f"{paths.view_of(target)}/{paths.HTACCESS}": head + pages for target in sorted(targets)}
    return {path: text.encode() for path, text in found.items()}


def objects(site: Path) -> Iterator[Object]:
    """
    Yield what an object store has to hold, in the order of `turn_of`: what is named before the pages that name it.

    Such a store knows no directories: a page has the key of its directory, with the slash, as well as its own.

    :raises FolderError: the site cannot be read.
    """
    with files.folder_errors(site):
        found = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    visible = [path for path in found if not any(part.startswith(".") for part in path.split("/"))]
    for path in sorted(visible, key=paths.publish_order):
        one = Object(
            key=path, path=site / path, kind=paths.type_of(path), cache="no-cache" if paths.is_page(path) else ""
        )
        yield one
        folder, _, name = path.rpartition("/")
        if name == paths.PAGE and folder:
            yield replace(one, key=f"{folder}/")


def _template(name: str) -> str:
    return shipped("templates", name).decode().replace("@policy@", POLICY_HEADER)


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())
