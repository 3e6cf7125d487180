"""Answers of the loopback index: bytes, whole files, nothing, and errors that are kept for the run."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.support import http_server
from pypi_subset.upstream.transport.answers import Handler

if TYPE_CHECKING:
    from pathlib import Path


class Fixed:
    """An index of four paths."""

    token = "0" * 32
    failure: SubsetError | None = None

    def __init__(self, file: Path) -> None:
        self._file = file

    def answer(self, path: str) -> bytes | Path | None:
        """Return what is at *path*."""
        if path == "/bad":
            msg = "the index is down"
            raise SubsetError(msg)
        answers: dict[str, bytes | Path] = {"/page": b"{}", "/file": self._file, "/a b": b"blank"}
        return answers.get(path)


def test_each_kind_of_answer(tmp_path: Path) -> None:
    """The first error is kept, since pip cannot say as much."""
    (file := tmp_path / "app.whl").write_bytes(b"wheel" * 1000)
    index = Fixed(file)
    server = http_server.Server(Handler, index)
    with server.running():

        def get(path: str) -> bytes:
            with urllib.request.urlopen(f"{server.url}{path}", timeout=30) as response:  # noqa: S310 - on loopback
                found: bytes = response.read()
                assert int(response.headers["Content-Length"]) == len(found)
                return found

        assert (get("/page"), get("/file"), get("/a%20b")) == (b"{}", file.read_bytes(), b"blank")
        for path in ("/none", "/bad"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                get(path)
    assert str(index.failure) == "the index is down"
