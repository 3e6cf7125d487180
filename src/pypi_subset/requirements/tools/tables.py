"""All tables of tools in one document: what they limit, and one fault for what no index can honour."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.errors import Fault
from pypi_subset.requirements.tools import others, poetry, pythons, uv
from pypi_subset.requirements.tools.finding import Asked, Finding, listed, table_at
from pypi_subset.requirements.tools.served import lines_for
from pypi_subset.requirements.tools.workspace import (
    FILES,
    SETTINGS,
    around,
    around_script,
    files_of_tools,
    members,
    workspaces,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from pypi_subset.requirements.places import Places
    from pypi_subset.requirements.source import Source
    from pypi_subset.requirements.toml import Settings

#: The tools beside uv: name, what finds, and the command that writes requirements instead, with hashes of the files that the tool
#: locks; ``""`` where there is none. A command that reads ``[project]`` alone would write the index's project of that name.
_OTHERS: tuple[tuple[str, Callable[[Settings, Asked], Iterator[Finding]], str], ...] = (
    ("pdm", others.pdm, "pdm export --format requirements --output"),
    ("hatch", others.hatch, ""),
    ("pip-tools", others.pip_tools, "pip-compile --generate-hashes --output-file"),
    ("rye", others.rye, ""),
    ("pixi", others.pixi, ""),
    ("", others.rest, ""),
)
_FILE = "requirements.txt"
#: Groups of a workspace's root, which its members do not have.
_GROUPS = ("dev-dependencies",)
#: What a user does about an index; the lines follow.
_ADD = "to take these projects from that index and from nowhere else, write in subset.toml:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tables:
    """
    What tables of tools say of a set.

    :param limits: each document whose constraints, overrides and excludes count.
    :param pre: whether pre-releases count as any release.
    :param elsewhere: name, place and marker of each project that does not come from pip's index, requested or not.
    :param faults: what no index can honour, and files that cannot be read.
    """

    limits: tuple[Settings, ...] = ()
    pre: bool = False
    elsewhere: tuple[tuple[str, str, str], ...] = ()
    faults: tuple[Fault, ...] = ()


def read_tables(source: Source, document: Settings, asked: Asked) -> Tables:
    """
    Return what the tables of tools in *document* say.

    :param asked: what *document* asks for without them.
    """
    places = source.places
    script = source.path.suffix == ".py"
    beside = around_script(document, places) if script else around(document, places)
    own = (document,) if beside.root is None else (document, beside.root)
    found = [one for each in (*own, *beside.settings) for one in uv.findings(each, asked)]
    found += [one for each in beside.settings for one in _limits(each)]
    found += _members(own, asked, places, found)
    faults = [*beside.faults, *_shut_out(source, own, asked)]
    faults += pythons.shut_out(document, source.targets, source.set_name)
    if found:
        command = f"{uv.export(asked, found, str(source.path) if script else '')} {_FILE}"
        # A lock has what comes from git or a URL as well, and no index does.
        lock = "" if any(one.omit for one in found) else _lock(own[-1], "uv.lock")
        faults.append(_fault(found, command, asked, lock))
    if of_poetry := [*poetry.findings(document, asked)]:
        faults.append(_fault(of_poetry, "" if script else f"{poetry.export(asked)} {_FILE}", asked))
    roots, files = ({}, {}) if script else (workspaces(document, places), files_of_tools(document, places, faults))
    for tool, find, command in _OTHERS:
        of_tool = [*find(document, asked)]
        of_tool += find(files[tool], asked) if tool in files else ()
        if root := roots.get(tool):
            of_tool += [] if root is document else [one for one in find(root, asked) if one.keys[2:3] != _GROUPS]
            of_tool += _members((root,), asked, places, of_tool, tool)
        if of_tool:
            # These tools read no script.
            faults.append(_fault(of_tool, f"{command} {_FILE}" if command and not script else "", asked))
    # uv reads these lists in the root of a workspace, and not in its members.
    return Tables(
        limits=own[-1:],
        pre=any(map(uv.allows_pre, own)),
        elsewhere=tuple(sorted(_elsewhere(document, own, asked))),
        faults=tuple(faults),
    )


def _elsewhere(document: Settings, own: Iterable[Settings], asked: Asked) -> Iterator[tuple[str, str, str]]:
    """Yield normalized name, place and marker, ``""`` for none, of each project that comes from elsewhere."""
    yield from ((canonicalize_name(name), place, "") for name, place in poetry.elsewhere(document, asked))
    for one in own:
        for name, place, entry in uv.elsewhere(one, asked):
            marker = entry.get("marker")
            yield canonicalize_name(name), place, marker if isinstance(marker, str) else ""


def _limits(settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each list in a ``uv.toml`` that ``uv lock`` does not read, and ``uv pip compile`` does."""
    for key in (
        "constraint-dependencies",
        "override-dependencies",
        "exclude-dependencies",
        "environments",
        "prerelease",
    ):
        value = table_at(settings.document, *uv.UV).get(key)
        if value and (key != "prerelease" or value == "allow"):
            what = f"sets {key}"
            what += "" if key == "prerelease" else ", which counts for projects only in pyproject.toml"
            yield Finding(document=settings, keys=(*uv.UV, key), what=what)


