"""Publishing: only what is proven, in an order in which no reader misses anything, and only what changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pypi_subset.cli.display import Display
from pypi_subset.errors import FolderError, NotProven, SubsetError
from pypi_subset.model import paths as hosts_paths
from pypi_subset.model.checks import Check
from pypi_subset.model.report import report_path
from pypi_subset.pipeline import mirror
from pypi_subset.proof.evidence.author import authored
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.proof.report import report
from pypi_subset.proof.run.suite import run_suite
from pypi_subset.publishing import publisher
from pypi_subset.publishing.destinations import folder as destinations
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.publishing.destinations.rsync import Rsync
from pypi_subset.publishing.publisher import MARKER, Published, destination_of
from pypi_subset.publishing.release import SiteRelease, decode, read_release
from pypi_subset.support import files
from pypi_subset.support.machine import holding
from pypi_subset.support.progress import Silent
from pypi_subset.targets import tag
from tests.support.checkout import schema
from tests.support.programs.commands import PYPI_SUBSET, STAGE
from tests.support.programs.ending import PATIENCE, until
from tests.support.programs.installers import install
from tests.support.programs.mounts import run_mounted, small_disk
from tests.support.servers.served import Served, ask
from tests.support.sites.links import Reader, holes, offered
from tests.support.sites.places import PLACES, Place
from tests.support.sites.published import GREEN, complete, made, own_key, proven
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.sites.trees import facts, tree
from tests.support.sites.workspace import Workspace, own_index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pypi_subset.pip.pool import Pips
    from tests.support.servers.index import Index

needs_rsync = pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync is not installed")
EACH = [pytest.param(name, marks=[needs_rsync] if name != "folder" else []) for name in PLACES]

SCHEMA = schema("manifest")
RED = Check(target="mac", set_name="base", request="", proof="unpacked", status="failed", reason="lib is not there")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a proven site and a later one: other versions, a project and a target less, others more."""
    space = Workspace(tmp_path_factory.mktemp("publish") / "work")
    space.paths.requirements.mkdir(parents=True)
    sites = []
    with own_index() as index:
        # The page of app leads to that of a new project whose name comes later.
        needs = {"1.0+local": ["lib"], "2.0": ["lib", "zest"]}
        index.add(*(make_wheel("app", version, requires=requires) for version, requires in needs.items()))
        index.add(make_wheel("lib"), make_wheel("old"), make_wheel("new"), make_wheel("zest"))
        for number, (line, target) in enumerate([("app<2\nold", "macosx_12_0_arm64"), ("app>1\nnew", "win_amd64")]):
            space.write("base.txt", line)
            space.toml({"linux": "cp312-manylinux_2_28_x86_64", target.split("_")[0]: f"cp312-{target}"})
            mirror.mirror(space.paths, progress=Display())
            sites.append(shutil.copytree(proven(space.paths.site), space.root / f"site{number}"))
    return sites[0], sites[1]


@pytest.fixture
def site(both: tuple[Path, Path], tmp_path: Path) -> Path:
    """Return the earlier of the sites, for this test alone."""
    return shutil.copytree(both[0], tmp_path / "site")


@pytest.fixture
def later(both: tuple[Path, Path], tmp_path: Path) -> Path:
    """Return the later of the sites, for this test alone."""
    return shutil.copytree(both[1], tmp_path / "later")


