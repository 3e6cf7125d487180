"""Attacks by what a published site says of itself: paths, releases, bytes that change, and names of a server."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.client
import json
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import unquote

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from pypi_subset.errors import SubsetError
from pypi_subset.model import door
from pypi_subset.proof.access import remote_site
from pypi_subset.publishing import fetch_site, publisher
from pypi_subset.publishing.destinations import folder as destination
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.serve import connection, server
from pypi_subset.serve.own_names import OwnNames
from pypi_subset.support.progress import SILENT
from pypi_subset.targets import tag
from pypi_subset.upstream.http import Fetcher
from tests.evidence.hostile.input.attack import InputAttack, without
from tests.support.servers.hostile import head, sending
from tests.support.sites.published import proven
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.stages.manifests import WHEEL, document
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_Manifest = dict[str, Any]
_EMPTY = hashlib.sha256(b"").hexdigest()
_LIB = make_wheel("lib")


@contextlib.contextmanager
def _published(change: Callable[[_Manifest], object], files: Mapping[str, bytes], **more: bytes) -> Iterator[str]:
    """
    Yield the address of a site in which every file is empty but *files*.

    :param change: of its manifest.
    :param more: bytes of ``release.json``, as *release*.
    """
    made = document()
    made["pages"] = dict.fromkeys(made["pages"], _EMPTY)
    for one in made["files"]:
        one.update(sha256=_EMPTY, size=0, metadata=one["metadata"] and _EMPTY)
    change(made)
    data = json.dumps(made).encode()
    own = {"manifest.json": data, **{f"{name}.json": text for name, text in more.items()}, **files}

    def answer(path: str) -> list[bytes]:
        name = unquote(path).removeprefix("/")
        if name in {"release.json", "proof/report.json"} - own.keys():
            return [head(404)]
        return [head(Content_Length=len(own.get(name, b""))), own.get(name, b"")]

    with sending(answer) as url:
        yield f"{url}/"


def _writes(path: str, folder: Path, text: bytes = b"obeyed", *, aim: str = "") -> bool:
    """Return whether a manifest that names a page at *path* made fetch write it."""
    name = path.replace("FOLDER", str(folder))

    def change(made: _Manifest) -> None:
        made["pages"][name] = hashlib.sha256(text).hexdigest()

    with _published(change, {name: text, name.removeprefix("/"): text, name.removeprefix("../"): text}) as url:
        fetch_site.fetch_site(url, folder / "site")
    return Path(folder, "site", aim or name).is_file()


def _runs_by_git(folder: Path) -> bool:
    """Let the next ``git status`` in the fetched site run a program."""
    mark = folder / "ran"
    made = {
        ".git/HEAD": b"ref: refs/heads/main\n",
        ".git/config": f"[core]\n\trepositoryformatversion = 0\n\tfsmonitor = touch {mark} #\n".encode(),
        ".git/objects/x": b"",
        ".git/refs/x": b"",
    }
    pages = {path: hashlib.sha256(data).hexdigest() for path, data in made.items()}
    with _published(lambda one: one["pages"].update(pages), made) as url:
        fetch_site.fetch_site(url, folder / "site")
    subprocess.run(["git", "-C", folder / "site", "status"], capture_output=True, check=False)
    return mark.exists()


def _entry(folder: Path, *, aim: str, **fields: object) -> bool:
    """Return whether a manifest with other fields for its wheel made fetch write *aim*."""
    with _published(lambda made: made["files"][1].update(fields), {}) as url:
        fetch_site.fetch_site(url, folder / "site")
    return Path(folder, "site", aim).is_file()


def _other_bytes_for_a_wheel(folder: Path) -> bool:
    """Name the wheel as a page too, with another hash: one of the two counts."""

    def change(made: _Manifest) -> None:
        made["files"][1]["size"] = len(b"evil")
        made["pages"][WHEEL] = hashlib.sha256(b"evil").hexdigest()

    with _published(change, {WHEEL: b"evil"}) as url:
        fetch_site.fetch_site(url, folder / "site")
    return Path(folder, "site", WHEEL).read_bytes() == b"evil"


def _twins(folder: Path) -> bool:
    """Name two wheels whose names differ in case: on some systems one takes the other's place."""
    name = "My_Lib-1.0+a-py3-none-any.whl"
    twin = {"filename": name, "path": f"simple/my-lib/{name}"}
    with _published(lambda made: made["files"].append({**made["files"][1], **twin}), {}) as url:
        fetch_site.fetch_site(url, folder / "site")
    return Path(folder, "site", twin["path"]).is_file()


