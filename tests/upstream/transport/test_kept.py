"""Answers of an unfinished run: found again for their time, and only whole."""

from __future__ import annotations

import stat
import time
from typing import TYPE_CHECKING

import pytest

from pypi_subset.support.secrets import paths
from pypi_subset.upstream.transport.kept import Answer, Kept

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://me:s3cret@index.example/simple/app/"


def test_an_answer_is_found_again(tmp_path: Path) -> None:
    """With all its facts, under its URL and range alone; no name shows the URL, and no other user reads it."""
    folder = tmp_path / "answers"
    one = Kept(folder).keep(URL, Answer(data=b"a\nb", content_type="text/html", etag='"1"', url=URL, first=3, total=6))
    found = Kept(folder)
    assert found.find(URL) == one
    assert one.fresh
    assert found.find(URL, "bytes=-6") is None
    assert found.find(URL + "x") is None
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not any("s3cret" in path.name for path in folder.iterdir())


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (599, True), (601, False), (-60, False)])
def test_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: float, fresh: bool) -> None:  # noqa: FBT001
    """Ten minutes as it is; a clock that was set back makes it old."""
    one = Kept(tmp_path / "answers").keep(URL, Answer(data=b"x"))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + age)
    assert one.fresh == fresh


def test_after_a_day_it_is_of_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of the day before is asked for again."""
    store = Kept(tmp_path / "answers")
    store.keep(URL, Answer(data=b"x"))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86401)
    assert store.find(URL) is None


@pytest.mark.parametrize("damage", [b"", b"{}\nx", b"[]\nx", b"\xff", b'{"length": 1, "url": 3}', None])
def test_what_is_damaged_is_not_there(tmp_path: Path, damage: bytes | None) -> None:
    """What a killed run left half written is no error."""
    store = Kept(tmp_path / "answers")
    store.keep(URL, Answer(data=b"0123456789"))
    (path,) = (tmp_path / "answers").iterdir()
    path.write_bytes(path.read_bytes()[:-1] if damage is None else damage)
    assert store.find(URL) is None


def test_without_a_directory_nothing_is_kept(tmp_path: Path) -> None:
    """A run that has ended has no directory, and a thread of it that still works makes none."""
    assert Kept(None).keep(URL, Answer(data=b"x")).data == b"x"
    assert Kept(None).find(URL) is None
    gone = tmp_path / "work" / "store" / "answers"
    Kept(gone).keep(URL, Answer(data=b"x"))
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    "link",
    [
        "https://me:s3cret@files.example/app-1.0.tar.gz",
        r"https:\/\/me:s3cret@files.example/app-1.0.tar.gz",
        "../../files/app-1.0-py3-none-any.whl?X-Amz-Signature=s3cret",
        "../../files/app-1.0-py3-none-any.whl;jsessionid=s3cret",
        "https://index.example/aB3dE5fG7hI9jK1s3cret/files/app-1.0.zip",
    ],
)
def test_a_secret_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str) -> None:
    """A page with a signed link, a password or the token of a configured URL is asked for again."""
    monkeypatch.setattr(paths, "_OWN", set())
    paths.hide("https://index.example/aB3dE5fG7hI9jK1s3cret/simple")
    store, page = (
        Kept(tmp_path / "answers"),
        Answer(data=f'<a href="{link}">app</a>'.encode(), content_type="text/html"),
    )
    assert store.keep(URL, page).data == page.data
    assert store.find(URL) is None
    store.keep(URL, Answer(data=b"x", content_type="text/html", url="https://other.example/simple/app/?token=s3cret"))
    assert store.find(URL) is None


def test_the_address_is_not_written(tmp_path: Path) -> None:
    """No file has the URL under which it is found."""
    store = Kept(tmp_path / "answers")
    store.keep(URL, Answer(data=b"x", content_type="text/html", url=URL))
    assert [path for path in (tmp_path / "answers").iterdir() if b"s3cret" in path.read_bytes()] == []
    found = store.find(URL)
    assert found is not None
    assert found.url == URL
