"""
The pages that installers read: the simple repository API in HTML and JSON, and one flat list for ``--find-links``.

They follow version 1.4 of the API: PEP 503 and 691, with Requires-Python (345), yanks (592), the version itself (629),
metadata beside the wheel (658, 714), sizes, times and versions (700), provenance (740) and project status (792). A fact
that the upstream index lacks is left out, never invented. Every page depends on the projects alone, so the same projects
give the same bytes.

What a page says of a file is put into words once, and stands in up to five pages, each with its own way to the file.
Files of a project with variants are in the views alone; the other pages of the project name the views.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from itertools import islice
from json.encoder import encode_basestring_ascii as _quoted
from typing import TYPE_CHECKING, NamedTuple

from pypi_subset.model.distributions import version_texts
from pypi_subset.model.paths import FIND_LINKS, JSON_PAGE, PAGE, SIMPLE, SIMPLE_JSON, view_of
from pypi_subset.site.pages import left_out
from pypi_subset.support.text import NO_PARTS, escape, escape_json, href

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

    from pypi_subset.model.distributions import Artifact, Project, Standing


#: The version of the simple API that the pages satisfy (PEP 629). A later one has nothing that a mirror may serve.
API_VERSION = "1.4"

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="{version}">
{metas}<title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="{policy}">
</head>
<body>
<h1>{title}</h1>
{links}</body>
</html>
"""


#: Lines of a page without meta elements of its own, before its links.
_HEAD_LINES = _PAGE.partition("{links}")[0].count("\n")


class _Entry(NamedTuple):
    """
    One file, in words.

    :param name: its name as part of an address.
    :param anchor: what follows the address in an anchor, to the end of the line.
    :param facts: what follows the address in JSON.
    """

    filename: str
    version: str
    name: str
    anchor: str
    facts: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    """
    All that pages say of one project, oldest release first.

    :param views: of a project with variants, the versions of each target, on a page that has no entries for that reason.
    """

    name: NormalizedName
    standing: Standing | None
    entries: tuple[_Entry, ...]
    views: Mapping[str, Sequence[str]] | None = None


class Rendering:
    """
    All pages of all indexes.

    :param projects: those of the site, sorted by name.
    :param views: the names of the files that each target gets, by the target's name.
    :param unchanged: projects whose own pages are there already, with their lines in the find-links page.
    """

    def __init__(
        self,
        projects: Sequence[Project],
        *,
        views: Mapping[str, Collection[str]],
        unchanged: Mapping[NormalizedName, str] | None = None,
    ) -> None:
        unchanged = unchanged or {}
        self._names = [project.name for project in projects]
        self._views = {
            target: (
                files,
                [one.name for one in projects if any(each.distribution.filename in files for each in one.artifacts)],
            )
            for target, files in sorted(views.items())
        }
        changed = [project for project in projects if project.name not in unchanged]
        versions = version_texts(one.distribution for project in changed for one in project.artifacts)
        self._pages = [_put(project, versions) for project in changed]
        variants = left_out.variants_on(changed, views)
        self._union = [
            _Page(name=page.name, standing=page.standing, entries=(), views=variants[page.name])
            if page.name in variants
            else page
            for page in self._pages
        ]
        own = {page.name: _lines(page) for page in self._union}
        #: The lines of each project in ``find-links.html``.
        self.lines = {name: own[name] if name in own else unchanged[name] for name in self._names}

    def pages(self) -> Iterator[tuple[str, bytes]]:
        """
        Yield path below the site and bytes of each page, in order of writing.

        ``simple/index.html`` comes last: a client that finds a project there finds its page.
        """
        for target, (files, names) in self._views.items():
            narrowed = _narrowed(self._pages, files)
            yield from _index_of(narrowed, names, view_of(target), f"../../../../{SIMPLE}/{{}}/")
        # The same in JSON under a prefix of its own, for web servers that give one address one type.
        for page in self._union:
            yield f"{SIMPLE_JSON}/{page.name}/{PAGE}", _json_page(page, f"../../{SIMPLE}/{href(page.name)}/").encode()
        yield f"{SIMPLE_JSON}/{PAGE}", _json_root(self._names).encode()
        # ``--find-links`` on a directory does not look into those below it, and there is one for each project.
        yield FIND_LINKS, _page("Links for all projects", "".join(self.lines.values())).encode()
        yield from _index_of(self._union, self._names, SIMPLE, "")


def pages_of(project: str, targets: Iterable[str]) -> tuple[str, ...]:
    """
    Return the paths of a project's own pages below the site, in order of writing.

    :param targets: names of those that get a file of it.
    """
    views = [f"{view_of(target)}/{project}/{page}" for target in sorted(targets) for page in (JSON_PAGE, PAGE)]
    union = (f"{SIMPLE}/{project}/{page}" for page in (JSON_PAGE, PAGE))
    return (*views, f"{SIMPLE_JSON}/{project}/{PAGE}", *union)


def lines_of(page: str, counts: Iterable[int]) -> list[str]:
    """
    Return the lines of each project in a page such as ``find-links.html``.

    :param counts: how many each has, in the order of the page.
    """
    # What a page quotes may hold what Python takes for an end of a line besides.
    lines = (f"{line}\n" for line in page.split("\n")[_HEAD_LINES:])
    return ["".join(islice(lines, count)) for count in counts]


def _index_of(
    pages: Iterable[_Page], names: Sequence[NormalizedName], folder: str, way: str
) -> Iterator[tuple[str, bytes]]:
    """
    Yield all pages of one index, the root last.

    :param names: those of its projects.
    :param way: how a page of a project leads to the directory of its files, ``{}`` standing for the project.
    """
    for page in pages:
        to_files = way.format(href(page.name))
        yield f"{folder}/{page.name}/{JSON_PAGE}", _json_page(page, to_files).encode()
        yield f"{folder}/{page.name}/{PAGE}", _html_page(page, to_files).encode()
    yield f"{folder}/{JSON_PAGE}", _json_root(names).encode()
    yield f"{folder}/{PAGE}", _html_root(names).encode()