def _grows(folder: Path) -> bool:
    """Send a thousand times what the manifest says, and fill the disk."""
    sent: list[int] = []

    def answer(path: str) -> Iterator[bytes]:
        if not unquote(path).endswith(".whl"):
            yield from ([head(404)] if "release" in path else [head(), data if "manifest" in path else b""])
            return
        yield head()
        for _ in range(1 << 12):
            yield bytes(1 << 14)
            sent.append(1)

    made = document()
    made["pages"] = {}
    made["files"] = [{**made["files"][1], "sha256": _EMPTY, "size": 1000, "metadata": None}]
    data = json.dumps(made).encode()
    with sending(answer) as url, contextlib.suppress(SubsetError):
        fetch_site.fetch_site(url, folder / "site")
    return len(sent) == 1 << 12


_save = Fetcher.save


def _unbounded() -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(Fetcher, "save", lambda self, url, path, _limit=0: _save(self, url, path))


def _release(serial: int, manifest: str) -> bytes:
    made = {"schema": "1.0", "serial": serial, "manifest_sha256": manifest, "previous": ""}
    return json.dumps({**made, "published": "2026-01-01T00:00:00.000000Z"}).encode()


def _digest(change: Callable[[_Manifest], object]) -> str:
    """Return the SHA-256 of the manifest that `_published` serves."""
    with _published(change, {}) as url, contextlib.closing(http.client.HTTPConnection(url.split("/")[2])) as client:
        client.request("GET", "/manifest.json")
        return hashlib.sha256(client.getresponse().read()).hexdigest()


def _unproven(made: _Manifest) -> None:
    made["unproven"] = True


def _as_it_is(_made: _Manifest) -> None:
    pass


def _replaces_by(folder: Path, release: Callable[[], dict[str, bytes]]) -> bool:
    """Return whether a site with *release* replaced one that is the fifth publication."""
    site = folder / "site"
    with _published(_as_it_is, {}, release=_release(5, _digest(_as_it_is))) as url:
        fetch_site.fetch_site(url, site)
    with _published(_unproven, {}, **release()) as url:
        fetch_site.fetch_site(url, site)
    return b"unproven" in (site / "manifest.json").read_bytes()


def _rolls_back(folder: Path) -> bool:
    """Serve the fourth publication again."""
    return _replaces_by(folder, lambda: {"release": _release(4, _digest(_unproven))})


def _loses_the_release(folder: Path) -> bool:
    """Serve another site and no release."""
    return _replaces_by(folder, dict)


def _reuses_a_number(folder: Path) -> bool:
    """Serve another site under the same number."""
    return _replaces_by(folder, lambda: {"release": _release(5, _digest(_unproven))})


def _exchanges_the_manifest(folder: Path) -> bool:
    """Serve a later release, and beside it a manifest that it is not about."""
    return _replaces_by(folder, lambda: {"release": _release(6, _digest(_as_it_is))})


def _another_than_named(folder: Path) -> bool:
    """Serve another manifest than the one whose hash the user named."""
    with _published(_unproven, {}) as url:
        fetch_site.fetch_site(url, folder / "site", sha256=_digest(_as_it_is))
    return (folder / "site").is_dir()


def _rewritten_on_a_worker(folder: Path) -> bool:
    """Write another manifest into the worker's directory while cases run: the code of a package may be able to."""
    made = document()
    made["pages"], made["files"] = {}, [{**made["files"][0], "sha256": _EMPTY, "size": 0}]
    data = json.dumps(made).encode()
    with sending(lambda path: [head(), data if "manifest" in path else b""]) as url:
        remote_site.outline(url, hashlib.sha256(data).hexdigest(), "linux", folder)
        path = made["files"][0]["path"]
        made["files"][0]["sha256"] = "f" * 64
        (folder / "manifest.json").write_text(json.dumps(made))
        return remote_site.sha256_of(folder, path) == "f" * 64


