"""
Tokens in the paths of URLs: some private indexes admit by a part of the path in place of a password.

No standard marks such a part. A part of any URL is taken for a token if it looks like one; of the URLs that the user
configured, a part that may be a hash elsewhere as well.
"""

from __future__ import annotations

import re
from itertools import pairwise

#: The text that replaces a token.
HIDDEN = "***"

#: Characters of a token: fewer are guessed. A name that is so long has separators.
_LONG, _LONGEST_NAME = 10, 16
#: Changes between letters and digits that no name has.
_CHANGES, _CHANGES_OF_MIXED = 4, 2
#: Hashes in paths, and UUIDs.
_HASH = re.compile(r"[0-9a-f]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: What users call a token, with digits in place of letters too.
_CALLED = re.compile(r"s[e3]cr[e3]t|t[o0]k([e3]n)?(?![a-z])|p[a4]ssw|api-?k[e3]y|cr[e3]d[e3]nt", re.IGNORECASE)
#: Names of files have versions and tags.
_FILE = re.compile(r"\.(whl|gz|zip|bz2|xz|tgz|egg|metadata|html?|json|toml|txt|asc|provenance)$", re.IGNORECASE)
#: A parameter of a part with a value (RFC 3986, 3.3), such as ``;jsessionid=…``.
_PARAMETER = re.compile(r"(;[^/;=]*=)[^/;]+")
#: A URL whose path has only words, hashes and the name of a file, as on PyPI, where a page has thousands of them. A word of
#: seven letters is too short for two of the words in `_CALLED`.
_PLAIN = re.compile(r"https?://[^/?#@;]+(?:/(?:packages|[a-z]{1,7}|[0-9a-f]+))*/[^/?#@;]+\.(?:whl|tar\.gz|zip)")
#: Where the path of a URL with a server begins.
_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*")

#: Parts of the URLs that the user configured.
_OWN: set[str] = set()


def hide(url: str) -> None:
    """Take the parts of *url*, which the user configured, for tokens from now on if they may be some."""
    _OWN.update(part for part in _parts(url) if _may_be_secret(part))


def holds_token(data: bytes) -> bool:
    """Return whether *data* has a part of a URL that the user configured and that may be a token."""
    return any(part.encode(errors="replace") in data for part in [*_OWN])


def without_tokens(url: str) -> str:
    """Return *url*, which has neither user nor query, with `HIDDEN` in place of each token of its path."""
    if not _OWN and _PLAIN.fullmatch(url):
        return url
    if ";" in url:
        url = _PARAMETER.sub(rf"\1{HIDDEN}", url)
    if not any(len(part) >= _LONG or _CALLED.search(part) or part in _OWN for part in url.split("/")):
        return url
    start = found[0] if (found := _PATH.match(url)) else ""
    parts = url[len(start) :].split("/")
    return start + "/".join(HIDDEN if part in _OWN or looks_secret(part) else part for part in parts)


def looks_secret(part: str) -> bool:
    """Return whether one part of a path looks like a token, and not like a name, a version, a hash or a file."""
    if _FILE.search(part) or _HASH.fullmatch(part):
        return False
    if len([*_CALLED.finditer(part)]) > 1:
        return True
    if _CALLED.search(part) and (any(map(str.isdigit, part)) or part.isupper()):
        return True
    return any(_is_random(piece) for piece in re.split(r"[-_.~+%]", part))


def _is_random(piece: str) -> bool:
    if len(piece) < _LONG or _HASH.fullmatch(piece):
        return False
    kinds = [sign.isdigit() for sign in piece]
    changes = sum(one != other for one, other in pairwise(kinds))
    mixed = piece not in {piece.lower(), piece.upper(), piece.capitalize()}
    return changes >= (_CHANGES_OF_MIXED if mixed else _CHANGES)


def _may_be_secret(part: str) -> bool:
    """Return whether a part of a configured URL may be a token: it has no separator, or is a hash, and is long."""
    long = len(part) >= _LONGEST_NAME and part.isalnum() and any(map(str.isdigit, part))
    return looks_secret(part) or long


def _parts(url: str) -> list[str]:
    start = found[0] if (found := _PATH.match(url)) else ""
    return [part for part in re.split("[?#]", url[len(start) :], maxsplit=1)[0].split("/") if part]
