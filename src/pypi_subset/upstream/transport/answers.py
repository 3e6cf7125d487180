"""The answers of the loopback index over HTTP."""

from __future__ import annotations

import os
from http import HTTPStatus
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import unquote

from pypi_subset.errors import SubsetError
from pypi_subset.model.paths import JSON_TYPE
from pypi_subset.support import files, http_server


class Index(Protocol):
    """
    What answers.

    :param token: the first part of each path, which no log shows.
    :param failure: the first error that an answer met.
    """

    token: str
    failure: SubsetError | None

    def answer(self, path: str) -> bytes | Path | None:
        """Return what is at *path*: bytes, or the path of a whole file; ``None``: nothing."""


class Handler(http_server.Handler):
    """Answers one connection."""

    server: http_server.Server[Index]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Log a request without its token."""
        super().log_message("%s", (format % args).replace(self.server.state.token, "…"))

    def do_GET(self) -> None:  # noqa: N802 - the name in the base class
        """Send what is at the path, or 404."""
        answer: bytes | IO[bytes] | None = None
        try:
            found = self.server.state.answer(unquote(self.path))
            if isinstance(found, Path):
                with files.folder_errors(found):
                    answer = found.open("rb")
            else:
                answer = found
        except SubsetError as error:
            self.server.state.failure = self.server.state.failure or error
        if answer is None:
            self._head(HTTPStatus.NOT_FOUND, 0)
        elif isinstance(answer, bytes):
            self._head(HTTPStatus.OK, len(answer))
            self.wfile.write(answer)
        else:
            with answer:
                self._head(HTTPStatus.OK, os.fstat(answer.fileno()).st_size)
                self.connection.sendfile(answer)

    def _head(self, status: HTTPStatus, length: int) -> None:
        self.send_response(status)
        # pip decides by this type how to read a page; for files it does not matter.
        self.send_header("Content-Type", JSON_TYPE)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.flush()
