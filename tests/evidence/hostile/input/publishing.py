"""Attacks on what is being published or served: bytes that change, and clients of `pypi-subset serve`."""

from __future__ import annotations

import contextlib
import functools
import http.client
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from pypi_subset.model.paths import JSON_PAGE, JSON_TYPE
from pypi_subset.proof.access import routes
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.evidence import settings
from pypi_subset.publishing import publisher
from pypi_subset.publishing.destinations import folder as destination
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.serve import connection, server
from pypi_subset.serve.own_names import OwnNames
from pypi_subset.support.progress import SILENT
from pypi_subset.targets import tag
from tests.evidence.hostile.input.attack import InputAttack, setting
from tests.support.sites.published import proven
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

_LIB = make_wheel("lib")


def _site(folder: Path) -> Path:
    """Return a site."""
    target = tag.parse("linux", "cp312-manylinux_2_28_x86_64")
    return SubsetOnDisk(folder, targets=[target], lines=["lib"], pins={"linux": [_LIB]}).write().paths.site


@contextlib.contextmanager
def _proven(folder: Path) -> Iterator[Path]:
    """Yield a proven site. The checkout of an ordinary user lacks some of the code of the proof: nothing hashes it."""
    with mock.patch.object(settings, "_code", return_value=""), contextlib.ExitStack() as stack:
        # They are made once in a process, in which other tests may follow.
        settings.settings.cache_clear()
        stack.callback(settings.settings.cache_clear)
        yield proven(_site(folder))


class _Racing(Folder):
    """A destination during whose work the wheel changes."""

    def send(self, source: Path, paths: Any, *rest: Any) -> None:
        wheel = source / "simple" / "lib" / _LIB.filename
        if wheel.is_file():
            wheel.write_bytes(bytes(len(_LIB.data)))
        super().send(source, paths, *rest)


def _changes_while_it_is_published(folder: Path) -> bool:
    """Exchange a wheel between the proof and the copy."""
    with _proven(folder / "work") as site:
        publisher.publish_to(site, _Racing(folder / "to"), force=False, grace=0, progress=SILENT)
    return (folder / "to" / "simple" / "lib" / _LIB.filename).read_bytes() != _LIB.data


def _stays_at_the_destination(folder: Path) -> bool:
    """Give a published wheel other bytes, of the same size and time, which stay there."""
    wheel = folder / "to" / "simple" / "lib" / _LIB.filename
    with _proven(folder / "work") as site:
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
    """Yield the port of `pypi-subset serve`."""
    site = _site(folder / "work")
    application = OwnNames(server.application(site), address="127.0.0.1", names=())
    limits = uvicorn.Config(
        application, http=connection.Connection, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
    )
    running = uvicorn.Server(limits)
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


def _reads_what_a_link_names(folder: Path) -> bool:
    """Put a link out of the site in the place of the JSON form of a page."""
    secret = folder / "secret"
    secret.write_text("top secret")
    with _served(folder) as port, contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        other = folder / "work" / "site" / "simple" / "lib" / JSON_PAGE
        other.unlink()
        other.symlink_to(secret)
        client.request("GET", "/simple/lib/", headers={"Accept": JSON_TYPE})
        return b"top secret" in client.getresponse().read()


def _any_file() -> contextlib.AbstractContextManager[object]:
    def found(self: Any, path: str) -> tuple[str, os.stat_result | None]:
        place = Path(self.directory, path)
        return str(place), place.stat() if place.exists() else None

    return mock.patch.object(server._Site, "lookup_path", found)  # noqa: SLF001 - the door


def _reads_from_the_proof(folder: Path) -> bool:
    """Read a wheel from the port that a proof serves the site on, as another user of this machine can."""
    with opened(_site(folder), "linux") as (_, union, _view):
        host = union.root.removeprefix("http://").partition("/")[0]
        with contextlib.closing(http.client.HTTPConnection(host)) as client:
            client.request("GET", f"/simple/lib/{_LIB.filename}")
            return client.getresponse().read() == _LIB.data


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


def _attack(name: str, attempt: Callable[[Path], bool], door: Callable[[], Any]) -> InputAttack:
    return InputAttack(name=name, kind="publishing", attempt=attempt, door=door)


ATTACKS = [
    _attack("wheel-changed-while-published", _changes_while_it_is_published, _unhashed),
    _attack("wheel-changed-at-the-destination", _stays_at_the_destination, _by_size_and_time),
    _attack(
        "site-read-under-another-name",
        _reads_under_its_own_name,
        lambda: mock.patch.object(OwnNames, "is_own", return_value=True),
    ),
    _attack("json-form-that-leads-out", _reads_what_a_link_names, _any_file),
    _attack("wheel-from-the-port-of-a-proof", _reads_from_the_proof, setting(routes, TOKEN=0)),
    _attack("half-requests-held", lambda folder: _holds(folder, 4, 1.5, b"GET / HTTP/1.1\r\n") > 0, _plain_connections),
    _attack("connections-held", lambda folder: _holds(folder, 20, 0.2, b"") > 8, _plain_connections),
]
