"""Fetching through pip's sessions: broken connections, ranges, and what the user configured."""

from __future__ import annotations

import hashlib
import re
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest
from pip._vendor.certifi import where

from pypi_subset.distributions.wheel import read_metadata
from pypi_subset.errors import BadDistribution, UpstreamError
from pypi_subset.support.bounds import LARGEST_METADATA
from pypi_subset.upstream.constraints import read_constraints
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import local_path, read_network, without_credentials
from pypi_subset.upstream.transport.kept import Kept
from pypi_subset.upstream.transport.remote_file import TAIL
from tests.support.servers.hostile import head, sending
from tests.support.servers.index import Index
from tests.support.servers.ports import answering
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


BODY = bytes(range(256)) * 4096


class Flaky(BaseHTTPRequestHandler):
    """Sends half of the body, then cuts the connection; a range request gets the rest, if the server can do ranges."""

    etag, ranges = '"one"', True
    seen: list[str]

    def do_GET(self) -> None:  # noqa: D102
        wanted = self.headers.get("Range", "")
        self.seen.append(wanted)
        start = int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted and self.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(BODY) - start))
        if self.etag:
            self.send_header("ETag", self.etag)
        self.end_headers()
        first = len(self.seen) == 1
        self.wfile.write(BODY[start : len(BODY) // 2] if first else BODY[start:])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def flaky() -> Iterator[type[Flaky]]:
    """Yield a handler class whose server runs; its ``url`` is set."""
    handler = type("Handler", (Flaky,), {"seen": []})
    with answering(handler) as port:
        handler.url = f"http://127.0.0.1:{port}/file"  # type: ignore[attr-defined]
        yield handler


def test_a_broken_connection_is_taken_up(flaky: type[Flaky], tmp_path: Path) -> None:
    """What arrived before the break is kept, and the rest is asked for."""
    sha256 = Fetcher(read_network()).save(flaky.url, tmp_path / "file")  # type: ignore[attr-defined]
    assert (tmp_path / "file").read_bytes() == BODY
    assert sha256 == hashlib.sha256(BODY).hexdigest()
    assert flaky.seen == ["", f"bytes={len(BODY) // 2}-"]


@pytest.mark.parametrize(("etag", "ranges"), [("", True), ('W/"weak"', True), ('"one"', False)])
def test_what_cannot_be_taken_up_starts_again(
    flaky: type[Flaky],
    tmp_path: Path,
    etag: str,
    ranges: bool,  # noqa: FBT001
) -> None:
    """Without a strong validator, or without ranges, the whole file is fetched again: no mixture of two versions."""
    flaky.etag, flaky.ranges = etag, ranges
    sha256 = Fetcher(read_network()).save(flaky.url, tmp_path / "file")  # type: ignore[attr-defined]
    assert (tmp_path / "file").read_bytes() == BODY
    assert sha256 == hashlib.sha256(BODY).hexdigest()


def test_it_gives_up_in_the_end(flaky: type[Flaky], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip's ``resume-retries`` turns it off; then it is an error, and no file."""
    monkeypatch.setenv("PIP_RESUME_RETRIES", "0")
    with pytest.raises(UpstreamError, match="cannot fetch"):
        Fetcher(read_network()).save(flaky.url, tmp_path / "file")  # type: ignore[attr-defined]
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("etag", ['"one"', "", 'W/"weak"'])
def test_the_next_run_goes_on(flaky: type[Flaky], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, etag: str) -> None:
    """What a run left is taken up by the next: by its ETag, or without one where the hash will tell."""
    flaky.etag = etag
    monkeypatch.setenv("PIP_RESUME_RETRIES", "0")
    sha256 = hashlib.sha256(BODY).hexdigest()
    with pytest.raises(UpstreamError, match="cannot fetch"):
        Fetcher(read_network()).save(flaky.url, tmp_path / "file", sha256=sha256)  # type: ignore[attr-defined]
    found = Fetcher(read_network()).save(flaky.url, tmp_path / "file", sha256=sha256)  # type: ignore[attr-defined]
    assert found == sha256
    assert (tmp_path / "file").read_bytes() == BODY
    assert flaky.seen == ["", f"bytes={len(BODY) // 2}-"]
    assert [*tmp_path.iterdir()] == [tmp_path / "file"]


def test_pieces_of_two_files_are_found_out(flaky: type[Flaky], tmp_path: Path) -> None:
    """Where the hash of the whole is wrong, all of it is fetched once more."""
    flaky.etag = ""
    (tmp_path / ".file.unfinished").write_bytes(b"x" * (len(BODY) // 2))
    flaky.seen.append("")
    sha256 = hashlib.sha256(BODY).hexdigest()
    found = Fetcher(read_network()).save(flaky.url, tmp_path / "file", sha256=sha256)  # type: ignore[attr-defined]
    assert found == sha256
    assert flaky.seen == ["", f"bytes={len(BODY) // 2}-", ""]


def test_what_is_whole_is_not_asked_for(flaky: type[Flaky], tmp_path: Path) -> None:
    """A run that was killed between the last byte and the name leaves the whole file."""
    (tmp_path / ".file.unfinished").write_bytes(BODY)
    sha256 = hashlib.sha256(BODY).hexdigest()
    assert Fetcher(read_network()).save(flaky.url, tmp_path / "file", sha256=sha256) == sha256  # type: ignore[attr-defined]
    assert flaky.seen == []


def test_an_old_page_is_asked_for_by_its_etag(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of an unfinished run is used for ten minutes; after that, if it has not changed, its bytes stay away."""
    index.cache_headers = True
    index.add(make_wheel("app"))
    url, now = f"{index.url}app/", time.time()
    first = Fetcher(read_network(), Kept(tmp_path / "answers")).page(url)
    assert Fetcher(read_network(), Kept(tmp_path / "answers")).page(url) == first
    assert [hit.status for hit in index.requests] == [200]
    monkeypatch.setattr(time, "time", lambda: now + 700)
    assert Fetcher(read_network(), Kept(tmp_path / "answers")).page(url) == first
    assert Fetcher(read_network(), Kept(tmp_path / "answers")).page(url) == first
    assert [hit.status for hit in index.requests] == [200, 304]
    monkeypatch.setattr(time, "time", lambda: now + 1500)
    index.add(make_wheel("app", "2.0"))
    assert Fetcher(read_network(), Kept(tmp_path / "answers")).page(url) != first
    assert [hit.status for hit in index.requests] == [200, 304, 200]


def test_a_page_that_breaks_off_is_asked_for_again() -> None:
    """A body that ends early is no page, and no reason to give up."""
    body = b"<a href='x'>x</a>"
    whole = head(200, Content_Type="text/html", Content_Length=len(body))
    answers = iter([[whole, body[:5]], [whole, body]])
    with sending(lambda _: next(answers)) as url:
        page = Fetcher(read_network()).page(f"{url}/app/")
    assert page is not None
    assert page.text == body.decode()


def test_a_server_without_ranges_sends_it_all(tmp_path: Path) -> None:
    """Where the whole file comes instead of its end, it is kept: nothing crosses the network twice."""
    wheel = make_wheel("app", ballast=2 * TAIL)
    with Index({"app": [wheel]}, ranges=False) as index:
        url = index.url.replace("/simple/", f"/files/{wheel.filename}")
        assert Fetcher(read_network()).tail(url, tmp_path / wheel.filename) is None
        assert (tmp_path / wheel.filename).read_bytes() == wheel.data
        assert index.gets(".whl") == 1


@pytest.mark.parametrize("ranges", [True, False])
def test_a_size_is_asked_for_without_the_file(*, ranges: bool) -> None:
    """One byte is sent where the server can do ranges; an empty file has a size too, and a missing one is an error."""
    with Index(ranges=ranges) as index:
        index.overrides |= {"/files/large": BODY, "/files/empty": b""}
        url, fetcher = index.url.replace("/simple/", "/files/"), Fetcher(read_network())
        assert fetcher.size(f"{url}large") == len(BODY)
        assert fetcher.size(f"{url}empty") == 0
        assert (sum(hit.sent for hit in index.hits()) == 1) is ranges
        with pytest.raises(UpstreamError, match="/files/missing answered 404"):
            fetcher.size(f"{url}missing")


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_page_that_is_not_there(index: Index, status: int) -> None:
    """Answers that mean "no such page" are no error."""
    index.on_request = lambda _: status
    assert Fetcher(read_network()).page(f"{index.url}app/") is None


def test_a_server_in_trouble(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other answer is an error that names address and status."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    index.on_request = lambda _: 418
    with pytest.raises(UpstreamError, match=r"/simple/app/ answered 418"):
        Fetcher(read_network()).page(f"{index.url}app/")


def test_pages_are_utf_8(index: Index) -> None:
    """A page without a charset is UTF-8, as pip reads it, not what HTTP once said about text."""
    index.style = "html"
    index.add(make_wheel("app"))
    index.overrides["/simple/app/"] = "zerstört ☃".encode()
    page = Fetcher(read_network()).page(f"{index.url}app/")
    assert page is not None
    assert page.text == "zerstört ☃"


def test_credentials_are_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot even be a URL is an error in one line, without the password in it."""
    for url in ("http://me:s3cret@/simple", "http://me:s3cret@[1::2/simple", "http://me:s3cret@127.0.0.1:99999/simple"):
        with pytest.raises(UpstreamError) as caught:
            Fetcher(read_network()).page(url)
        assert "s3cret" not in str(caught.value)
    monkeypatch.setenv("HOME", "/elsewhere")
    assert str(local_path("~/wheels")) == "/elsewhere/wheels"


def test_plain_http_elsewhere_needs_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """An http index on another machine is refused, as pip refuses it, unless it is a trusted host."""
    with pytest.raises(UpstreamError, match=r"plain http on another machine.*trusted-host"):
        Fetcher(read_network()).page("http://index.invalid/simple/app/")
    monkeypatch.setenv("PIP_TRUSTED_HOST", "index.invalid")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(UpstreamError, match="cannot fetch"):
        Fetcher(read_network()).page("http://index.invalid/simple/app/")


def test_the_settings_that_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes, directories, constraints, and what a session needs come from pip's configuration, files and variables."""
    limits = tmp_path / "limits.txt"
    (tmp_path / "more.txt").write_text("b<3  # why not\n")
    limits.write_text("a<2\n-c more.txt\n--index-url http://elsewhere.invalid/\n")
    config = tmp_path / "pip.conf"
    config.write_text(
        f"[global]\nindex-url = https://one.example/simple/\ntimeout = 7\nretries = 2\ncert = {where()}\n"
        f"client-cert = {limits}\nkeyring-provider = disabled\nconstraint = {limits}\n"
        "[download]\ntrusted-host = lab.example\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://two.example/simple https://three.example/simple/")
    (tmp_path / "wheelhouse").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIP_FIND_LINKS", "wheelhouse")
    monkeypatch.setenv("PIP_PROXY", "http://proxy.example:3128")
    network = read_network()
    hosts = ("one", "two", "three")
    assert network.index_urls == tuple(f"https://{host}.example/simple" for host in hosts)
    assert network.find_links == ("wheelhouse",)
    assert read_constraints(network) == ("a<2", "b<3")
    session = network.session()
    assert (session.timeout, session.verify, session.cert) == (7, where(), str(limits))
    assert session.proxies == {"http": "http://proxy.example:3128", "https": "http://proxy.example:3128"}
    assert session.pip_trusted_origins == [("lab.example", None)]
    assert session.get_adapter("https://one.example").max_retries.total == 2
    assert session.auth.prompting is False
    assert session.auth.use_keyring is False


def test_urls_and_paths(tmp_path: Path) -> None:
    """A file URL and a path are local, other URLs are not; credentials are cut out of a URL."""
    assert local_path(tmp_path.as_uri()) == tmp_path
    assert local_path(str(tmp_path)) == tmp_path
    assert local_path("https://index.example/") is None
    assert without_credentials("https://a:b@index.example:8/x?y#z") == "https://index.example:8/x"


@pytest.mark.parametrize(
    ("said", "wheel"),
    [
        ("holds 2 METADATA files", make_wheel("app", files={"app-2.0.dist-info/METADATA": b"x"})),
        ("holds 0 METADATA files", make_wheel("other")),
        ("claims a METADATA of more than", make_wheel("app", requires=["x" * LARGEST_METADATA])),
    ],
)
def test_hostile_wheels_are_refused(tmp_path: Path, said: str, wheel: Wheel) -> None:
    """Two METADATA files, none at all, or one that unpacks to an enormous size: each is refused by name."""
    path = tmp_path / "app-1.0-py3-none-any.whl"
    path.write_bytes(wheel.data)
    with pytest.raises(BadDistribution, match=re.escape(f"{path.name} {said}")):
        read_metadata(path, path.name)
