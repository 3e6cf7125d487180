"""Attacks by what stands on a page of an index, and by a published site that the proof reads."""

from __future__ import annotations

import contextlib
import itertools
import time
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from unittest import mock
from urllib.parse import urljoin

from packaging.utils import canonicalize_name

from pypi_subset.errors import SubsetError
from pypi_subset.model import door
from pypi_subset.proof.access import page_links, remote_site
from pypi_subset.support import bounds
from pypi_subset.upstream import simple_api
from pypi_subset.upstream.simple_api import read_page
from tests.evidence.hostile.input.attack import InputAttack, costs, lasts, setting, slow
from tests.evidence.hostile.input.network import BOUND, NONE, bounded, much
from tests.support.servers.hostile import head, sending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.evidence.hostile.input.attack import Attempt, Door

_APP = canonicalize_name("app")
_TAGS = simple_api._tags  # noqa: SLF001 - what its door opens
_JSON = "application/vnd.pypi.simple.v1+json"


class _Anchors(HTMLParser):
    """The reader of the standard library."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def _by_the_library(text: str) -> list[tuple[str, dict[str, str]]]:
    """Read start tags as the standard library does."""
    reader = _Anchors()
    reader.feed(text)
    reader.close()
    return reader.found


def read_html(text: str) -> object:
    """Read a page in HTML."""
    return read_page(text, content_type="text/html", url="https://index.example/", project=_APP)


def _read(text: str, kind: str = "text/html") -> object:
    with contextlib.suppress(ValueError):
        return read_page(text, content_type=kind, url="https://index.example/", project=_APP)
    return None


def _slow_page(piece: str, count: int) -> Attempt:
    return lambda _folder: slow(lambda: _read(piece * count), 3)


def _slow_page_of_a_site(folder: Path) -> bool:
    path = folder / "index.html"
    path.write_text("<a " * 9_000)
    return slow(lambda: page_links.links(path, "index.html"), 3)


def _large_page(text: Callable[[], str], kind: str) -> Attempt:
    return lambda _folder: costs(lambda: _read(text(), kind), 150)


def _shifting(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Let each base begin at the one before it."""
    base = ""
    for tag, said in _TAGS(text):
        base = urljoin(base, said["href"]) if tag == "base" else base
        yield tag, {"href": base} if tag == "base" else said


def _long_base(_folder: Path) -> bool:
    return slow(lambda: _read(f'<base href="{"x/" * 20_000}">{"<a href=app-1.0.zip>" * 200}'), 3)


def _long_base_of_a_site(folder: Path) -> bool:
    path = folder / "index.html"
    path.write_text(f'<base href="{"x/" * 20_000}">{"<a href=a>" * 5_000}')
    return slow(lambda: page_links.links(path, "index.html"), 3)


def _manifest_of_many_values(folder: Path) -> bool:
    data = b'{"schema": "1.1", "x": [' + b"[]," * 5_000_000 + b"[]]}"
    return costs(lambda: door.decode(data, path=folder / "manifest.json", next_step="publish it again"), 150)


def _many_tags() -> str:
    few = [".".join(f"{letter}{number:x}" for number in range(11)) for letter in "ab"]
    names = (f"app-1-{'-'.join(few)}-{'.'.join(f'{one:x}y{number:x}' for number in range(11))}" for one in range(1000))
    return "".join(f"<a href={name}.whl>" for name in names)


def _outline(answer: Callable[[str], Iterable[bytes]], folder: Path) -> list[str]:
    """Have the proof read a site; return the requests."""
    seen = list[str]()
    with contextlib.suppress(SubsetError), sending(answer, seen) as url:
        remote_site.outline(url, "0" * 64, "here", folder)
    return seen


def _many_redirects_of_a_site(folder: Path) -> bool:
    return len(_outline(lambda path: [head(302, Location=f"/x{path}")], folder)) > 8


def _large_site(folder: Path) -> bool:
    return costs(lambda: _outline(lambda _: itertools.chain([head()], much()), folder), 150)


def _dripping_site(folder: Path) -> bool:
    def answer(_path: str) -> Iterator[bytes]:
        yield head()
        while True:
            yield b"x"
            time.sleep(0.1)

    with mock.patch.object(bounds, "PATIENCE", 0.5):
        return lasts(lambda: _outline(answer, folder), 8)


def _attack(name: str, attempt: Attempt, opened: Door) -> InputAttack:
    return InputAttack(name=name, kind="pages-of-indexes", attempt=attempt, door=opened)


ATTACKS = [
    _attack("page-of-many-bases", _slow_page('<base href="x/">', 12_000), setting(simple_api, _tags=_shifting)),
    _attack("page-of-a-long-base", _long_base, setting(bounds, LONGEST_BASE=NONE)),
    _attack("site-page-of-a-long-base", _long_base_of_a_site, setting(bounds, LONGEST_BASE=NONE)),
    _attack("manifest-of-many-values", _manifest_of_many_values, setting(bounds, MOST_FACTS=NONE)),
    _attack("page-of-half-tags", _slow_page("<a ", 9_000), setting(simple_api, start_tags=_by_the_library)),
    _attack(
        "page-of-many-links",
        _large_page(lambda: "<meta a=b>" * 600_000, "text/html"),
        setting(bounds, MOST_LINKS=NONE),
    ),
    _attack(
        "page-of-many-values",
        _large_page(lambda: '{"files": [], "project-status": [' + "[]," * 5_000_000 + "[]]}", _JSON),
        setting(bounds, MOST_VALUES=NONE),
    ),
    _attack("names-of-many-tags", _large_page(_many_tags, "text/html"), setting(bounds, MOST_TAGS=NONE)),
    _attack("site-page-of-half-tags", _slow_page_of_a_site, setting(page_links, start_tags=_by_the_library)),
    _attack(
        "site-of-many-redirects",
        _many_redirects_of_a_site,
        setting(remote_site.Redirects, max_redirections=100, max_repeats=100),
    ),
    _attack(
        "site-of-an-endless-manifest",
        bounded(_large_site, LARGEST_DOCUMENT=BOUND),
        setting(bounds, LARGEST_DOCUMENT=NONE),
    ),
    _attack("site-byte-by-byte", _dripping_site, setting(bounds, LEAST_SPEED=1e-9)),
]
