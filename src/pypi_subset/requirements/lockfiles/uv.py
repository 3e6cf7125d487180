"""What ``uv.lock`` and ``script.py.lock`` ask for, and whether the project beside the lock has changed."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Standard
from packaging.utils import canonicalize_name

from pypi_subset.requirements.lockfiles.choosing import requests_of
from pypi_subset.requirements.lockfiles.entries import Malformed, specifiers_of
from pypi_subset.requirements.lockfiles.reading import (
    converted,
    fault_of,
    normalized,
    package_lines,
    project_beside,
    unknown,
)
from pypi_subset.requirements.lockfiles.uv_format import Requirement, UvLock
from pypi_subset.requirements.lockfiles.uv_lock import Graph
from pypi_subset.requirements.pylock import refusal
from pypi_subset.requirements.source import Notice
from pypi_subset.requirements.toml import nearest
from pypi_subset.requirements.tools.finding import listed, table_at
from pypi_subset.requirements.tools.uv import DEV, SOURCES, UV

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.specifiers import SpecifierSet

    from pypi_subset.errors import Fault
    from pypi_subset.model.requests import Request
    from pypi_subset.requirements.source import Source
    from pypi_subset.requirements.toml import Settings

    #: A requirement as it is compared: project, extras, versions, and the extra or group that has it.
    _Stated = tuple[str, frozenset[str], SpecifierSet | None, str]

_EXTRA = re.compile(r"""extra\s*==\s*(?:'([^']*)'|"([^"]*)")""")
#: Groups within each other that are followed.
_DEEPEST = 50


def read_uv_lock(source: Source, document: Settings) -> Iterator[Request | Fault | Notice]:
    """Yield the pins of uv's lock in *document*, with the extras and groups that *source* chooses."""
    script = source.path.name != "uv.lock"
    command = f"uv lock --script {source.path.stem}" if script else "uv lock"
    project = None if script else project_beside(source)
    try:
        lines = package_lines(document)
        require_known(document)
        lock = converted(document, UvLock, lines)
        chosen, member = source.choice.groups, canonicalize_name(source.choice.package)
        extras = normalized(source.choice.extras)
        graph_of = partial(Graph, lock=lock, path=source.path, lines=lines, extras=extras, member=member)
        if member:
            folder = graph_of(groups=frozenset()).folder
            if folder is None:
                step = nearest(source.choice.package, sorted(lock.manifest.members), "it has")
                yield source.fault(f"{source.path} has no member {source.choice.package!r}", "package", step)
                return
            project = project_beside(source, f"{folder}/pyproject.toml")
        groups = normalized(_default_groups(project) if chosen is None else chosen)
        graph = graph_of(groups=groups)
        if not graph.roots and not lock.manifest.requirements and not lock.manifest.dependency_groups:
            msg = "the lock has no project: no package has the source '.'"
            raise Malformed(msg)  # noqa: TRY301 - one place makes the fault
        if chosen is None and "*" in groups:
            graph = graph_of(groups=normalized(graph.known_groups()))
        yield from unknown(source, graph.known_extras(), graph.known_groups())
        if together := [*_conflicts(source, graph)]:
            yield from together
            return
        yield from _elsewhere(source, document, lock)
        yield from requests_of(source, document, graph)
    except Malformed as error:
        yield fault_of(error, source, command)
        return
    if replaced := sorted(normalized([*(one.name for one in lock.manifest.overrides), *lock.manifest.excludes])):
        what = f"{source.path} overrides or excludes what releases require of {listed(replaced)}"
        yield Notice(f"{what}: pip installs by what they require, so a target may have no solution")
    if project and (changed := _changed(graph, project)):
        yield Notice(
            f"{source.path} is out of date: {project.path} differs in {listed(changed)}; `{command}` renews it"
        )


def require_known(document: Settings) -> None:
    """
    Return if the version of the lock is known.

    :raises Malformed: names the version.
    """
    version = document.document.get("version")
    if "distribution" in document.document or version is None:
        msg = "the lock has no version, or is of a uv before 0.3"
        raise Malformed(msg)
    if version != 1:
        msg = f"the lock is of version {version!r}, and only version 1 is known"
        raise Malformed(msg, document.line("version"), "write it with a uv that writes version 1")


