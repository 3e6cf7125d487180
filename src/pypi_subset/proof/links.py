"""Reading the pages of the site as an installer does (PEP 503), with no line of what wrote them."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urljoin

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """What a page says of one file: its SHA-256, ``""`` without, and its Requires-Python."""

    sha256: str
    requires_python: str | None


class _Anchors(HTMLParser):
    """Collects the attributes of all anchors, each with the address that relative links start from at that place."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._base = where
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an anchor; follow a base, which leads all links behind it elsewhere."""
        attributes = {name: value or "" for name, value in attrs}
        if tag == "base" and attributes.get("href"):
            self._base = urljoin(self._base, attributes["href"])
        elif tag == "a" and attributes.get("href"):
            self.found.append((self._base, attributes))


def links(path: Path, where: str) -> dict[str, Link]:
    """
    Return the files that a page leads to, by path below the site, or by URL where they are elsewhere.

    :param path: the page's file.
    :param where: the page's own path below the site, from which its relative links count.
    """
    anchors = _Anchors(where)
    anchors.feed(path.read_text(encoding="utf-8", errors="replace"))
    found = {}
    for base, attributes in anchors.found:
        address, fragment = urldefrag(urljoin(base, attributes["href"]))
        name, _, digest = fragment.partition("=")
        file = address if "://" in address else unquote(posixpath.normpath(address))
        found[file] = Link(
            sha256=digest if name == "sha256" else "", requires_python=attributes.get("data-requires-python")
        )
    return found
