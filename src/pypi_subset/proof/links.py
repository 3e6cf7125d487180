"""Reading the pages of the site as an installer does (PEP 503), with no line of what wrote them."""

from __future__ import annotations

import posixpath
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urljoin

if TYPE_CHECKING:
    from pathlib import Path


class _Anchors(HTMLParser):
    """Collects the targets of all anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the target of an anchor."""
        if tag == "a":
            self.targets += [value for name, value in attrs if name == "href" and value]


def hashes(path: Path, where: str) -> dict[str, str]:
    """
    Return the files that a page leads to, by path below the site, with the SHA-256 that it gives, ``""`` without.

    :param path: the page's file.
    :param where: the page's own path below the site, from which its relative links count.
    """
    anchors = _Anchors()
    anchors.feed(path.read_text(encoding="utf-8"))
    found = {}
    for target in anchors.targets:
        address, fragment = urldefrag(target)
        name, _, digest = fragment.partition("=")
        file = unquote(posixpath.normpath(urljoin(where, address)))
        found[file] = digest if name == "sha256" else ""
    return found
