"""Reading the pages of the site as an installer does (PEP 503, 691), with no line of what wrote them."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urljoin

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """What a page says of one file: its SHA-256, its Requires-Python, the SHA-256 of its metadata; ``""`` without."""

    sha256: str = ""
    requires_python: str | None = None
    metadata: str = ""


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
    Return the files or projects that a page leads to, by path below the site, or by URL where they are elsewhere.

    :param path: the page's file; what it begins with tells HTML from JSON, as a server's type would.
    :param where: the page's own path below the site, from which its relative links count.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    return _of_json(text, where) if text.startswith("{") else _of_html(text, where)


def _of_html(text: str, where: str) -> dict[str, Link]:
    """PEP 503, 658."""
    anchors = _Anchors(where)
    anchors.feed(text)
    found = {}
    for base, attributes in anchors.found:
        address, fragment = urldefrag(urljoin(base, attributes["href"]))
        found[_place(address)] = Link(
            sha256=_digest(fragment),
            requires_python=attributes.get("data-requires-python"),
            metadata=_digest(attributes.get("data-core-metadata", "")),
        )
    return found


def _of_json(text: str, where: str) -> dict[str, Link]:
    """PEP 691, 714; a page that is none leads nowhere."""
    try:
        page = json.loads(text)
        listed = [(f"{one['name']}/", Link()) for one in page.get("projects", ())]
        for one in page.get("files", ()):
            stated = one.get("core-metadata") or {}
            link = Link(
                sha256=one["hashes"].get("sha256", ""),
                requires_python=one.get("requires-python"),
                metadata=stated.get("sha256", ""),
            )
            listed.append((one["url"], link))
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {_place(urljoin(where, address)): link for address, link in listed}


def _digest(stated: str) -> str:
    name, _, digest = stated.partition("=")
    return digest if name == "sha256" else ""


def _place(address: str) -> str:
    return address if "://" in address else unquote(posixpath.normpath(address))
