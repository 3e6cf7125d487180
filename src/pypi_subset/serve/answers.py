"""What answers of the site keep to: ranges that mean something, and addresses that hold behind a proxy."""

from __future__ import annotations

import errno
import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: One range of bytes (RFC 9110, 14.1.2): from a position, perhaps to another, or the last ones.
_RANGE = re.compile(rb"\s*bytes\s*=\s*(?:([0-9]{1,18})\s*-\s*([0-9]{0,18})|-\s*[0-9]{1,18})\s*", re.IGNORECASE)
#: Seconds after which a client that was refused may come again.
_LATER = "1"


class Ranges:
    """
    ASGI middleware that drops the ``Range`` header where it is not one range of bytes: the answer is the whole file.

    A server may ignore the header (RFC 9110, 14.2). Several ranges would be an answer in parts, which no installer reads.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does without what is no range."""
        if scope["type"] == "http":
            headers = scope["headers"]
            ranges = [value for name, value in headers if name == b"range"]
            if ranges and not (len(ranges) == 1 and is_range(ranges[0])):
                scope = {**scope, "headers": [one for one in headers if one[0] != b"range"]}
        await self._app(scope, receive, send)


def is_range(value: bytes) -> bool:
    """Return whether *value* is one range whose end is not before its beginning."""
    found = _RANGE.fullmatch(value)
    return found is not None and not (found[1] and found[2] and int(found[2]) < int(found[1]))


def with_slash(scope: Scope) -> str:
    """
    Return where a directory without a slash at its end is, relative to the address that the client has.

    A proxy may serve the site below a path that this server does not know.
    """
    query = scope.get("query_string", b"").decode("latin-1")
    return f"./{quote(scope['path'].rpartition('/')[2])}/{'?' if query else ''}{query}"


class Calm:
    """ASGI middleware that answers 503 where the process cannot open one more file."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, if it can."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except OSError as error:
            if begun or error.errno not in {errno.EMFILE, errno.ENFILE}:
                raise
            await refuse(scope, receive, send)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer that there are too many connections (RFC 9110, 15.6.4), and end this one."""
    headers = {"retry-after": _LATER, "connection": "close"}
    answer = PlainTextResponse("Too many connections: try again.\n", HTTPStatus.SERVICE_UNAVAILABLE, headers)
    await answer(scope, receive, send)
