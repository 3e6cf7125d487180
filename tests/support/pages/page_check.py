"""HTML5 pages held to the standard, and read back."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree.ElementTree import Element

import html5lib
import pytest

from pypi_subset.support.text import POLICY

_NAMESPACE = "{http://www.w3.org/1999/xhtml}"


@dataclass(frozen=True)
class Anchor:
    """One link of a page: its text, path segments (decoded), fragment, and attributes (all strings)."""

    text: str
    segments: tuple[str, ...]
    fragment: str
    attributes: dict[str, str]


def document(page: str) -> Element:
    """Return the root of *page*; any parse error of the HTML standard fails the test."""
    parser = html5lib.HTMLParser()
    root = parser.parse(page.encode())
    if parser.errors:
        pytest.fail(f"not valid HTML5: {parser.errors[:3]} in {page!r}")
    assert isinstance(root, Element)
    return root


def elements(page: str, tag: str) -> list[Element]:
    """Return the elements of *page* with this tag, in order."""
    return list(document(page).iter(f"{_NAMESPACE}{tag}"))


def anchors(page: str) -> list[Anchor]:
    """Return the links of *page*, in order."""
    found = []
    for element in elements(page, "a"):
        attributes = dict(element.items())
        path, _, fragment = attributes.pop("href").partition("#")
        segments = tuple(unquote(segment) for segment in path.split("/"))
        found.append(Anchor("".join(element.itertext()), segments, fragment, attributes))
    return found


def tags(page: str) -> list[str]:
    """Return the tags of all elements of *page*, in order: what hostile text must never change."""
    return [str(element.tag).removeprefix(_NAMESPACE) for element in document(page).iter()]


def parts_of(page: str) -> tuple[list[str | None], list[str | None]]:
    """Return the styles and the scripts that *page* loads; it has the policy of pages for people, and neither is in it."""
    metas = [dict(one.items()) for one in elements(page, "meta")]
    assert metas[1] == {"http-equiv": "Content-Security-Policy", "content": POLICY}
    assert not elements(page, "style")
    names = [name for one in document(page).iter() for name, _ in one.items()]
    assert not [name for name in names if name == "style" or name.startswith("on")]
    scripts = elements(page, "script")
    assert not [one for one in scripts if "".join(one.itertext()).strip()]
    return [one.get("href") for one in elements(page, "link")], [one.get("src") for one in scripts]


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