class _FromDisk(dict[Path, Any]):
    """Reads the manifest of a directory at each use."""

    def __getitem__(self, folder: Path) -> Any:
        return door.read_manifest(folder)


def _site(folder: Path) -> Path:
    """Return a proven site."""
    target = tag.parse("linux", "cp312-manylinux_2_28_x86_64")
    return proven(SubsetOnDisk(folder, targets=[target], lines=["lib"], pins={"linux": [_LIB]}).write().paths.site)


class _Racing(Folder):
    """A destination during whose work the wheel changes."""

    def send(self, source: Path, paths: Any, *rest: Any) -> None:
        wheel = source / "simple" / "lib" / _LIB.filename
        if wheel.is_file():
            wheel.write_bytes(bytes(len(_LIB.data)))
        super().send(source, paths, *rest)


def _changes_while_it_is_published(folder: Path) -> bool:
    """Exchange a wheel between the proof and the copy."""
    publisher.publish_to(_site(folder / "work"), _Racing(folder / "to"), force=False, grace=0, progress=SILENT)
    return (folder / "to" / "simple" / "lib" / _LIB.filename).read_bytes() != _LIB.data


def _stays_at_the_destination(folder: Path) -> bool:
    """Give a published wheel other bytes, of the same size and time, which stay there."""
    site, wheel = _site(folder / "work"), folder / "to" / "simple" / "lib" / _LIB.filename
    publish = functools.partial(
        publisher.publish_to, site, Folder(folder / "to"), force=False, grace=0, progress=SILENT
    )
    publish()
    wheel.write_bytes(bytes(len(_LIB.data)))
    shutil.copystat(site / "simple" / "lib" / _LIB.filename, wheel)
    publish(check=True)
    return wheel.read_bytes() != _LIB.data


_compared = publisher._changed  # noqa: SLF001 - the door
_copied = destination.put


def _by_size_and_time() -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(
        publisher, "_changed", lambda *arguments, every: _compared(*arguments, every=every and False)
    )


def _unhashed() -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(destination, "put", lambda source, to, _digest="": _copied(source, to))


@contextlib.contextmanager
def _served(folder: Path) -> Iterator[int]:
    """Yield the port of `make serve`."""
    site = _site(folder / "work")
    (site / "page.css").touch()
    application = OwnNames(server.application(site), address="127.0.0.1", names=())
    settings = uvicorn.Config(
        application, http=connection.Connection, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
    )
    running = uvicorn.Server(settings)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            running.should_exit = True
            thread.join()


def _reads_under_its_own_name(folder: Path) -> bool:
    """Let a page of another site read this one, by a name of its own that leads to 127.0.0.1."""
    with _served(folder) as port, contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        client.request("GET", "/manifest.json", headers={"Host": f"evil.example:{port}"})
        return b"simple/lib/" in client.getresponse().read()


def _open(clients: list[socket.socket]) -> int:
    """Return how many connections the server still holds."""
    held = 0
    for client in clients:
        client.settimeout(0.05)
        try:
            held += bool(client.recv(1))
        except TimeoutError:
            held += 1
        except OSError:
            pass
    return held


def _holds(folder: Path, count: int, seconds: float, first: bytes) -> int:
    """Return how many of *count* connections that send *first* are open after *seconds*."""
    limits = {"HEAD_SECONDS": 0.5, "MOST_CONNECTIONS": 8}
    with contextlib.ExitStack() as stack:
        for name, limit in limits.items():
            stack.enter_context(mock.patch.object(connection, name, limit))
        port = stack.enter_context(_served(folder))
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)]
        for client in clients:
            with contextlib.suppress(OSError):
                client.sendall(first)
        time.sleep(seconds)
        return _open(clients)


def _plain_connections() -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(connection, "Connection", H11Protocol)


_open_door = without(door, "check")

