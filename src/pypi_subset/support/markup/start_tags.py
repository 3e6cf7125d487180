"""The start tags of a page in HTML, in a time that grows with its length, whatever stands there."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# HTML Living Standard, 13.2.5: names, blanks and values of a tag. Each expression takes a time that grows with what it
# matches, and no place in a page is looked at more than a few times.
_TAG = re.compile(r"[a-zA-Z][^\t\n\f\r />]*")
_BLANKS = re.compile(r"[\t\n\f\r /]*")
_NAME = re.compile(r"=?[^\t\n\f\r />=]*")
_EQUALS = re.compile(r"[\t\n\f\r ]*=[\t\n\f\r ]*")
_BARE = re.compile(r"[^\t\n\f\r >]*")
_COMMENT = re.compile(r"--!?>")
#: Elements whose content has no tags (13.2.5.1).
_WITHOUT_TAGS = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext"})
#: Attributes of one tag that are read.
_ATTRIBUTES = 100

#: A start tag as almost all pages of indexes write it, and what stands between it and the next one: text and end tags. The
#: attributes have values in double quotes. All else is read sign by sign, below, with the same result.
_PLAIN = re.compile(
    rf'<([a-z]+)((?:[\t\n\f\r ]+[a-z][a-z0-9-]*="[^"]*"){{0,{_ATTRIBUTES}}})[\t\n\f\r ]*/?>'
    r"([^<]*(?:</[a-z]+>[^<]*)*)"
)
_PAIR = re.compile('([a-z][a-z0-9-]*)="([^"]*)"')


def start_tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """
    Yield name and attributes of each start tag of *text*, both in lower case; of two attributes of one name the first.

    The time grows with the length of *text*, whatever stands there. A tag that does not end is none.

    :raises ValueError: a character reference has too many digits.
    """
    position = 0
    while (position := text.find("<", position)) >= 0:
        plain = _PLAIN.match(text, position)
        attributes = _stated(plain[2]) if plain else None
        if plain is not None and attributes is not None:
            name = plain[1]
            position = plain.start(3) if name in _WITHOUT_TAGS else plain.end()
        elif found := _TAG.match(text, position + 1):
            name = found[0].lower()
            attributes, position = _attributes(text, found.end())
            if position < 0:
                return
        else:
            position = _behind(text, position)
            if position < 0:
                return
            continue
        yield name, attributes
        if name in _WITHOUT_TAGS:
            end = _end_of(name).search(text, position)
            if end is None:
                return
            position = end.start()


def _stated(plain: str) -> dict[str, str] | None:
    """Return the attributes of a tag that `_PLAIN` matches; ``None`` if two have one name."""
    pairs = _PAIR.findall(plain)
    found = dict(pairs)
    if len(found) != len(pairs):
        return None
    return {name: _unescaped(value) for name, value in found.items()} if "&" in plain else found


def _behind(text: str, position: int) -> int:
    """Return the position behind what begins with ``<`` and is no start tag, -1 if that does not end."""
    if text.startswith("<!--", position):
        # The shortest comments are ``<!-->`` and ``<!--->``.
        for shortest in ("<!-->", "<!--->"):
            if text.startswith(shortest, position):
                return position + len(shortest)
        end = _COMMENT.search(text, position + 4)
        return end.end() if end else -1
    if text.startswith(("<!", "<?"), position):
        return text.find(">", position)
    if text.startswith("</", position):
        name = _TAG.match(text, position + 2)
        return _attributes(text, name.end())[1] if name else text.find(">", position)
    return position + 1


def _attributes(text: str, position: int) -> tuple[dict[str, str], int]:
    """Return the attributes of a tag, and the position behind its end; -1 if it does not end."""
    found: dict[str, str] = {}
    while True:
        position = _BLANKS.match(text, position).end()  # type: ignore[union-attr] # it may match nothing
        if position >= len(text):
            return {}, -1
        if text[position] == ">":
            return found, position + 1
        name = _NAME.match(text, position)[0]  # type: ignore[index] # it may match nothing
        position += len(name)
        value = ""
        if equals := _EQUALS.match(text, position):
            position = equals.end()
            mark = text[position : position + 1]
            if mark in {'"', "'"}:
                end = text.find(mark, position + 1)
                if end < 0:
                    return {}, -1
                value, position = text[position + 1 : end], end + 1
            else:
                value = _BARE.match(text, position)[0]  # type: ignore[index] # it may match nothing
                position += len(value)
        if len(found) < _ATTRIBUTES:
            found.setdefault(name.lower(), _unescaped(value))


def _unescaped(value: str) -> str:
    if "&" not in value:
        return value
    # The start of the command needs none of this.
    import html  # noqa: PLC0415

    return html.unescape(value)


@functools.cache
def _end_of(name: str) -> re.Pattern[str]:
    """Return the expression for the end of an element without tags."""
    return re.compile("(?!)" if name == "plaintext" else rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE)
