"""``site/index.html``: the page for people, which says what the site holds and how to install from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup
from packaging.utils import canonicalize_name

from pypi_subset.locks.gaps import accepted_gaps
from pypi_subset.model.intake.variants import variants_locked
from pypi_subset.model.paths import (
    INSTALLER,
    INSTALLER_CMD,
    OTHERS_PAGE,
    PAGE,
    RELEASE_PAGE,
    SIMPLE,
    request_page,
    view_of,
)
from pypi_subset.model.requests import BOOTSTRAP
from pypi_subset.site.other_files.page import summary_of
from pypi_subset.site.pages.client_config import snippets
from pypi_subset.site.pages.facts import users_of
from pypi_subset.site.pages.manual import LINK, NO_LINK
from pypi_subset.site.pages.search import part_of
from pypi_subset.site.pages.sizes import counted, readable_size
from pypi_subset.support import templates
from pypi_subset.support.text import href

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.model.distributions import Artifact, Project
    from pypi_subset.model.intake.other_files import CarriedFile
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Request, RequirementSet, Subset
    from pypi_subset.model.targets import Target
    from pypi_subset.site.pages.search import Entry


#: Stands in commands and settings until the page's script puts its own address there.
_SERVER = "https://HOST/PATH/"

#: Requests that a command names.
_EXAMPLES = 4

#: Stands for the name of a target, which no target has.
_TARGET = "TARGET"

#: A placeholder for the directory of a virtual environment.
_ENVIRONMENT = "ENV"


def front_page(
    subset: Subset,
    locks: Sequence[Lock],
    projects: Sequence[Project],
    entries: Sequence[Entry] = (),
    *,
    has_manual: bool = False,
    others: Sequence[CarriedFile] = (),
) -> str:
    """
    Return the front page: one HTML5 document with a style and a script beside it, which works from a disk and a server.

    The script puts the page's own address into the commands, in place of `_SERVER`, and searches.

    :param entries: those of the list of projects.
    :param has_manual: whether the site has the manual; the page leads to it then.
    :param others: the other files; the page leads to their list if there are some.
    """
    artifacts = [artifact for project in projects for artifact in project.artifacts]
    users, variants = users_of(locks), variants_locked(locks)
    index = view_of(_TARGET) if variants else SIMPLE
    return templates.render(
        "site.html",
        root="",
        release=RELEASE_PAGE,
        summary=_summary(subset, projects, artifacts),
        example=_example(subset, projects, locks),
        server=_SERVER,
        clients=[(client, text.rstrip()) for client, text in snippets(_SERVER, index).items()],
        index=index,
        variants=variants,
        placeholder=_TARGET,
        further=[f"{index}/{project}/{PAGE}" for project in variants],
        indexes={target.name: href(*view_of(target.name).split("/"), PAGE) for target in subset.targets},
        sets=[(one, [(each, _page_of(one.name, each)) for each in one.requests]) for one in _sorted(subset.sets)],
        gaps=accepted_gaps(subset, locks),
        targets=[
            (target, [one for one in artifacts if target.name in users.get(one.distribution.filename, ())])
            for target in sorted(subset.targets, key=lambda target: target.name)
        ],
        installs=_installs(subset, locks),
        environment=_ENVIRONMENT,
        size_of=_size_of,
        kept=_kept(locks),
        others=summary_of(others) if others else "",
        others_page=OTHERS_PAGE,
        manual=Markup(LINK if has_manual else NO_LINK),  # noqa: S704 - our own constants
        **part_of(entries, 1),
    )


def _sorted(sets: Sequence[RequirementSet]) -> list[RequirementSet]:
    return sorted(sets, key=lambda one: one.name)


def _page_of(set_name: str, request: Request) -> str:
    path = request_page(set_name, canonicalize_name(request.requirement.name))
    return href(*path.split("/"))


def _summary(subset: Subset, projects: Sequence[Project], artifacts: Sequence[Artifact]) -> str:
    held = counted(len(projects), "project"), counted(len(artifacts), "file"), _size_of(artifacts)
    return " · ".join([*held, counted(len(subset.targets), "target")])


def _example(subset: Subset, projects: Sequence[Project], locks: Sequence[Lock]) -> str:
    """
    Return what the commands install: what the first set asks for whatever the target, as far as the site holds it.

    Projects that no other one requires come first: the lock of another tool also requests those that are required.
    """
    held = {project.name for project in projects}
    required = {pin.distribution.project for lock in locks for pin in lock.pins if any(one.by for one in pin.reasons)}
    asked = [request.requirement for one in subset.sets[:1] for request in one.requests]
    named = [one for one in asked if canonicalize_name(one.name) in held and one.marker is None]
    named.sort(key=lambda one: canonicalize_name(one.name) in required)
    # Some of them show how it is done. Some shells read square brackets as a pattern.
    words = [f'"{one.name}[{",".join(sorted(one.extras))}]"' if one.extras else one.name for one in named]
    return " ".join([*dict.fromkeys(words)][:_EXAMPLES]) or "PROJECT"


def _installs(subset: Subset, locks: Sequence[Lock]) -> dict[str, str]:
    """Return target → the command of the installer there, for each target that has a set and a pip."""
    having = {lock.target_name for lock in locks for pin in lock.pins if pin.distribution.project == "pip"}
    served = {
        target.name: [one.name for one in _sorted(subset.sets) if target.name in one.targets and one.name != BOOTSTRAP]
        for target in subset.targets
    }
    return {
        target.name: _install(target, served[target.name])
        for target in subset.targets
        if target.name in having and served[target.name]
    }


def _install(target: Target, sets: Sequence[str]) -> str:
    program = INSTALLER_CMD if target.platform.startswith("win") else f"python3 {INSTALLER}"
    chosen = f" --set {sets[0]}" if len(sets) > 1 else ""
    return f"{program} {_ENVIRONMENT}{chosen} --target {target.name}"


def _kept(locks: Sequence[Lock]) -> list[str]:
    """Return each release that is here as an sdist, as ``uwsgi 2.0.31``, sorted."""
    held = (pin.distribution for lock in locks for pin in lock.pins if pin.is_kept)
    return sorted({f"{one.project} {one.version}" for one in held})


def _size_of(artifacts: Iterable[Artifact]) -> str:
    return readable_size(sum(one.distribution.size or 0 for one in artifacts))
