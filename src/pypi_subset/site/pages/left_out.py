"""What the union index says of a project with variants: it lists no file, and names the view of each target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.model.intake.variants import held_by, is_apart, variants_of
from pypi_subset.model.paths import PAGE, view_of
from pypi_subset.support.text import escape, href

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pypi_subset.model.distributions import Project

#: How the page of a project leads to the top of the site.
_TOP = "../../"


def variants_on(
    projects: Iterable[Project], views: Mapping[str, Collection[str]]
) -> dict[str, dict[str, tuple[str, ...]]]:
    """
    Return the `variants_of` *projects*; those without a file that `is_apart` are not looked at.

    :param views: the names of the files that each target gets, by the target's name.
    """
    return variants_of(
        held_by(one.distribution, target)
        for project in projects
        if any(is_apart(one.distribution) for one in project.artifacts)
        for one in project.artifacts
        for target, files in views.items()
        if one.distribution.filename in files
    )


def body(project: str, views: Mapping[str, Sequence[str]]) -> str:
    """
    Return the lines of the project's page in HTML: any element may stand there beside the links to files (PEP 503).

    :param views: the versions of each target.
    """
    links = (
        f'<li>{escape(", ".join(versions))}: <a href="{_TOP}{view_of(target)}/{href(project)}/{PAGE}">'
        f"{view_of(target)}/</a></li>\n"
        for target, versions in views.items()
    )
    return f"<p>{_note(project)} Use the index of your target:</p>\n<ul>\n{''.join(links)}</ul>\n"


def facts(project: str, views: Iterable[str]) -> dict[str, object]:
    """Return the same for JSON, under a key with an underscore, which is an index's own (PEP 691)."""
    indexes = {target: f"{_TOP}{view_of(target)}/{href(project)}/" for target in views}
    return {"note": _note(project), "indexes": indexes}


def line(project: str, views: Iterable[str]) -> str:
    """Return the line of the project in the find-links page. It has no link: a client may take each for a file."""
    pages = ", ".join(f"{view_of(target)}/{project}/{PAGE}" for target in views)
    return f"<p>{_note(project)} Add the page of your target as another --find-links: {pages}.</p>\n"


def _note(project: str) -> str:
    return f"No file of {project} is listed here: its build differs by target."
