"""Odd values for every place of a JSON document: what a reader must refuse in one line, or may ignore."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: JSON texts: other kinds, nested ones, numbers at the edge, half of a surrogate pair, control characters.
VALUES = (
    *("3", "-1", "1e400", "1.5", "true", "null", "[]", "{}", "[[1]]", "[null]", '[{"x": 1}]', '{"x": []}'),
    *('"x"', '""', r'"\ud800"', r'"\u0000"', r'"\u001b[2J"', r'"a\nb"', '"../../x"', '"9007199254740993"'),
)
#: Values of one list or object that are changed; the others are like them.
_FEW = 2
_MARK = "odd value"


def places(document: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value of *document*, and to the first ones of each list and object of many."""
    if way:
        yield way
    if isinstance(document, dict):
        steps = list(document) if len(document) <= 20 else list(document)[:_FEW]
    else:
        steps = list(range(min(len(document), _FEW))) if isinstance(document, list) else []
    for step in steps:
        yield from places(document[step], (*way, step))


def changed(document: Any, value: str) -> Iterator[tuple[str, bytes]]:
    """Yield *document* as JSON once for each of its places, with the JSON text *value* there, and the name of the place."""
    for way in places(document):
        made = copy.deepcopy(document)
        inner = made
        for step in way[:-1]:
            inner = inner[step]
        inner[way[-1]] = _MARK
        yield ".".join(map(str, way)), json.dumps(made).replace(f'"{_MARK}"', value).encode()


def renamed(document: Any, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield *document* as JSON once for each key in it, with the JSON text *name* as the key."""
    for way in places(document):
        made = copy.deepcopy(document)
        inner = made
        for step in way[:-1]:
            inner = inner[step]
        if isinstance(inner, dict):
            inner[_MARK] = inner.pop(way[-1])
            yield ".".join(map(str, way)), json.dumps(made).replace(f'"{_MARK}"', name).encode()
