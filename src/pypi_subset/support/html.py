"""Text made safe for HTML5: what index pages and pages for people have in common."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

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
