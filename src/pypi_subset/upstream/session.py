"""One gate for every request of pip's sessions: redirects, answers to 401 and new attempts pass it too."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pip._internal.models.link import Link
from pip._vendor.requests import exceptions
from pip._vendor.requests.adapters import BaseAdapter

from pypi_subset.errors import UpstreamError
from pypi_subset.support import bounds
from pypi_subset.upstream.pip_config import without_credentials
from pypi_subset.upstream.transport import bodies, hosts, patience
from pypi_subset.upstream.transport.hosts import Hosts
from pypi_subset.upstream.transport.replies import suffix_range

if TYPE_CHECKING:
    from collections.abc import Callable

_WEB = ("https", "http")
_UNAUTHORIZED = 401
#: An answer that asks for another attempt if it says when: Content Too Large (RFC 9110, 15.5.14).
_IF_STATED = 413
#: Failures of a connection that do not pass: a certificate that is not trusted, a proxy that refuses.
_LASTING = (exceptions.SSLError, exceptions.ProxyError)


def guarded(
    session: Any, known: Hosts | None = None, named: Callable[[str], str] = lambda _: "pip's 'index-url'"
) -> Any:
    """
    Return *session*, one of pip's, whose requests are held to the rules of `Gate`.

    :param known: the hosts of the run; ``None``: hosts of this session alone.
    :param named: returns the setting that names a URL.
    """
    session.max_redirects = bounds.MOST_REDIRECTS
    gates: dict[int, Gate] = {}
    for prefix, adapter in [*session.adapters.items()]:
        if hasattr(adapter, "poolmanager"):
            known = known or Hosts(patience_of(adapter.max_retries.total))
            session.mount(prefix, gates.setdefault(id(adapter), Gate(adapter, session, known, named)))
    return session


def patience_of(retries: object) -> float:
    """Return the seconds of trouble that a request lasts through with pip's setting ``retries``."""
    return hosts.SECONDS_PER_RETRY * retries if isinstance(retries, int) else 0.0


class Gate(BaseAdapter):
    """
    Sends what may be sent, and bounds what comes back.

    Plain http goes to trusted origins alone, as pip's rules have it. The body of an answer that is not asked for, such
    as that of a redirect, is dropped; one that is not streamed is read up to `bounds.LARGEST_INPUT`.

    :param adapter: sends a request.
    :param session: knows which origins are trusted.
    :param known: the hosts of the run.
    :param named: returns the setting that names a URL.
    """

    def __init__(self, adapter: Any, session: Any, known: Hosts, named: Callable[[str], str]) -> None:
        super().__init__()
        self._adapter, self._session, self._hosts, self._named = adapter, session, known, named
        self.max_retries = adapter.max_retries
        # Attempts that a status asks for are made here: urllib3 would read the body of the answer as a whole.
        adapter.max_retries = self.max_retries.new(status_forcelist=(), respect_retry_after_header=False)
        patience.watch(adapter.poolmanager)
        proxied = adapter.proxy_manager_for
        adapter.proxy_manager_for = lambda *args, **options: patience.watch(proxied(*args, **options))

    def send(  # type: ignore[override] # the other parameters are handed on
        self,
        request: Any,
        stream: bool = False,  # noqa: FBT001, FBT002 - as in the base class
        **options: Any,
    ) -> Any:
        """
        Return the answer to *request*.

        :raises UpstreamError: the address is plain http to an origin that is not trusted, or the answer leads elsewhere
            than to http.
        """
        host = self._hosts.at(request.url)
        limit = patience.current()
        attempts = host.attempts(patient=limit is None or limit.patient)
        while True:
            _require_trust(self._session, request.url)
            try:
                response = self._adapter.send(request, stream=True, **options)
            except (exceptions.ConnectionError, exceptions.Timeout) as error:
                # A host that was never there may be a wrong address: that is found out without a minute of attempts.
                if isinstance(error, _LASTING) or not host.answered or not attempts.again("does not answer"):
                    raise
                continue
            # Where pip sends the request again, with credentials.
            response.connection = self
            if _is_whole(request, response):
                response.status_code = HTTPStatus.OK
            wanted = self._asked_pause(response)
            if wanted is None:
                host.good()
                break
            if attempts.over():
                break
            _drop(response)
            attempts.again(f"answered {response.status_code}", wanted)
        if response.is_redirect or response.status_code == _UNAUTHORIZED:
            # First, so that no error leaves the connection open.
            _drop(response)
            _require_web(request.url, response, self._named)
        elif not stream:
            response._content = bodies.content(response, request.url, bounds.LARGEST_INPUT)  # noqa: SLF001
            response._content_consumed = True  # noqa: SLF001
        return response

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def _asked_pause(self, response: Any) -> float | None:
        """Return the seconds that the server wants to pass before the next attempt, ``None`` if it wants none."""
        stated = response.headers.get("Retry-After", "")
        status = response.status_code
        if not (
            status in hosts.BUSY or status in self.max_retries.status_forcelist or (stated and status == _IF_STATED)
        ):
            return None
        return _seconds(stated)


def _is_whole(request: Any, response: Any) -> bool:
    """Whether 203 or 206 says as much as 200: a proxy forwards the content, or a part that was not asked for is all."""
    if response.status_code == HTTPStatus.NON_AUTHORITATIVE_INFORMATION:
        return True
    unasked = response.status_code == HTTPStatus.PARTIAL_CONTENT and "Range" not in request.headers
    return unasked and (suffix_range(response) or (1, 0))[0] == 0


def _drop(response: Any) -> None:
    bodies.drop(response)
    if clock := patience.current():
        clock.require()
        clock.begin(None)


def _seconds(stated: str) -> float:
    """``Retry-After`` (RFC 9110, 10.2.3): a number of seconds, or a moment; 0 if it is neither, or past."""
    if stated.isdecimal():
        return float(stated[:9])
    try:
        moment = email.utils.parsedate_to_datetime(stated)
        return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _require_trust(session: Any, url: str) -> None:
    if urlsplit(url).scheme.lower() not in _WEB:
        msg = f"{without_credentials(url)} is no address of the web"
        raise UpstreamError(msg, next_step="use https")
    if not session.is_secure_origin(Link(url)):
        msg = f"{without_credentials(url)} is plain http on another machine, which pip does not trust"
        raise UpstreamError(msg, next_step="use https, or name the server in pip's 'trusted-host'")


def _require_web(url: str, response: Any, named: Callable[[str], str]) -> None:
    """Refuse a redirect to anything but http: files of this machine are not for an index."""
    target = response.headers.get("Location", "") if response.is_redirect else ""
    try:
        scheme = urlsplit(target).scheme.lower()
    except ValueError:
        scheme = "none"
    if scheme not in {"", *_WEB}:
        msg = f"{without_credentials(url)} redirects to an address of the kind {scheme!r}, which is not followed"
        raise UpstreamError(msg, next_step=f"check {named(url)}, and how that server is set up")
