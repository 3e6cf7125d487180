"""
Which names of this server a request may use: a page of another site must not read this one under a name of its own.

A name of a stranger can be made to lead to 127.0.0.1 after a browser has loaded its page (DNS rebinding). The browser then
takes this server for that site. The `Host` header has the name, and is not under the control of a page.
"""

from __future__ import annotations

import ipaddress
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,252})")
#: RFC 9110, 7.2: a name or an address, in brackets if it has colons, and perhaps a port.
_HOST = re.compile(r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:/@\s]+))(?::[0-9]{0,5})?")


def names_of(text: str) -> frozenset[str]:
    """
    Return the names in *text*, which are separated by commas.

    :raises SubsetError: one is no name of a host.
    """
    names = frozenset(name.strip().lower().rstrip(".") for name in text.split(",") if name.strip())
    for name in sorted(names):
        if not _NAME.fullmatch(name):
            msg = f"no name of a host: {name!r}"
            raise SubsetError(
                msg, next_step="as in `--host-names pypi.lab,pypi.lab.internal`, without port and address"
            )
    return names


class OwnNames:
    """
    ASGI middleware that answers requests under the server's own names alone.

    Own are loopback addresses, ``localhost``, the address that it listens on, and *names*. If it listens on all
    addresses, each address is own: no page of another site has one as its name.
    """

    def __init__(self, app: ASGIApp, *, address: str, names: Collection[str]) -> None:
        self._app, self._address, self._names = app, address, {"localhost", address.lower(), *names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with 421 (RFC 9110, 15.5.20)."""
        if scope["type"] == "http" and not self.is_own(Headers(scope=scope).getlist("host")):
            text = "This name is none of the server's own: say `pypi-subset serve --host-names …` to add one.\n"
            await PlainTextResponse(text, HTTPStatus.MISDIRECTED_REQUEST)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def is_own(self, hosts: Sequence[str]) -> bool:
        """Whether *hosts*, the values of the header, are one own name."""
        found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if found is None:
            return False
        name = (found["address"] or found["name"]).lower().rstrip(".")
        if name in self._names:
            return True
        try:
            one = ipaddress.ip_address(name)
        except ValueError:
            return False
        return one.is_loopback or _is_every(self._address)


def _is_every(address: str) -> bool:
    """Whether *address* means all addresses of the machine."""
    try:
        return ipaddress.ip_address(address or "0.0.0.0").is_unspecified  # noqa: S104 - compared, not listened on
    except ValueError:
        return False
