"""Text of others made harmless: for a terminal or a log, for HTML5 and its URLs, and without the secrets in URLs."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

#: Letters and marks of Unicode that show nothing (DerivedCoreProperties, Default_Ignorable_Code_Point) and the blank of
#: braille. `str.isprintable` knows all other characters that are not seen: categories Cc, Cf, Cs, Co, Cn, Zl, Zp, Zs.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

#: A URL with what may be secret in it, also within a sentence: user and password, and all from the query on.
_URL = re.compile(r"""([A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#\s"'<>]*@)?([^?#\s"'<>]*)(?:[?#][^\s"'<>]*)?""")


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
    if text.isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return text
    return "".join(sign if sign.isprintable() and not _UNSEEN.match(sign) else _escape(sign) for sign in text)


def _escape(sign: str) -> str:
    named = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
    return named.get(sign) or sign.encode("unicode-escape", "surrogatepass").decode("ascii")


def without_secrets(text: str) -> str:
    """
    Return *text* with no URL that has a user, a password, a query or a fragment: the query of a signed URL is a password.

    A relative URL keeps its query, since nobody can tell where one begins.
    """
    # A page can have thousands of links, and hardly any of them has such a thing.
    if "//" not in text or not ("@" in text or "?" in text or "#" in text):
        return text
    return _URL.sub(lambda match: f"{match[1] or ''}//{match[2]}", text)


# HTML Living Standard, 13.2.5 "Tokenization": control characters, surrogates and noncharacters are parse errors even
# as character references. Tab and line feed are the two controls that stay.
_UNWRITABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr((plane << 16) | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
#: Almost everything that is written is made of these alone, and stays as it is.
_HARMLESS = re.compile(r"[A-Za-z0-9 ._+!:/=,*-]*")
#: What stands for itself in a URL (RFC 3986, 2.3).
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")


def escape(text: str) -> str:
    """
    Return *text* fit for an element's content and for an attribute in double or single quotes.

    What HTML cannot carry at all becomes U+FFFD, the replacement character.
    """
    if _HARMLESS.fullmatch(text):
        return text
    return html.escape(_UNWRITABLE.sub("\ufffd", text), quote=True)


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
