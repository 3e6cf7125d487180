"""What the tables of poetry say, beside ``[project]`` or in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from pypi_subset.requirements.tools.finding import (
    PLACES,
    Asked,
    Finding,
    Index,
    quoted,
    sources_elsewhere,
    table_at,
    tables_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pypi_subset.requirements.toml import Settings

POETRY = ("tool", "poetry")
_DEPENDENCIES = (*POETRY, "dependencies")


def findings(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield what *document* says of requested projects beside its standard tables."""
    for keys, name, value in _entries(document):
        spelt = asked.spelling(name)
        if spelt and value != "*" and not _is_served(document, name, value, asked, alone=True):
            place = "" if _is_served(document, name, value, asked) else _place(value)
            verb = "takes" if place else "says more of"
            index = _index(document, name, value) if place else None
            yield Finding(document=document, keys=(*keys, name), what=f"{verb} {spelt}{place}", index=index)
    sources = _sources(document)
    # An explicit source is one of the entries above that name it.
    wanted = [one for one in sources if one.get("priority") != "explicit"]
    # Without PyPI among them, those that have no other priority are asked in its place.
    beside = any(_is_pypi(one) for one in sources)
    defaults = [str(one.get("name")).lower() for one in wanted if not beside and _is_primary(one)]
    yield from sources_elsewhere(document, (*POETRY, "source"), wanted, asked.reach, *defaults)
    yield from _groups(document, asked)


def elsewhere(document: Settings, asked: Asked) -> Iterator[tuple[str, str]]:
    """Yield each project that an entry takes from elsewhere, and the place."""
    for _, name, value in _entries(document):
        if (place := _place(value)) and not _is_served(document, name, value, asked):
            yield name, place.removeprefix(" from ")


def _sources(document: Settings) -> list[Mapping[str, Any]]:
    return tables_in(table_at(document.document, *POETRY).get("source", []))


def _is_pypi(source: Mapping[str, Any]) -> bool:
    return "url" not in source and str(source.get("name")).lower() == "pypi"


def _is_primary(source: Mapping[str, Any]) -> bool:
    return source.get("priority", "primary") in {"primary", "default"} or source.get("default") is True


def _index(document: Settings, project: str, value: object) -> Index | None:
    """Return the index that an entry takes *project* from, ``None`` if it is another place or has no URL."""
    names = [one.get("source") for one in tables_in(value)]
    urls = {one.get("name"): one.get("url") for one in _sources(document)}
    if len(names) != 1 or not isinstance(names[0], str) or not isinstance(url := urls.get(names[0]), str):
        return None
    return Index(url=url, name=names[0], projects=(project,))


def _is_served(document: Settings, project: str, value: object, asked: Asked, *, alone: bool = False) -> bool:
    """
    Whether a source of ``subset.toml`` serves *project* as its entry has it.

    :param alone: whether the entry must say nothing else.
    """
    index = _index(document, project, value)
    entry = next(iter(tables_in(value)), {})
    more = {key for key in entry if key != "source" and (key, entry[key]) != ("version", "*")}
    return index is not None and asked.is_served(index.url, project) and not (alone and more)


def _entries(document: Settings) -> Iterator[tuple[tuple[str, ...], str, object]]:
    """Yield the keys of each table of dependencies, and a name and its value there."""
    tables: list[tuple[str, ...]] = [_DEPENDENCIES, (*POETRY, "dev-dependencies")]
    tables += [(*POETRY, "group", name, "dependencies") for name in table_at(document.document, *POETRY, "group")]
    for keys in tables:
        for name, value in table_at(document.document, *keys).items():
            yield keys, name, value


def _place(value: object) -> str:
    """Return `` from git`` and so on if the entry names another place than an index, or names an index."""
    for one in tables_in(value):
        if "source" in one:
            return f" from the index {quoted(one['source'])}"
        if place := next((place for key, place in PLACES.items() if key in one), ""):
            return f" from {place}"
    return ""


def _groups(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield each chosen group and extra that poetry's own tables have too."""
    table = table_at(document.document, *POETRY)
    own = [*own_groups(document), *(["dev"] if table.get("dev-dependencies") else [])]
    for kind, names, keys, known in (
        ("a group", asked.choice.groups or (), (*POETRY, "group"), own),
        ("an extra", asked.choice.extras, (*POETRY, "extras"), table_at(table, "extras")),
    ):
        for name in names:
            if canonicalize_name(name) in map(canonicalize_name, known):
                yield Finding(document=document, keys=(*keys, name), what=f"has {kind} {name!r} of its own")


def own_groups(document: Settings) -> Iterator[str]:
    """Yield the name of each group whose table says more of it than whether it is optional: that is up to the set."""
    for name, table in table_at(document.document, *POETRY, "group").items():
        if not isinstance(table, dict) or table.keys() - {"optional"}:
            yield name


def instead(document: Settings) -> Finding | None:
    """Return a finding if poetry's table has the dependencies, and ``[project]`` has none; ``None`` otherwise."""
    if table_at(document.document, "project").get("dependencies"):
        return None
    names = [name for name in table_at(document.document, *_DEPENDENCIES) if name != "python"]
    if not names:
        return None
    return Finding(
        document=document, keys=(*_DEPENDENCIES, names[0]), what="has the dependencies, in a form of its own"
    )


def export(asked: Asked) -> str:
    """Return the command that writes what poetry locks as a requirements file."""
    words = ["poetry export --without-urls", *(f"--extras {one}" for one in asked.choice.extras)]
    words += [f"--with {one}" for one in asked.choice.groups or ()]
    return " ".join([*words, "--output"])
