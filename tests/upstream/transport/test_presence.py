"""When the absence of a file from the pages of a project says that it is gone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pypi_subset.upstream.transport.presence import Presence, is_page, stated_size

ONE, OTHER = "https://me:secret@one.example/simple", "https://two.example/simple"


def doubt(
    pages: dict[str, tuple[str, str] | None], *, forbidden: str = "", lists: bool = False, root: bool = True
) -> str:
    """Return the doubt about a project with these pages at two indexes."""
    asked = Presence(
        project="acme",
        forbidden=lambda url: f"{url}/acme/" == forbidden,
        page_at=pages.__getitem__,
        lists=lambda _: lists,
        is_index=lambda _: root,
    )
    return asked.doubt([ONE, OTHER, "file:///srv/index"])


JSON, EMPTY = ("application/vnd.pypi.simple.v1+json", '{"name": "acme"}'), ("text/html; charset=utf-8", "<p>Log in")


@pytest.mark.parametrize(
    "pages",
    [
        {ONE: JSON, OTHER: JSON},
        {ONE: None, OTHER: JSON},
        {ONE: None, OTHER: ("application/vnd.pypi.simple.v1+html", "<html>")},
        {ONE: ("text/html", '<meta name="pypi:repository-version" content="1.0">'), OTHER: None},
    ],
)
def test_an_answer_of_every_index_is_one(pages: dict[str, tuple[str, str] | None]) -> None:
    """A page of the API without the file, or no page at an index that is there."""
    assert doubt(pages) == ""


def test_an_index_that_is_not_there() -> None:
    """No page of the project and none of the index: it may have moved. No secret is shown."""
    assert doubt({ONE: None, OTHER: JSON}, root=False) == "https://one.example/simple has no page of an index"


def test_a_page_that_is_not_shown() -> None:
    """403 is no answer."""
    words = doubt({ONE: None, OTHER: JSON}, forbidden=f"{ONE}/acme/")
    assert words == "https://one.example/simple does not show its page of acme to this machine (403)"


def test_a_page_for_people() -> None:
    """HTML that states no version and lists no file may be of a login."""
    assert doubt({ONE: JSON, OTHER: EMPTY}) == (
        "the page of acme at https://two.example/simple lists no file, and may be none of an index"
    )
    assert doubt({ONE: JSON, OTHER: EMPTY}, lists=True) == ""


def test_a_page_in_json_without_a_name() -> None:
    """JSON that names no project may be the answer to anything."""
    nameless = (JSON[0], '{"files": []}')
    assert doubt({ONE: JSON, OTHER: nameless}).endswith("lists no file, and may be none of an index")
    assert doubt({ONE: JSON, OTHER: nameless}, lists=True) == ""


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [(200, "text/html; charset=utf-8", True), (404, "text/html", False), (200, "text/plain", False), (200, "", False)],
)
def test_a_page(status: int, kind: str, *, expected: bool) -> None:
    """The status and the type decide."""
    response = SimpleNamespace(status_code=status, headers={"Content-Type": kind} if kind else {})
    assert is_page(response, {"text/html"}) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Content-Length": "7"}, 7),
        ({"Content-Range": "bytes 0-0/12", "Content-Length": "1"}, 12),
        ({"Content-Range": "bytes 0-0/*", "Content-Length": "1"}, None),
        ({"Content-Length": "-7"}, None),
        ({"Content-Length": "9" * 19}, None),
        ({}, None),
    ],
)
def test_a_size(headers: dict[str, str], expected: int | None) -> None:
    """The size of the whole file counts; a number that no file has is none."""
    assert stated_size(SimpleNamespace(headers=headers)) == expected
