"""What a table of another tool says that an index alone cannot know, and what the document asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from pypi_subset.targets.markers import UndefinedName, holds, reads

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pypi_subset.model.requests import Request
    from pypi_subset.model.targets import Target
    from pypi_subset.requirements.reach import Reach
    from pypi_subset.requirements.subset_toml import Choice
    from pypi_subset.requirements.toml import Settings

#: Findings of one table that a message names.
_SHOWN = 8
#: Characters of a value that a message shows.
_LONGEST = 60
#: What a marker reads that a target may leave open or have several of.
_OPEN = frozenset({"python_full_version", "implementation_version"})
#: Keys of an entry that takes a project from elsewhere, and where that is.
PLACES = {
    "workspace": "this workspace",
    "path": "a path",
    "file": "a path",
    "git": "git",
    "hg": "Mercurial",
    "svn": "Subversion",
    "url": "a URL",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """
    What a document asks for.

    :param requests: its requests, with the extras and groups that *choice* names.
    :param reach: the indexes that pip is configured for.
    """

    requests: tuple[Request, ...]
    choice: Choice
    targets: tuple[Target, ...]
    reach: Reach

    @property
    def groups(self) -> frozenset[str]:
        """The normalized names of the chosen groups."""
        return frozenset(map(canonicalize_name, self.choice.groups or ()))

    def spelling(self, name: str, markers: Collection[object] = ()) -> str | None:
        """
        Return how a request spells the project *name*, ``None`` if none asks for it on a target on which one of *markers* is true.

        :param markers: as a document has them; ``None`` is always true.
        """
        for one in self.requests:
            if canonicalize_name(one.requirement.name) == canonicalize_name(name) and any(
                may_hold(one.requirement.marker, target) and any(may_hold(each, target) for each in markers or (None,))
                for target in self.targets
            ):
                return one.requirement.name
        return None

    def is_served(self, url: object, name: str, marker: object = None) -> bool:
        """Whether the project *name* comes from the index at *url* alone, wherever *marker* may be true."""
        project = canonicalize_name(name)
        return isinstance(url, str) and all(
            self.reach.serves(url, project, one.name) for one in self.targets if may_hold(marker, one)
        )

    def chooses(self, kind: str, name: object) -> bool:
        """Whether an ``extra`` or a ``group`` of that *name* may be part of the set: chosen ones may include others."""
        chosen = self.choice.extras if kind == "extra" else self.choice.groups or ()
        return bool(chosen) and isinstance(name, str)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """
    Something that changes which files are meant.

    :param keys: its place in the document.
    :param what: what it does, as in ``takes six from git``.
    :param omit: the project that an export leaves out only if it is named, since no index offers it.
    :param index: the index that it names, if a source of ``subset.toml`` could be that.
    """

    document: Settings
    keys: tuple[str, ...]
    what: str
    omit: str = ""
    index: Index | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """
    An index that a table names beside pip's.

    :param name: what the table calls it, ``""`` without a name.
    :param projects: names, and prefixes with ``*``, of projects that the table takes from there; none if it does not say.
    :param marker: where it counts for them, ``None`` for everywhere.
    """

    url: str
    name: str = ""
    projects: tuple[str, ...] = ()
    marker: object = None


def may_hold(marker: object, target: Target) -> bool:
    """Whether *marker* is true on *target*, or may be; a marker that cannot be read may be."""
    try:
        read = Marker(marker) if isinstance(marker, str) else marker
        if not isinstance(read, Marker) or reads(read) & _OPEN:
            return True
        return holds(read, target.environment)
    except (InvalidMarker, UndefinedName, ValueError):
        return True


def table_at(document: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return the table at *keys*, an empty one if there is none."""
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def tables_in(value: object) -> list[Mapping[str, Any]]:
    """Return the tables in *value*, a table or a list of tables; others are left out."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def quoted(value: object) -> str:
    """Return *value* as a message has it: short text and truth values alone, since there may be a password in others."""
    if isinstance(value, bool) or (isinstance(value, str) and len(value) <= _LONGEST and "://" not in value):
        return repr(value)
    return "another value"


def listed(phrases: Iterable[str]) -> str:
    """Return *phrases* joined by ``and``, at most eight of them."""
    found = list(dict.fromkeys(phrases))
    rest = len(found) - _SHOWN
    found = [*found[:_SHOWN], f"{rest} more"] if rest > 0 else found
    return " and ".join([*([", ".join(found[:-1])] if found[1:] else []), found[-1]])


def sources_elsewhere(
    document: Settings, keys: tuple[str, ...], sources: Iterable[Mapping[str, Any]], reach: Reach, *defaults: str
) -> Iterable[Finding]:
    """
    Yield a finding for each index of *sources*, a list of tables, that neither pip nor ``subset.toml`` names.

    :param defaults: names of a table that is asked in place of PyPI: pip must be configured for that.
    """
    for one in sources:
        url, name = one.get("url"), one.get("name")
        if not isinstance(url, str):
            continue
        is_default = isinstance(name, str) and name.lower() in defaults
        if not (reach.is_asked(url) if is_default else reach.is_known(url)):
            called = f"the index {quoted(name)}" if isinstance(name, str) else "an index"
            index = (
                None
                if is_default
                else Index(url=url, name=name if isinstance(name, str) else "", projects=_included(one))
            )
            what = f"names {called}, which pip is not configured for"
            yield Finding(document=document, keys=keys, what=what, index=index)


def _included(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the projects that PDM's table of an index names."""
    names = table.get("include_packages", [])
    return tuple(one for one in names if isinstance(one, str)) if isinstance(names, list) else ()
