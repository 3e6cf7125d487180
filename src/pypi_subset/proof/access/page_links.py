"""Reading the pages of the site as an installer does (PEP 503, 691), with no line of what wrote them."""

from __future__ import annotations

import contextlib
import itertools
import json
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urljoin

from pypi_subset.support import bounds, files
from pypi_subset.support.markup.start_tags import start_tags
from pypi_subset.support.text import values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """What a page says of one file: its SHA-256, its Requires-Python, the SHA-256 of its metadata; ``""`` without."""

    sha256: str = ""
    requires_python: str | None = None
    metadata: str = ""


def links(path: Path, where: str) -> dict[str, Link]:
    """
    Return the files or projects that a page leads to, by path below the site, or by URL where they are elsewhere.

    :param path: the page's file; what it begins with tells HTML from JSON, as a server's type would.
    :param where: the page's own path below the site, from which its relative links count.
    """
    with files.folder_errors(path):
        text = files.read_input(path, bounds.LARGEST_PAGE).decode(errors="replace")
    return _of_json(text, where) if text.startswith("{") else _of_html(text, where)


def _of_html(text: str, where: str) -> dict[str, Link]:
    """PEP 503, 658; what is no address leads nowhere."""
    found: dict[str, Link] = {}
    with contextlib.suppress(ValueError):
        tags = list(itertools.islice(_tags(text), bounds.MOST_LINKS))
        # The first base counts, for the links before it too.
        base = next((said["href"] for tag, said in tags if tag == "base"), "")
        if len(base) > bounds.LONGEST_BASE:
            return {}
        start = urljoin(where, base)
        for attributes in (said for tag, said in tags if tag == "a" and said["href"]):
            address, fragment = urldefrag(urljoin(start, attributes["href"]))
            found[_place(address)] = Link(
                sha256=_digest(fragment),
                requires_python=attributes.get("data-requires-python"),
                metadata=_digest(attributes.get("data-core-metadata", "")),
            )
    return found


def _tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the anchors and bases of a page that lead anywhere."""
    return (found for found in start_tags(text) if found[0] in {"a", "base"} and "href" in found[1])


def _of_json(text: str, where: str) -> dict[str, Link]:
    """PEP 691, 714; a page that is none leads nowhere."""
    try:
        if values(text) > bounds.MOST_VALUES:
            return {}
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
        return {_place(urljoin(where, address)): link for address, link in listed}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _digest(stated: str) -> str:
    name, _, digest = stated.partition("=")
    return digest if name == "sha256" else ""


def _place(address: str) -> str:
    return address if "://" in address else unquote(posixpath.normpath(address))
