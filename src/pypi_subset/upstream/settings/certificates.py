"""The certificates that pip's sessions trust, read once in a run: pip reads them again for each connection."""

from __future__ import annotations

import os
import ssl
import sys
from functools import cache, partial
from typing import Any


def read_once(cert: str | None, client_cert: str | None) -> None:
    """
    Let the sessions of pip that are made from now on share one context, which reads each file of certificates once.

    On Linux alone: elsewhere the system judges each certificate, as `truststore` asks it.

    :param cert: pip's setting of that name: certificates that sessions trust.
    :param client_cert: the same: the certificate that sessions show.
    """
    if sys.platform == "linux":
        from pip._internal.cli import index_command  # noqa: PLC0415 - pip's commands take 0.2 s

        # A context trusts, and shows, all that it ever read: other settings get another one.
        key = (cert, client_cert, *map(os.environ.get, _VARIABLES))
        index_command._create_truststore_ssl_context = partial(_context, key)  # type: ignore[assignment] # noqa: SLF001


#: Where OpenSSL finds certificates (SSL_CTX_set_default_verify_paths(3)), and requests.
_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@cache
def _context(_: tuple[str | None, ...]) -> ssl.SSLContext:
    """Return a context that trusts what pip trusts on Linux: the certificates of the system, and those that it brings."""
    from pip._vendor import certifi  # noqa: PLC0415 - as above
    from pip._vendor.truststore import _openssl  # noqa: PLC0415 - as above

    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    # It knows where a system has them.
    with _openssl._configure_context(context):  # noqa: SLF001
        context.load_verify_locations(certifi.where())
    return context


class _Context(ssl.SSLContext):
    """
    A context that reads no place twice: one reading takes 20 ms, and urllib3 asks for it at each connection.

    The context of `truststore` also lets only one connection begin at a time.
    """

    def __init__(self, protocol: int) -> None:
        del protocol  # `__new__` has it
        self._known: set[tuple[Any, ...]] = set()

    def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        """
        Trust what is in these places from now on.

        :raises OSError: as the method of the base class.
        """
        place = (cafile, capath, cadata)
        if place not in self._known:
            super().load_verify_locations(cafile, capath, cadata)
            self._known.add(place)