@pytest.fixture(params=EACH)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Yield each kind of place, with nothing in it."""
    with PLACES[str(request.param)](tmp_path / "place") as found:
        found.folder.parent.mkdir(exist_ok=True)
        yield found


@pytest.fixture
def public(tmp_path: Path) -> Place:
    """Return a directory to publish to, which is not there yet."""
    return Place(Folder(tmp_path / "public"), tmp_path / "public", str(tmp_path / "public"))


def put(site: Path, place: Place | Path, *, force: bool = False, grace: float = 0) -> Published:
    """Return what a publish did."""
    destination = Folder(place) if isinstance(place, Path) else place.destination
    return publisher.publish_to(site, destination, force=force, grace=grace, progress=Display())


def copied(folder: Path) -> dict[str, bytes]:
    """Return the files of a destination without the one that publish adds there."""
    return {path: data for path, data in tree(folder).items() if path != "release.json"}


def run(*arguments: object, cwd: Path) -> subprocess.Popen[str]:
    """Return the started command ``pypi-subset publish`` as users have it."""
    command = [*PYPI_SUBSET, "publish", *map(str, arguments)]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def step_by_step(monkeypatch: pytest.MonkeyPatch, step: Callable[[], None]) -> None:
    """Let *step* happen before each file that a directory gets or loses."""
    copy, remove = destinations.put, Folder.remove

    def slow_put(source: Path, destination: Path, digest: str = "") -> None:
        step()
        copy(source, destination, digest)

    def slow_remove(self: Folder, paths: Sequence[str], folders: Sequence[str] = ()) -> None:
        for path in paths:
            step()
            remove(self, [path])
        step()
        remove(self, [], folders)

    monkeypatch.setattr(destinations, "put", slow_put)
    monkeypatch.setattr(Folder, "remove", slow_remove)


@pytest.mark.slow
def test_the_reader_sees_holes(site: Path) -> None:
    """What the tests below look with finds a file that is gone, a page that is gone, and other bytes."""
    assert holes(site) == []
    (site / "simple" / "old" / "old-1.0-py3-none-any.whl").unlink()
    (site / "simple" / "lib" / "index.html").unlink()
    (site / "simple" / "app" / "app-1.0+local-py3-none-any.whl.metadata").write_bytes(b"")
    found = " ".join(holes(site))
    assert "simple/old/index.v1_json -> simple/old/old-1.0-py3-none-any.whl" in found
    assert "targets/linux/simple/old/index.html -> simple/old/old-1.0-py3-none-any.whl" in found
    assert "locks/pylock.base--linux.toml -> simple/old/old-1.0-py3-none-any.whl" in found
    assert "simple/index.html -> simple/lib/index.html" in found
    assert "simple-json/app/index.html -> simple/app/app-1.0+local-py3-none-any.whl.metadata" in found


@pytest.mark.slow
def test_the_copy_is_the_site(site: Path, place: Place) -> None:
    """All of it gets there, byte for byte and with its times; whoever serves it may read it; nothing of ours is left."""
    done = put(site, place)
    assert copied(place.folder) == tree(site)
    assert (done.sent, done.removed, done.kept, done.doubt) == (len(tree(site)) + 1, 0, 0, None)
    wheel = Path("simple", "lib", "lib-1.0-py3-none-any.whl")
    assert (place.folder / wheel).stat().st_mtime_ns == (site / wheel).stat().st_mtime_ns
    assert (place.folder / wheel).stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    """Return the umask of this process."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@pytest.mark.slow
def test_the_second_time_nothing_is_sent(site: Path, place: Place) -> None:
    """What is there already is not written again, even if its time is another; no file gets a new inode."""
    put(site, place)
    before = facts(place.folder)
    for path in site.rglob("*.whl"):
        os.utime(path, (1, 1))
    done = put(site, place)
    assert (done.sent, done.removed, done.kept) == (0, 0, len(before))
    assert facts(place.folder) == before


@pytest.mark.slow
def test_only_the_difference_is_sent(site: Path, later: Path, place: Place) -> None:
    """What both sites have keeps inode and time, what the later one has not is gone, with its directories."""
    put(site, place)
    before, same = facts(place.folder), {name for name, data in tree(site).items() if tree(later).get(name) == data}
    done = put(later, place)
    assert copied(place.folder) == tree(later)
    assert {name: fact for name, fact in facts(place.folder).items() if fact == before.get(name)}.keys() == same
    assert (done.sent, done.kept) == (len(tree(later)) - len(same) + 1, len(same))
    assert done.removed == len(tree(site).keys() - tree(later).keys())
    assert "simple/lib/lib-1.0-py3-none-any.whl" in same
    assert not [path for path in place.folder.rglob("*") if path.is_dir() and not any(path.iterdir())]


def test_a_file_of_the_same_size_and_time_but_another_page(site: Path, public: Place) -> None:
    """A page is compared by its bytes: size and time alone could hide a new hash."""
    put(site, public)
    page = public.folder / "simple" / "lib" / "index.html"
    time_of, good = page.stat().st_mtime_ns, page.read_bytes()
    page.write_bytes(good.replace(b"lib", b"bil"))
    os.utime(page, ns=(time_of, time_of))
    assert put(site, public).sent == 1
    assert page.read_bytes() == good


