"""Foreign text: harmless in a terminal, a log, HTML5 and its URLs; without secrets; how much there is of it."""

from __future__ import annotations

import re
from urllib.parse import quote

from pypi_subset.support import bounds
from pypi_subset.support.secrets.paths import without_tokens

#: Letters and marks of Unicode that show nothing (DerivedCoreProperties, Default_Ignorable_Code_Point) and the blank of
#: braille. `str.isprintable` knows all other characters that are not seen: categories Cc, Cf, Cs, Co, Cn, Zl, Zp, Zs.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

#: Characters of a word and of a line that are shown.
_LONGEST_WORD, _LONGEST_LINE = 400, 3000
_LONG_WORD = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")

#: What may be secret of a URL in a sentence: user and password, and all from the query on. A password and a query may hold
#: quotation marks, so that nothing but a blank ends them.
_URL = re.compile(r"//(?:[^/?#\s]*@)?([^?#\s]*)([?#]\S*)?")
#: The query of a URL without a server: behind the last part of a path, or with a name and its value.
_QUERY = re.compile(r"(/[^\s?/]*)(\?\S+)|(?<=\S)(\?[^\s=?]*=\S*)")
#: What may follow a URL in a sentence.
_CLOSING = "'\"`<>()[]{},;:.!"


def printable(text: str, *, lines: bool = False) -> str:
    r"""
    Return *text* with every character that a reader does not see, or that a terminal obeys, as an escape: ``\x1b``.

    These are controls (C0, C1), marks of direction, characters without width, blanks other than the space, separators of
    lines and paragraphs, and halves of surrogate pairs. What is harmless stays as it is.

    :param lines: keep line feeds, which the writer meant; what stands behind one is indented, so that no line of a text
        looks like a line of its own.
    """
    if lines and "\n" in text:
        return "\n    ".join(printable(line) for line in text.split("\n"))
    if is_seen(text):
        return text
    return "".join(sign if sign.isprintable() and not _UNSEEN.match(sign) else _escape(sign) for sign in text)


def shortened(line: str) -> str:
    """
    Return *line* for a reader: a very long word or line keeps its beginning and its end.

    A value that a message repeats may have any length. The next step is at the end.
    """
    if len(line) <= _LONGEST_WORD:
        return line
    line = _LONG_WORD.sub(lambda match: _cut(match[0], _LONGEST_WORD), line)
    return line if len(line) <= _LONGEST_LINE else _cut(line, _LONGEST_LINE)


def _cut(text: str, most: int) -> str:
    return f"{text[: most * 3 // 4]}…{text[-most // 5 :]}"


def is_seen(text: str) -> bool:
    """Return whether a reader sees every character of *text*."""
    return text.isprintable() and (text.isascii() or not _UNSEEN.search(text))


def _escape(sign: str) -> str:
    named = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
    return named.get(sign) or sign.encode("unicode-escape", "surrogatepass").decode("ascii")


def without_secrets(text: str) -> str:
    """
    Return *text* with no URL that has a user, a password, a token, a query or a fragment: the query of a signed URL is one.

    A URL ends at a blank here. If a value is a URL as a whole, `url_without_secrets` knows where it ends.
    """
    # A page can have thousands of links, and hardly any of them has such a thing.
    if "//" in text:
        text = _URL.sub(lambda match: f"{without_tokens(f'//{match[1]}')}{_closing(match[2])}", text)
    if "?" in text:
        text = _QUERY.sub(lambda match: f"{match[1] or ''}{_closing(match[2] or match[3])}", text)
    return text


def _closing(secret: str | None) -> str:
    """Return the signs at the end of a query that are those of the sentence around it."""
    bare = (secret or "").rstrip(_CLOSING)
    # A question mark alone is one of the sentence.
    return (secret or "") if bare == "?" else (secret or "")[len(bare) :]


def url_without_secrets(url: str) -> str:
    """Return *url* without user, password, query, fragment (RFC 3986, 3.2) and tokens, whatever characters these have."""
    # As most URLs are; a page has thousands.
    if "@" not in url and "?" not in url and "#" not in url:
        return without_tokens(url)
    # Characters that readers of a URL leave out (WHATWG URL, 4.4).
    scheme, mark, rest = re.split("[?#]", re.sub("[\t\r\n]", "", url), maxsplit=1)[0].partition("//")
    server, slash, path = rest.partition("/")
    return without_tokens(f"{scheme}{mark}{server.rpartition('@')[2]}{slash}{path}" if mark else scheme)


