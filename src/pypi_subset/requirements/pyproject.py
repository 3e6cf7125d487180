"""What a ``pyproject.toml`` asks for: its dependencies (PEP 621), some of its extras, some of its groups (PEP 735)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, is_normalized_name

from pypi_subset.errors import Fault
from pypi_subset.model.requests import Request
from pypi_subset.requirements.lines.requirements_txt import Line, read_requirement
from pypi_subset.requirements.toml import Settings, nearest
from pypi_subset.requirements.tools.finding import table_at
from pypi_subset.requirements.tools.others import dynamic
from pypi_subset.requirements.tools.tables import by_hand, has_own, unread_by_uv
from pypi_subset.requirements.tools.uv import UV
from pypi_subset.support import bounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.markers import Marker

    from pypi_subset.requirements.source import Source

_EXTRAS = ("project", "optional-dependencies")
_GROUPS = ("dependency-groups",)
#: The extras and groups that led to a list, by table and normalized name.
_Way = tuple[tuple[tuple[str, ...], str], ...]


def read_project(source: Source, document: Settings) -> Iterator[Request | Fault]:
    """Yield what the project in *document* asks for, with the extras and groups that *source* chooses."""
    project, choice = document.document.get("project"), source.choice
    if project is not None and not isinstance(project, dict):
        yield document.fault("'project' must be a table", "project", next_step="write [project]")
        return
    if project is None and not choice.groups:
        step = 'choose groups = ["…"] of it, or name a lock or its export as source'
        yield source.fault(f"{source.path} has no [project] table", "source", step)
        return
    reader = _Reader(document=document, project=project or {})
    yield from reader.dynamic("dependencies", *["optional-dependencies"] * bool(choice.extras), source=source)
    yield from reader.listed(reader.project.get("dependencies", []), ("project", "dependencies"), ())
    for table, kind, names in ((_EXTRAS, "extra", choice.extras), (_GROUPS, "group", choice.groups or ())):
        known = reader.names(table)
        for name in names:
            if canonicalize_name(name) in known:
                yield from reader.named(table, name, ())
            elif table[-1] not in reader.missing and not has_own(document, kind, name):
                yield source.unknown(kind, name, known)
    yield from reader.doubles()


def read_list(document: Settings, value: object, *keys: str) -> Iterator[Request | Fault]:
    """Yield the requirements in *value*, a list that stands at *keys* of *document*."""
    yield from _Reader(document=document, project={}).listed(value, keys, ())


def read_limits(document: Settings, key: str) -> Iterator[Request | Fault]:
    """Yield what uv's list *key* in *document* holds: constraints or overrides, which pip takes as constraints."""
    keys = (*UV, key)
    for one in _Reader(document=document, project={}).listed(table_at(document.document, *UV).get(key, []), keys, ()):
        if isinstance(one, Request) and one.requirement.extras:
            what = f"a constraint has no extras, {one.requirement.name!r} has"
            yield Fault(what=what, path=one.path, line=one.line, next_step="drop the brackets")
        else:
            yield one