@pytest.mark.slow
def test_readers_miss_nothing(site: Path, later: Path, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that reads on through the first publish, an update and the way back gets all that any page names."""
    step_by_step(monkeypatch, lambda: time.sleep(0.005))
    start = Rsync._listed  # noqa: SLF001 - the seam between two runs of rsync

    def slow(self: Rsync, paths: Sequence[str], source: Path, *options: str) -> str:
        time.sleep(0.1)
        return start(self, paths, source, *options)

    monkeypatch.setattr(Rsync, "_listed", slow)
    with offered(place.folder) as url, Reader(url) as reader:

        def rest(_seconds: float) -> None:
            """Let two more rounds end: files stay for longer than a reader needs to get them."""
            rounds = reader.rounds
            until(lambda: reader.rounds > rounds + 1, "the reader reads")

        monkeypatch.setattr(publisher, "time", SimpleNamespace(sleep=rest))
        for one in (site, later, site):
            put(one, place, grace=1)
    assert reader.missed == []
    assert reader.rounds > 3
    assert reader.files > 20


@pytest.mark.slow
def test_pip_installs_meanwhile(
    site: Path, later: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_pips: Pips
) -> None:
    """pip gets one release or the other, whatever is being copied while it asks."""
    place = tmp_path / "public"
    put(site, place)
    codes: list[tuple[int, str]] = []

    def install_one() -> None:
        # Each a pip of its own: not at all of the steps.
        if asked.pop(0):
            codes.append(
                install(own_pips, f"pip install --index-url {url}/simple/ app", tmp_path / str(len(codes)))[:2]
            )

    asked = [number % 15 == 0 for number in range(200)]
    step_by_step(monkeypatch, install_one)
    with offered(place) as url:
        put(later, place)
    assert len(codes) > 3
    assert {code for code, _ in codes} == {0}, codes


@pytest.mark.long
def test_every_step_leaves_a_whole_copy(
    site: Path, later: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after each single file, all that lies there names only what lies there."""
    place, seen = tmp_path / "public", list[str]()
    step_by_step(monkeypatch, lambda: seen.extend(holes(place)))
    for one in (site, later):
        put(one, place)
    assert seen == []


@pytest.mark.slow
@needs_rsync
def test_every_run_of_rsync_leaves_a_whole_copy(
    site: Path, later: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same between one run of rsync and the next."""
    seen, runs = list[str](), list[str]()
    with PLACES["rsync"](tmp_path) as place:
        start = Rsync._listed  # noqa: SLF001 - the seam between two runs of rsync

        def looked(self: Rsync, paths: Sequence[str], source: Path, *options: str) -> str:
            said = start(self, paths, source, *options)
            seen.extend(holes(place.folder))
            runs.append(paths[0])
            return said

        monkeypatch.setattr(Rsync, "_listed", looked)
        for one in (site, later):
            put(one, place)
    assert seen == []
    assert len(runs) > 15


@pytest.mark.long
def test_stopped_anywhere(
    both: tuple[Path, Path], site: Path, later: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before any one file, clients can use what is there, and the next publish makes it whole."""
    start, left = tmp_path / "start", [0]
    put(site, start)

    def stop() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    step_by_step(monkeypatch, stop)
    for first, number in ((None, 1), (None, 7), *((start, number) for number in range(1, 200, 5))):
        place = tmp_path / f"{first is None}{number}"
        if first is not None:
            shutil.copytree(first, place)
        left[0] = number
        try:
            put(later, place)
        except KeyboardInterrupt:
            assert holes(place) == []
            put(later, place)
        else:
            assert number > 50
            break
        assert copied(place) == tree(both[1])
        shutil.rmtree(place)


def test_a_first_publish_that_was_killed_goes_on(site: Path, public: Place) -> None:
    """No manifest is there yet, but the mark: the directory is ours, with what a kill left of a file."""
    put(site, public)
    for name in ("manifest.json", "index.html"):
        (public.folder / name).unlink()
    shutil.copy(site / "index.html", public.folder / ".index.html.123.part")
    with pytest.raises(FolderError, match="publish did not put"):
        put(site, public)
    (public.folder / MARKER).write_bytes(publisher._MARK)  # noqa: SLF001 - what a stopped run leaves
    put(site, public)
    assert copied(public.folder) == tree(site)


def test_a_first_publish_that_was_killed_in_its_mark_goes_on(site: Path, public: Place) -> None:
    """The beginning of the mark alone is no file of the user; anything beside it is one."""
    part = public.folder / f".{MARKER}.123.part"
    public.folder.mkdir(parents=True, exist_ok=True)
    part.write_bytes(publisher._MARK[:3])  # noqa: SLF001 - what a killed run leaves
    (public.folder / "index.html").write_text("mine")
    with pytest.raises(FolderError, match=r"publish did not put index\.html there"):
        put(site, public)
    (public.folder / "index.html").unlink()
    put(site, public)
    assert copied(public.folder) == tree(site)


def test_ctrl_c_while_it_waits(site: Path, later: Path, both: tuple[Path, Path], tmp_path: Path) -> None:
    """Ctrl-C is one line and code 130; the copy is whole, and the same command ends what was begun."""
    place = tmp_path / "public"
    (tmp_path / "packages").mkdir()
    shutil.copy(both[0].parent / "packages" / ".gone.json", tmp_path / "packages")
    put(site, place)
    with run("--site", later, "--to", place, "--grace=60", cwd=tmp_path) as process:
        until(lambda: (place / "index.html").read_bytes() == (later / "index.html").read_bytes(), "all is copied")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, STAGE.sub("", said)) == (
        130,
        "interrupted: nothing is half done; run the same command again to continue\n",
    )
    assert holes(place) == []
    assert (place / MARKER).is_file()
    put(later, place)
    assert copied(place) == tree(later)


def test_what_went_stays_for_a_while(site: Path, later: Path, public: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that no page names any more are there for as long as was said, when all of the new pages are."""
    put(site, public)
    wheel, front = public.folder / "simple" / "old" / "old-1.0-py3-none-any.whl", public.folder / "index.html"
    waited: list[tuple[float, bool, bool]] = []

    def wait(seconds: float) -> None:
        waited.append((seconds, wheel.exists(), front.read_bytes() == (later / "index.html").read_bytes()))

    monkeypatch.setattr(time, "sleep", wait)
    for _ in range(2):
        put(later, public, grace=7)
    # For the page of a view, for the pages that it led to, and for the files.
    assert waited == [(7, True, True)] * 3
    assert not wheel.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="mounts")
def test_a_full_disk(site: Path, later: Path, tmp_path: Path) -> None:
    """One line; what is there can be used; with more room the next publish makes it whole."""
    program = """
import json, os, sys
from pathlib import Path
from tests.support.sites.links import holes
from tests.support.sites.trees import tree
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.cli.display import Display
from pypi_subset.errors import FolderError
from pypi_subset.publishing.publisher import publish_to
place, said, holed = Path(sys.argv[1]), [], []
def put(site):
    try:
        publish_to(Path(site), Folder(place), force=False, grace=0, progress=Display())
    except FolderError as error:
        said.append(str(error))
    holed.extend(holes(place))
put(sys.argv[2])
os.system(f"mount -o remount,size=1m none {place}")
put(sys.argv[2])
os.system(f"mount -o remount,size={sys.argv[4]} none {place}")
put(sys.argv[3])
os.system(f"mount -o remount,size=1m none {place}")
put(sys.argv[3])
print(json.dumps({"said": said, "holes": holed, "same": {**tree(place), "release.json": b""} == {**tree(Path(sys.argv[3])), "release.json": b""}}))
"""
    place = tmp_path / "disk"
    place.mkdir()
    # A file takes whole blocks of 4096 bytes.
    blocks = sum(-(-len(data) // 4096) for data in tree(site).values()) + 2
    # The bytes of all files find room, and their blocks do not.
    size = sum(map(len, tree(site).values())) + 4096
    ended = run_mounted(small_disk(place, str(size)), program, place, site, later, blocks * 4096)
    steps = [line.partition("; ")[2] for line in ended["said"]]
    assert steps[0] == "free some space and run the same command again"
    assert steps[1].endswith("nothing was written")
    assert [line.count("\n") for line in ended["said"]] == [0, 0]
    assert (ended["holes"], ended["same"]) == ([], True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts")
def test_too_little_room(site: Path, tmp_path: Path) -> None:
    """Before the first file is sent, the line has what is needed and what is free; nothing is written."""
    program = """
import json, os, sys
from pathlib import Path
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.errors import FolderError
from pypi_subset.publishing.publisher import publish_to
from pypi_subset.support.progress import SILENT
place = Path(sys.argv[1])
try:
    publish_to(Path(sys.argv[2]), Folder(place), force=False, grace=0, progress=SILENT)
except FolderError as error:
    print(json.dumps([str(error), os.listdir(place)]))
"""
    place = tmp_path / "disk"
    place.mkdir()
    said, there = run_mounted(small_disk(place, "16k"), program, place, site)
    assert re.fullmatch(
        rf"there is not enough room: publish needs [\d.]+ kB in {place}, where 16.4 kB are free; free .* nothing was written",
        said,
    )
    assert there == []


def no_report(site: Path) -> None:
    """Take the report away."""
    report_path(site).unlink()


def other_bytes(site: Path) -> None:
    """Let the site be rebuilt to something else."""
    path = site / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_bytes())))


def red(site: Path) -> None:
    """Let one check of two be red."""
    proven(site, GREEN, RED)


def one_target(site: Path) -> None:
    """Let only a part be proven."""
    report.write_report(made(site, [GREEN], targets=["linux"]), site)


def nothing_proven(site: Path) -> None:
    """Let no check have passed."""
    report.write_report(made(site, []), site)


def inventory_alone(site: Path) -> None:
    """Let all files be there, and every case be skipped."""
    there = replace(GREEN, target="", set_name="", proof="inventory")
    report.write_report(made(site, [there, replace(GREEN, status="skipped")]), site)


def damaged(site: Path) -> None:
    """Cut the report off."""
    report_path(site).write_text('{"schema": 1,')


def file_gone(site: Path) -> None:
    """Take a wheel away after the proof."""
    (site / "simple" / "lib" / "lib-1.0-py3-none-any.whl").unlink()


def file_changed(site: Path) -> None:
    """Change a wheel after the proof, but not its size."""
    path = site / "simple" / "lib" / "lib-1.0-py3-none-any.whl"
    path.write_bytes(path.read_bytes()[::-1])


def page_changed(site: Path) -> None:
    """Change a page after the proof."""
    (site / "simple" / "index.html").write_text("<!DOCTYPE html>")


def stranger(site: Path) -> None:
    """Put a file in after the proof."""
    (site / "simple" / "lib" / "lib-9.0-py3-none-any.whl").write_bytes(b"")


FORCE = "or publish it unproven with `--force`"
REFUSED: dict[Callable[[Path], None], str] = {
    no_report: f"site: nothing is proven yet; run `pypi-subset verify`, {FORCE}",
    other_bytes: f"report.json: the report is about other bytes than these; run `pypi-subset verify`, {FORCE}",
    red: f"report.json: 1 of 2 checks are red; mend what it names, run `pypi-subset mirror` and `pypi-subset verify`, {FORCE}",
    one_target: "report.json: only a part was proven: the targets linux; run `pypi-subset verify` for all of it, or join the"
    f" reports of all parts by `pypi-subset merge-reports`, {FORCE}",
    nothing_proven: f"report.json: nothing was proven; run `pypi-subset verify`, {FORCE}",
    inventory_alone: "report.json: nothing was proven but that the files are there; ask for something that a target needs",
    damaged: f"report.json: the report is damaged; run `pypi-subset verify`, {FORCE}",
    file_gone: "any.whl: the manifest names this, and it is not there; run `pypi-subset mirror` and `pypi-subset verify`",
    file_changed: "any.whl: this has other bytes than the manifest says; run `pypi-subset mirror` and `pypi-subset verify`",
    page_changed: "index.html: this has other bytes than the manifest says; run `pypi-subset mirror` and `pypi-subset verify`",
    stranger: "any.whl: the manifest does not name this; run `pypi-subset mirror` and `pypi-subset verify`",
}


#: What FORCE publishes all the same: a distribution with other bytes it does not.
FORCED = [change for change in REFUSED if change is not file_changed]


@pytest.mark.parametrize("change", REFUSED, ids=lambda change: change.__name__)
def test_what_is_not_proven_is_refused(site: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    """Without a green report about just these bytes nothing is written, and one line says why and what to do."""
    change(site)
    with pytest.raises(NotProven) as caught:
        put(site, tmp_path / "public")
    assert REFUSED[change] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "public").exists()


@pytest.mark.parametrize("change", FORCED, ids=lambda change: change.__name__)
def test_force_publishes_and_says_so(site: Path, public: Place, change: Callable[[Path], None]) -> None:
    """The published manifest says that nothing proves it, and no report can be about it; the site's own stays."""
    change(site)
    before = tree(site)
    done = put(site, public, force=True)
    assert done.doubt is not None
    copy = public.folder / "manifest.json"
    document = json.loads(copy.read_bytes())
    jsonschema.validate(document, SCHEMA)
    assert document.pop("unproven") is True
    assert document == json.loads((site / "manifest.json").read_bytes())
    found = report_path(public.folder)
    assert not found.exists() or files.sha256_of(copy) not in found.read_text()
    assert tree(site) == before
    assert "simple/lib/lib-9.0-py3-none-any.whl" not in tree(public.folder)
    assert put(site, public, force=True).sent == 0


@pytest.mark.parametrize("change", FORCED, ids=lambda change: change.__name__)
def test_what_is_forced_shows_no_green(site: Path, public: Place, change: Callable[[Path], None]) -> None:
    """Page, badge and report beside the forced copy say stale, or that nothing is proven; those of the site stay."""
    change(site)
    put(site, public, force=True)
    folder, found = public.folder / "proof", report_path(public.folder)
    if found.exists():
        assert json.loads(found.read_bytes())["stale"] is True
    words = "stale" if found.exists() else "nothing proven yet"
    assert [words in (folder / name).read_text().lower() for name in ("badge.svg", "index.html")] == [True, True]
    assert (folder / "junit.xml").exists() == found.exists() == (change not in {no_report, damaged})
    assert holes(public.folder) == ([] if change is not file_gone else holes(site))


def test_what_is_proven_keeps_its_report(site: Path, public: Place) -> None:
    """--force changes nothing where there is no doubt: the green report gets there as it is."""
    put(site, public, force=True)
    assert tree(public.folder / "proof") == tree(site / "proof")


@pytest.mark.slow
@needs_rsync
def test_force_by_rsync(site: Path, later: Path, tmp_path: Path) -> None:
    """The manifest that says so gets there by rsync too, and goes again."""
    red(site)
    with PLACES["rsync"](tmp_path) as place:
        put(site, place, force=True)
        assert json.loads((place.folder / "manifest.json").read_bytes())["unproven"] is True
        assert json.loads(report_path(place.folder).read_bytes())["stale"] is True
        assert put(site, place, force=True).sent == 0
        put(later, place)
        assert copied(place.folder) == tree(later)


def test_what_is_proven_later_says_no_more_that_it_is_not(site: Path, tmp_path: Path) -> None:
    """With a green report the manifest that is published is the site's own again, forced or not."""
    place = tmp_path / "public"
    red(site)
    put(site, place, force=True)
    proven(site)
    # The manifest, and the four files of the report.
    assert put(site, place, force=True).sent == 6
    assert copied(place) == tree(site)


def test_nothing_to_publish(tmp_path: Path) -> None:
    """No site, no publish, whatever is forced."""
    with pytest.raises(SubsetError, match="the site has no manifest; run `pypi-subset mirror`"):
        put(tmp_path, tmp_path / "public", force=True)


def test_a_link_in_the_site_is_refused(site: Path, public: Place) -> None:
    """A symbolic link is neither followed nor copied, even by force."""
    path = site / "simple" / "lib" / "lib-1.0-py3-none-any.whl"
    path.rename(site.parent / "lib")
    path.symlink_to(site.parent / "lib")
    with pytest.raises(FolderError, match="this is no plain file, and a copy would lose it; remove it"):
        put(site, public, force=True)
    assert not public.folder.exists()


def own_files(folder: Path) -> None:
    """Make it a directory of somebody's."""
    (folder / "thesis.txt").write_text("years of work")


def same_names(folder: Path) -> None:
    """Give somebody's files the names that ours have."""
    (folder / "index.html").write_text("my page")
    (folder / "manifest.json").write_text('{"name": "my app"}')


def linked(folder: Path) -> None:
    """Let a directory in it lead elsewhere."""
    (folder.parent / "elsewhere").mkdir()
    (folder / "simple").symlink_to(folder.parent / "elsewhere")


def other_mark(folder: Path) -> None:
    """Put somebody's file under the name of our mark."""
    (folder / MARKER).write_text("mine")


STRANGE: dict[Callable[[Path], None], str] = {
    own_files: "publish did not put thesis.txt there, and it would go; move it away",
    same_names: "publish did not put index.html there, and it would go; move it away",
    linked: "simple is no plain file, and is neither followed nor overwritten; remove it",
    other_mark: "publish did not put .publishing there, and it would go; move it away",
}


@pytest.mark.parametrize("change", STRANGE, ids=lambda change: change.__name__)
def test_a_folder_of_somebody_is_left_alone(site: Path, place: Place, change: Callable[[Path], None]) -> None:
    """Only what is empty or was published by us before is taken."""
    place.folder.mkdir(parents=True)
    change(place.folder)
    before = sorted(place.folder.rglob("*"))
    with pytest.raises(FolderError) as caught:
        put(site, place)
    assert str(caught.value).startswith(f"{place.to}: {STRANGE[change]}")
    assert sorted(place.folder.rglob("*")) == before


def test_somebodys_file_among_ours(site: Path, public: Place) -> None:
    """What was published before is taken again, unless there is now something else at its top."""
    put(site, public)
    (public.folder / ".DS_Store").write_bytes(b"")
    put(site, public)
    own_files(public.folder)
    with pytest.raises(FolderError, match=r"publish did not put thesis\.txt there"):
        put(site, public)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("", "publish has no destination; name one, as in `--to /srv/www/pypi`"),
        ("-e", "publish has no destination"),
        ("site", "one of the place to publish to and site contains the other; name two directories side by side"),
        ("site/public", "one of the place to publish to and site contains the other"),
        (".", "one of the place to publish to and site contains the other"),
        ("packages/public", "one of the place to publish to and packages contains the other"),
    ],
)
def test_where_to(to: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that is none, or that stands in what is published, is refused."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FolderError) as caught:
        destination_of(to, Path("site"), Path("packages"))
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["link", "file"])
def test_what_is_no_folder_is_refused(site: Path, tmp_path: Path, name: str) -> None:
    """A link is not followed, a file not replaced."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FolderError, match="name a directory to publish to"):
        put(site, tmp_path / name)


def test_turns(site: Path) -> None:
    """Each page has a later turn than all that it leads to."""
    order = ["simple/a/a-1.whl.metadata", "locks/pylock.toml", "simple/a/index.html", "simple/index.v1_json"]
    assert [hosts_paths.publish_order(path) for path in order] == [0, 1, 2, 3]
    assert [
        hosts_paths.publish_order(path) for path in ("targets/t/simple/a/index.html", "targets/t/simple/index.html")
    ] == [2, 3]
    assert [hosts_paths.publish_order(path) for path in ("simple-json/a/index.html", "simple-json/index.html")] == [
        2,
        3,
    ]
    assert [hosts_paths.publish_order(path) for path in ("find-links.html", "proof/report.json", ".nojekyll")] == [
        2,
        4,
        1,
    ]
    assert max(tree(site), key=hosts_paths.publish_order) == "index.html"


def test_a_mirror_waits(site: Path, tmp_path: Path) -> None:
    """While a run holds packages/, which may replace the site, nothing is published."""
    with holding.exclusive(tmp_path / "packages"), run("--to", "public", cwd=tmp_path) as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert re.fullmatch(r"error: packages: another run is working in this directory: .*; wait for it to end\n", said)
    assert site.is_dir()


def test_a_red_proof_does_not_stop_serve(site: Path, tmp_path: Path) -> None:
    """What may not be published may still be looked at here."""
    red(site)
    with Served(site, tmp_path / "log") as served:
        assert ask(served.port, "/simple/").status == 200


@pytest.mark.slow
def test_the_whole_way(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_pips: Pips
) -> None:
    """Mirrored, refused, proven, published by the command, and installed by pip from a plain web server."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
    workspace.write("base.txt", "app")
    workspace.toml()
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    mirror.mirror(workspace.paths, progress=Display())
    with run("--to=public", cwd=workspace.root) as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (1, f"error: site: nothing is proven yet; run `pypi-subset verify`, {FORCE}\n")
    assert run_suite(workspace.paths).totals.failed == 0
    with run("--to=public", cwd=workspace.root) as process:
        shown, said = process.communicate(timeout=PATIENCE)
    count = len(tree(workspace.paths.site))
    assert (process.returncode, STAGE.sub("", said)) == (0, "")
    digest = files.sha256_of(workspace.root / "public" / "manifest.json")
    assert shown.splitlines() == [
        f"public is published: {count + 1} files sent, 0 removed, 0 as they were",
        f"release 1, manifest.json has the SHA-256 {digest}",
        "Next: `pip config set global.index-url https://HOST/simple/` on each client, once a web server offers public",
    ]
    red(workspace.paths.site)
    with run("--to=public", "--force", cwd=workspace.root) as process:
        shown, _ = process.communicate(timeout=PATIENCE)
    assert shown.splitlines()[0].endswith("1 of 2 checks are red; the published manifest says that it is unproven")
    monkeypatch.delenv("PIP_INDEX_URL")
    with offered(workspace.root / "public") as url:
        code, words, into = install(own_pips, f"pip install --index-url {url}/simple/ app", tmp_path / "client")
    assert (code, words) == (0, "")
    assert {path.name for path in into.glob("*.py")} == {"app.py", "lib.py"}


