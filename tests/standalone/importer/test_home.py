"""The directory of ``--into``: state, records, recovery."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from pypi_subset.standalone.importer import disk, home
from pypi_subset.standalone.importer.errors import Misused
from pypi_subset.standalone.importer.home import Home, Shelf
from pypi_subset.standalone.importer.state import FIRST_STATE, State
from tests.support.gap.far import Trip
from tests.support.gap.releases import files_of


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Three releases and the bundles between them."""
    return Trip.made(tmp_path_factory.mktemp("trip"))


def test_state_of_the_first_start(tmp_path: Path) -> None:
    """Before the first import nothing is live."""
    place = Home(str(tmp_path))
    assert (place.state().live, place.state().releases, place.manifest()) == (None, [], "")
    place.save(place.state())
    assert place.state().document()["schema"] == "1.0"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": "x"}', json.dumps({**FIRST_STATE, "grace": [{}]})])
def test_damaged_state(tmp_path: Path, text: str) -> None:
    """A damaged ``state.json`` is an error that says what to do."""
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(Misused, match=r"; move .*state\.json away, and import a bundle again"):
        Home(str(tmp_path)).state()


def test_prune_removes_its_own_alone(tmp_path: Path) -> None:
    """Releases that are not kept go, with their records; what has another name stays."""
    for name in ("1", "2", "x", "3.other"):
        (tmp_path / "releases" / name).mkdir(parents=True)
    for name in ("1.json", "2.json", "3.json", "notes.json"):
        (tmp_path / "releases" / name).touch()
    unsigned = {"manifest": "0" * 64, "signer": "", "key": "", "created": "", "imported": "", "overrides": []}
    live, kept = {**unsigned, "serial": 3}, {**unsigned, "serial": 2}
    Home(str(tmp_path)).prune(State({**FIRST_STATE, "live": live, "releases": [kept]}))
    assert sorted(path.name for path in (tmp_path / "releases").iterdir()) == [
        "2",
        "2.json",
        "3.json",
        "3.other",
        "notes.json",
        "x",
    ]


def test_shelf_reads_a_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Size, time and hash of the record are compared; without trust the file is read, once."""
    (tmp_path / "a").write_bytes(b"x")
    digest = files_of(tmp_path)["a"]
    look = (tmp_path / "a").stat()
    shelf = Shelf(str(tmp_path), {"a": (digest, 1, look.st_mtime_ns)})
    read: list[str] = []

    def hashed(path: str) -> tuple[str, int]:
        read.append(path)
        return disk.digest_of_file(path)

    monkeypatch.setattr(home, "digest_of_file", hashed)
    assert shelf.has("a", digest, trust=True)
    assert read == []
    for _ in range(2):
        assert shelf.has("a", digest, trust=False)
        assert not shelf.has("a", "0" * 64, trust=False)
    assert len(read) == 1
    assert not shelf.has("b", digest, trust=True)
    other = Shelf(str(tmp_path), {"a": (digest, 1, look.st_mtime_ns + 1)})
    assert other.has("a", digest, trust=True)
    assert len(read) == 2


@pytest.mark.parametrize("moment", ["before", "exchanged", "retired", "between", "renamed"])
def test_recovery(trip: Trip, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Whatever a crash left of a swap, the next call finishes it, or the site before stays."""
    far = trip.far(f"far-{moment}", 1)

    class Crash(BaseException):
        """The end of the process."""

    def crash(*_: object) -> bool:
        raise Crash

    def crash_behind(one: str, other: str) -> bool:
        aside = Path(one).rename(f"{one}.x")
        Path(other).rename(one)
        aside.rename(other)
        raise Crash

    if moment in {"between", "renamed"}:
        monkeypatch.setattr(home, "exchange", lambda *_: False)
        rename, left = os.rename, [1 if moment == "between" else 2]

        def count(one: str, other: str) -> None:
            if not left[0]:
                raise Crash
            left[0] -= 1
            rename(one, other)

        monkeypatch.setattr(os, "rename", count)
    elif moment == "retired":
        monkeypatch.setattr(Home, "save", crash)
    else:
        monkeypatch.setattr(home, "exchange", crash if moment == "before" else crash_behind)
    with pytest.raises(Crash):
        far.run(trip.media[1])
    monkeypatch.undo()
    done = far.run("--expire")
    assert done.code == 0
    finished = moment != "before"
    assert ("an interrupted import was finished" in done.err) is finished
    assert files_of(far.site).items() >= files_of(trip.sites[1 if finished else 0]).items()
    assert (far.into / "releases/1").exists() is finished
    assert far.run("--verify").code == 0
    assert far.run(trip.media[1]).code == 0
    assert far.run("--rollback").code == 0
    assert files_of(far.site).items() >= files_of(trip.sites[0]).items()


def test_first_import_that_crashed_before_its_rename(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a site before, a whole tree with a journal goes live at the next call."""
    far = trip.far("none")
    place = Home(str(far.into))
    monkeypatch.setattr(os, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert far.run(trip.media[0]).code == 130
    monkeypatch.undo()
    assert not far.site.exists()
    assert place.recover() is True
    assert files_of(far.site) == files_of(trip.sites[0])
    shutil.rmtree(far.into)