def _narrowed(pages: Iterable[_Page], names: Collection[str]) -> Iterator[_Page]:
    """The projects of which a target gets a file, with just those files."""
    for page in pages:
        entries = tuple(entry for entry in page.entries if entry.filename in names)
        if entries:
            yield _Page(name=page.name, standing=page.standing, entries=entries)


def _put(project: Project, versions: Mapping[int, str]) -> _Page:
    entries = tuple([_entry(one, versions[id(one.distribution.version)]) for one in project.artifacts])
    return _Page(name=project.name, standing=project.standing, entries=entries)


def _entry(artifact: Artifact, version: str) -> _Entry:
    one = artifact.distribution
    return _Entry(
        filename=one.filename,
        version=version,
        name=href(one.filename),
        anchor=f"{_attributes(artifact)}>{escape(one.filename)}</a><br>\n",
        facts=_facts(artifact),
    )


def _attributes(artifact: Artifact) -> str:
    """Return what follows the address in an anchor: the hash of the file, and what the standards have attributes for."""
    one = artifact.distribution
    # The hash is that of the metadata (PEP 714). Its first name made pip 23.0 pass over wheels, and is not repeated.
    core = f' data-core-metadata="sha256={artifact.metadata}"' if artifact.metadata else ""
    # No standard has the last two in HTML; uv and nab read them all the same.
    last = f' data-size="{one.size}"' + _attribute("upload-time", one.upload_time)
    return (
        # "<" and ">" must be written as character references (PEP 503).
        f'#sha256={one.sha256}"{_attribute("requires-python", one.requires_python)}{core}'
        # Never the bare attribute: pip takes that for "not yanked" (PEP 592).
        f"{_attribute('yanked', one.yanked)}{_attribute('provenance', one.provenance)}{last}"
    )


@functools.lru_cache(maxsize=1 << 12)
def _attribute(name: str, value: str | None) -> str:
    return "" if value is None else f' data-{name}="{escape(value)}"'


def _facts(artifact: Artifact) -> str:
    """Return the same for JSON, the address aside (PEP 691, 700), as it stands behind the address."""
    one = artifact.distribution
    found = {
        "requires-python": None if one.requires_python is None else _quoted(one.requires_python),
        "core-metadata": artifact.metadata and f'{{"sha256": "{artifact.metadata}"}}',
        # An empty text would be "not yanked" for pip, and "yanked" for uv.
        "yanked": _quoted(one.yanked) if one.yanked else None if one.yanked is None else "true",
        "provenance": one.provenance and _quoted(one.provenance),
        "upload-time": one.upload_time and _quoted(one.upload_time),
    }
    more = "".join([f', "{name}": {value}' for name, value in found.items() if value])
    return f'"filename": {_quoted(one.filename)}, "hashes": {{"sha256": "{one.sha256}"}}, "size": {one.size}{more}}}'


def _html_page(page: _Page, to_files: str) -> str:
    """Return the page of one project: a link for each file, oldest release first (PEP 503)."""
    standing = {} if page.standing is None else {"": page.standing.status, "-reason": page.standing.reason}
    metas = (
        f'<meta name="pypi:project-status{name}" content="{escape(said)}">\n' for name, said in standing.items() if said
    )
    links = _links(page, to_files) if page.views is None else left_out.body(page.name, page.views)
    return _page(f"Links for {page.name}", links, "".join(metas))


def _json_page(page: _Page, to_files: str) -> str:
    """Return the same in JSON (PEP 691, 700, 792)."""
    status = {}
    if page.standing is not None:
        said = {"status": page.standing.status, "reason": page.standing.reason}
        status = {"project-status": {name: text for name, text in said.items() if text}}
    head = {
        "meta": {"api-version": API_VERSION},
        "name": page.name,
        **status,
        "versions": list(dict.fromkeys(entry.version for entry in page.entries)),
    }
    if page.views is not None:
        # A key with an underscore is an index's own (PEP 691).
        head["_variants"] = left_out.facts(page.name, page.views)
    # No part of an address needs quoting in JSON once it is percent-encoded.
    listed = ",\n".join(f'{{"url": "{to_files}{entry.name}", {entry.facts}' for entry in page.entries)
    return escape_json(f'{json.dumps(head)[:-1]}, "files": [\n{listed}\n]}}\n')


def _html_root(names: Iterable[NormalizedName]) -> str:
    """Return the page that lists all projects by normalized name (PEP 503)."""
    links = [f'<a href="{href(name)}/">{escape(name)}</a><br>\n' for name in names]
    return _page("Simple index", "".join(links))


def _json_root(names: Iterable[NormalizedName]) -> str:
    """Return the same in JSON (PEP 691)."""
    root = {"meta": {"api-version": API_VERSION}, "projects": [{"name": name} for name in names]}
    return f"{json.dumps(root)}\n"


def _links(page: _Page, to_files: str) -> str:
    """The anchors of a project's files, one on each line, whose text is the file name (PEP 503)."""
    return "".join([f'<a href="{to_files}{entry.name}{entry.anchor}' for entry in page.entries])


def _lines(page: _Page) -> str:
    """Return the lines of a project in the find-links page."""
    if page.views is None:
        return _links(page, f"{SIMPLE}/{href(page.name)}/")
    return left_out.line(page.name, page.views)


def _page(title: str, links: str, metas: str = "") -> str:
    return _PAGE.format(version=API_VERSION, policy=NO_PARTS, title=escape(title), links=links, metas=metas)
