"""Core metadata: what a wheel's METADATA has to say."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from packaging.utils import InvalidName, InvalidSdistFilename, InvalidWheelFilename
from packaging.version import InvalidVersion, Version

from pypi_subset.distributions.filenames import normalized, project_and_version
from pypi_subset.errors import BadDistribution

if TYPE_CHECKING:
    from packaging.utils import NormalizedName


#: The major version of the core metadata that we read; its specification has readers refuse a higher one.
METADATA_MAJOR = 2

#: METADATA as almost all of it is: these three first, each once: read without the parser of mail headers.
_USUAL = re.compile(
    rb"Metadata-Version: (2\.[0-9]+)\r?\nName: ([\w.-]+)\r?\nVersion: ([\w.!+-]+)\r?\n(?=[\w-]+:|\r?\n)"
)
_AGAIN = re.compile(rb"^(?:Metadata-Version|Name|Version)[ \t]*:", re.IGNORECASE | re.MULTILINE)


def check_metadata(metadata: bytes, filename: str) -> None:
    """
    Hold what *metadata* says of itself against the wheel's name.

    Names are compared as PEP 503 has it, versions as PEP 440 has it: old wheels spell both in many ways. A field that
    stands there twice must agree twice.

    :raises BadDistribution: another project, another version, a form that only later tools can read, or no UTF-8.
    """
    (project, version), spelt = parsed(filename), filename.split("-")[1]
    if not is_text(metadata):
        msg = f"{filename} cannot be read: its METADATA is not UTF-8"
        raise refused(msg, filename)
    forms, names, versions = _head(metadata)
    for wrong in (
        *_missing("Name", names),
        *_missing("Version", versions),
        *(f"is of the project {short(name)}" for name in names if normalized(name) != project),
        # Spelt as in the name, it is that of the name.
        *(f"is of version {short(text)}" for text in versions if text != spelt and not _is_version(text, version)),
        # pip takes a wheel that does not say it. A later minor version only adds fields (PEP 643, 566).
        *(f"has Metadata-Version {short(form)}, not 1 or 2" for form in forms if not is_known(form, 1, METADATA_MAJOR)),
    ):
        msg = f"{filename} contradicts its name" if wrong.startswith("is of") else f"{filename} cannot be read"
        msg = f"{msg}: its METADATA {wrong}"
        raise refused(msg, filename)


def parsed(filename: str) -> tuple[NormalizedName, Version]:
    """Return project and version from the name of a distribution."""
    try:
        project, version = project_and_version(filename)
    except (InvalidName, InvalidWheelFilename, InvalidSdistFilename) as error:
        raise BadDistribution(str(error), next_step="rename it as the project named it, or remove it") from error
    return project, version


def refused(what: str, filename: str) -> BadDistribution:
    """Return the error for a wheel that is refused."""
    project, version = parsed(filename)
    step = f"leave it out, as with '{project}!={version}', and tell whoever offers it"
    return BadDistribution(what, project=project, next_step=step)


def is_text(data: bytes) -> bool:
    """Whether it is UTF-8, as installers take for granted."""
    try:
        return data.isascii() or data.decode() is not None
    except UnicodeDecodeError:
        return False


def _head(metadata: bytes) -> tuple[list[str], list[str], list[str]]:
    """Return every Metadata-Version, Name and Version of *metadata*, as the parser of mail headers reads them."""
    # Below the first empty line stands a description, often the most of it.
    head = metadata.partition(b"\n\n")[0] + b"\n\n"
    usual = _USUAL.match(head)
    if usual is not None and not _AGAIN.search(head, usual.end()):
        form, name, version = (value.decode() for value in usual.groups())
        return [form], [name], [version]
    # Few are written in another way, and this takes longer to load than to read thousands that are not.
    from email.parser import BytesHeaderParser  # noqa: PLC0415

    headers = BytesHeaderParser().parsebytes(head)
    forms, names, versions = (
        [str(value).strip() for value in headers.get_all(field, [])]
        for field in ("Metadata-Version", "Name", "Version")
    )
    return forms, names, versions


def _missing(field: str, values: list[str]) -> list[str]:
    return [] if values else [f"has no {field}"]


def _is_version(text: str, version: Version) -> bool:
    try:
        return Version(text) == version
    except InvalidVersion:
        return False


@functools.lru_cache(maxsize=64)
def is_known(form: str, first: int, last: int) -> bool:
    """Whether the major version of *form* lies between the two."""
    found = re.fullmatch(r"([0-9]{1,9})(\.[0-9]+)*", form)
    return found is not None and first <= int(found[1]) <= last


def short(text: str) -> str:
    """Return *text* as it can be shown anywhere, however long it is and whatever is in it."""
    shown = ascii(text)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"  # noqa: PLR2004 - a line's worth