#: Name → the path that a manifest names, and the file that then lies somewhere.
_PATHS = {
    "manifest-writes-above": ("../mine.txt", ""),
    "manifest-writes-anywhere": ("FOLDER/mine.txt", ""),
    "manifest-writes-a-workflow": (".github/workflows/run.yml", ""),
    "manifest-writes-settings-of-a-server": (".htaccess", ""),
    "manifest-writes-settings-of-a-project": ("simple/my-lib/.htaccess", ""),
    "manifest-writes-a-drive": ("C:mine.txt", ""),
    "manifest-writes-with-backslashes": ("..\\mine.txt", ""),
    "manifest-writes-a-device": ("hosts/nul", ""),
    "manifest-writes-a-stream": ("index.html:stream", ""),
    "manifest-writes-a-file-twice": ("Index.html", ""),
    "manifest-writes-a-line-end": ("index.html\n", ""),
    "manifest-writes-a-program": ("tasks.py", ""),
    "manifest-writes-a-service-worker": ("sw.js", ""),
    "manifest-writes-a-page-of-the-proof": ("proof/run.js", ""),
    "manifest-adds-a-project": ("simple/requests/index.html", ""),
    "manifest-adds-a-view": ("targets/win/simple/index.html", ""),
    "manifest-adds-a-file-to-a-project": ("simple/my-lib/my_lib-9.0-py3-none-any.whl", ""),
    "manifest-adds-a-lock": ("locks/pylock.other--linux.toml", ""),
}


def _by_path(name: str, path: str, aim: str) -> InputAttack:
    return InputAttack(
        name=name,
        kind="manifests",
        attempt=lambda folder: _writes(path, folder, aim=aim),
        door=_open_door,
    )


def _attack(name: str, attempt: Callable[[Path], bool], opened: Callable[[], Any] = _open_door) -> InputAttack:
    return InputAttack(name=name, kind="manifests", attempt=attempt, door=opened)


_ELSEWHERE = "simple/other/my_lib-1.0+a-py3-none-any.whl"
_later = without(fetch_site, "_require_later")

ATTACKS = [
    _attack("manifest-runs-a-program-by-git", _runs_by_git),
    *(_by_path(name, *row) for name, row in _PATHS.items()),
    _attack("manifest-of-a-wheel-elsewhere", lambda folder: _entry(folder, aim=_ELSEWHERE, path=_ELSEWHERE)),
    _attack(
        "manifest-of-a-wheel-in-place-of-a-page",
        lambda folder: _entry(
            folder, aim="simple/my-lib/index.html", filename="index.html", path="simple/my-lib/index.html"
        ),
    ),
    _attack("manifest-of-another-version", lambda folder: _entry(folder, aim=WHEEL, version="9.0")),
    _attack("manifest-of-another-bytes-of-a-wheel", _other_bytes_for_a_wheel),
    _attack("manifest-of-twins", _twins),
    _attack("manifest-of-less-than-comes", _grows, _unbounded),
    _attack(
        "manifest-rewritten-on-a-worker",
        _rewritten_on_a_worker,
        lambda: mock.patch.object(remote_site, "_READ", _FromDisk()),
    ),
    _attack("release-rolled-back", _rolls_back, _later),
    _attack("release-lost", _loses_the_release, _later),
    _attack("release-number-used-again", _reuses_a_number, _later),
    _attack("release-beside-another-manifest", _exchanges_the_manifest, _later),
    _attack("manifest-other-than-named", _another_than_named, without(fetch_site, "_require_pinned")),
    _attack("wheel-changed-while-published", _changes_while_it_is_published, _unhashed),
    _attack("wheel-changed-at-the-destination", _stays_at_the_destination, _by_size_and_time),
    _attack(
        "site-read-under-another-name",
        _reads_under_its_own_name,
        lambda: mock.patch.object(OwnNames, "is_own", return_value=True),
    ),
    _attack("half-requests-held", lambda folder: _holds(folder, 4, 1.5, b"GET / HTTP/1.1\r\n") > 0, _plain_connections),
    _attack("connections-held", lambda folder: _holds(folder, 20, 0.2, b"") > 8, _plain_connections),
]
