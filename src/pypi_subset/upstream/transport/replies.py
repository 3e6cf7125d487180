"""What an answer says: its page, its part of a file, or the line that a user reads of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pip._internal.exceptions import DiagnosticPipError, PipError
from pip._vendor.requests import RequestException
from pip._vendor.requests.exceptions import InvalidURL
from pip._vendor.urllib3.exceptions import HTTPError, LocationParseError

from pypi_subset.errors import UpstreamError
from pypi_subset.support import bounds
from pypi_subset.upstream.pip_config import without_credentials
from pypi_subset.upstream.transport import bodies
from pypi_subset.upstream.transport.page import Page
from pypi_subset.upstream.transport.remote_file import TAIL

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypi_subset.upstream.settings.blame import Blame
    from pypi_subset.upstream.transport.kept import Answer

#: Encodings of a page that are taken by its header. Other decoders may take a time that grows with the square.
CHARSETS = re.compile(r"utf-?8|(us-)?ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d", re.IGNORECASE)

#: What pip's sessions raise: an OSError where a certificate is missing, a ValueError for a URL that is none.
FAILURES = (RequestException, HTTPError, PipError, OSError, ValueError)

#: Bytes that show whether a server sends a page or a message in place of a file.
START = 64
_OK = 200

_T = TypeVar("_T")


class Beginning(NamedTuple):
    """
    What a file begins with.

    :param data: at least `START` bytes, if the file has so many and the server sends its beginning.
    :param size: bytes of the whole file, ``None`` if the server does not state it.
    """

    data: bytes
    size: int | None


def page_of(answer: Answer) -> Page:
    """Return the page in *answer*."""
    # HTML and JSON are UTF-8 unless the header says otherwise, whatever HTTP once said about text.
    charset = re.search(r"charset=[\"']?([-\w.]+)", answer.content_type, re.IGNORECASE)
    known = charset is not None and CHARSETS.fullmatch(charset[1])
    try:
        text = answer.data.decode(charset[1] if charset and known else "utf-8", "replace")
    except LookupError:
        text = answer.data.decode("utf-8", "replace")
    return Page(text=text, content_type=answer.content_type, url=answer.url)


def exactly(response: Any, url: str, count: int) -> bytes:
    """Return the body of *response*, a part of a file, which must have *count* bytes."""
    data = bodies.content(response, url, min(count, TAIL))
    if len(data) != count:
        msg = f"{without_credentials(url)} answered with {len(data)} bytes of {count} that were asked for"
        raise UpstreamError(msg, next_step="tell the index's operator")
    return data


def beginning_of(response: Any, url: str, blame: Blame) -> Beginning:
    """Return the beginning of the file that *response* has as a whole, or a part of; the rest is not read."""
    span = content_range(response)
    stated, encoded = response.headers.get("Content-Length", ""), response.headers.get("Content-Encoding", "")
    size = span and span[1]
    if response.status_code == _OK and stated.isdecimal() and encoded.strip().lower() in {"", "identity"}:
        # RFC 9110, section 8.6: the length of a coded body is not that of the file.
        size = int(stated[:20])
    if response.status_code != _OK and (span is None or span[0]):
        return Beginning(b"", size)
    return Beginning(attempt(url, lambda: next(bodies.pieces(response, url, bounds.LARGEST_FILE), b""), blame), size)


def suffix_range(response: Any) -> tuple[int, int] | None:
    """Return what `content_range` does if the part ends with the file: some servers take a suffix for a beginning."""
    found = re.fullmatch(r"bytes [0-9]{1,18}-([0-9]{1,18})/([0-9]{1,18})", response.headers.get("Content-Range", ""))
    return content_range(response) if found and int(found[1]) + 1 == int(found[2]) else None


def content_range(response: Any) -> tuple[int, int] | None:
    """``bytes 10-19/20`` as ``(10, 20)``; ``None`` if the server does not say the total (RFC 9110, section 14.4)."""
    found = re.fullmatch(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})", response.headers.get("Content-Range", ""))
    return (int(found[1]), int(found[2])) if found else None


def require(response: Any, url: str, status: int, blame: Blame) -> None:
    """
    Return if *response* has *status*.

    :raises UpstreamError: it has another one.
    """
    if response.status_code != status:
        raise blame.answered(url, response.status_code, response.reason)


def attempt(url: str, action: Callable[[], _T], blame: Blame) -> _T:
    """Return what *action* gives; whatever the network layer raises becomes one line."""
    try:
        return action()
    except FAILURES as error:
        raise failure(url, error, blame) from error


def said(error: Exception) -> str:
    """What pip or the system below it says about *error*; pip's own errors keep the cause apart."""
    if isinstance(error, InvalidURL | LocationParseError):
        # It shows a part of the address, which may be one of the password.
        return "the address is no URL"
    return str(error.context or error.message) if isinstance(error, DiagnosticPipError) else str(error)


def failure(url: str, error: Exception, blame: Blame) -> UpstreamError:
    """Return the error of one line for *error*, which came while *url* was fetched."""
    return blame.failure(url, said(error), type(error).__name__)
