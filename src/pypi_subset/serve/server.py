"""
The site on a web server of its own: for trying it out and for a small network, on starlette and uvicorn.

It serves the files of one directory, no hidden one, and looks the directory up at each request: a site that
`pypi-subset mirror` exchanges meanwhile is seen at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import logging
import socket
import stat
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.lowlevel
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from pypi_subset.errors import MachineError, SubsetError
from pypi_subset.model.door import read_manifest
from pypi_subset.model.intake.variants import notice, variants_in
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.paths import JSON_PAGE, JSON_TYPE, PAGE, SIMPLE, is_page, type_of, view_of
from pypi_subset.serve.answers import Calm, Ranges, with_slash
from pypi_subset.serve.connection import BACKLOG, MOST_CONNECTIONS, MOST_HEAD, limited
from pypi_subset.serve.negotiation import preferred
from pypi_subset.serve.own_names import OwnNames
from pypi_subset.support.text import POLICY_HEADER

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LAST_PORT = 65535


def serve(
    site: Path,
    *,
    address: str,
    port: int,
    names: Collection[str] = (),
    ready: Callable[[str], None] | None = None,
) -> None:
    """
    Serve *site* until Ctrl-C, then return.

    :param address: address to listen on, ``127.0.0.1`` for this machine alone.
    :param port: 0 takes any free one.
    :param names: names of this server, beside ``localhost`` and its address; requests under others are refused.
    :param ready: called once with the address, ending in ``/``, when connections are accepted.
    :raises SubsetError: the site is not there, its manifest is refused, or the port cannot be had.
    """
    if not (site / SIMPLE / PAGE).is_file():
        msg = "there is no site to serve"
        raise SubsetError(msg, path=site, next_step="run `pypi-subset mirror`")
    # An index alone has no manifest.
    if manifest_path(site).is_file():
        read_manifest(site)
    connections = limited()
    config = uvicorn.Config(
        _Policy(OwnNames(_Open(Calm(Ranges(application(site)))), address=address, names=names)),
        http=connections,
        # That many are accepted before one that is refused is closed.
        backlog=max(BACKLOG, connections.most or MOST_CONNECTIONS),
        ws="none",
        h11_max_incomplete_event_size=MOST_HEAD,
        # Requests that are none, and connections beyond the limit, are no news.
        log_level="error",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    with _listening(address, port) as listener:
        if ready is not None:
            shown = f"[{address}]" if ":" in address else address
            ready(f"http://{shown}:{listener.getsockname()[1]}/")
        # uvicorn ends in good order at SIGINT and then raises the signal again.
        with contextlib.suppress(KeyboardInterrupt):
            _Server(config).run(sockets=[listener])


def application(site: Path) -> Starlette:
    """Return the ASGI application that serves the files of *site*."""
    return Starlette(routes=[Mount("/", app=_Site(directory=site.absolute(), html=True, check_dir=False))])


def address_lines(url: str, site: Path | None = None) -> list[str]:
    """
    Return the lines for users: the address, and how pip and uv install from there.

    :param site: the directory that is served; with variants in it, pip and uv need the index of a target.
    """
    has_manifest = site is not None and manifest_path(site).is_file()
    variants = variants_in(read_manifest(site)) if site is not None and has_manifest else {}
    simple = f"{url.rstrip('/')}/{view_of('TARGET') if variants else SIMPLE}/"
    return [
        *([f"note: {notice(variants)}"] if variants else []),
        f"open in a browser:  {url}",
        f"install with pip:   pip install --index-url {simple} PROJECT",
        f"install with uv:    uv pip install --default-index {simple} PROJECT",
    ]


class _Server(uvicorn.Server):
    """uvicorn, which says nothing more after it was stopped."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer; without file descriptors for more connections, those wait, and no line is printed for each."""
        asyncio.get_running_loop().set_exception_handler(_calm)
        # Loaded now: without file descriptors, modules cannot be.
        await anyio.lowlevel.checkpoint()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Give open downloads a second; uvicorn would print a traceback for each that it then cuts off."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


