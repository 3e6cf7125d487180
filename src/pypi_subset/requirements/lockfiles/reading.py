"""What readers of locks share: conversion with the line of a mistake, the project beside a lock, extras and groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

import msgspec
from packaging.utils import canonicalize_name

from pypi_subset.errors import Fault
from pypi_subset.requirements.encodings import UnreadableText, decoded
from pypi_subset.requirements.lockfiles.entries import Malformed
from pypi_subset.requirements.toml import Settings, parse_toml
from pypi_subset.support import bounds, files
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pypi_subset.requirements.source import Source

_T = TypeVar("_T")
_HEADER = re.compile(r"\s*\[\[\s*package\s*\]\]")
_AT = re.compile(r"\$\.package\[([0-9]+)\]")


def package_lines(document: Settings) -> list[int]:
    """
    Return the line of each ``[[package]]``; that of the list if it is written in another way.

    :raises Malformed: ``package`` is no list, or has too many entries.
    """
    packages = document.document.get("package", [])
    if not isinstance(packages, list):
        msg = "'package' must be a list of tables"
        raise Malformed(msg, document.line("package"))
    if len(packages) > bounds.MOST_REQUESTS:
        msg = f"the lock has more than {bounds.MOST_REQUESTS:,} packages"
        raise Malformed(msg)
    headers = [number for number, line in enumerate(document.lines, 1) if _HEADER.match(line)]
    return headers if len(headers) == len(packages) else [document.line("package") or 1] * len(packages)


def converted(document: Settings, kind: type[_T], lines: Collection[int] = ()) -> _T:
    """
    Return *document* as a *kind* of struct.

    :param lines: the line of each package.
    :raises Malformed: it is none; says what was expected, and where.
    """
    try:
        return msgspec.convert(document.document, kind)
    except msgspec.ValidationError as error:
        found = _AT.search(str(error))
        line = [*lines][int(found[1])] if found and int(found[1]) < len(lines) else None
        text = printable(str(error).replace("`", "'"))
        msg = f"{text[:1].lower()}{text[1:]}"
        raise Malformed(msg, line) from error


def fault_of(error: Malformed, source: Source, command: str) -> Fault:
    """Return the fault for *error*; *command* writes the lock again."""
    step = error.step or f"write it again: {command}"
    return Fault(what=error.what, path=source.path, line=error.line, next_step=step)


def project_beside(source: Source, name: str = "pyproject.toml") -> Settings | None:
    """Return the project *name* beside a lock, ``None`` if there is none that can be read."""
    path = source.path.parent / name
    try:
        if source.places.refusal(path)[0]:
            return None
        found = parse_toml(path, decoded(files.read_input(path)))
    except (OSError, ValueError, UnreadableText):
        return None
    return found if isinstance(found, Settings) else None


def unknown(source: Source, extras: Collection[str], groups: Collection[str]) -> Iterator[Fault]:
    """Yield a fault for each chosen extra that is not among the *extras* of a lock, and each such group."""
    for kind, chosen, known in (("extra", source.choice.extras, extras), ("group", source.choice.groups or (), groups)):
        for name in chosen:
            if canonicalize_name(name) not in normalized(known):
                yield source.unknown(kind, name, sorted(known))


def normalized(names: Iterable[str]) -> frozenset[str]:
    """Return *names* as they are compared."""
    return frozenset(map(canonicalize_name, names))
