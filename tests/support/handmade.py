"""A small site written by hand, as the layout has it, for tests of what serves it."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pypi_subset.site import web_servers
from pypi_subset.support import files
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.wheels import Wheel


@dataclass(frozen=True)
class Entry:
    """A file of an index: when it was uploaded, and why it was taken back if it was."""

    project: str
    wheel: Wheel
    uploaded: str
    yanked: str | None = None

    def url(self, folder: str) -> str:
        """Return the link from a page, whose files lie in *folder* seen from there."""
        return f"{folder}{self.wheel.filename.replace('+', '%2B')}"


APP = Entry("app", make_wheel("app", "1.0+local", requires=["lib"]), "2024-01-01T00:00:00Z")
OLD = Entry("lib", make_wheel("lib", "1.0"), "2024-01-01T00:00:00Z")
NEW = Entry("lib", make_wheel("lib", "2.0"), "2026-01-01T00:00:00Z")
YANKED = Entry("lib", make_wheel("lib", "3.0"), "2026-02-01T00:00:00Z", yanked="it <broke> all")

#: The one target with a view of its own, which holds the old release.
TARGET = "linux"


def handmade(site: Path) -> Path:
    """Return *site*, now with two projects: `app`, which has a local version, and `lib` with a yanked release."""
    union, view = {"app": [APP], "lib": [OLD, NEW, YANKED]}, {"app": [APP], "lib": [OLD]}
    for name, entries in union.items():
        for entry in entries:
            _put(site, f"simple/{name}/{entry.wheel.filename}", entry.wheel.data)
            _put(site, f"simple/{name}/{entry.wheel.filename}.metadata", entry.wheel.metadata)
    for prefix, projects in (("simple", union), (f"targets/{TARGET}/simple", view)):
        _put(site, f"{prefix}/index.html", _root_html(list(projects)))
        _put(site, f"{prefix}/index.v1_json", _root_json(list(projects)))
        for name, entries in projects.items():
            folder = "" if prefix == "simple" else f"../../../../simple/{name}/"
            _put(site, f"{prefix}/{name}/index.html", _page_html(entries, folder))
            _put(site, f"{prefix}/{name}/index.v1_json", _page_json(entries, folder))
    _put(site, "simple-json/index.html", _root_json(list(union)))
    for name, entries in union.items():
        _put(site, f"simple-json/{name}/index.html", _page_json(entries, f"../../simple/{name}/"))
    everything = [(entry, f"simple/{name}/") for name, entries in union.items() for entry in entries]
    _put(site, "find-links.html", _html("".join(_anchor(entry, folder) for entry, folder in everything)))
    _put(site, "index.html", _html("front"))
    _put(site, "manifest.json", b"{}")
    for path, data in web_servers.render([TARGET]).items():
        _put(site, path, data)
    return site


def _put(site: Path, path: str, data: bytes) -> None:
    (site / path).parent.mkdir(parents=True, exist_ok=True)
    files.write(site / path, data)


def _html(body: str) -> bytes:
    head = '<meta charset="utf-8"><meta name="pypi:repository-version" content="1.4"><title>page</title>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>'.encode()


def _root_html(names: Sequence[str]) -> bytes:
    return _html("".join(f'<a href="{name}/">{name}</a>' for name in names))


def _root_json(names: Sequence[str]) -> bytes:
    return json.dumps({"meta": {"api-version": "1.4"}, "projects": [{"name": name} for name in names]}).encode()


def _page_html(entries: Sequence[Entry], folder: str) -> bytes:
    return _html("".join(_anchor(entry, folder) for entry in entries))


def _anchor(entry: Entry, folder: str) -> str:
    yanked = "" if entry.yanked is None else f' data-yanked="{html.escape(entry.yanked)}"'
    return (
        f'<a href="{entry.url(folder)}#sha256={entry.wheel.sha256}" data-core-metadata="true"{yanked}'
        f' data-upload-time="{entry.uploaded}">{entry.wheel.filename}</a><br>'
    )


def _page_json(entries: Sequence[Entry], folder: str) -> bytes:
    listed: list[dict[str, Any]] = [
        {
            "filename": entry.wheel.filename,
            "url": entry.url(folder),
            "hashes": {"sha256": entry.wheel.sha256},
            "size": len(entry.wheel.data),
            "upload-time": entry.uploaded,
            "core-metadata": True,
            "yanked": entry.yanked or False,
        }
        for entry in entries
    ]
    versions = [entry.wheel.filename.split("-")[1] for entry in entries]
    page = {"meta": {"api-version": "1.4"}, "name": entries[0].project, "versions": versions, "files": listed}
    return json.dumps(page).encode()
