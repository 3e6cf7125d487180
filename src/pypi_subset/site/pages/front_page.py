"""``site/index.html``: the page for people, which says what the site holds and how to install from it."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.locks.gaps import accepted_gaps
from pypi_subset.model.intake.variants import variants_locked
from pypi_subset.model.paths import PAGE, SIMPLE, view_of
from pypi_subset.site.pages.client_config import snippets
from pypi_subset.support import templates
from pypi_subset.support.text import href

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.version import Version

    from pypi_subset.model.distributions import Artifact, Project
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset


#: Stands in commands and settings until the page's script puts its own address there.
_SERVER = "https://HOST/PATH/"

#: Stands for the name of a target, which no target has.
_TARGET = "TARGET"

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def front_page(subset: Subset, locks: Sequence[Lock], projects: Sequence[Project]) -> str:
    """
    Return the front page: one HTML5 document with a style and a script beside it, which works from a disk and a server.

    The script puts the page's own address into the commands, in place of `_SERVER`.
    """
    artifacts = [artifact for project in projects for artifact in project.artifacts]
    users, variants = _users(locks), variants_locked(locks)
    index = view_of(_TARGET) if variants else SIMPLE
    return templates.render(
        "site.html",
        summary=_summary(subset, projects, artifacts),
        example=_example(subset, projects),
        server=_SERVER,
        clients=[(client, text.rstrip()) for client, text in snippets(_SERVER, index).items()],
        index=index,
        variants=variants,
        placeholder=_TARGET,
        further=[f"{index}/{project}/{PAGE}" for project in variants],
        indexes={target.name: href(*view_of(target.name).split("/"), PAGE) for target in subset.targets},
        sets=sorted(subset.sets, key=lambda one: one.name),
        gaps=accepted_gaps(subset, locks),
        targets=[
            (target, [one for one in artifacts if target.name in users[one.distribution.filename]])
            for target in sorted(subset.targets, key=lambda target: target.name)
        ],
        projects=[(project.name, href(SIMPLE, project.name, PAGE), _releases(project, users)) for project in projects],
        size_of=_size_of,
        sources_of=_sources_of,
        kept=_kept(locks),
    )


def readable_size(size: int) -> str:
    """Return *size* bytes as people say it, e.g. ``12.3 MB``; a megabyte is a million bytes."""
    amount, unit = float(size), _UNITS[0]
    for larger in _UNITS[1:]:
        if amount < 999.95:  # noqa: PLR2004 - from here on it would be shown as 1000.0
            break
        amount, unit = amount / 1000, larger
    return f"{size} {'byte' if size == 1 else 'bytes'}" if unit == _UNITS[0] else f"{amount:.1f} {unit}"


def _summary(subset: Subset, projects: Sequence[Project], artifacts: Sequence[Artifact]) -> str:
    held = _count(len(projects), "project"), _count(len(artifacts), "file"), _size_of(artifacts)
    return " · ".join([*held, _count(len(subset.targets), "target")])


def _example(subset: Subset, projects: Sequence[Project]) -> str:
    """Return what the commands install: what the first set asks for whatever the target, as far as the site holds it."""
    held = {project.name for project in projects}
    asked = [request.requirement for one in subset.sets[:1] for request in one.requests]
    named = [one for one in asked if canonicalize_name(one.name) in held and one.marker is None]
    # Some shells read square brackets as a pattern.
    words = [f'"{one.name}[{",".join(sorted(one.extras))}]"' if one.extras else one.name for one in named]
    return " ".join(dict.fromkeys(words)) or "PROJECT"


def _releases(
    project: Project, users: Mapping[str, set[str]]
) -> list[tuple[Version, str | None, list[str], list[Artifact]]]:
    """Return version, reason of a yank, targets and files of each release, oldest first."""
    found = groupby(project.artifacts, key=lambda one: one.distribution.version)
    releases = [(version, list(group)) for version, group in found]
    return [(version, _yanked(group), _targets(group, users), group) for version, group in releases]


def _yanked(artifacts: Iterable[Artifact]) -> str | None:
    """Return why files of a release were yanked (PEP 592), ``None`` if none was."""
    reasons = {one.distribution.yanked for one in artifacts if one.distribution.yanked is not None}
    return "; ".join(sorted(filter(None, reasons))) if reasons else None


def _targets(artifacts: Iterable[Artifact], users: Mapping[str, set[str]]) -> list[str]:
    return sorted({name for one in artifacts for name in users[one.distribution.filename]})


def _users(locks: Sequence[Lock]) -> defaultdict[str, set[str]]:
    """Return the names of the targets that need each file."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for lock in locks:
        for one in lock.distributions:
            users[one.filename].add(lock.target_name)
    return users


def _kept(locks: Sequence[Lock]) -> list[str]:
    """Return each release that is here as an sdist, as ``uwsgi 2.0.31``, sorted."""
    held = (pin.distribution for lock in locks for pin in lock.pins if pin.is_kept)
    return sorted({f"{one.project} {one.version}" for one in held})


def _size_of(artifacts: Iterable[Artifact]) -> str:
    return readable_size(sum(one.distribution.size or 0 for one in artifacts))


def _sources_of(artifacts: Iterable[Artifact]) -> list[str]:
    """Return the names of the sources in ``subset.toml`` that the files come from."""
    return sorted({one.distribution.source for one in artifacts if one.distribution.source})


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
