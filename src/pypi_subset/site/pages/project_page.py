"""``project/<name>/index.html``: everything that the site holds of one project, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from pypi_subset.model.paths import BADGE, REPORT_PAGE, SIMPLE, file_path, project_page, request_page
from pypi_subset.site.pages.sizes import counted, readable_size
from pypi_subset.support import templates
from pypi_subset.support.text import href

if TYPE_CHECKING:
    from pypi_subset.site.pages.facts import ProjectFacts
    from pypi_subset.site.readme.cache import Shown

#: How the page leads to the top of the site.
_ROOT = "../../"
#: Chains of requirements that are shown; the manifest has all.
_CHAINS = 40


def page_of(facts: ProjectFacts, shown: Shown, *, index: str = SIMPLE, in_views_only: bool = False) -> str:
    """
    Return the page of a project.

    :param shown: what METADATA of the newest release says for people.
    :param index: the directory of the index to install from, relative to the site; ``TARGET`` in it is a placeholder.
    :param in_views_only: whether targets get variants of the project, which the union index leaves out.
    """
    every = facts.targets
    return templates.render(
        "project.html",
        root=_ROOT,
        facts=facts,
        newest=facts.releases[0],
        shown=shown,
        # nh3 has made it safe, see `readme.markup`.
        readme=Markup(shown.markup),  # noqa: S704
        index=index,
        is_placeholder=index != SIMPLE,
        in_views_only=in_views_only,
        badge=f"{_ROOT}{BADGE}",
        proof=f"{_ROOT}{REPORT_PAGE}#{href(facts.name)}",
        versions=[(name, [one for one in facts.releases if name in one.targets]) for name in every],
        chains=facts.chains[:_CHAINS],
        more=len(facts.chains) - len(facts.chains[:_CHAINS]),
        where=lambda targets: "" if len(targets) == len(every) else ", ".join(targets),
        size_of=readable_size,
        counted=counted,
        file_of=lambda filename: f"{_ROOT}{href(*file_path(facts.name, filename).split('/'))}",
        page_of=lambda name: f"{_ROOT}{href(*project_page(name).split('/'))}",
        request_of=lambda page: f"{_ROOT}{href(*request_page(*page).split('/'))}",
        held=frozenset({one.project for one in (*facts.requires, *facts.required_by)} | {facts.name}),
    )
