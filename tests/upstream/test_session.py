"""The gate of all requests: trust, redirects, pauses, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import UpstreamError
from pypi_subset.support import bounds
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.session import guarded
from tests.support.programs.commands import subset
from tests.support.servers.hostile import endless, head, sending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

PAGE = head(200, Content_Type="text/html")


def at(**answers: bytes) -> Callable[[str], Iterable[bytes]]:
    """Return what answers each path by name."""
    return lambda path: [answers[path.strip("/")]]


@pytest.mark.parametrize("count", [5, 6])
def test_redirects_are_counted(count: int) -> None:
    """Five redirects are followed, and not six."""
    steps = {f"s{number}": head(302, Location=f"/s{number - 1}/") for number in range(1, count + 1)}
    with sending(at(**steps, s0=PAGE)) as url:
        if count > bounds.MOST_REDIRECTS:
            with pytest.raises(UpstreamError, match="Exceeded 5 redirects"):
                Fetcher(read_network()).page(f"{url}/s{count}/")
        else:
            assert Fetcher(read_network()).page(f"{url}/s{count}/") is not None


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x", "gopher:x", "FILE:/etc/hostname"])
def test_redirects_lead_to_the_web(target: str, tmp_path: Path) -> None:
    """A redirect to a file of this machine, or to any other kind of address, is an error."""
    with sending(lambda _: [head(301, Location=target)]) as url:
        fetcher = Fetcher(read_network())
        for fetch in (
            lambda: fetcher.page(f"{url}/app/"),
            lambda: fetcher.small(url, 100),
            lambda: fetcher.save(url, tmp_path / "file"),
        ):
            with pytest.raises(UpstreamError, match="redirects to an address of the kind"):
                fetch()


def test_trust_holds_for_each_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain http to a machine that is not trusted is refused for pages, files, pieces and metadata."""
    fetcher = Fetcher(read_network())
    untrusted = "http://me:s3cret@index.invalid/file"
    refused = r"^http://index.invalid/file is plain http on another machine.*trusted-host"
    for fetch in (
        lambda: fetcher.page(untrusted),
        lambda: fetcher.small(untrusted, 100),
        lambda: fetcher.save(untrusted, tmp_path / "file"),
        lambda: fetcher.tail(untrusted, tmp_path / "file"),
        lambda: fetcher.span(untrusted, 0, 1),
    ):
        with pytest.raises(UpstreamError, match=refused):
            fetch()
    monkeypatch.setenv("PIP_TRUSTED_HOST", "index.invalid")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(UpstreamError, match="cannot fetch"):
        Fetcher(read_network()).small(untrusted, 100)


def test_trust_holds_for_each_redirect() -> None:
    """A trusted server cannot lead to one that is not."""
    with (
        sending(lambda _: [head(302, Location="http://index.invalid/app/")]) as url,
        pytest.raises(UpstreamError, match=r"http://index\.invalid/app/ is plain http on another machine"),
    ):
        Fetcher(read_network()).page(f"{url}/app/")


def test_credentials_stay_with_their_server() -> None:
    """A redirect to another server is followed without user and password."""
    there, here = list[str](), list[str]()
    with (
        sending(lambda _: [PAGE], there) as elsewhere,
        sending(lambda _: [head(302, Location=f"{elsewhere.replace('127.0.0.1', 'localhost')}/app/")], here) as url,
    ):
        assert Fetcher(read_network()).page(f"{url.replace('//', '//me:s3cret@')}/app/") is not None
    assert "Authorization: Basic" in here[0]
    assert "Authorization" not in there[0]


@pytest.mark.parametrize(
    ("stated", "expected"), [("999999", 60), ("9" * 5000, 60), ("-5", 0.5), ("soon", 0.5), ("2", 2)]
)
def test_pauses_are_bounded(stated: str, expected: float, pauses: list[float]) -> None:
    """A server that asks for a pause of days gets a minute; one that says nothing of use, half a second."""
    answers = iter([head(503, Retry_After=stated), PAGE])
    with sending(lambda _: [next(answers)]) as url:
        assert Fetcher(read_network()).page(f"{url}/app/") is not None
    assert pauses == [expected]


