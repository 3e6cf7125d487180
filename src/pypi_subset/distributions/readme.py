"""The summary and the README of a release, as METADATA has them (core metadata specification, Summary and Description)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from pypi_subset.distributions.metadata import licensing_of, without_description

if TYPE_CHECKING:
    from email.message import Message

#: What a continued line of Description begins with in the header: seven blanks and a bar, or eight blanks.
_CONTINUED = re.compile(r"^(?: {7}\|| {8}|\t)", re.MULTILINE)
#: Characters of a licence as a name; what is longer is its text.
_NAME = 60
_CLASSIFIER = "License :: "


@dataclass(frozen=True, kw_only=True, slots=True)
class Readme:
    """
    What METADATA says for people.

    :param summary: one line, ``""`` without one.
    :param text: the README, ``""`` without one.
    :param kind: the media type of *text* with its parameters, as written; ``""`` without one.
    :param license: SPDX expression, else the name of a licence; ``""`` without one.
    """

    summary: str
    text: str
    kind: str
    license: str


def readme_of(metadata: bytes) -> Readme:
    """Return what *metadata* says for people; what is no UTF-8 becomes U+FFFD."""
    head = without_description(metadata)
    fields = BytesHeaderParser().parsebytes(head)
    text = metadata.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n\n")[2].decode(errors="replace")
    if not text.strip():
        text = _CONTINUED.sub("", _field(head, fields, "description"))
    return Readme(
        summary=" ".join(_field(head, fields, "summary").split()),
        text=text if text.strip() else "",
        kind=_field(head, fields, "description-content-type").strip(),
        license=_license(metadata),
    )


def _field(head: bytes, fields: Message, name: str) -> str:
    """Return the first value of a field; the parser of mail headers hides UTF-8 that no header declares."""
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, str) and value.isascii():
        return value
    found = re.search(rb"(?im)^%s:(.*(?:\n[ \t].*)*)" % name.encode(), head)
    return found[1].strip().decode(errors="replace") if found else ""


def _license(metadata: bytes) -> str:
    """Return the licence in one line: the expression, a short text, or the last part of a classifier."""
    found = licensing_of(metadata)
    short = " ".join(found.text.split())
    for one in (found.expression, short if len(short) <= _NAME else ""):
        if one and one.upper() != "UNKNOWN":
            return one
    named = [one.rpartition(" :: ")[2] for one in found.classifiers if one.startswith(_CLASSIFIER)]
    return ", ".join(dict.fromkeys(one for one in named if one != "OSI Approved"))
