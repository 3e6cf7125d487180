"""The tables ``[sources.NAME]`` of ``subset.toml``: which projects come from where, and from nowhere else."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from pypi_subset.distributions import filenames
from pypi_subset.model.intake.sources import OWN_WHEELS, Source, Sources, covers, overlapping, uncovered
from pypi_subset.requirements.intake import durations
from pypi_subset.requirements.intake.directories import unread
from pypi_subset.requirements.toml import NAME, nearest, not_text, unknown_keys
from pypi_subset.support import files
from pypi_subset.support.secrets.paths import looks_secret

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from pypi_subset.errors import Fault
    from pypi_subset.requirements.places import Places
    from pypi_subset.requirements.toml import Settings

_KEYS = ("index", "wheels", "projects", "targets", "min_age", "only")
#: A key beside the tables: projects that pip's indexes are never asked for.
_PRIVATE = "private"
_PATTERN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[A-Za-z0-9][A-Za-z0-9._-]*\*")


def read_sources(settings: Settings, targets: Collection[str], places: Places, faults: list[Fault]) -> Sources:
    """
    Return the sources of ``subset.toml``, and ``requirements/wheels`` if that has wheels or sdists.

    A file in a directory that would be passed over is a fault. Two sources that have the same pattern on the same target are a fault, and so is a private name without a source.

    :param targets: the names of all targets.
    :param places: where directories may be.
    """
    named: list[Source] = []
    tables = settings.table("sources", faults)
    for name, values in tables.items():
        if name == _PRIVATE:
            continue
        table = _Table(settings=settings, name=name, values=values, faults=faults)
        if (one := table.source(targets, places)) is None:
            continue
        for other in named:
            for pattern in overlapping(one, other):
                what = f"{pattern!r} is in [sources.{other.name}] as well"
                step = "keep one of the two, or name different targets"
                table.fault(what, "projects", step=step, item=pattern)
        named.append(one)
    folder, private = settings.path.parent / OWN_WHEELS, _read_private(settings, tables, faults)
    found = with_own_wheels(Sources(named=tuple(named), private=private), folder)
    _require_own_name(settings, named, folder, faults)
    folders = {one.wheels.resolve(): one.wheels for one in named if one.wheels is not None and one.wheels != folder}
    for each in (*folders.values(), folder):
        faults.extend(unread(each, [*folders]))
    for name in uncovered(private, found.named) if settings.readable else ():
        what = f"the private project {name!r} has no source"
        laid = [one.name for one in found.named if any(covers(name, each) for each in one.found)]
        step = f'write a table [sources.{next(iter(laid), "NAME")}] with projects = ["{name}"]'
        faults.append(settings.fault(what, "sources", _PRIVATE, next_step=step, item=name))
    for own, other in ((own, other) for own in found.named if own.found for other in named if other.name != own.name):
        for project in overlapping(other, replace(own, projects=own.found)):
            what = f"{project!r} is in [sources.{other.name}], and requirements/{OWN_WHEELS} has a wheel of it"
            step = "keep one of the two, or write [sources.wheels] with other targets"
            faults.append(settings.fault(what, "sources", other.name, "projects", next_step=step, item=project))
    return found


def with_own_wheels(sources: Sources, folder: Path) -> Sources:
    """
    Return *sources* and the projects of the wheels in *folder*, ``requirements/wheels``.

    The table ``[sources.wheels]`` says how these are taken. What a table takes from *folder* already is not among them.
    """
    stated = sources.named_as(OWN_WHEELS)
    if stated is not None and not _is_at(stated, folder):
        return sources
    taken = [pattern for one in sources.named if _is_at(one, folder) for pattern in one.projects]
    found = tuple(name for name in projects_in(folder) if not any(covers(pattern, name) for pattern in taken))
    own = stated or Source(name=OWN_WHEELS, projects=(), wheels=folder)
    own = replace(own, projects=(*own.projects, *found), found=found)
    others = tuple(one for one in sources.named if one is not stated)
    # That the index is allowed counts without a wheel too: the last one may have been moved away.
    return replace(sources, named=(*others, own) if own.projects or not own.only else others)


def _is_at(source: Source, folder: Path) -> bool:
    return source.wheels is not None and source.wheels.absolute() == folder.absolute()


def _require_own_name(settings: Settings, named: Iterable[Source], folder: Path, faults: list[Fault]) -> None:
    """Add a fault if ``[sources.wheels]`` is another place, and *folder* has distributions that nothing would serve."""
    for one in named:
        if one.name == OWN_WHEELS and not _is_at(one, folder) and (laid := projects_in(folder)):
            what = f"[sources.{OWN_WHEELS}] is another place, and requirements/{OWN_WHEELS} has a file of {laid[0]}"
            step = "give this source another name, or move the files of that directory away"
            faults.append(settings.fault(what, "sources", OWN_WHEELS, next_step=step))


def projects_in(folder: Path) -> tuple[str, ...]:
    """Return the normalized names of the projects that have a wheel or an sdist in *folder*, sorted."""
    names = set()
    with files.folder_errors(folder):
        present = [path.name for path in folder.glob("*") if path.is_file()]
    for name in present:
        # `unread` names what is no distribution by its name.
        with contextlib.suppress(*filenames.INVALID):
            names.add(str(filenames.parse(name)[0]))
    return tuple(sorted(names))


def _read_private(settings: Settings, tables: Mapping[str, Any], faults: list[Fault]) -> tuple[str, ...]:
    value = tables.get(_PRIVATE, [])
    step = 'write private = ["acme-*"] below [sources]'
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        faults.append(settings.fault("private must be a list of projects", "sources", _PRIVATE, next_step=step))
        return ()
    for one in value:
        if not _PATTERN.fullmatch(one):
            what = f"{one!r} is no project, and no prefix with *"
            faults.append(settings.fault(what, "sources", _PRIVATE, next_step=step, item=one))
    return tuple(dict.fromkeys(_normalized(one) for one in value if _PATTERN.fullmatch(one)))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    """The table of one source."""

    settings: Settings
    name: str
    values: Any
    faults: list[Fault]

    def fault(self, what: str, *keys: str, step: str, item: str | None = None) -> None:
        """Add a fault at *keys* below the table."""
        self.faults.append(self.settings.fault(what, "sources", self.name, *keys, next_step=step, item=item))

    def source(self, targets: Collection[str], places: Places) -> Source | None:
        """Return what the table says, ``None`` if something is wrong with it."""
        before = len(self.faults)
        if not isinstance(self.values, dict):
            self.fault(f"{self.name!r} must be a table", step=f"write [sources.{self.name}]")
            return None
        self.faults.extend(unknown_keys(self.settings, self.values, _KEYS, "sources", self.name))
        if not NAME.fullmatch(self.name):
            self.fault(f"{self.name!r} is no name", step="write lower-case letters, digits, and single - or _ between")
        index, wheels = self._index(), self._wheels(places)
        if (index is None) == (wheels is None) and len(self.faults) == before:
            self.fault("a source has either an index or a directory", step='write index = "https://…" or wheels = "…"')
        found = Source(
            name=self.name,
            index=index or "",
            wheels=wheels,
            projects=self._projects(),
            targets=self._targets(targets),
            min_age=self._min_age(),
            only=self._only(index),
        )
        return found if len(self.faults) == before else None

    def _text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None or (isinstance(value, str) and value):
            return value
        what, step = not_text(key, value)
        self.fault(what, key, step=step)
        return None

    def _index(self) -> str | None:
        url = self._text("index")
        if url is None:
            return None
        step = "write the address of the simple index, as for pip's index-url"
        try:
            parts = urlsplit(url)
            usable = parts.scheme in {"https", "http"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            self.fault("index is no URL", "index", step=step)
            return None
        if "@" in parts.netloc or parts.query or parts.fragment or any(map(looks_secret, parts.path.split("/"))):
            # Not shown: it may hold a password.
            what = "index holds a user, a password, a token, a query or a fragment, which the lock would publish"
            self.fault(what, "index", step="put the credentials into netrc, a keyring or pip's configuration")
        elif not usable or not url.isprintable() or " " in url:
            self.fault("index is no URL of a server", "index", step=step)
        return url.rstrip("/")

    def _wheels(self, places: Places) -> Path | None:
        own = self.settings.path.parent / OWN_WHEELS
        if self.name == OWN_WHEELS and not {"index", "wheels"} & self.values.keys():
            return own
        value = self._text("wheels")
        if value is None:
            return None
        path = self.settings.path.parent / value
        what, step = places.refusal(path)
        if what:
            self.fault(f"{value}: {what}", "wheels", step=step)
        elif "\0" in value or not path.is_dir():
            self.fault(f"there is no directory {value!r}", "wheels", step="name one, relative to subset.toml")
            # No request may need it.
            self.faults[-1] = replace(self.faults[-1], is_last=True)
        return type(path)(os.path.normpath(path))

    def _projects(self) -> tuple[str, ...]:
        value = self.values.get("projects")
        step = 'write projects = ["torch", "nvidia-*"]'
        if value is None and self.name == OWN_WHEELS:
            return ()
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            self.fault("projects must be a list of names", "projects", step=step)
            return ()
        for one in value:
            if not _PATTERN.fullmatch(one):
                self.fault(f"{one!r} is no project, and no prefix with *", "projects", step=step, item=one)
        return tuple(dict.fromkeys(_normalized(one) for one in value if _PATTERN.fullmatch(one)))

    def _targets(self, targets: Collection[str]) -> tuple[str, ...]:
        value = self.values.get("targets")
        if value is None:
            return ()
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            self.fault("targets must be a list of names", "targets", step="name a target, or drop the line for all")
            return ()
        for one in value:
            if one not in targets and self.settings.readable:
                self.fault(f"there is no target {one!r}", "targets", step=nearest(one, targets, "targets"), item=one)
        return tuple(sorted(set(value)))

    def _min_age(self) -> int | None:
        if "min_age" not in self.values:
            return None
        seconds = durations.seconds_of(self.values["min_age"])
        if seconds is None:
            self.fault("min_age must be a duration", "min_age", step=f"write min_age = {durations.EXAMPLE}")
        return seconds

    def _only(self, index: str | None) -> bool:
        value = self.values.get("only", True)
        if not isinstance(value, bool):
            self.fault("only must be true or false", "only", step="write only = false")
        elif not value and index:
            # Another project of that name could be taken from there.
            step = "drop the line: a project comes from one index"
            self.fault("only = false is for a directory alone", "only", step=step)
        return value is not False


def _normalized(pattern: str) -> str:
    """Return a name or a prefix in normalized form (PEP 503)."""
    if not pattern.endswith("*"):
        return canonicalize_name(pattern)
    # A prefix may end with a separator, which `canonicalize_name` makes one hyphen.
    return f"{canonicalize_name(pattern[:-1])}*"
