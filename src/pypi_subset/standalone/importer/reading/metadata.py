"""What METADATA of a distribution says of itself, and names, requirements and versions of projects."""

import re

from pypi_subset.standalone.errors import Refused, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Bytes of METADATA, its fields, and characters of a field that is read. Real ones have 2 MB, 550 and 1,000.
LONGEST_METADATA, MOST_FIELDS_OF_METADATA, LONGEST_FIELD = 16 << 20, 10_000, 16_384
#: The fields that are read.
READ_FIELDS = frozenset(("name", "version", "requires-dist"))
#: Characters of a version that is compared as a version.
LONGEST_VERSION = 300

#: Name, and what follows it, of a requirement without a marker (PEP 508).
REQUIRED = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:[\[(<>=!~@][^;]*)?")

#: A version in any spelling (PEP 440, appendix B), in lower case.
VERSION = re.compile(
    r"v?(?:(\d{1,18})!)?(\d{1,18}(?:\.\d{1,18})*)"
    r"(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)(?:[-_.]?(\d{1,18}))?)?"
    r"(?:-(\d{1,18})|[-_.]?(post|rev|r)(?:[-_.]?(\d{1,18}))?)?"
    r"(?:[-_.]?(dev)(?:[-_.]?(\d{1,18}))?)?"
    r"(?:\+([a-z0-9]{1,64}(?:[-_.][a-z0-9]{1,64})*))?",
    re.ASCII,
)
PRE_RELEASES = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


def fields_of(data: bytes, name: str) -> "dict[str, list[str]]":
    """
    Return the fields of core metadata that an import needs, by name in lower case.

    email.parser takes ten times as long.

    :param name: what messages call the file.
    :raises Refused: it has more fields, or longer ones, than a project writes.
    """
    pieces: dict[str, list[list[str]]] = {}
    last: list[str] = []
    count = 0
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for line in text.partition("\n\n")[0].split("\n"):
        if count > MOST_FIELDS_OF_METADATA:
            break
        if line[:1] in (" ", "\t"):
            last.append(line)
            continue
        field, _, value = line.partition(":")
        field, last, count = field.strip().lower(), [value.strip()], count + 1
        if field in READ_FIELDS:
            pieces.setdefault(field, []).append(last)
    found = {field: ["".join(parts) for parts in every] for field, every in pieces.items()}
    if count > MOST_FIELDS_OF_METADATA or any(len(one) > LONGEST_FIELD for every in found.values() for one in every):
        raise Refused(f"{shown(name)} has METADATA with more or longer fields than any project has")
    return found


def required_project(line: str, where: str) -> str:
    """
    Return the project of a requirement that always holds, ``""`` for one with a marker.

    :param where: what messages call its owner.
    :raises Refused: it is no requirement.
    """
    match = REQUIRED.fullmatch(line) if len(line) <= LONGEST_FIELD else None
    if match is not None:
        return normalized(match.group(1))
    if ";" not in line:
        raise Refused(f"{where} has the requirement {shown(line)}, which is damaged")
    return ""


def normalized(name: str) -> str:
    """Return the normalized name of a project (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def plain_version(version: str) -> "Any":
    """Return the same for all spellings of a version (PEP 440)."""
    match = VERSION.fullmatch(version.strip().lower()) if len(version) <= LONGEST_VERSION else None
    if match is None:
        return version
    epoch, release, kind, pre, implicit, post, post_number, dev, dev_number, local = match.groups()
    numbers = [int(one) for one in release.split(".")]
    while numbers[1:] and not numbers[-1]:
        numbers.pop()
    return (
        int(epoch or 0),
        numbers,
        kind and (PRE_RELEASES.get(kind, kind), int(pre or 0)),
        (implicit or post) and int(implicit or post_number or 0),
        dev and int(dev_number or 0),
        local and [int(one) if one.isdigit() else one for one in re.split("[-_.]", local)],
    )
