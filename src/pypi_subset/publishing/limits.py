"""Where a site can be hosted: how it gets there, which index pages it offers there, and whether it fits."""

from __future__ import annotations

import re
import stat
import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.model.paths import NO_JEKYLL
from pypi_subset.support import files
from pypi_subset.support.resources import shipped

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

# Characters of a path without the zero at its end, and how many of them are left for the directory of the site.
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


def kinds() -> tuple[Hosting, ...]:
    """Return every kind of hosting, in the order of ``hosting.toml``."""
    known = tomllib.loads(shipped("hosting.toml").decode())
    return tuple(Hosting(name=name, **facts) for name, facts in known.items())


def limits(site: Path) -> tuple[Finding, ...]:
    """
    Return the limits that *site* exceeds, sorted by hosting; none if it fits everywhere.

    :raises FolderError: the site cannot be read.
    """
    with files.folder_errors(site):
        entries = sorted((path, facts) for path, facts in files.walk(site) if not path.endswith("/"))
    sizes = {path: facts.st_size for path, facts in entries}
    links = tuple(path for path, facts in entries if stat.S_ISLNK(facts.st_mode))
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
        what = f"{len(sizes):,} files, of {_CLOUDFLARE_FILES:,} in the free plan"
        found.append(Finding(hosting="Cloudflare Pages", what=what))
    if NO_JEKYLL not in sizes:
        what = "no .nojekyll, so names with an underscore at the front are lost"
        found.append(Finding(hosting="GitHub Pages", what=what))
    # A directory counts as well: `simple/A/` and `simple/a/` would become one.
    prefixes = {"/".join(path.split("/")[:end]) for path in sizes for end in range(1, path.count("/") + 2)}
    spellings = Counter(path.casefold() for path in prefixes)
    if clashes := tuple(sorted(path for path in prefixes if spellings[path.casefold()] > 1)):
        found.append(Finding(hosting="Windows disk", what="names that differ in case alone", paths=clashes))
    return found


def _each(sizes: Mapping[str, int]) -> list[Finding]:
    """Return what is wrong with single files, one finding for each limit."""

    def name_of(path: str) -> str:
        return max(path.split("/"), key=lambda name: len(name.encode()))

    room = f"paths that leave fewer than {_WINDOWS_FOLDER} characters of {_WINDOWS_PATH} for the directory"
    rules: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
        (EVERY, f"names of more than {_NAME_BYTES} bytes", lambda path: len(name_of(path).encode()) > _NAME_BYTES),
        (EVERY, "names that a URL or a web server reads otherwise", lambda path: not _PLAIN.fullmatch(path)),
        ("GitHub Pages", "more than 100 MiB, which git refuses there", lambda path: sizes[path] > _GIT_BYTES),
        ("Cloudflare Pages", "more than 25 MiB", lambda path: sizes[path] > _CLOUDFLARE_BYTES),
        ("object store", f"keys of more than {_KEY_BYTES} bytes", lambda path: len(path.encode()) > _KEY_BYTES),
        ("Windows disk", room, lambda path: _WINDOWS_FOLDER + 1 + len(path) > _WINDOWS_PATH),
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
