"""The lines of ``subset.toml`` that make an index of another tool's table a source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from pypi_subset.model.intake.sources import OWN_WHEELS
from pypi_subset.requirements.reach import without_user
from pypi_subset.requirements.tools.finding import may_hold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pypi_subset.requirements.tools.finding import Asked, Finding, Index

#: What a source may name: a project, or a prefix of names.
_PROJECT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[A-Za-z0-9][A-Za-z0-9._-]*\*")
#: Keys of ``[sources]`` that are no names of sources, and the name of one that needs no table.
_TAKEN = frozenset({"private", OWN_WHEELS})


def lines_for(found: Iterable[Finding], asked: Asked) -> tuple[str, ...]:
    """
    Return whole tables ``[sources.NAME]`` that serve what *found* takes from other indexes; none if a source cannot.

    Where no table says which projects come from an index, all that are requested are named.
    """
    groups: dict[tuple[str, tuple[str, ...]], tuple[Index, list[str]]] = {}
    for one in found:
        index = one.index
        if index is None or not (url := without_user(index.url)):
            continue
        _, projects = groups.setdefault((url, _targets(index, asked)), (index, []))
        projects += [name for name in index.projects if _PROJECT.fullmatch(name)]
    # An index that is named beside an entry that takes a project from there serves that project.
    named = {url for (url, _), (_, projects) in groups.items() if projects}
    lines: list[str] = []
    names = {one.name for one in asked.reach.sources.named} | _TAKEN
    for (url, targets), (index, projects) in groups.items():
        if not projects and url in named:
            continue
        name = _name_of(index, url, names)
        names.add(name)
        every = projects or [one.requirement.name for one in asked.requests]
        lines += [
            f"[sources.{name}]",
            f'index = "{url}"',
            f"projects = [{_quoted(dict.fromkeys(map(_normalized, every)))}]",
            *([f"targets = [{_quoted(targets)}]"] if targets else ()),
        ]
    return tuple(lines)


def _targets(index: Index, asked: Asked) -> tuple[str, ...]:
    """Return the names of the targets where *index* counts, none for all."""
    holding = [one.name for one in asked.targets if may_hold(index.marker, one)]
    return () if len(holding) == len(asked.targets) else tuple(holding)


def _name_of(index: Index, url: str, names: Collection[str]) -> str:
    """Return a name for a source at *url* that is none of *names*."""
    words = re.findall("[a-z0-9]+", (index.name or urlsplit(url).hostname or "").lower())
    first = "-".join(words) or "index"
    return next(one for number in range(1, len(names) + 3) if (one := _numbered(first, number)) not in names)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _normalized(pattern: str) -> str:
    return f"{canonicalize_name(pattern[:-1])}*" if pattern.endswith("*") else canonicalize_name(pattern)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{one}"' for one in names)