def _members(
    own: Iterable[Settings], asked: Asked, places: Places, found: Iterable[Finding], tool: str = uv.UV[-1]
) -> Iterator[Finding]:
    """Yield each requested member of a workspace that no finding names; an index may have another project of its name."""
    named = {canonicalize_name(one.keys[-1]) for one in found}
    for document in own:
        for name in dict.fromkeys(members(document, places, tool)):
            if name not in named and (spelt := asked.spelling(name)):
                what = f"has {spelt} as a member of this workspace"
                yield Finding(document=document, keys=("tool", tool, "workspace"), what=what)


def _shut_out(source: Source, own: Iterable[Settings], asked: Asked) -> Iterator[Fault]:
    for document, target in itertools.chain.from_iterable(
        ((one, name) for name in uv.shut_out(one, asked)) for one in own
    ):
        what = f"the target {target!r} is in none of the environments of [tool.uv]"
        step = f"add its marker there, or leave it out of targets in [sets.{source.set_name}]"
        yield document.fault(what, *uv.UV, "environments", next_step=step)


def _lock(document: Settings, name: str) -> str:
    """Return the path of the lock *name* beside *document*, ``""`` if there is none."""
    path = document.path.with_name(name)
    return str(path) if path.is_file() else ""


def _fault(found: Iterable[Finding], command: str, asked: Asked, lock: str = "") -> Fault:
    """
    Return one fault for all that was *found*, with the way out.

    An index goes into ``subset.toml``. For the rest, *command* writes requirements instead, ``""`` for none.

    :param lock: the path of the tool's lock, which has what the tool chose; ``""`` for none.
    """
    first, *_ = found = sorted(found, key=lambda one: (str(one.document.path), one.document.line(*one.keys) or 0))
    whats = listed(_table(one, before) for one, before in zip(found, [None, *found], strict=False))
    lines = lines_for(found, asked)
    others = [one for one in found if one.index is None or not lines_for([one], asked)]
    if not others:
        step = _ADD
    elif command:
        step = f"name what this writes as source: {command}"
        step = f"name {lock} as source, or what this writes: {command}" if lock else step
        if any("index" in one.what for one in others):
            step += "; pip's extra-index-url adds an index"
    else:
        step = by_hand(listed(one.keys[1] for one in others if len(one.keys) > 1))
    if others and lines:
        step += f"; {_ADD}"
    fault = first.document.fault(f"{whats}: the mirror cannot honour that", *first.keys, next_step=step)
    return replace(fault, excerpt=(*fault.excerpt, *lines))


def by_hand(tools: str) -> str:
    """Return what to do where no command writes what *tools* chose."""
    return (
        f"name as source a requirements file with the versions that {tools} chose; what comes from elsewhere goes into "
        "requirements/wheels as a wheel, or its index below [sources.NAME]"
    )


class _Anything(Asked):
    """Requests of which nothing is known: any project may be one."""

    def spelling(self, name: str, markers: Collection[object] = ()) -> str:
        """Return *name*."""
        del markers
        return name


def unread_by_uv(source: Source, document: Settings) -> str:
    """Return the tools whose tables in *document* change where any project comes from, ``""`` for uv alone or none."""
    asked = _Anything(requests=(), choice=source.choice, targets=source.targets, reach=source.reach)
    tools = [one.keys[1] for _, find, _ in _OTHERS for one in find(document, asked)]
    return listed(tools) if tools else ""


def _table(one: Finding, before: Finding | None) -> str:
    """Return what was found, with its table unless that is the table of the one *before*."""
    table, last = (each.keys[:-1] if each and len(each.keys) > 2 else each and each.keys for each in (one, before))  # noqa: PLR2004
    if table == last:
        return one.what
    # Such a file holds what a project has below [tool.uv] and so on.
    file = one.document.path.name
    name = file if file in {SETTINGS, *FILES} else f"[{'.'.join(table or ())}]"
    return f"{name} {one.what}"


def has_own(document: Settings, kind: str, name: str) -> bool:
    """Whether a tool's own table has the extra or group *name*: then it is a finding, and not unknown."""
    tool = table_at(document.document, "tool")
    known = {
        "extra": [*table_at(tool, "poetry", "extras")],
        "group": [*poetry.own_groups(document), *table_at(tool, "pdm", "dev-dependencies")],
    }[kind]
    if kind == "group" and any("dev-dependencies" in table_at(tool, one) for one in ("poetry", "uv", "rye")):
        known.append("dev")
    return canonicalize_name(name) in map(canonicalize_name, known)


def instead(document: Settings, asked: Asked) -> Fault | None:
    """Return a fault if another table or file has the dependencies in the place of ``[project]``; ``None`` otherwise."""
    if found := poetry.instead(document):
        return _fault([found], f"{poetry.export(asked)} {_FILE}", asked, _lock(document, "poetry.lock"))
    compiled = f"uv pip compile --generate-hashes {{}} --output-file {_FILE}"
    if found := others.flit(document):
        return _fault([found], compiled.format("pyproject.toml"), asked)
    if "project" in document.document:
        return None
    for name in ("setup.py", "setup.cfg"):
        if document.path.with_name(name).is_file():
            what = f"there is no [project] table, and {name} beside it has the dependencies"
            return Fault(
                what=what, path=document.path, next_step=f"name what this writes as source: {compiled.format(name)}"
            )
    return None
