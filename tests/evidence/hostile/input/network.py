"""Attacks by answers of an index or of a server: bytes, pace, redirects, trust and pages."""

from __future__ import annotations

import contextlib
import functools
import gzip
import io
import itertools
import re
import time
from typing import TYPE_CHECKING
from unittest import mock

from packaging.utils import canonicalize_name

from pypi_subset.distributions import archive
from pypi_subset.distributions.wheel import read_metadata
from pypi_subset.errors import SubsetError
from pypi_subset.support import bounds
from pypi_subset.upstream import catalog
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.places import addresses
from pypi_subset.upstream.transport import bodies, patience, replies
from tests.evidence.hostile.input.attack import InputAttack, both, costs, lasts, setting, slow, without
from tests.support.servers.hostile import endless, head, sending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.evidence.hostile.input.attack import Attempt, Door

#: Bytes that an endless answer sends until it ends after all, so that an open door ends too; what is taken of a page.
MUCH, BOUND = 300 << 20, 8 << 20
#: What a bound is when it is none.
NONE = 1 << 40
PAGE = {"Content_Type": "text/html"}
_JSON = {"Content_Type": "application/vnd.pypi.simple.v1+json"}
_APP = canonicalize_name("app")


def much(count: int = MUCH) -> Iterator[bytes]:
    """Yield that many bytes."""
    return itertools.islice(endless(), count >> 16)


def page(url: str) -> object:
    """Fetch a page."""
    return Fetcher(read_network()).page(f"{url}/app/")


def _memory(get: Callable[[Fetcher, str, Path], object], **headers: str) -> Attempt:
    """Return an attempt to fill the memory by a body of many bytes."""

    def attempt(folder: Path) -> bool:
        with sending(lambda _: itertools.chain([head(int(headers.pop("status", "200")), **headers)], much())) as url:
            return costs(lambda: get(Fetcher(read_network()), url, folder), 200)

    return attempt


def _sent(answer: Callable[[str], Iterable[bytes]], **variables: str) -> Attempt:
    """Return an attempt to have many bytes of *answer* read that nobody needs."""

    def attempt(_folder: Path) -> bool:
        count = 0

        def counted(path: str) -> Iterator[bytes]:
            nonlocal count
            for piece in answer(path):
                yield piece
                count += len(piece)

        with mock.patch.dict("os.environ", {"PIP_RETRIES": "1", **variables}), sending(counted) as url:
            with contextlib.suppress(SubsetError):
                page(url.replace("//", "//me:secret@"))
            return count > MUCH // 2

    return attempt


def _more_than_promised(folder: Path) -> bool:
    """Offer a file of a thousand bytes, and send a hundred thousand times as many."""
    count = 0

    def answer(path: str) -> Iterator[bytes]:
        nonlocal count
        if path == "/simple/app/":
            yield head(200, **_JSON)
            yield b'{"files": [{"filename": "app-1.0.tar.gz", "url": "/app-1.0.tar.gz", "hashes": {}, "size": 1000}]}'
            return
        yield head(200)
        for piece in much():
            yield piece
            count += len(piece)

    with sending(answer) as url, mock.patch.dict("os.environ", {"PIP_INDEX_URL": f"{url}/simple/"}):
        upstream = Upstream(read_network(), store=folder / "store", shelf=folder)
        (candidate,) = upstream.on("here").candidates(_APP)
        with contextlib.suppress(SubsetError):
            upstream.file(candidate)
    return count > MUCH // 2


def _directory_in_pieces(folder: Path) -> bool:
    """Offer a wheel whose directory is said to be as large as the wheel, of which pieces are fetched."""
    total, count = MUCH, 0
    end = b"PK\5\6" + bytes(8) + (total - 22).to_bytes(4, "little") + bytes(6)

    def answer(_path: str) -> Iterator[bytes]:
        nonlocal count
        wanted = re.search(r"Range: bytes=(\d*)-(\d*)", heads[-1])
        first, last = wanted.groups() if wanted else ("", "")
        start = int(first) if first else total - int(last)
        stop = int(last) if first else total - 1
        count += stop - start + 1
        yield head(206, Content_Range=f"bytes {start}-{stop}/{total}")
        yield (bytes(stop - start + 1 - len(end)) + end) if stop == total - 1 else bytes(stop - start + 1)

    heads = list[str]()
    with sending(answer, heads) as url, contextlib.suppress(SubsetError):
        remote = Fetcher(read_network()).tail(f"{url}/app-1.0-py3-none-any.whl", folder / "app")
        if remote is not None:
            read_metadata(io.BufferedReader(remote), "app-1.0-py3-none-any.whl")
    return count > MUCH // 2


def _dripping(*before: bytes, drop: bytes = b"x") -> Attempt:
    """Return an attempt to hold a run by an answer of which a byte comes now and then."""

    def answer(_path: str) -> Iterator[bytes]:
        yield from before
        while True:
            yield drop
            time.sleep(0.1)

    def attempt(_folder: Path) -> bool:
        # A second and a half for an answer. No pause of a busy machine is as long as the timeout from byte to byte.
        hurried = mock.patch.dict("os.environ", {"PIP_TIMEOUT": "60", "PIP_RETRIES": "0"})
        with mock.patch.object(bounds, "PATIENCE", 1.5 - 60), hurried, sending(answer) as url:
            return lasts(functools.partial(page, url), 8)

    return attempt


