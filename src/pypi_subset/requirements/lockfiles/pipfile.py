"""What ``Pipfile.lock`` asks for: the packages of chosen categories, each with its marker."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct
from packaging.utils import canonicalize_name

from pypi_subset.errors import Fault
from pypi_subset.requirements.lockfiles import digests
from pypi_subset.requirements.lockfiles.choosing import requests_of
from pypi_subset.requirements.lockfiles.entries import (
    Entry,
    Grouped,
    Malformed,
    Row,
    hashes_of,
    name_of,
    specifiers_of,
    version_of,
)
from pypi_subset.requirements.lockfiles.reading import fault_of, normalized, project_beside, unknown
from pypi_subset.requirements.source import Notice
from pypi_subset.requirements.toml import Settings
from pypi_subset.requirements.tools.finding import table_at
from pypi_subset.support import bounds
from pypi_subset.support.text import printable, values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pypi_subset.model.requests import Request
    from pypi_subset.requirements.source import Source

_T = TypeVar("_T")
_COMMAND = "pipenv lock"
#: The version of the format that is read, the table about the lock, and the category that is always installed.
_SPEC, _META, _DEFAULT = 6, "_meta", "default"
#: What the category ``develop`` is called in a ``Pipfile`` and by users.
_DEVELOP = {"dev-packages": "develop", "dev": "develop"}
_PLACES = {"git": "git", "hg": "Mercurial", "svn": "Subversion", "path": "a path", "file": "a URL"}
_KEY = re.compile(r'\s*"([^"\\]*)":\s*\{')
#: Separators and brackets in the lock: an entry has some three for each hash.
_MOST_SIGNS = 1_000_000


class _Package(Struct, frozen=True):
    version: str = ""
    hashes: list[str] = []
    markers: str | None = None
    extras: list[str] = []
    index: str = ""
    git: str | None = None
    hg: str | None = None
    svn: str | None = None
    path: str | None = None
    file: str | None = None


class _Index(Struct, frozen=True):
    name: str = ""
    url: str = ""


class _Requires(Struct, frozen=True):
    python_version: str = ""
    python_full_version: str = ""


class _Hash(Struct, frozen=True):
    sha256: str = ""


class _Meta(Struct, rename="kebab", frozen=True):
    pipfile_spec: int
    hash: _Hash = _Hash()
    requires: _Requires = msgspec.field(default=_Requires(), name="requires")
    sources: list[_Index] = []


def parse_json(path: Path, text: str) -> Settings | Fault:
    """Return the document in *text*, JSON in the file at *path*, or what is wrong with it."""
    step = f"write it again: {_COMMAND}"
    if values(text) > _MOST_SIGNS:
        return Fault(what=f"more than {_MOST_SIGNS:,} values", path=path, next_step=step)
    try:
        document = json.loads(text)
    except RecursionError:
        return Fault(what="not JSON: lists and tables are nested too deeply", path=path, next_step=step)
    except json.JSONDecodeError as error:
        what = f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        return Fault(what=what, path=path, line=error.lineno, next_step=step)
    except ValueError:
        return Fault(what="not JSON: a number is too long", path=path, next_step=step)
    lines = tuple(text.split("\n"))
    if not isinstance(document, dict):
        return Fault(what="not a lock of pipenv: no table", path=path, line=1, next_step=step)
    return Settings(path=path, lines=lines, document=document, places=_places(lines, document))


def _places(lines: tuple[str, ...], document: Mapping[str, object]) -> dict[tuple[str, ...], int]:
    """Return the line of each category and of each package in it, where each begins a line."""
    places: dict[tuple[str, ...], int] = {}
    section = ""
    for number, line in enumerate(lines, start=1):
        if found := _KEY.match(line):
            name = found[1]
            if name in document and (name,) not in places and name not in table_at(document, section):
                section = name
                places[name,] = number
            else:
                places.setdefault((section, name), number)
    return places


def read_pipfile_lock(source: Source, document: Settings) -> Iterator[Request | Fault | Notice]:
    """Yield the pins of pipenv's lock in *document*, with the categories that *source* chooses as groups."""
    chosen = normalized(_DEVELOP.get(name, name) for name in source.choice.groups or ())
    try:
        meta = _meta(document)
        rows = [*_rows(document, meta)]
        categories = document.document.keys() - {_META}
        known = {*categories, *(name for name, other in _DEVELOP.items() if other in categories)}
        yield from unknown(source, (), known)
        yield from _shut_out(source, document, meta.requires)
        yield from requests_of(source, document, Grouped(rows=rows, groups=chosen | {_DEFAULT}))
    except Malformed as error:
        yield fault_of(error, source, _COMMAND)
        return
    project = project_beside(source, "Pipfile")
    if project and meta.hash.sha256 not in digests.of_pipfile(project):
        yield Notice(f"{source.path} is out of date: {project.path} has changed since; `{_COMMAND}` renews it")


