"""Where a site can be hosted: how it gets there, which index pages it offers there, and whether it fits."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.model.paths import NO_JEKYLL
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


#: The limits of every kind of hosting together.
EVERY = "every host"

_PAGES_BYTES, _GIT_BYTES = 1_000_000_000, 100 << 20
_CLOUDFLARE_FILES, _CLOUDFLARE_BYTES = 20_000, 25 << 20
_NAME_BYTES, _KEY_BYTES = 255, 1024
# So many of the files that a finding is about are named.
_FEW = 3

# Characters of a path without the zero at its end, and how many of them are left for where the site lies.
_WINDOWS_PATH, _WINDOWS_FOLDER = 259, 40
_WINDOWS_NAMES = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*[<>:\"|?*\\\x00-\x1f].*|.*[. ]", re.IGNORECASE | re.DOTALL
)
# What file names of distributions and our own pages are made of.
_PLAIN = re.compile(r"[A-Za-z0-9._+!/-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hosting:
    """A kind of hosting: the form in which it offers index pages, and how to publish there."""

    name: str
    pages: str
    how: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Why a site does not fit on a kind of hosting, and the files concerned, none if it is the whole site."""

    hosting: str
    what: str
    paths: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the one line that is printed, with the first of the files."""
        shown = ", ".join(self.paths[:_FEW]) + f" and {len(self.paths) - _FEW} more" * (len(self.paths) > _FEW)
        return f"{self.hosting}: {self.what}" + f": {shown}" * bool(self.paths)


_BOTH, _PREFIX = "HTML and JSON", "HTML; JSON below simple-json/"

KINDS = (
    Hosting(name="nginx", pages=_BOTH, how="copy hosts/nginx.conf, change its one line, include it in a server block"),
    Hosting(name="Apache", pages=_BOTH, how="copy site/ where .htaccess counts; or hosts/apache.conf, as for nginx"),
    Hosting(name="Caddy", pages=_BOTH, how="copy hosts/Caddyfile, change its one line, import it in a site block"),
    Hosting(name="any web server", pages="HTML", how="copy site/; a folder's address has to give its index.html"),
    Hosting(name="GitHub Pages", pages="HTML", how="push what is in site/, with the hidden .nojekyll"),
    Hosting(name="Cloudflare Pages", pages=_PREFIX, how="deploy site/; _headers gives the JSON pages their type"),
    Hosting(name="Netlify", pages=_PREFIX, how="deploy site/; _headers gives the JSON pages their type"),
    Hosting(name="object store", pages=_PREFIX, how="upload what `make hosts OBJECTS=yes` lists, in that order"),
    Hosting(name="Windows disk", pages="none", how="copy site/, for --find-links; another disk likewise"),
)


def limits(site: Path) -> tuple[Finding, ...]:
    """
    Return the limits that *site* exceeds, sorted by hosting; none if it fits everywhere.

    :raises FolderError: the site cannot be read.
    """
    with files.folder_errors(site):
        paths = sorted(path for path in site.rglob("*") if path.is_symlink() or not path.is_dir())
        sizes = {path.relative_to(site).as_posix(): path.lstat().st_size for path in paths}
        links = tuple(path.relative_to(site).as_posix() for path in paths if path.is_symlink())
    found = [*_together(sizes), *_each(sizes)]
    if links:
        found.append(Finding(hosting=EVERY, what="symbolic links, which a copy may lose", paths=links))
    return tuple(sorted(found, key=lambda one: (one.hosting, one.what)))


def _together(sizes: Mapping[str, int]) -> list[Finding]:
    """Return what is wrong with the site as a whole."""
    total, found = sum(sizes.values()), []
    if total > _PAGES_BYTES:
        found.append(Finding(hosting="GitHub Pages", what=f"{total:,} bytes in all, of {_PAGES_BYTES:,}"))
    if len(sizes) > _CLOUDFLARE_FILES:
        found.append(
            Finding(hosting="Cloudflare Pages", what=f"{len(sizes):,} files, of {_CLOUDFLARE_FILES:,} in the free plan")
        )
    if NO_JEKYLL not in sizes:
        found.append(
            Finding(hosting="GitHub Pages", what="no .nojekyll, so names with an underscore at the front are lost")
        )
    # A folder counts as well: `simple/A/` and `simple/a/` would become one.
    prefixes = {"/".join(path.split("/")[:end]) for path in sizes for end in range(1, path.count("/") + 2)}
    spellings = Counter(path.casefold() for path in prefixes)
    if clashes := tuple(sorted(path for path in prefixes if spellings[path.casefold()] > 1)):
        found.append(Finding(hosting="Windows disk", what="names that differ in case alone", paths=clashes))
    return found


def _each(sizes: Mapping[str, int]) -> list[Finding]:
    """Return what is wrong with single files, one finding for each limit."""

    def name_of(path: str) -> str:
        return max(path.split("/"), key=lambda name: len(name.encode()))

    rules: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
        (EVERY, f"names of more than {_NAME_BYTES} bytes", lambda path: len(name_of(path).encode()) > _NAME_BYTES),
        (EVERY, "names that a URL or a web server reads otherwise", lambda path: not _PLAIN.fullmatch(path)),
        ("GitHub Pages", "more than 100 MiB, which git refuses there", lambda path: sizes[path] > _GIT_BYTES),
        ("Cloudflare Pages", "more than 25 MiB", lambda path: sizes[path] > _CLOUDFLARE_BYTES),
        ("object store", f"keys of more than {_KEY_BYTES} bytes", lambda path: len(path.encode()) > _KEY_BYTES),
        (
            "Windows disk",
            f"paths that leave fewer than {_WINDOWS_FOLDER} characters of {_WINDOWS_PATH} for the folder",
            lambda path: _WINDOWS_FOLDER + 1 + len(path) > _WINDOWS_PATH,
        ),
        (
            "Windows disk",
            "names that Windows keeps for itself",
            lambda path: any(map(_WINDOWS_NAMES.fullmatch, path.split("/"))),
        ),
    )
    return [
        Finding(hosting=hosting, what=what, paths=paths)
        for hosting, what, broken in rules
        if (paths := tuple(path for path in sizes if broken(path)))
    ]