def _slow_charset(_folder: Path) -> bool:
    answer = [head(200, Content_Type="text/html; charset=punycode"), b"a" * 900_000]
    with sending(lambda _: answer) as url:
        return slow(lambda: page(url), 3)


def _bomb(_folder: Path) -> bool:
    """Send a quarter of a megabyte that holds three hundred."""
    body = gzip.compress(bytes(MUCH))
    with sending(lambda _: [head(200, Content_Encoding="gzip", **PAGE), body]) as url:
        return costs(lambda: page(url), 200)


def _another_encoding(_folder: Path) -> bool:
    with sending(lambda _: [head(200, Content_Encoding="br", **PAGE), b"forged"]) as url:
        return page(url) is not None


def _many_members(_folder: Path) -> bool:
    body = gzip.compress(b"") * 2_500_000
    with sending(lambda _: [head(200, Content_Encoding="gzip", **PAGE), body]) as url:
        return slow(lambda: page(url), 3)


@contextlib.contextmanager
def _less(**values: int) -> Iterator[None]:
    """Have smaller bounds, unless a door has opened them."""
    with contextlib.ExitStack() as stack:
        for name, value in values.items():
            if getattr(bounds, name) < NONE:
                stack.enter_context(mock.patch.object(bounds, name, value))
        yield


def bounded(attempt: Attempt, **values: int) -> Attempt:
    """Return *attempt* under smaller bounds."""

    def made(folder: Path) -> bool:
        with _less(**values):
            return attempt(folder)

    return made


def _unread(response: object) -> object:
    return response.content  # type: ignore[attr-defined]


_UNWATCHED: Door = without(patience.Limit, "look")
_UNDROPPED: Door = setting(bodies, drop=_unread)
_PAGES_WITHOUTBOUND: Door = setting(bounds, LARGEST_PAGE=NONE)


def _attack(name: str, attempt: Attempt, door: Door) -> InputAttack:
    return InputAttack(name=name, kind="answers", attempt=attempt, door=door)


ATTACKS = [
    _attack(
        "endless-page",
        bounded(_memory(lambda fetcher, url, _: fetcher.page(url), **PAGE), LARGEST_PAGE=BOUND),
        _PAGES_WITHOUTBOUND,
    ),
    _attack(
        "endless-page-in-chunks",
        _sent(
            lambda _: itertools.chain(
                [head(200, Transfer_Encoding="chunked", **PAGE)], (b"10000\r\n" + piece + b"\r\n" for piece in much())
            )
        ),
        _PAGES_WITHOUTBOUND,
    ),
    _attack(
        "bomb-in-a-page",
        bounded(_bomb, LARGEST_PAGE=BOUND),
        setting(bodies, PIECE=NONE >> 10),
    ),
    _attack("members-of-gzip", _many_members, setting(bounds, MOST_MEMBERS=NONE)),
    _attack("encoding-that-nobody-asked-for", _another_encoding, without(bodies, "_decoder")),
    _attack(
        "file-larger-than-promised",
        _more_than_promised,
        both(*(setting(one, most=lambda _: NONE) for one in (catalog, addresses))),
    ),
    _attack(
        "directory-of-a-wheel-in-pieces",
        _directory_in_pieces,
        both(setting(bounds, LARGEST_PIECES=NONE), setting(archive, LONGEST_DIRECTORY=NONE)),
    ),
    _attack(
        "part-longer-than-asked-for",
        _memory(lambda fetcher, url, _: fetcher.span(url, 0, 99), status="206"),
        setting(bodies, content=lambda response, *_: response.content),
    ),
    _attack("body-byte-by-byte", _dripping(head(200, **PAGE)), _UNWATCHED),
    _attack("head-byte-by-byte", _dripping(b"HTTP/1.1 200 OK\r\n", drop=b"a"), _UNWATCHED),
    _attack("status-byte-by-byte", _dripping(b"HTTP/1.1 200 O"), _UNWATCHED),
    _attack("interim-answers-without-end", _dripping(drop=b"HTTP/1.1 100 Continue\r\n\r\n"), _UNWATCHED),
    _attack(
        "size-of-a-chunk-byte-by-byte",
        _dripping(head(200, Transfer_Encoding="chunked", **PAGE), drop=b"0"),
        _UNWATCHED,
    ),
    _attack(
        "trailers-without-end",
        _dripping(head(200, Transfer_Encoding="chunked", **PAGE), b"0\r\n", drop=b"a: b\r\n"),
        _UNWATCHED,
    ),
    _attack("redirect-byte-by-byte", _dripping(head(302, Location="/there/")), _UNWATCHED),
    _attack("endless-error", _sent(lambda _: itertools.chain([head(503)], much())), _UNDROPPED),
    _attack(
        "endless-refusal",
        _sent(lambda _: itertools.chain([head(401, WWW_Authenticate="Basic")], much())),
        _UNDROPPED,
    ),
    _attack(
        "endless-redirect", _sent(lambda _: itertools.chain([head(302, Location="/x")], much(MUCH // 5))), _UNDROPPED
    ),
    _attack("slow-charset", _slow_charset, setting(replies, CHARSETS=re.compile(".*"))),
]