def test_a_pause_until_a_moment(pauses: list[float]) -> None:
    """``Retry-After`` may be a date."""
    answers = iter([head(429, Retry_After="Fri, 31 Dec 2999 23:59:59 GMT"), PAGE])
    with sending(lambda _: [next(answers)]) as url:
        assert Fetcher(read_network()).page(f"{url}/app/") is not None
    assert pauses == [60]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_minute_of_trouble(status: int, pauses: list[float]) -> None:
    """Whatever a server in trouble answers, it is asked again for a minute, with pauses that grow; then it is an error."""
    seen = list[str]()
    with sending(lambda _: [head(status)], seen) as url, pytest.raises(UpstreamError, match=f"answered {status}"):
        Fetcher(read_network()).page(f"{url}/app/")
    assert pauses == [0.5, 1, 2, 4, 8, 16, 16, 16]
    assert len(seen) == len(pauses) + 1


@pytest.mark.parametrize(("retries", "expected"), [("0", []), ("1", [0.5, 1, 2, 4, 8])])
def test_patience_follows_pip(
    retries: str, expected: list[float], monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    """Each of pip's ``retries`` is 12 seconds of trouble; none is none."""
    monkeypatch.setenv("PIP_RETRIES", retries)
    with sending(lambda _: [head(503)]) as url, pytest.raises(UpstreamError, match="answered 503"):
        Fetcher(read_network()).page(f"{url}/app/")
    assert pauses == expected


@pytest.mark.parametrize("status", [400, 401, 405, 418, 451, 501])
def test_an_answer_that_is_final(status: int, pauses: list[float]) -> None:
    """What another attempt does not change is not asked for again."""
    seen = list[str]()
    with sending(lambda _: [head(status)], seen) as url, pytest.raises(UpstreamError, match=f"answered {status}"):
        Fetcher(read_network()).page(f"{url}/app/")
    assert (len(seen), pauses) == (1, [])


def test_an_outage(pauses: list[float]) -> None:
    """A host that has answered may be gone for a while: it is asked again."""
    # pip itself asks six times at each attempt.
    answers = iter([[PAGE], *[[]] * 13, [PAGE]])
    with sending(lambda _: next(answers)) as url:
        fetcher = Fetcher(read_network())
        assert fetcher.page(f"{url}/app/") is not None
        assert fetcher.page(f"{url}/lib/") is not None
    assert pauses == [0.5, 1]


def test_a_host_that_never_answered(pauses: list[float]) -> None:
    """That may be a wrong address, which is reported after pip's own attempts."""
    with sending(lambda _: []) as url, pytest.raises(UpstreamError, match="cannot fetch"):
        Fetcher(read_network()).page(f"{url}/app/")
    assert pauses == []


@pytest.mark.parametrize("status", [302, 401, 503])
@pytest.mark.usefixtures("pauses")
def test_endless_refusals(status: int) -> None:
    """The body of an answer that is no page is not read to its end."""

    def answer(path: str) -> Iterable[bytes]:
        yield head(status, Location="/there/", WWW_Authenticate="Basic") if path != "/there/" else PAGE
        yield from [] if path == "/there/" else endless()

    with sending(answer) as url:
        try:
            Fetcher(read_network()).page(f"{url.replace('//', '//me:s3cret@')}/app/")
        except UpstreamError as error:
            assert f"answered {status}" in str(error)  # noqa: PT017 - a redirect is followed


def test_a_constraint_from_the_web_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not streamed is read up to the bound for files of requirements."""
    monkeypatch.setattr(bounds, "LARGEST_INPUT", 1000)
    with sending(lambda path: [head(200), b"x" * (1000 if path == "/good" else 1001)]) as url:
        session = guarded(read_network().session())
        assert len(session.get(f"{url}/good").content) == 1000
        with pytest.raises(UpstreamError, match="more than 1,000 bytes"):
            session.get(f"{url}/bad")


def test_pip_prints_nothing_beside_the_error(tmp_path: Path) -> None:
    """What pip itself says of a server that is not trusted is not printed: the address would stand there as it is."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "subset.toml").write_text('[targets]\nlinux = "cp312-manylinux_2_28_x86_64"\n')
    (tmp_path / "requirements" / "base.txt").write_text("six\n")
    done = subset("plan", cwd=tmp_path, PIP_INDEX_URL="http://u:p'w@index.invalid/simple")
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: http://index.invalid/simple/six/ is plain http")


@pytest.mark.parametrize("stated", ["bytes 0-9/20", "bytes 1-19/20", "bytes 0-19/*", ""])
def test_a_part_that_was_not_asked_for(stated: str, tmp_path: Path) -> None:
    """Only one with all bytes counts as the file."""
    answer = head(206, Content_Range=stated, Content_Length="20") + b"x" * 20
    with sending(lambda _: [answer]) as url, pytest.raises(UpstreamError, match="206"):
        Fetcher(read_network()).save(f"{url}/file", tmp_path / "file")
