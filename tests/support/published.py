"""Sites to publish, places to publish to, and readers who look whether anything that is named is missing."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.error import HTTPError
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import urlopen

import pytest

from pypi_subset.model.checks import Check
from pypi_subset.proof.report import report
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.publishing.destinations.rsync import Rsync
from tests.support.page_check import anchors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pypi_subset.publishing.destinations.base import Destination

GREEN = Check(target="linux", set_name="base", request="", proof="unpacked", status="passed")


def proven(site: Path, *checks: Check) -> Path:
    """Return *site*, now with a report that has *checks*, by default a green one."""
    document = report.report_of(checks or [GREEN], site=site, seal="none")
    report.write_report(document, site)
    return site


def tree(root: Path) -> dict[str, bytes]:
    """Return the bytes of every file below *root*; a link fails."""
    found = {}
    for path in sorted(root.rglob("*")):
        assert not path.is_symlink(), path
        if path.is_file():
            found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


def facts(root: Path) -> dict[str, tuple[int, int]]:
    """Return inode and time of every file below *root*."""
    paths = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


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


def holes(root: Path) -> list[str]:
    """Return what some page below *root* leads to and is not there, or has another hash."""
    held = tree(root) if root.is_dir() else {}
    return [
        f"{page} -> {where}"
        for page, data in held.items()
        if not page.startswith("proof/")
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

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Place:
    """A destination, and the folder that is behind it; *to* is how a user names it."""

    destination: Destination
    folder: Path
    to: str


@contextlib.contextmanager
def folder(root: Path) -> Iterator[Place]:
    """Yield a place that is a folder."""
    yield Place(Folder(root / "public"), root / "public", str(root / "public"))


@contextlib.contextmanager
def rsync_shell(root: Path) -> Iterator[Place]:
    """Yield a folder "on another machine", with a stand-in for ssh: it gets a host, and words for a shell over there."""
    root.mkdir(exist_ok=True)
    shell = root / "remote-shell"
    shell.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')
    shell.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RSYNC_RSH", str(shell))
        to = f"far:{root / 'public'}"
        yield Place(Rsync(to), root / "public", to)


@contextlib.contextmanager
def rsync_daemon(root: Path, more: str = "") -> Iterator[Place]:
    """Yield a folder behind a daemon of rsync's on loopback."""
    root.mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = root / "rsyncd.conf"
    # As root it would become nobody.
    who = "uid = 0\ngid = 0\n" if os.getuid() == 0 else ""
    settings.write_text(
        f"use chroot = no\naddress = 127.0.0.1\nport = {port}\n{who}[web]\npath = {root}\nread only = no\n{more}"
    )
    program = shutil.which("rsync") or "rsync"
    command = [program, "--daemon", "--no-detach", f"--config={settings}"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            to = f"rsync://127.0.0.1:{port}/web/public"
            yield Place(Rsync(to), root / "public", to)
        finally:
            daemon.terminate()


PLACES: dict[str, Callable[[Path], contextlib.AbstractContextManager[Place]]] = {
    "folder": folder,
    "rsync": rsync_shell,
    "daemon": rsync_daemon,
}