class Heard(Silent):
    """Keeps the warnings of a run."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, line: str) -> None:
        """Keep *line*."""
        self.warnings.append(line)


@pytest.mark.parametrize(("isolation", "warns"), [("namespaces", False), ("none: --unisolated", True)])
def test_a_proof_without_isolation_is_a_warning(tmp_path: Path, isolation: str, *, warns: bool) -> None:
    """Where the packages could have changed the report, publish says so, and publishes."""
    linux = tag.parse("linux", "cp312-manylinux_2_28_x86_64")
    wheel = make_wheel("aa")
    subset = SubsetOnDisk(tmp_path / "a", targets=[linux], lines=["aa"], pins={"linux": [wheel]}).write()
    subset.looked()
    site, heard = subset.paths.site, Heard()
    plain = report.report_of(complete(site), site=site, isolation=isolation)
    report.write_report(authored(plain, own_key(), subset_digest(subset.plan)), site)
    assert publisher.publish(subset.paths, tmp_path / "to", progress=heard).sent
    words = "isolation: none. A package that ran here could have changed files, the report and its key included"
    assert heard.warnings == [words] * warns


def release(folder: Path) -> SiteRelease:
    """Return the release at a destination."""
    found = read_release(folder)
    assert found is not None
    return found


def test_each_publication_has_a_number(site: Path, later: Path, public: Place) -> None:
    """It names its manifest and the release before; the same manifest again is the same publication."""
    first = put(site, public)
    before = (public.folder / "release.json").read_bytes()
    assert (first.serial, release(public.folder).previous) == (1, "")
    assert put(site, public).sent == 0
    assert (public.folder / "release.json").read_bytes() == before
    second = put(later, public)
    found = release(public.folder)
    assert (second.serial, found.serial) == (2, 2)
    assert found.previous == hashlib.sha256(before).hexdigest()
    assert found.manifest_sha256 == second.manifest_sha256 == files.sha256_of(public.folder / "manifest.json")
    assert found.published > read_back(before).published
    assert put(site, public).serial == 3


def read_back(data: bytes) -> SiteRelease:
    """Return the release in *data*."""
    return decode(data, path=Path("release.json"), next_step="")


@pytest.mark.parametrize("name", ["release.json", "index.html"])
def test_stopped_around_the_release(
    site: Path, later: Path, public: Place, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Stopped before or behind it, the next run ends with the manifest and the release that names it."""
    put(site, public)
    copy = destinations.put

    def stop(source: Path, destination: Path, digest: str = "") -> None:
        if destination.name == name and destination.parent == public.folder:
            raise KeyboardInterrupt
        copy(source, destination, digest)

    monkeypatch.setattr(destinations, "put", stop)
    with pytest.raises(KeyboardInterrupt):
        put(later, public)
    monkeypatch.setattr(destinations, "put", copy)
    done = put(later, public)
    assert (done.serial, release(public.folder).manifest_sha256) == (2, done.manifest_sha256)
    assert copied(public.folder) == tree(later)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"schema": "1.0", "serial": 0}', b"x" * 20_000])
