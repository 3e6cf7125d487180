"""Entries of any tool's tables that take a requested project from elsewhere, or name an index, whatever the tool is called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.requirements.tools.finding import PLACES, Asked, Finding, Index, table_at, tables_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.requirements.toml import Settings

#: Names of tables and lists that hold projects.
_HOLDERS = re.compile(r"sources?|.*dependenc.*|.*requirements?|.*requires|packages|.*overrides?", re.IGNORECASE)
#: A requirement with a URL or a path, as PEP 508 and as pip's options have it.
_DIRECT = re.compile(
    r"(?:-e\s+)?(?:([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\]\s*)?@\s*\S|\S*[#&]egg=([A-Za-z0-9][\w.-]*))", re.ASCII
)
_INDEXES = frozenset({"index-url", "extra-index-url", "index-urls", "extra-index-urls", "pip-repositories"})
#: Those that are asked beside PyPI, and not in its place.
_BESIDE = frozenset({"extra-index-url", "extra-index-urls", "pip-repositories"})
#: Tables within each other that are looked at.
_DEEPEST = 8


def taken(document: Settings, asked: Asked, *keys: str) -> Iterator[Finding]:
    """Yield each requested project that the tables at *keys*, and below, take from elsewhere, and each other index there."""
    yield from _walk(document, asked, keys, table_at(document.document, *keys))


def _walk(document: Settings, asked: Asked, keys: tuple[str, ...], table: object) -> Iterator[Finding]:
    for one in tables_in(table) if len(keys) < _DEEPEST else ():
        for key, value in one.items():
            here = (*keys, key)
            if canonicalize_name(key) in _INDEXES:
                yield from _index(document, asked, here, value)
            elif _holds(keys, key) and isinstance(value, list) and any(isinstance(each, str) for each in value):
                yield from _lines(document, asked, here, value)
            elif len(keys) > 2 and _HOLDERS.fullmatch(keys[-1]) and (place := _place(value)):  # noqa: PLR2004 - [tool.NAME]
                index = _index_of(key, value)
                spelt = asked.spelling(key)
                if spelt and not (index and asked.is_served(index.url, key)):
                    yield Finding(document=document, keys=here, what=f"takes {spelt} from {place}", index=index)
            else:
                yield from _walk(document, asked, here, value)


def _holds(keys: tuple[str, ...], key: str) -> bool:
    return any(_HOLDERS.fullmatch(one) for one in (*keys[-1:], key))


def _place(value: object) -> str:
    places = {**PLACES, "index": "another index"}
    return next((place for one in tables_in(value) for key, place in places.items() if one.get(key)), "")


def _index_of(project: str, value: object) -> Index | None:
    """Return the index whose URL an entry names for *project*, ``None`` if it is another place."""
    urls = [one.get("index") for one in tables_in(value)]
    if len(urls) != 1 or not isinstance(urls[0], str) or "://" not in urls[0]:
        return None
    return Index(url=urls[0], projects=(project,))


def _lines(document: Settings, asked: Asked, keys: tuple[str, ...], lines: list[object]) -> Iterator[Finding]:
    for line in lines:
        found = _DIRECT.match(line) if isinstance(line, str) else None
        if found and (spelt := asked.spelling(found[1] or found[2])):
            yield Finding(document=document, keys=keys, what=f"takes {spelt} from a URL or a path")


def _index(document: Settings, asked: Asked, keys: tuple[str, ...], value: object) -> Iterator[Finding]:
    # One in place of PyPI serves every project, and no source does.
    beside = canonicalize_name(keys[-1]) in _BESIDE
    known = asked.reach.is_known if beside else asked.reach.is_asked
    for url in value if isinstance(value, list) else [value]:
        if isinstance(url, str) and not known(url):
            what = "names an index, which pip is not configured for"
            yield Finding(document=document, keys=keys, what=what, index=Index(url=url) if beside else None)
