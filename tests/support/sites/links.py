"""Where the pages of a site lead: every link of every page, what is missing, and a client that follows them."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.server
import json
import threading
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.error import HTTPError
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import urlopen

from tests.support.pages.page_check import anchors
from tests.support.servers.ports import answering
from tests.support.sites.trees import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


#: Directories of pages for people.
PEOPLE = ("project/", "request/", "list/")


def named(path: str, data: bytes) -> Iterator[tuple[str, str]]:
    """Yield what the page or lock at *path* leads to: a path below the site, and the hash that it tells, if any."""
    here = f"http://host/{path}"
    for address, digest in _links(path, data):
        found = urlsplit(urljoin(here, address))
        if found.netloc == "host":
            where = unquote(found.path).removeprefix("/")
            page = "index.v1_json" if path.endswith(".v1_json") else "index.html"
            yield where + page * (where.endswith("/") or not where), digest


def _links(path: str, data: bytes) -> Iterator[tuple[str, str]]:
    if path.endswith(".v1_json") or (path.startswith("simple-json/") and path.endswith(".html")):
        document = json.loads(data)
        yield from ((f"{one['name']}/", "") for one in document.get("projects", ()))
        for one in document.get("files", ()):
            yield one["url"], one["hashes"]["sha256"]
            yield f"{one['url']}.metadata", one["core-metadata"]["sha256"]
    elif path.endswith(".html") and path != "404.html":
        yield from _anchored(data)
    elif path.startswith("locks/pylock."):
        wheels = [wheel for package in tomllib.loads(data.decode())["packages"] for wheel in package["wheels"]]
        yield from ((wheel["path"], wheel["hashes"]["sha256"]) for wheel in wheels)


def _anchored(data: bytes) -> Iterator[tuple[str, str]]:
    for anchor in anchors(data.decode()):
        address, metadata = "/".join(anchor.segments).replace("+", "%2B"), anchor.attributes.get("data-core-metadata")
        if metadata:
            yield address, anchor.fragment.removeprefix("sha256=")
            yield f"{address}.metadata", metadata.removeprefix("sha256=")
        elif address:
            yield address, ""


def _reached(held: Mapping[str, bytes], start: str = "index.html") -> set[str]:
    """Return the pages that a reader comes to from the front page."""
    found, waiting = set[str](), [start]
    while waiting:
        page = waiting.pop()
        if page in held and page not in found:
            found.add(page)
            waiting += [where for where, _ in named(page, held[page]) if where.endswith(".html")]
    return found


def holes(root: Path) -> list[str]:
    """
    Return what some page below *root* leads to and is not there, or has another hash.

    Pages for people lead to one another in circles: they count as soon as a reader can come to them.
    """
    held = tree(root) if root.is_dir() else {}
    unreached = {page for page in held if page.startswith(PEOPLE)} - _reached(held)
    return [
        f"{page} -> {where}"
        for page, data in held.items()
        if not page.startswith("proof/") and page not in unreached
        for where, digest in named(page, data)
        if where not in held or (digest and hashlib.sha256(held[where]).hexdigest() != digest)
    ]


@dataclass
class Reader:
    """A client in a thread: reads the front page and every index down to the last file, over and over."""

    url: str
    missed: list[str] = field(default_factory=list)
    rounds: int = 0
    files: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End after one more round."""
        self._stop.set()
        assert self._thread is not None
        self._thread.join(30)

    def _run(self) -> None:
        stopped = False
        while not stopped:
            stopped = self._stop.is_set()
            for start in ("index.html", "simple/index.html", "simple/index.v1_json", "simple-json/index.html"):
                # Before the first publish ends there is none.
                if (page := self._get(start)) is not None:
                    self._follow(start, page)
            self.rounds += 1

    def _follow(self, path: str, data: bytes) -> None:
        for where, digest in named(path, data):
            got = self._get(where)
            if got is None or (digest and hashlib.sha256(got).hexdigest() != digest):
                self.missed.append(f"{path} -> {where}")
            elif where.endswith((".whl", ".metadata")):
                self.files += 1
            elif where.count("/") > path.count("/"):
                self._follow(where, got)

    def _get(self, path: str) -> bytes | None:
        try:
            address = f"{self.url}/{path.replace('+', '%2B')}"
            with urlopen(address, timeout=10) as answer:  # noqa: S310 - our own, on loopback
                data: bytes = answer.read()
                return data
        except HTTPError as error:
            error.close()
            return None


@contextlib.contextmanager
def offered(folder: Path) -> Iterator[str]:
    """Yield the address of *folder* on a plain web server."""
    folder.mkdir(exist_ok=True)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with answering(functools.partial(Handler, directory=str(folder))) as port:
        yield f"http://127.0.0.1:{port}"