def test_a_damaged_release_is_not_counted_on(site: Path, public: Place, data: bytes) -> None:
    """A number that begins again would be refused by everybody who fetched: the way out is named."""
    put(site, public)
    (public.folder / "release.json").write_bytes(data)
    before = tree(public.folder)
    with pytest.raises(
        SubsetError, match=r"release\.json: the release .*; put the release\.json of the last publication"
    ):
        put(site, public)
    assert tree(public.folder) == before


def test_the_release_of_a_fetched_site_is_not_published(site: Path, public: Place) -> None:
    """A destination has numbers of its own, and the inventory accepts what fetch left."""
    (site / "release.json").write_bytes(b"of elsewhere")
    assert put(site, public).serial == 1


def test_the_page_about_an_import_is_not_published(site: Path, public: Place) -> None:
    """It says who signed what was imported there; at a destination that has one it would be wrong, and goes."""
    (site / "release.html").write_bytes(b"of the import")
    put(site, public)
    assert "release.html" not in tree(public.folder)
    (public.folder / "release.html").write_bytes(b"of another import")
    put(site, public)
    assert "release.html" not in tree(public.folder)


@pytest.mark.parametrize("name", EACH)
def test_bytes_that_change_while_they_are_published(site: Path, tmp_path: Path, name: str) -> None:
    """They are hashed while they are copied: nothing that names them gets there, and the old site stays."""
    with PLACES[str(name)](tmp_path / "place") as place:
        place.folder.parent.mkdir(exist_ok=True)
        wheel, send = site / "simple" / "lib" / "lib-1.0-py3-none-any.whl", type(place.destination).send

        class Slow(type(place.destination)):  # type: ignore[misc] # each kind of place
            def send(self, source: Path, paths: Sequence[str], *rest: Any) -> None:
                if source == site:
                    wheel.write_bytes(wheel.read_bytes()[::-1])
                send(self, source, paths, *rest)

        place.destination.__class__ = Slow
        with pytest.raises(
            FolderError, match="this has other bytes than the manifest says, and is not published"
        ) as raised:
            put(site, place)
        assert raised.value.path == wheel
        assert not [path for path in tree(place.folder) if path.endswith((".html", "manifest.json", "release.json"))]