def read_excludes(document: Settings) -> Iterator[str | Fault]:
    """Yield the names in uv's ``exclude-dependencies``."""
    keys = (*UV, "exclude-dependencies")
    value = table_at(document.document, *UV).get(keys[-1], [])
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and is_normalized_name(canonicalize_name(one)):
            yield one
        else:
            what = "exclude-dependencies must be a list of names of projects"
            yield document.fault(what, *keys, next_step='write exclude-dependencies = ["…"]')


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    """A document, and the ``[project]`` table in it."""

    document: Settings
    project: Mapping[str, Any]
    #: The extras and groups that were read so far, one by one, and the names in each table.
    led: list[str] = dataclasses.field(default_factory=list)
    known: dict[tuple[str, ...], dict[str, str]] = dataclasses.field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """The fields that are made only when the project is built."""
        dynamic = self.project.get("dynamic", [])
        return dynamic if isinstance(dynamic, list) else []

    def dynamic(self, *fields: str, source: Source) -> Iterator[Fault]:
        """Yield a fault for each of the *fields* that only a build could tell."""
        for field in fields:
            if field in self.missing:
                keys, names = dynamic(self.document, field, source.choice.extras)
                paths = " and ".join(str(self.document.path.parent / name) for name in names)
                what = f"[{'.'.join(keys)}] reads them from a file" if keys else "only a build of the project has them"
                what = f"{field} are dynamic: {what}"
                step = (
                    f"name as source: {paths}"
                    if keys
                    else f"write them below [project], or {_build(source, self.document)}"
                )
                yield self.document.fault(what, "project", "dynamic", item=field, next_step=step)

    def names(self, keys: tuple[str, ...]) -> dict[str, str]:
        """Return the names in the table at *keys*, normalized → as written."""
        if keys not in self.known:
            # Of two names that are one, the first counts: the second is the fault.
            self.known[keys] = {canonicalize_name(name): name for name in reversed([*self._table(keys)])}
        return self.known[keys]

    def doubles(self) -> Iterator[Fault]:
        """Yield a fault for each extra and group that stands there twice, written differently (PEP 685, PEP 735)."""
        for keys in (_EXTRAS, _GROUPS):
            kept = self.names(keys)
            for name in self._table(keys):
                if (other := kept[canonicalize_name(name)]) != name:
                    what = f"{other!r} and {name!r} are one name"
                    yield self.document.fault(what, *keys, name, next_step="rename one of them")

    def named(self, table: tuple[str, ...], name: str, way: _Way) -> Iterator[Request | Fault]:
        """Yield what the extra or group *name* of *table* asks for; it is one of them."""
        known, plain = self.names(table), canonicalize_name(name)
        self.led.append(plain)
        # Ten groups that each include the next one twice are a thousand.
        if len(way) >= bounds.DEEPEST or len(self.led) > bounds.MOST_GROUPS:
            most = f"{bounds.DEEPEST} within each other, or {bounds.MOST_GROUPS:,} together"
            what = f"more than {most}, are requested by extras and groups"
            yield self.document.fault(what, *table, next_step="let them ask for fewer others")
            return
        here = (*way, (table, plain))
        yield from self.listed(self._table(table)[known[plain]], (*table, known[plain]), here)

    def listed(self, value: object, keys: tuple[str, ...], way: _Way) -> Iterator[Request | Fault]:
        """Yield what the list at *keys* asks for; *way* leads to it."""
        if not isinstance(value, list):
            step = f'write {keys[-1]} = ["…"]'
            yield self.document.fault(f"{keys[-1]} must be a list of requirements", *keys, next_step=step)
            return
        if len(value) > bounds.MOST_LISTED:
            what = f"{keys[-1]} has more than {bounds.MOST_LISTED:,} entries"
            yield self.document.fault(what, *keys, next_step="divide the list")
            return
        for item in value:
            if isinstance(item, str):
                yield from self._requirement(item, keys, way)
            elif keys[:1] == _GROUPS and isinstance(item, dict):
                yield from self._include(item, keys, way)
            else:
                what = f"{keys[-1]} holds something that is no requirement"
                yield self.document.fault(what, *keys, next_step="put each requirement in quotes")

    def _requirement(self, text: str, keys: tuple[str, ...], way: _Way) -> Iterator[Request | Fault]:
        """Yield the request *text*; where it names the project itself, what those extras of it ask for."""
        number = self.document.line(*keys, item=text) or 1
        raw = self.document.lines[number - 1]
        found = read_requirement(Line(path=self.document.path, number=number, text=text, raw=raw), text)
        name, known = self.project.get("name"), self.names(_EXTRAS)
        own = canonicalize_name(name) if isinstance(name, str) else None
        if isinstance(found, Fault) or canonicalize_name(found.requirement.name) != own:
            yield found
            return
        # No index need offer the project, and what it offers under this name may be another one or an older release.
        for extra in sorted(map(canonicalize_name, found.requirement.extras)):
            if extra not in known:
                step = nearest(extra, sorted(known), "it has")
                yield self.document.fault(f"the project has no extra {extra!r}", *keys, item=text, next_step=step)
            elif (_EXTRAS, extra) not in way:
                # As in pip, extras that ask for each other are no mistake.
                below = self.named(_EXTRAS, extra, way)
                yield from (_under(found.requirement.marker, one) for one in below)

    def _include(self, item: Mapping[str, object], keys: tuple[str, ...], way: _Way) -> Iterator[Request | Fault]:
        """Yield what the group asks for that *item* of another one includes (PEP 735)."""
        name = item.get("include-group")
        if len(item) != 1 or not isinstance(name, str):
            step = 'write { include-group = "…" }'
            yield self.document.fault(f"{keys[-1]} holds a table of unknown meaning", *keys, next_step=step)
            return
        known, plain = self.names(_GROUPS), canonicalize_name(name)
        if (_GROUPS, plain) in way:
            row = [one for table, one in way[way.index((_GROUPS, plain)) :] if table == _GROUPS]
            what = f"the group includes itself: {' -> '.join([*row, plain])}"
            yield self.document.fault(what, *keys, item=name, next_step="remove one of these includes")
        elif plain not in known:
            step = nearest(name, sorted(known), "there are")
            yield self.document.fault(f"there is no group {name!r}", *keys, item=name, next_step=step)
        else:
            yield from self.named(_GROUPS, name, way)

    def _table(self, keys: tuple[str, ...]) -> Mapping[str, object]:
        holder = self.project if keys == _EXTRAS else self.document.document
        table = holder.get(keys[-1], {})
        return table if isinstance(table, dict) else {}


def _build(source: Source, document: Settings) -> str:
    """Return how to have dynamic dependencies, and what *source* chooses, in a requirements file."""
    if tools := unread_by_uv(source, document):
        return by_hand(tools)
    words = ["uv pip compile --generate-hashes pyproject.toml", *(f"--extra {one}" for one in source.choice.extras)]
    words += [f"--group {one}" for one in source.choice.groups or ()]
    return f"name what this writes: {' '.join([*words, '--output-file requirements.txt'])}"


def _under(marker: Marker | None, one: Request | Fault) -> Request | Fault:
    if marker is None or isinstance(one, Fault):
        return one
    requirement = Requirement(str(one.requirement))
    requirement.marker = marker & requirement.marker if requirement.marker else marker
    return replace(one, requirement=requirement)
