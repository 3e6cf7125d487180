"""
What a case can see of a site: the pages, files and metadata of every project that an installer could come to ask about.

An installer asks about what is requested, and about what any file that it is shown requires. So the projects that can be
reached are known without running anything: by every file of the site, whatever its markers, extras and tags say. One of them
that is not there is part of the answer, since a page that appears later would be read.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from pypi_subset.model.paths import FIND_LINKS, METADATA, PAGE, PROOF, SIMPLE, VIEWS, view_of
from pypi_subset.proof.access.page_links import links
from pypi_subset.proof.access.wheel_metadata import metadata_in
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case


#: What the tool writes for one file in ``find-links.html``; anything else there counts for every case.
_LINE = re.compile(
    r'<a href="simple/([^/"<>#?]+)/([^/"<>#?]+\.(?:whl|tar\.gz|zip))(?:#[^"<>]*)?"(?: [a-z]+(?:-[a-z]+)*(?:="[^"<>]*")?)*>[^<>]*</a><br>'
)
_VIEW = re.compile(rf"{VIEWS}/[^/]+/{SIMPLE}/[^/]+/{re.escape(PAGE)}")
_LEADS = re.compile(r"<\s*(?:a|base)\b", re.IGNORECASE)
_REQUIRES = re.compile(rb"(?:^|\n)Requires-Dist:([^\n]*)", re.IGNORECASE)


class Opaque(Exception):
    """What can be seen there is not known in full."""


class Sight:
    """What can be seen of the files of a site, each of which is read once."""

    def __init__(self, site: Path) -> None:
        self._site = site
        self._began = self._state()

    def of(self, case: Case) -> list[tuple[str, str]]:
        """
        Return the files that *case* can see, each with its SHA-256; ``""`` for a directory that is not there.

        :raises Opaque: a page leads elsewhere, or a file cannot be read.
        """
        reached = self._reached(canonicalize_name(one.requirement.name) for one in case.requests)
        common, by_project = self._page
        found = [(FIND_LINKS, line) for line in common]
        for project in sorted(reached):
            found += [(FIND_LINKS, line) for line in by_project.get(project, ())]
            for index in (SIMPLE, view_of(case.target.name)):
                found += self._folder(f"{index}/{project}", project)
        return found

    def is_still(self) -> bool:
        """Whether no file of the site has changed since the first look, by inode, size and times."""
        return self._state() == self._began

    def _state(self) -> dict[str, tuple[int, ...]]:
        return {
            name: (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
            for name, facts in files.walk(self._site, but=(PROOF,))
            if not name.endswith("/")
        }

    def _reached(self, names: Iterator[str]) -> set[str]:
        reached: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += self._required(name)
        return reached

    @functools.cache  # noqa: B019 - it lives as long as the run
    def _required(self, project: str) -> frozenset[str]:
        """The projects that any file of *project* requires, in any case."""
        found: set[str] = set()
        for sdist in (one for end in ("*.tar.gz", "*.zip") for one in (self._site / SIMPLE / project).glob(end)):
            # Each run builds it again.
            raise Opaque(sdist)
        for wheel in sorted((self._site / SIMPLE / project).glob("*.whl")):
            beside = wheel.with_name(f"{wheel.name}{METADATA}")
            if not (texts := metadata_in(wheel)):
                raise Opaque(wheel)
            for text in (*texts, beside.read_bytes() if beside.is_file() else b""):
                found |= {_named(line) for line in _REQUIRES.findall(text.replace(b"\r", b"\n"))}
        return frozenset(found)

    @functools.cache  # noqa: B019
    def _folder(self, where: str, project: str) -> tuple[tuple[str, str], ...]:
        """The files of one project in one index, each with its hash."""
        folder = self._site / where
        paths = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
        for path in paths:
            if path.is_symlink() or not path.is_file():
                raise Opaque(path)
            if path.suffix not in {".whl", METADATA}:
                _lead_home(path, where, project)
        found = tuple((path.relative_to(self._site).as_posix(), files.sha256_of(path)) for path in paths)
        return found or ((where, ""),)

    @functools.cached_property
    def _page(self) -> tuple[list[str], dict[str, list[str]]]:
        """The lines of ``find-links.html`` that are about no project, and those about each."""
        by_project: defaultdict[str, list[str]] = defaultdict(list)
        common = []
        path = self._site / FIND_LINKS
        # Any byte is a letter in this one: no two pages look alike.
        for line in path.read_bytes().decode("latin-1").split("\n") if path.is_file() else ():
            if match := _LINE.fullmatch(line):
                _hold(unquote(match[2]), match[1])
                by_project[match[1]].append(line)
            elif _LEADS.search(line):
                raise Opaque(path)
            else:
                common.append(line)
        return common, by_project


def _lead_home(page: Path, where: str, project: str) -> None:
    """Make sure that *page* leads to wheels in the project's own directory of ``simple/`` alone."""
    for place in links(page, f"{where}/"):
        # The union names a view in place of files with variants; no installer takes a page for a wheel.
        if where == f"{SIMPLE}/{project}" and _VIEW.fullmatch(place):
            continue
        folder, _, filename = place.rpartition("/")
        if folder != f"{SIMPLE}/{project}":
            raise Opaque(place)
        if not filename.endswith(".whl"):
            raise Opaque(filename)
        _hold(filename, project)


def _hold(filename: str, project: str) -> None:
    """Make sure that *filename* is a wheel or an sdist of *project*."""
    try:
        name = (parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename)(filename)[0]
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise Opaque(filename) from error
    if name != project:
        raise Opaque(filename)


def _named(line: bytes) -> str:
    try:
        return canonicalize_name(Requirement(line.decode("utf-8", "replace").strip()).name)
    except InvalidRequirement as error:
        raise Opaque(line) from error