@needs_rsync
def test_bytes_that_change_while_rsync_reads_them(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """rsync reads for itself: a file that is another afterwards ends the run before a page names it."""
    start, wheel = Rsync._listed, site / "simple" / "lib" / "lib-1.0-py3-none-any.whl"  # noqa: SLF001 - the seam

    def changing(self: Rsync, paths: Sequence[str], source: Path, *options: str) -> str:
        if "simple/lib/lib-1.0-py3-none-any.whl" in paths:
            facts = wheel.stat()
            wheel.write_bytes(wheel.read_bytes()[::-1])
            os.utime(wheel, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        return start(self, paths, source, *options)

    monkeypatch.setattr(Rsync, "_listed", changing)
    with PLACES["rsync"](tmp_path / "place") as place:
        place.folder.parent.mkdir(exist_ok=True)
        with pytest.raises(FolderError, match="this has other bytes than the manifest says"):
            put(site, place)
        assert not (place.folder / "manifest.json").exists()


def test_every_file_is_compared_if_asked(site: Path, public: Place) -> None:
    """A wheel of the same size and time with other bytes is found with --check alone, and mended."""
    put(site, public)
    wheel = public.folder / "simple" / "lib" / "lib-1.0-py3-none-any.whl"
    good, facts_of = wheel.read_bytes(), wheel.stat()
    wheel.write_bytes(good[::-1])
    os.utime(wheel, ns=(facts_of.st_atime_ns, facts_of.st_mtime_ns))
    assert put(site, public).sent == 0
    done = publisher.publish_to(site, public.destination, force=False, grace=0, check=True, progress=Display())
    assert (done.sent, wheel.read_bytes()) == (1, good)