def _meta(document: Settings) -> _Meta:
    """
    Return what the lock says of itself.

    :raises Malformed: it is of another version, or no lock of pipenv.
    """
    table = table_at(document.document, _META)
    version = table.get("pipfile-spec")
    if version != _SPEC:
        msg = f"the lock is of version {version!r} (pipfile-spec), and only {_SPEC} is known"
        raise Malformed(msg, document.line(_META))
    return _converted(table, _Meta, document, _META)


def _rows(document: Settings, meta: _Meta) -> Iterator[Row]:
    count = 0
    for category, table in document.document.items():
        if category == _META:
            continue
        if not isinstance(table, dict):
            msg = f"{printable(category)!r} must be a table"
            raise Malformed(msg, document.line(category))
        count += len(table)
        if count > bounds.MOST_REQUESTS:
            msg = f"the lock has more than {bounds.MOST_REQUESTS:,} packages"
            raise Malformed(msg)
        for name, value in table.items():
            one = _converted(value, _Package, document, category, name)
            line = document.line(category, name) or 1
            entry = _entry(one, name_of(name, line), line, meta)
            yield Row(entry=entry, groups={canonicalize_name(category): one.markers}, extras=normalized(one.extras))


def _entry(one: _Package, name: str, line: int, meta: _Meta) -> Entry:
    """Return the entry of a package; without ``==`` it has no version, as pipenv leaves it for other systems than its own."""
    place = next((place for key, place in _PLACES.items() if getattr(one, key)), "")
    exact = specifiers_of(one.version)
    pinned = one.version.removeprefix("==") if exact is not None and one.version.startswith("==") else ""
    urls = {index.name: index.url for index in meta.sources[1:]}
    return Entry(
        name=name,
        version=version_of(pinned, name, line) if pinned else "",
        line=line,
        hashes=hashes_of(one.hashes, name, line),
        registry=urls.get(one.index, ""),
        place=place,
    )


def _converted(value: object, kind: type[_T], document: Settings, *keys: str) -> _T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text = printable(str(error).replace("`", "'"))
        msg = f"{printable('.'.join(keys))}: {text[:1].lower()}{text[1:]}"
        raise Malformed(msg, document.line(*keys)) from error


def _shut_out(source: Source, document: Settings, requires: _Requires) -> Iterator[Fault]:
    """Yield a fault for each target with another Python than that which pipenv locked for."""
    wanted = requires.python_full_version or requires.python_version
    bound = specifiers_of(f"=={wanted}" if requires.python_full_version else f"=={wanted}.*") if wanted else None
    for target in source.targets:
        if bound is not None and not bound.contains(target.release, prereleases=True):
            what = f"the lock is for Python {wanted}, and the target {target.name!r} has {target.version}"
            step = f"lock for its Python too, or leave it out of targets in [sets.{source.set_name}]"
            yield document.fault(what, _META, "requires", next_step=step)
