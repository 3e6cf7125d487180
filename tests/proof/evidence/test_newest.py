"""The record of the newest reports: what an older one may not do, and a record that is none."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from pypi_subset.errors import SubsetError
from pypi_subset.model.report import Part, Report
from pypi_subset.proof.evidence import key, newest
from pypi_subset.proof.evidence.author import authored
from pypi_subset.proof.evidence.newest import doubt, last, record, replaced, state_path
from pypi_subset.proof.report import report
from tests.support.sites.published import GREEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.proof.evidence.key import Key


@pytest.fixture
def own(tmp_path: Path) -> Key:
    """Return a key with nothing recorded beside it."""
    return key.made(tmp_path / "key")


def made(own: Key, *, shard: str = "", manifest: str = "a" * 64, joined: bool = False) -> Report:
    """Return a report about the manifest of that hash, made now."""
    plain = report.report_of([GREEN], site=Path("nowhere"), isolation="none", shard=shard)
    parts = [Part(sha256="b" * 64)] if joined else []
    return authored(structs.replace(plain, manifest_sha256=manifest), own, "", parts)


def test_an_older_one_is_named(own: Key) -> None:
    """Of two reports about one manifest the older is refused, with both times; about another manifest it is not."""
    first, other = made(own), made(own, manifest="c" * 64)
    assert doubt(own, first) is None
    second = made(own)
    told = f"the report is of {first.created}, and there is a newer one about the same manifest, of {second.created}"
    assert str(doubt(own, first)) == f"{told}; run `pypi-subset verify`"
    assert doubt(own, second) is None
    assert doubt(own, other) is None


def test_a_later_part_counts_as_well(own: Key) -> None:
    """A part may be red by now, so that a whole report from before is refused."""
    whole, part = made(own), made(own, shard="1/2")
    assert doubt(own, whole) is not None
    assert doubt(own, part) is None


def test_another_report_of_the_same_time(own: Key) -> None:
    """Two reports of one time are not the same report."""
    one = made(own)
    assert doubt(own, structs.replace(one, mac="0" * 64)) is not None


def test_parts_have_their_own_place(own: Key) -> None:
    """A part is replaced by the same part of the same signer alone, and by no joined report."""
    first, second, whole = (made(own, shard=shard) for shard in ("1/2", "2/2", ""))
    made(own, joined=True)
    assert [replaced(own, one) for one in (first, second, whole)] == [None] * 3
    again = made(own, shard="1/2")
    seen = replaced(own, first)
    assert seen is not None
    assert seen.mac == again.mac
    assert replaced(own, again) is replaced(own, second) is replaced(own, first, "lab") is None
    record(own, again, "lab")
    assert replaced(own, first, "lab") is not None


def test_few_are_kept(own: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record does not grow for ever: the oldest go."""
    monkeypatch.setattr(newest, "MOST", 3)
    for number in range(5):
        made(own, manifest=str(number) * 64)
    assert [last(own, str(number) * 64) is None for number in range(5)] == [True, True, False, False, False]


def cut(path: Path) -> None:
    """Cut the record off."""
    path.write_bytes(path.read_bytes()[:-9])


def edited(path: Path) -> None:
    """Let the record name an earlier time."""
    document = json.loads(path.read_bytes())
    for seen in document["reports"].values():
        seen["created"] = "2000-01-01T00:00:00.000000Z"
    path.write_text(json.dumps(document))


def emptied(path: Path) -> None:
    """Let the record name nothing, under the HMAC of what it named."""
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"reports": {}}))


def linked(path: Path) -> None:
    """Put a link to another record in its place."""
    path.rename(path.with_name("other"))
    path.symlink_to("other")


def piped(path: Path) -> None:
    """Put a pipe in its place."""
    path.unlink()
    os.mkfifo(path)


def nested(path: Path) -> None:
    """Let the record nest without end."""
    path.write_text('{"x": ' + "[" * 100_000)


@pytest.mark.parametrize("spoil", [cut, edited, emptied, linked, piped, nested], ids=lambda spoil: spoil.__name__)
def test_a_record_that_is_none(own: Key, spoil: object) -> None:
    """A record that was changed lets nothing pass; the next proof begins a new one."""
    first = made(own)
    assert callable(spoil)
    spoil(state_path(own))
    with pytest.raises(
        SubsetError, match=r"record of the newest reports is damaged.*; run `pypi-subset verify`, which begins"
    ):
        replaced(own, first)
    assert "is damaged" in str(doubt(own, first))
    second = made(own)
    assert doubt(own, second) is None
    assert doubt(own, first) is not None


def test_another_key_has_another_record(own: Key) -> None:
    """After the key was replaced, the old record says nothing, and the next proof begins a new one."""
    made(own)
    own.path.unlink()
    other = key.made(own.path)
    assert last(other, "a" * 64) is None
    assert doubt(other, made(other)) is None


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Have no more rights than an ordinary user while the block runs."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_directory_that_cannot_be_written(own: Key) -> None:
    """A key that a build server lends in a read-only directory makes reports all the same."""
    own.path.parent.chmod(0o500)
    try:
        with unprivileged():
            assert made(own).mac
        assert [path.name for path in own.path.parent.iterdir()] == ["key"]
    finally:
        own.path.parent.chmod(0o700)


def test_a_record_that_cannot_be_written(own: Key, caplog: pytest.LogCaptureFixture) -> None:
    """Where it cannot be written the report is made, and the log says so."""
    state_path(own).mkdir()
    assert made(own).mac
    assert "the newest report is not recorded" in caplog.text
