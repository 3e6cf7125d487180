"""The one writer of sites by hand: pages, files and metadata as the layout has them, without a line of the tool."""

from __future__ import annotations

import hashlib
import html
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import parse_wheel_filename

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.support.wheels import Wheel


@dataclass(frozen=True)
class Entry:
    """
    A file of an index.

    :param uploaded: when, as PEP 700 writes it; ``None``: the pages do not say.
    :param yanked: the reason, perhaps empty, if it is yanked (PEP 592).
    """

    wheel: Wheel
    uploaded: str | None = None
    yanked: str | None = None

    @property
    def project(self) -> str:
        """The normalized project that the file's name says."""
        return parse_wheel_filename(self.wheel.filename)[0]

    @property
    def version(self) -> str:
        """The version that the file's name says."""
        return str(parse_wheel_filename(self.wheel.filename)[1])

    def url(self, way: str) -> str:
        """Return the link from a page; *way* leads from there to the project's files, with ``{}`` for the project."""
        return way.format(self.project) + self.wheel.filename.replace("+", "%2B")


def write_site(site: Path, union: Iterable[Entry], views: Mapping[str, Iterable[Entry]]) -> None:
    """
    Write a whole site but for its manifest: both forms of the index, each target's view, all files, pages for people.

    :param union: all files.
    :param views: target → the files that it needs.
    """
    entries = list(union)
    for entry in entries:
        place = site / "simple" / entry.project / entry.wheel.filename
        _put(place, entry.wheel.data)
        _put(place.with_name(f"{place.name}.metadata"), entry.wheel.metadata)
    _write_index(site / "simple", entries, "../{}/")
    _write_index(site / "simple-json", entries, "../../simple/{}/")
    for path in (site / "simple-json").rglob("index.v1_json"):
        path.replace(path.with_name("index.html"))
    for target, needed in views.items():
        _write_index(site / "targets" / target / "simple", list(needed), "../../../../simple/{}/")
    _put(site / "find-links.html", _html(_anchor(entry, "simple/{}/") for entry in entries))
    _put(site / "index.html", _html(["<p>what is here</p>"]))


def sha256(data: bytes) -> str:
    """Return the hexadecimal SHA-256 of *data*."""
    return hashlib.sha256(data).hexdigest()


def _write_index(root: Path, entries: Sequence[Entry], way: str) -> None:
    """Write an index in HTML and JSON; *way* leads from a project's page to the files of a project."""
    projects: dict[str, list[Entry]] = {}
    for entry in entries:
        projects.setdefault(entry.project, []).append(entry)
    names = sorted(projects)
    _put(root / "index.html", _html(f'<a href="{name}/">{name}</a>' for name in names))
    _put(root / "index.v1_json", _json({"projects": [{"name": name} for name in names]}))
    for name, own in projects.items():
        _put(root / name / "index.html", _html(_anchor(entry, way) for entry in own))
        versions = list(dict.fromkeys(entry.version for entry in own))
        page = {"name": name, "versions": versions, "files": [_facts(entry, way) for entry in own]}
        _put(root / name / "index.v1_json", _json(page))


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _html(lines: Iterable[str]) -> bytes:
    head = '<meta charset="utf-8"><meta name="pypi:repository-version" content="1.4"><title>page</title>'
    body = "\n".join(lines)
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>\n{body}\n</body></html>'.encode()


def _json(page: Mapping[str, Any]) -> bytes:
    return json.dumps({"meta": {"api-version": "1.4"}, **page}).encode()


def _anchor(entry: Entry, way: str) -> str:
    """Return one line of a project page (PEP 503, 592, 714)."""
    yanked = "" if entry.yanked is None else f' data-yanked="{html.escape(entry.yanked)}"'
    uploaded = "" if entry.uploaded is None else f' data-upload-time="{entry.uploaded}"'
    return (
        f'<a href="{entry.url(way)}#sha256={entry.wheel.sha256}"'
        f' data-core-metadata="sha256={sha256(entry.wheel.metadata)}"{yanked}{uploaded}>'
        f"{html.escape(entry.wheel.filename)}</a><br>"
    )


def _facts(entry: Entry, way: str) -> dict[str, Any]:
    """Return one element of ``files`` (PEP 691, 700, 714)."""
    uploaded = {} if entry.uploaded is None else {"upload-time": entry.uploaded}
    return {
        "filename": entry.wheel.filename,
        "url": entry.url(way),
        "hashes": {"sha256": entry.wheel.sha256},
        "size": len(entry.wheel.data),
        "core-metadata": {"sha256": sha256(entry.wheel.metadata)},
        "yanked": False if entry.yanked is None else entry.yanked or True,
        **uploaded,
    }
