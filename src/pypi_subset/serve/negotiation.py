"""Which form of an index page a client prefers, from its ``Accept`` header (PEP 691, RFC 9110)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pypi_subset.model.paths import JSON_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

#: An HTML page: for every client, and for a client that asks for the API's own name of the same thing.
HTML_TYPE, API_HTML_TYPE = "text/html; charset=utf-8", "application/vnd.pypi.simple.v1+html"

_WEIGHT = re.compile(r"q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


def preferred(accept: str, *, has_json: bool) -> str:
    """
    Return the type to answer an ``Accept`` header with; HTML where the client takes nothing that there is.

    JSON goes only to clients that name it: a browser's or curl's ``*/*`` means HTML.
    """
    weights = _weights(accept.lower() or "*/*")
    json, html = _weight(weights, JSON_TYPE), _weight(weights, "text/html")
    api_html = _weight(weights, API_HTML_TYPE)
    if has_json and json and json >= max(html, api_html) and _names(JSON_TYPE) & weights.keys():
        return JSON_TYPE
    return API_HTML_TYPE if api_html > html else HTML_TYPE


def _weights(accept: str) -> dict[str, float]:
    """Return media range → weight; what cannot be read is left out."""
    found: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (text.strip() for text in part.split(";"))
        said = [text for text in parameters if text.startswith("q=")]
        if all(map(_WEIGHT.fullmatch, said)):
            found[name] = max(found.get(name, 0.0), float(said[0][2:]) if said else 1.0)
    return found


def _weight(weights: Mapping[str, float], kind: str) -> float:
    """Return the weight of a type: that of its own name if it stands there, else of the closest wildcard."""
    if own := _names(kind) & weights.keys():
        return max(weights[name] for name in own)
    return weights.get(f"{kind.partition('/')[0]}/*", weights.get("*/*", 0.0))


def _names(kind: str) -> set[str]:
    """Return a type and, of a version of the API, its name as the latest one."""
    return {kind, kind.replace(".v1+", ".latest+")}
