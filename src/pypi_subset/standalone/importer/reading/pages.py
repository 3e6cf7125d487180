"""
Links of the pages of an index, as pypi-subset writes pages.

A page with anything else is refused. Two readers of HTML could disagree about it, and a hostile one could take an HTML
parser of an old Python hours.
"""

import html
import re

from pypi_subset.standalone.errors import Refused, shown
from pypi_subset.standalone.importer.reading.strict_json import Fields, digest_in, parse_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Bytes of a page, its tags, and values of one in JSON. Projects with a release each night have 30,000 files.
LONGEST_PAGE, MOST_TAGS, MOST_VALUES_OF_PAGE = 64 << 20, 1_000_000, 2_000_000
#: Characters of an address.
LONGEST_ADDRESS = 4096

#: Text, or a tag whose attributes are in double quotes. No two of the alternatives begin alike.
TOKEN = re.compile(
    r'[^<]+|<!DOCTYPE html>|<(/?)([a-z][a-z0-9]{0,15})((?: [a-z][a-z0-9:-]{0,63}(?:="[^"<>]*")?){0,64}) ?/?>'
)
ATTRIBUTE = re.compile(r' ([a-z][a-z0-9:-]{0,63})(?:="([^"<>]*)")?')
#: The tags of a page. Others run programs, hide links, or move them as ``<base>`` does.
TAGS = frozenset(
    (
        *("a", "body", "br", "code", "div", "h1", "h2", "h3", "head", "html", "li", "link", "meta", "ol", "p", "span"),
        *("table", "td", "th", "title", "tr", "ul"),
    )
)


def links_of_json(data: bytes, page: str) -> "list[tuple[str, str]]":
    """
    Return address and SHA-256 of each file of a page in JSON (PEP 691).

    :raises Refused: it is no such page.
    """
    found: list[tuple[str, str]] = []
    files: list[Any] = Fields(parse_json(data, shown(page), MOST_VALUES_OF_PAGE), shown(page)).get("files", list)
    for one in files:
        fields = Fields(one, f"a file of {shown(page)}")
        hashes = Fields(fields.get("hashes", dict), fields.where)
        found.append((checked_address(fields.get("url", str), page), hashes.digest("sha256")))
    return found


def links_of_html(data: bytes, page: str) -> "list[tuple[str, str]]":
    """
    Return address and SHA-256 of each link of a page in HTML (PEP 503); ``""`` for a link without a hash.

    :raises Refused: it has anything that pypi-subset writes into no page.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{shown(page)} is no page of an index: it is not UTF-8") from None
    found: list[tuple[str, str]] = []
    at = count = 0
    before = ""
    while at < len(text):
        match = TOKEN.match(text, at)
        tag = (match.group(2) or "") if match is not None else ""
        if match is None or (tag and tag not in TAGS) or (before == "title" and tag and not match.group(1)):
            raise Refused(f"{shown(page)} is no page of an index: it has {shown(text[at : at + 40])}")
        at, count = match.end(), count + 1
        if count > MOST_TAGS:
            raise Refused(f"{shown(page)} has more than {MOST_TAGS} tags")
        if tag:
            before = "" if match.group(1) else tag
        if tag == "a" and not match.group(1):
            found += address_in(match.group(3), page)
    return found


def address_in(attributes: str, page: str) -> "list[tuple[str, str]]":
    """Return address and hash that the attributes of a link name, if they name any."""
    values = [one.group(2) or "" for one in ATTRIBUTE.finditer(attributes) if one.group(1) == "href"]
    if len(values) > 1:
        raise Refused(f"{shown(page)} has a link with two addresses")
    if not values or not values[0]:
        return []
    url, _, fragment = html.unescape(checked_address(values[0], page)).partition("#")
    return [(url, digest_in(fragment[7:], f"the hash of a link of {shown(page)}") if fragment[:7] == "sha256=" else "")]


def checked_address(url: str, page: str) -> str:
    """Return *url*, after checking its length: Pythons before 3.11 read long numbers slowly."""
    if len(url) > LONGEST_ADDRESS:
        raise Refused(f"{shown(page)} has an address of more than {LONGEST_ADDRESS} characters")
    return url