# HTML Living Standard, 13.2.5 "Tokenization": control characters, surrogates and noncharacters are parse errors even
# as character references. Tab and line feed are the two controls that stay.
_UNWRITABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr((plane << 16) | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
#: Almost everything that is written is made of these alone, and stays as it is.
_HARMLESS = re.compile(r"[A-Za-z0-9 ._+!:/=,*-]*")
#: Characters that are escaped in JSON.
_JSON_ESCAPES = {sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
#: What a page for people may load, as a meta element says it (Content Security Policy Level 3): nothing but the site's own
#: style, script and pictures. A script that is written into a page does not run.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; object-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
#: The same as a header, which can also keep a page out of frames of other sites.
POLICY_HEADER = f"{POLICY}; frame-ancestors 'self'"
#: What a page for installers may load.
NO_PARTS = "default-src 'none'"

#: What stands for itself in a URL (RFC 3986, 2.3).
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")


def escape(text: str) -> str:
    """
    Return *text* fit for an element's content and for an attribute in double or single quotes.

    What HTML cannot carry at all becomes U+FFFD, the replacement character.
    """
    if _HARMLESS.fullmatch(text):
        return text
    # The start of the command needs none of this.
    import html  # noqa: PLC0415

    return html.escape(writable(text), quote=True)


def writable(text: str) -> str:
    """Return *text* with U+FFFD in place of what HTML cannot carry at all."""
    return _UNWRITABLE.sub("\ufffd", text)


def escape_json(text: str) -> str:
    """
    Return the JSON document *text* without any character that opens markup; it holds the same value.

    A web server that does not know the type of a file may send JSON as HTML. These characters stand in strings alone
    (RFC 8259), where an escape means the same. U+2028 and U+2029 end a line of JavaScript.
    """
    for sign, escaped in _JSON_ESCAPES.items():
        text = text.replace(sign, escaped)
    return text


def href(*segments: str) -> str:
    """
    Return a relative URL of path *segments*, each percent-encoded, ready to stand in an attribute.

    ``+`` becomes ``%2B``: object stores read a bare one as a space. A ``:`` is encoded too, or it would look like a
    scheme (RFC 3986, 4.2).
    """
    return "/".join(
        segment if _UNRESERVED.fullmatch(segment) else escape(quote(segment, safe="", errors="replace"))
        for segment in segments
    )


_LONG_NUMBER = re.compile(rf"\d{{{bounds.LONGEST_NUMBER + 1}}}")


def depth(text: str, opening: str = "(", closing: str = ")") -> int:
    """Return how many brackets are open within each other at most, for parsers that call themselves for each."""
    if text.count(opening) < 2:  # noqa: PLR2004 - the usual case
        return text.count(opening)
    deepest = now = 0
    for sign in text:
        if sign == opening:
            now += 1
            deepest = max(deepest, now)
        elif sign == closing:
            now -= 1
    return deepest


def has_long_number(value: object) -> bool:
    """Return whether *value*, a text or a document with lists and tables, holds a number of very many digits."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            # So many digits fill a part of half the length. Most texts are shorter, or have no such part.
            half = bounds.LONGEST_NUMBER // 2
            parts = range(0, len(one), half) if len(one) > bounds.LONGEST_NUMBER else ()
            if any(one[at : at + half].isdigit() for at in parts) and _LONG_NUMBER.search(one):
                return True
        elif isinstance(one, dict):
            left.extend(one)
            left.extend(one.values())
        elif isinstance(one, list | tuple):
            left.extend(one)
        elif isinstance(one, int) and one.bit_length() > 4 * bounds.LONGEST_NUMBER:
            return True
    return False


def values(document: str | bytes) -> int:
    """Return how many separators and opening brackets JSON has: no fewer than half its values, without reading it."""
    if isinstance(document, str):
        return sum(map(document.count, ",[{"))
    return sum(map(document.count, (b",", b"[", b"{")))
