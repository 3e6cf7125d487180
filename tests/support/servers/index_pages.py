"""Pages of an index, in JSON and in HTML, and what a file's name says."""

from __future__ import annotations

import contextlib
import hashlib
import html
import json
import re
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import quote

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

JSON = "application/vnd.pypi.simple.v1+json"


class File(Protocol):
    """What an index can offer: a `Wheel`, a `Sdist`, or anything else with a name, bytes and metadata."""

    @property
    def filename(self) -> str:
        """Name on the index."""

    @property
    def data(self) -> bytes:
        """The bytes."""

    @property
    def metadata(self) -> bytes:
        """The METADATA or PKG-INFO inside."""


def project_of(filename: str) -> str:
    """Return the normalized project that the file's name says; a name that says nothing is read up to its version."""
    with contextlib.suppress(ValueError):
        return str((parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename)(filename)[0])
    return str(canonicalize_name(re.split(r"-\d", filename)[0]))


def version_of(filename: str) -> str:
    """Return the version that the file's name says, ``0`` if it says none."""
    with contextlib.suppress(ValueError):
        return str((parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename)(filename)[1])
    return "0"


def anchor(entry: Mapping[str, object]) -> str:
    """Return a project page's line for one file (PEP 503, 592, 714)."""
    hashes = cast("dict[str, str]", entry["hashes"])
    metadata = cast("dict[str, str]", entry.get("core-metadata", {}))
    fragment = entry.get("fragment", "".join(f"#{kind}={digest}" for kind, digest in hashes.items()))
    attributes = {"href": f"{entry['url']}{fragment}"}
    if metadata:
        attributes["data-core-metadata"] = f"sha256={metadata['sha256']}"
    if "requires-python" in entry:
        attributes["data-requires-python"] = str(entry["requires-python"])
    if "yanked" in entry:
        attributes["data-yanked"] = "" if entry["yanked"] is True else str(entry["yanked"])
    for key in {"provenance", "upload-time", "size"} & entry.keys():
        attributes[f"data-{key}"] = str(entry[key])
    listed = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<a {listed}>{html.escape(str(entry['filename']))}</a><br>"


def entry_of(file: File, *, hashes: bool, metadata: bool, uploaded: str | None) -> dict[str, object]:
    """
    Return one element of ``files`` of a project page (PEP 691, 700).

    :param hashes: whether it has the SHA-256.
    :param metadata: whether it has the SHA-256 of METADATA (PEP 714).
    :param uploaded: upload time, which comes with the size; ``None``: neither.
    """
    entry: dict[str, object] = {"filename": file.filename, "url": f"../../files/{quote(file.filename)}", "hashes": {}}
    if hashes:
        entry["hashes"] = {"sha256": hashlib.sha256(file.data).hexdigest()}
    if metadata:
        entry["core-metadata"] = {"sha256": hashlib.sha256(file.metadata).hexdigest()}
    if uploaded is not None:
        entry |= {"size": len(file.data), "upload-time": uploaded}
    requires_python = BytesHeaderParser().parsebytes(file.metadata)["Requires-Python"]
    if requires_python:
        entry["requires-python"] = requires_python
    return entry


def as_json(page: Mapping[str, object]) -> bytes:
    """Return *page* as JSON (PEP 691)."""
    return json.dumps(page).encode()


def as_html(title: str, links: Sequence[str], status: Mapping[str, str]) -> bytes:
    """
    Return an HTML page with *links*, one a line.

    :param status: the project's status and its reason (PEP 792).
    """
    metas = [
        f'<meta name="pypi:project-status{"-reason" * (key == "reason")}" content="{html.escape(text)}">'
        for key, text in status.items()
    ]
    head = f'<!DOCTYPE html><html lang="en"><head><title>{title or "all"}</title>{"".join(metas)}</head><body>\n'
    return "\n".join([head, *links, "</body></html>"]).encode()
