"""The directory of ``--into``: state, records, recovery."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Misused
from pypi_subset.standalone.importer import disk, home, installing
from pypi_subset.standalone.importer.home import Home, Shelf
from pypi_subset.standalone.importer.state import FIRST_STATE, State
from tests.support.gap.far import Trip
from tests.support.gap.releases import files_of
from tests.support.programs.mounts import run_mounted, small_disk

if TYPE_CHECKING:
    from collections.abc import Callable


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


@pytest.mark.parametrize("text", ["", "{}", '{"page": "x"}', '{"page": "", "state": {}, "retire": "x"}'])
def test_damaged_journal(trip: Trip, request: pytest.FixtureRequest, text: str) -> None:
    """A damaged journal is an error that says what to do; what it says to do helps."""
    far = trip.far(f"journal-{request.node.callspec.indices['text']}", 1)
    journal = far.into / "incoming/journal.json"
    journal.parent.mkdir()
    journal.write_text(text)
    done = far.run(trip.media[1])
    assert done.code == 2
    assert done.error.endswith(f"; remove {journal}, and import the bundle again")
    journal.unlink()
    assert far.run(trip.media[1]).code == 0


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
        monkeypatch.setattr(home, "put_reserved", crash)
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


@pytest.mark.parametrize("step", ["built", "journal"])
def test_a_killed_import_leaves_no_wheels_to_a_refusal(
    trip: Trip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The tree of a killed import is removed before the next bundle is read, which may be refused."""
    far = trip.far(f"killed-{step}", 1)

    class Killed(BaseException):
        """The end of the process."""

    def kill(*_: object) -> None:
        raise Killed

    if step == "built":
        # An exception removes the tree; a process that is killed does not.
        monkeypatch.setattr(installing, "sync_all", kill)
        monkeypatch.setattr(installing, "remove", lambda _: None)
    else:
        monkeypatch.setattr(home, "exchange", kill)
    with pytest.raises(Killed):
        far.run(trip.media[1])
    monkeypatch.undo()
    assert far.loose_wheels() != []
    stick = tmp_path / "stick"
    shutil.copytree(trip.media[1], stick)
    (stick / "bundle.json").write_bytes(b"{}")
    assert far.run(stick).code == 1
    assert far.loose_wheels() == []
    assert far.run(trip.media[1]).code == 0


@pytest.mark.parametrize("name", ["state.json", "record.json", "journal.json"])
def test_a_disk_that_fills_up_leaves_no_wheels(trip: Trip, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """If the last room is gone before the swap, the old site stays, and the error says what to do."""
    far = trip.far(f"filled-{name}", 1)
    before = files_of(far.site)
    for function in ("write_file", "reserve_file"):
        whole = getattr(disk, function)

        def fill(path: str, data: bytes, whole: Callable[[str, bytes], None] = whole) -> None:
            if path.endswith(name):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
            whole(path, data)

        monkeypatch.setattr(home, function, fill)
    done = far.run(trip.media[1])
    assert done.code == 3
    assert done.error.endswith(f"{name}: {os.strerror(errno.ENOSPC)}; make room and run this again")
    assert (files_of(far.site), far.loose_wheels()) == (before, [])
    assert not (far.into / "state.json.new").exists()
    monkeypatch.undo()
    assert far.run(trip.media[1]).code == 0


#: Imports the bundle of its first argument on a small disk that another program fills up behind the swap.
FILLED = """
import contextlib, errno, io, json, shutil, sys
from pathlib import Path
from pypi_subset.standalone.importer import home, program

stick, before, into = map(Path, sys.argv[1:])
shutil.copytree(before, into, dirs_exist_ok=True)
swap, full = home.exchange, []

def exchange(one, other):
    swap(one, other)
    with open(into / "log", "ab", buffering=0) as log:
        try:
            while True:
                log.write(bytes(4096))
        except OSError as error:
            full.append(error.errno == errno.ENOSPC)
    return True

home.exchange = exchange
with contextlib.redirect_stdout(io.StringIO()):
    code = program.main([str(stick), "--into", str(into), "--grace", "0"])
state = json.loads((into / "state.json").read_text())
left = sorted(path.name for path in into.iterdir())
print(json.dumps([code, full, state["live"]["serial"], [one["serial"] for one in state["releases"]], left]))
"""


def test_a_disk_that_is_full_behind_the_swap(trip: Trip, tmp_path: Path) -> None:
    """The state had its room before the swap: it names the live release though the disk is full by then."""
    far = trip.far(tmp_path.name, 1)
    (tmp_path / "disk").mkdir()
    found = run_mounted(small_disk(tmp_path / "disk", "2m"), FILLED, trip.media[1], far.into, tmp_path / "disk")
    assert found == [0, [True], 2, [1], [".lock", "allowed_signers", "log", "releases", "site", "state.json"]]


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
