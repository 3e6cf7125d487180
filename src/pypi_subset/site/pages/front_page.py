"""``site/index.html``: the page for people, which says what the site holds and how to install from it."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from string import Template
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.model.paths import PAGE, SIMPLE
from pypi_subset.site.pages.client_config import snippets
from pypi_subset.support.html import escape, href
from pypi_subset.support.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.version import Version

    from pypi_subset.model.distributions import Artifact, Project
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset


#: Stands in commands and settings until the page's script puts its own address there.
_SERVER = "https://HOST/PATH/"

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def front_page(subset: Subset, locks: Sequence[Lock], projects: Sequence[Project]) -> str:
    """
    Return the front page: one HTML5 document without external parts, which works from a disk as from a server.

    Its only script puts the page's own address into the commands; with scripts off a placeholder stands there.
    """
    artifacts = [artifact for project in projects for artifact in project.artifacts]
    users = _users(locks)
    template = shipped("templates", "site.html").decode()
    return Template(template).substitute(
        summary=escape(_summary(subset, projects, artifacts)),
        example=escape(_example(subset, projects)),
        clients=_clients(),
        sets=_sets(subset),
        targets=_targets(subset, users, artifacts),
        projects="".join(_project(project, users) for project in sorted(projects, key=lambda one: one.name)),
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
    counted = [
        _count(len(projects), "project"),
        _count(len(artifacts), "file"),
        readable_size(_bytes(artifacts)),
        _count(len(subset.targets), "target"),
    ]
    return " · ".join(counted)


def _example(subset: Subset, projects: Sequence[Project]) -> str:
    """Return what the commands install: what the first set asks for whatever the target, as far as the site holds it."""
    held = {project.name for project in projects}
    asked = [request.requirement for one in subset.sets[:1] for request in one.requests]
    named = [one for one in asked if canonicalize_name(one.name) in held and one.marker is None]
    # Some shells read square brackets as a pattern.
    words = [f'"{one.name}[{",".join(sorted(one.extras))}]"' if one.extras else one.name for one in named]
    return " ".join(dict.fromkeys(words)) or "PROJECT"


def _clients() -> str:
    """Return for each client the text that leads it here, to be opened one by one."""
    place = f'<span class="server">{escape(_SERVER)}</span>'
    blocks = []
    for client, text in snippets(_SERVER).items():
        shown = escape(text.rstrip()).replace(escape(_SERVER), place)
        blocks.append(f'<details><summary>{escape(client)}</summary>\n<pre class="settings">{shown}</pre></details>\n')
    return "".join(blocks)


def _sets(subset: Subset) -> str:
    rows = []
    for one in sorted(subset.sets, key=lambda one: one.name):
        lines = "<br>".join(f"<code>{escape(str(request.requirement))}</code>" for request in one.requests)
        rows.append(_row(f"<td>{escape(one.name)}</td>", f"<td>{lines}</td>", _cell(", ".join(one.targets))))
    return "".join(rows)


def _targets(subset: Subset, users: Mapping[str, set[str]], artifacts: Sequence[Artifact]) -> str:
    rows = []
    for target in sorted(subset.targets, key=lambda target: target.name):
        own = [one for one in artifacts if target.name in users.get(one.distribution.filename, ())]
        python = ".".join(map(str, target.python))
        tag = f"<td><code>{escape(target.tag)}</code></td>"
        rows.append(_row(_cell(target.name), tag, _cell(python), _number(str(len(own))), _size(own)))
    return "".join(rows)


def _project(project: Project, users: Mapping[str, set[str]]) -> str:
    """Return a row for each release; the project's name spans them."""
    ordered = sorted(project.artifacts, key=_age)
    releases = [(version, list(group)) for version, group in groupby(ordered, key=_version)]
    rows: list[str] = []
    link = f'<a href="{href(SIMPLE, project.name, PAGE)}">{escape(project.name)}</a>'
    head = f'<th scope="rowgroup" rowspan="{len(releases)}">{link}</th>'
    for version, artifacts in releases:
        targets = sorted({name for one in artifacts for name in users.get(one.distribution.filename, ())})
        yanked = _yanked(artifacts)
        rows.append(
            _row(
                head if not rows else "",
                f"<td>{escape(str(version))}{yanked}</td>",
                _cell(", ".join(targets)),
                _number(str(len(artifacts))),
                _size(artifacts),
            )
        )
    return f"<tbody>\n{''.join(rows)}</tbody>\n" if rows else ""


def _yanked(artifacts: Iterable[Artifact]) -> str:
    """Return the mark of a release of which a file was yanked, and why (PEP 592)."""
    reasons = sorted({one.distribution.yanked for one in artifacts if one.distribution.yanked is not None})
    if not reasons:
        return ""
    said = "; ".join(filter(None, reasons))
    return f" <strong>yanked</strong>{escape(f': {said}' if said else '')}"


def _users(locks: Sequence[Lock]) -> dict[str, set[str]]:
    """Return the names of the targets that need each file."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for lock in locks:
        for pin in lock.pins:
            users[pin.distribution.filename].add(lock.target_name)
    return users


def _row(*cells: str) -> str:
    return f"<tr>{''.join(cells)}</tr>\n"


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _number(text: str) -> str:
    return f'<td class="number">{escape(text)}</td>'


def _size(artifacts: Iterable[Artifact]) -> str:
    return _number(readable_size(_bytes(artifacts)))


def _bytes(artifacts: Iterable[Artifact]) -> int:
    return sum(artifact.distribution.size or 0 for artifact in artifacts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _version(artifact: Artifact) -> Version:
    return artifact.distribution.version


def _age(artifact: Artifact) -> tuple[Version, str]:
    return artifact.distribution.version, artifact.distribution.filename