def _default_groups(project: Settings | None) -> list[str]:
    """Return the groups that uv installs without a choice; ``*`` for all."""
    value = table_at(project.document, *UV).get("default-groups", ["dev"]) if project else ["dev"]
    if value == "all":
        return ["*"]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else ["dev"]


def _elsewhere(source: Source, document: Settings, lock: UvLock) -> Iterator[Fault]:
    """Yield a fault for each target that is in none of the environments that the lock supports."""
    try:
        markers = [Marker(one) for one in lock.supported_markers]
    except ValueError:
        msg = "supported-markers has a marker that is none"
        raise Malformed(msg, document.line("supported-markers")) from None
    for target in source.targets if markers else ():
        if found := refusal(markers, target, source):
            yield document.fault(found[0], "supported-markers", next_step=found[1])


def _conflicts(source: Source, graph: Graph) -> Iterator[Fault]:
    """Yield a fault for each pair of chosen extras and groups that uv does not install together."""
    names = normalized(graph.lock.package[number].name for number in graph.roots)
    for row in graph.lock.conflicts:
        found = []
        for one in row:
            own = canonicalize_name(one.get("package", "")) in names
            for kind, chosen in (("extra", graph.extras), ("group", graph.groups)):
                if own and kind in one and canonicalize_name(one[kind]) in chosen:
                    found.append((kind, one[kind]))
        if len(found) > 1:
            kinds = " and ".join(f"the {kind} {name!r}" for kind, name in found)
            yield source.fault(f"uv does not install {kinds} together", f"{found[0][0]}s", "choose one of them")


def _changed(graph: Graph, project: Settings) -> list[str]:
    """Return the projects whose requirements in *project* are others than those that were locked."""
    table = table_at(project.document, "project")
    own = (one for one in graph.roots if graph.member or "." in graph.lock.package[one].source.values())
    number = next(own, None)
    metadata = None if number is None else graph.lock.package[number].metadata
    if metadata is None or "dynamic" in table or not table:
        return []
    loose = normalized(table_at(project.document, *SOURCES)) | normalized([str(table.get("name"))])
    try:
        now = {*_stated_in(table.get("dependencies", []), "", loose)}
        for name, value in table_at(table, "optional-dependencies").items():
            now |= {*_stated_in(value, name, loose)}
        for name in table_at(project.document, "dependency-groups"):
            now |= {*_stated_in(_group(project, name), f"group {name}", loose)}
        now |= {*_stated_in(table_at(project.document, *UV).get(DEV[-1], []), "group dev", loose)}
    except (InvalidRequirement, TypeError):
        return []
    then = {_compared(one, _extra_of(one.marker), loose) for one in metadata.requires_dist}
    for name, stated in metadata.requires_dev.items():
        then |= {_compared(one, f"group {name}", loose) for one in stated}
    return sorted({one[0] for one in now ^ then})


def _stated_in(values: Any, where: str, loose: Iterable[str]) -> Iterator[_Stated]:
    for text in values:
        one = Standard(text)
        yield _compared(Requirement(name=one.name, extras=[*one.extras], specifier=str(one.specifier)), where, loose)


def _compared(one: Requirement, where: str, loose: Iterable[str]) -> _Stated:
    """Return *one* as it is compared; of *loose* projects, which come from elsewhere, versions do not count."""
    name, (kind, _, part) = canonicalize_name(one.name), where.rpartition(" ")
    bound = None if name in loose else specifiers_of(one.specifier)
    return name, normalized(one.extras), bound, f"{kind} {canonicalize_name(part)}"


def _extra_of(marker: str | None) -> str:
    found = _EXTRA.search(marker or "")
    return (found[1] or found[2] or "") if found else ""


def _group(project: Settings, name: str, way: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the requirements of a group with all that it includes (PEP 735)."""
    table = table_at(project.document, "dependency-groups")
    if name in way or len(way) > _DEEPEST:
        return
    for item in table.get(name, ()):
        if isinstance(item, dict):
            wanted = canonicalize_name(str(item.get("include-group")))
            for other in table:
                if canonicalize_name(other) == wanted:
                    yield from _group(project, other, (*way, name))
        else:
            yield item
