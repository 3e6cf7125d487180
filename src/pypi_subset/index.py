"""
The pages that installers read: the simple repository API, and one flat list for ``--find-links``.

They follow version 1.0 of the API (PEP 503, 629) with yanks (PEP 592); a later version may only be claimed when all
that it demands is served. Every page depends on the projects alone, so the same projects give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset import files
from pypi_subset.markup import escape, href

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from packaging.version import Version

    from pypi_subset.model import Artifact, Project

#: The version of the simple API that the pages satisfy (PEP 629).
API_VERSION = "1.0"

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="{version}">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
{links}</body>
</html>
"""


def write_index(projects: Sequence[Project], stage: Path) -> None:
    """
    Write all pages of `render` below *stage*.

    :param projects: as laid out; their files lie in ``simple/<project>/`` already.
    :raises FolderError: a page cannot be written.
    """
    for path, data in render(projects).items():
        files.write(stage / path, data)


def render(projects: Sequence[Project]) -> dict[str, bytes]:
    """
    Return path below the site → bytes, in order of writing.

    ``simple/index.html`` comes last: whoever finds a project there finds its page.
    """
    ordered = sorted(projects, key=lambda project: project.name)
    pages = {f"simple/{project.name}/index.html": project_page(project) for project in ordered}
    pages |= {"find-links.html": find_links_page(ordered), "simple/index.html": root_page(ordered)}
    return {path: page.encode() for path, page in pages.items()}


def root_page(projects: Iterable[Project]) -> str:
    """Return the page that lists all projects by normalized name (PEP 503)."""
    names = sorted(project.name for project in projects)
    return _page("Simple index", (f'<a href="{href(name)}/">{escape(name)}</a>' for name in names))


def project_page(project: Project) -> str:
    """Return the page of one project: a link for each file, oldest release first (PEP 503)."""
    return _page(f"Links for {project.name}", map(_link, sorted(project.artifacts, key=_age)))


def find_links_page(projects: Iterable[Project]) -> str:
    """
    Return one page with every file of every project, for ``--no-index --find-links``.

    ``--find-links`` on a folder does not look into the folders below it, and ours are one per project.
    """
    ordered = sorted(projects, key=lambda project: project.name)
    links = (
        _link(artifact, "simple", project.name)
        for project in ordered
        for artifact in sorted(project.artifacts, key=_age)
    )
    return _page("Links for all projects", links)


def _link(artifact: Artifact, *folder: str) -> str:
    """Return the anchor of one file, whose text is the file name (PEP 503), relative to the page's own address."""
    distribution = artifact.distribution
    attributes = f'href="{href(*folder, distribution.filename)}#sha256={escape(str(distribution.sha256))}"'
    if distribution.requires_python is not None:
        # "<" and ">" must be written as character references (PEP 503).
        attributes += f' data-requires-python="{escape(distribution.requires_python)}"'
    if distribution.yanked is not None:
        # Never the bare attribute: pip takes that for "not yanked" (PEP 592).
        attributes += f' data-yanked="{escape(distribution.yanked)}"'
    return f"<a {attributes}>{escape(distribution.filename)}</a>"


def _page(title: str, links: Iterable[str]) -> str:
    return _PAGE.format(version=API_VERSION, title=escape(title), links="".join(f"{link}<br>\n" for link in links))


def _age(artifact: Artifact) -> tuple[Version, str]:
    return artifact.distribution.version, artifact.distribution.filename