def _calm(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Print nothing about what a client or a full table of files does to a connection; all else as usual."""
    if not isinstance(context.get("exception"), OSError):
        loop.default_exception_handler(context)


class _Policy:
    """ASGI middleware that sets the policy of pages in every answer, whatever it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["content-security-policy"] = POLICY_HEADER
            await send(message)

        await self._app(scope, receive, with_policy)


class _Open:
    """ASGI middleware that lets pages of other sites read every answer to GET and HEAD (Fetch Standard, 3.3.3)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""

        async def opened(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] in {"GET", "HEAD"}:
                MutableHeaders(scope=message)["access-control-allow-origin"] = "*"
            await send(message)

        await self._app(scope, receive, opened)


class _Site(StaticFiles):
    """The files of a site, with what installers need to know about each."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the response for *path*."""
        response = await super().get_response(path, scope)
        if response.status_code == HTTPStatus.TEMPORARY_REDIRECT:
            response.headers["location"] = with_slash(scope)
        return response

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Return the file that *path* means; a hidden one, or one in a hidden directory, does not exist."""
        if any(part.startswith(".") and part != "." for part in Path(path).parts):
            return "", None
        return super().lookup_path(path)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return the response for one file: with Range for distributions, in one reading for pages."""
        path, inside = Path(full_path), Path(self.get_path(scope))
        if scope["path"].endswith("/") and inside.name == path.name:
            # A file is no directory: links in it would lead astray.
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if is_page((inside / path.name if scope["path"].endswith("/") else inside).as_posix()):
            response = self._page(path, scope, status_code)
        else:
            response = super().file_response(full_path, stat_result, scope, status_code)
            response.headers["content-type"] = type_of(path.name)
        response.headers["x-content-type-options"] = "nosniff"
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            del response.headers["content-type"]
        return response

    def _page(self, path: Path, scope: Scope, status_code: int) -> Response:
        """Return a page with the bytes of one moment: the site may be exchanged between looking and reading."""
        data, kind, negotiated = self._chosen(path, scope)
        # What has the same bytes under another type is another thing to keep.
        etag = f'"{hashlib.sha256(kind.encode() + data).hexdigest()[:32]}"'
        # uv keeps a page for ten minutes, unless a header makes it ask each time.
        headers = {"etag": etag, "cache-control": "no-cache", "content-type": kind}
        response = Response(data, status_code, headers | ({"vary": "Accept"} if negotiated else {}))
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response

    def _chosen(self, path: Path, scope: Scope) -> tuple[bytes, str, bool]:
        """Return bytes and type of a page, and whether the client's preference had a say: for directories of an index."""
        inside, folder = Path(self.get_path(scope)), scope["path"].endswith("/")
        if not (folder and SIMPLE in inside.parts):
            return _read(path), type_of((inside / path.name if folder else inside).as_posix()), False
        accept = ",".join(Headers(scope=scope).getlist("accept"))
        if preferred(accept, has_json=True) == JSON_TYPE:
            # Looked up as any other: what is in its place may be a link that leads out, or a pipe.
            other, facts = self.lookup_path((inside / JSON_PAGE).as_posix())
            if facts is not None and stat.S_ISREG(facts.st_mode):
                with contextlib.suppress(FileNotFoundError):
                    return Path(other).read_bytes(), JSON_TYPE, True
        return _read(path), preferred(accept, has_json=False), True


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND) from error


def _listening(address: str, port: int) -> socket.socket:
    """Return a socket that listens; bound here, because uvicorn would log and exit by itself."""
    step = "choose another, as in `pypi-subset serve --port 8081`"
    if not 0 <= port <= _LAST_PORT:
        msg = f"there is no port {port}"
        raise SubsetError(msg, next_step=step)
    try:
        return socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    except OSError as error:
        reasons = {errno.EADDRINUSE: "is in use", errno.EACCES: "needs more rights"}
        reason = reasons.get(error.errno or 0)
        msg = f"port {port} {reason}" if reason else f"cannot listen on {address}:{port}: {error.strerror or error}"
        raise MachineError(msg, next_step=step) from error
