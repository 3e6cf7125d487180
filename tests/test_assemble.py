"""A site of which little changed: what is linked from the last one is what would have been made."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset import build, files, halves, index, sidecars, staging
from pypi_subset import filling as room
from pypi_subset.memory import Memory
from pypi_subset.model import Inputs, Lock, Pin, Reason
from values import LINUX, WINDOWS, artifact_of, plan_of
from wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pypi_subset.model import Artifact

needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="a second process is forked on Linux alone")

LONG_AGO = 1_700_000_000_123_456_789
#: What ends a line, for Python and for HTML, and nothing in an attribute.
BROKEN = "one\ntwo\u2028three\x85four"

Wanted = "Mapping[str, Sequence[Artifact]]"


@pytest.fixture
def stock(tmp_path: Path) -> dict[str, Artifact]:
    """Return some artifacts by a short name: two releases of ``b``, one of ``a``, ``c`` and ``d`` each."""
    folder = tmp_path / "packages"
    folder.mkdir()
    found = {}
    for name, version in (("a", "1"), ("b", "1"), ("b", "2"), ("c", "1"), ("d", "1")):
        path = make_wheel(name, version).save(folder)
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
        one = artifact_of(path)
        found[f"{name}{version}"] = replace(one, distribution=replace(one.distribution, yanked=BROKEN))
    return found


def asked(artifact: Artifact) -> Reason:
    """Return that a line of the set asks for it."""
    project = artifact.distribution.project
    return Reason(requirement=project, origin=f"base.txt:{1 + [*'abcd'].index(project)}")


def content(wanted: Mapping[str, Sequence[Artifact]]) -> build.Content:
    """Return what a site is made of that has *wanted* for each target."""
    inputs = Inputs(requirement_set="0", target="0", policy="0", constraint="0")
    locks = [
        Lock(
            set_name="base",
            target_name=target,
            inputs=inputs,
            pins=tuple(Pin(distribution=one.distribution, reasons=(asked(one),)) for one in own),
        )
        for target, own in wanted.items()
    ]
    machines = [machine for machine in (LINUX, WINDOWS) if machine.name in wanted]
    artifacts = {one.distribution.filename: one for own in wanted.values() for one in own}
    return build.Content(plan=plan_of([*"abcd"], machines), locks=locks, artifacts=[*artifacts.values()])


def built(site: Path, memory: Path, wanted: Mapping[str, Sequence[Artifact]]) -> bool:
    """Return whether a run that wants this made a new site."""
    one = Memory(memory)
    replaced = build.build(content(wanted), site, one)
    one.keep(forget=replaced)
    return replaced


def tree(site: Path) -> dict[str, bytes]:
    """Return all files of *site* by their paths."""
    return {path: (site / path).read_bytes() for path, _ in files.walk(site)}


def first(folder: Path, wanted: Mapping[str, Sequence[Artifact]]) -> dict[str, bytes]:
    """Return all files of the site that a first run makes below *folder*."""
    folder.mkdir()
    assert built(folder / "site", folder / "memory", wanted)
    return tree(folder / "site")


@pytest.fixture
def keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the site that is replaced be kept, small as it is."""
    monkeypatch.setattr(build, "_MANY", 0)


def pages_put(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths of the pages that are put into words from here on."""
    found: list[str] = []
    pages = index.Rendering.pages

    def watched(self: index.Rendering) -> object:
        for path, data in pages(self):
            found.append(path)
            yield path, data

    monkeypatch.setattr(index.Rendering, "pages", watched)
    return found


CHANGES: Mapping[str, Callable[[dict[str, Artifact]], Mapping[str, Sequence[Artifact]]]] = {
    "a release more": lambda all_: {"linux": [all_["a1"], all_["b1"], all_["b2"], all_["c1"]]},
    "another release": lambda all_: {"linux": [all_["a1"], all_["b2"], all_["c1"]]},
    "a project more": lambda all_: {"linux": [all_["a1"], all_["b1"], all_["c1"], all_["d1"]]},
    "a project less": lambda all_: {"linux": [all_["a1"], all_["c1"]]},
    "a target more": lambda all_: {"linux": [all_["a1"], all_["b1"], all_["c1"]], "windows": [all_["b1"]]},
    "another fact": lambda all_: {
        "linux": [
            all_["a1"],
            replace(all_["b1"], distribution=replace(all_["b1"].distribution, yanked=None)),
            all_["c1"],
        ]
    },
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_site_after_a_change_is_that_of_a_first_run(
    stock: dict[str, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Whatever changes: byte for byte the same, and of what did not change no page is put into words again."""
    start = {"linux": [stock["a1"], stock["b1"], stock["c1"]]}
    wanted = CHANGES[change](stock)
    assert built(tmp_path / "site", tmp_path / "memory", start)

    pages = pages_put(monkeypatch)
    assert built(tmp_path / "site", tmp_path / "memory", wanted)
    assert not [page for page in pages if "/a/" in page or "/c/" in page]

    assert tree(tmp_path / "site") == first(tmp_path / "fresh", wanted)


def test_what_was_linked_once_is_linked_again(
    stock: dict[str, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that linked most of a site leaves as much to the next as one that made all of it."""
    for wanted in (["a1", "b1", "c1"], ["a1", "b2", "c1"]):
        assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in wanted]})
    pages = pages_put(monkeypatch)

    assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock["a1"], stock["b1"], stock["c1"]]})
    assert not [page for page in pages if "/a/" in page or "/c/" in page]
    assert not built(tmp_path / "site", tmp_path / "memory", {"linux": [stock["a1"], stock["b1"], stock["c1"]]})


@pytest.mark.parametrize(
    "damage", ["simple/a/index.html", "simple/a/a-1-py3-none-any.whl.metadata", "targets/linux/simple/a/index.html"]
)
def test_what_somebody_changed_is_made_again(stock: dict[str, Artifact], tmp_path: Path, damage: str) -> None:
    """A page that was edited is not linked, whatever else changes in the same run."""
    assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock["a1"], stock["b1"]]})
    (tmp_path / "site" / damage).write_bytes(b"edited")

    assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock["a1"], stock["b2"]]})

    assert tree(tmp_path / "site") == first(tmp_path / "fresh", {"linux": [stock["a1"], stock["b2"]]})


@pytest.mark.parametrize("damage", ["program", "parts", "lines"])
def test_a_memory_of_something_else_is_none(
    stock: dict[str, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """After another version of the program, or with a memory that lacks its parts, all is put into words again."""
    start, then = {"linux": [stock["a1"], stock["b1"]]}, {"linux": [stock["a1"], stock["b2"]]}
    assert built(tmp_path / "site", tmp_path / "memory", start)
    document = json.loads((tmp_path / "memory").read_bytes())
    document["site"] |= {"program": {"program": "another"}, "parts": {"parts": {}}, "lines": {"parts": []}}[damage]
    (tmp_path / "memory").write_text(json.dumps(document))

    pages = pages_put(monkeypatch)
    assert built(tmp_path / "site", tmp_path / "memory", then)
    assert "simple/a/index.html" in pages

    assert tree(tmp_path / "site") == first(tmp_path / "fresh", then)


def test_a_wheel_that_came_anew_is_stored_once(stock: dict[str, Artifact], tmp_path: Path) -> None:
    """The same bytes under another inode in ``packages/`` take the place of the old ones in the site."""
    start, then = {"linux": [stock["a1"], stock["b1"]]}, {"linux": [stock["a1"], stock["b2"]]}
    assert built(tmp_path / "site", tmp_path / "memory", start)
    path = stock["a1"].path
    data = path.read_bytes()
    path.rename(tmp_path / "old")
    path.write_bytes(data)

    assert built(tmp_path / "site", tmp_path / "memory", then)
    assert path.samefile(tmp_path / "site" / "simple" / "a" / path.name)


#: One after the other: a release comes, goes, another project comes, and all of it again.
STORY = (["a1", "b1"], ["a1", "b1", "c1"], ["a1", "b2", "c1"], ["a1", "b2", "c1", "d1"], ["a1", "b1", "c1", "d1"])


@pytest.mark.usefixtures("keeps")
def test_a_site_begins_with_the_one_that_was_replaced(
    stock: dict[str, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run after run it is byte for byte that of a first run, and of what did not change nothing is linked again."""
    linked: list[str] = []
    link = os.link

    def watched(source: str, destination: str) -> None:
        linked.append(destination)
        link(source, destination)

    monkeypatch.setattr(os, "link", watched)
    for number, names in enumerate(STORY):
        linked.clear()
        wanted = {"linux": [stock[name] for name in names], "windows": [stock["a1"]]}
        assert built(tmp_path / "site", tmp_path / "memory", wanted)
        others = [path for path in linked if "/a/" in path]
        # The first is all new, and when the second is made none was replaced yet.
        assert bool(others) == (number == 1), others

        assert tree(tmp_path / "site") == first(tmp_path / f"fresh{number}", wanted)
        assert not built(tmp_path / "site", tmp_path / "memory", wanted)
    kept = {path for path, _ in files.walk(tmp_path / ".last-site")}
    assert kept
    assert {path.split("/")[-2] for path in kept} == {"a", "c", "d"}


def test_of_a_small_site_nothing_is_kept(stock: dict[str, Artifact], tmp_path: Path) -> None:
    """To link it takes no time, and nobody has to wonder what a hidden folder is for."""
    for names in STORY[:3]:
        assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in names]})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["memory", "packages", "site"]


def _by_a_link(folder: Path) -> None:
    folder.rename(folder.parent / "elsewhere")
    folder.symlink_to("elsewhere")


def _by_another_file(page: Path) -> None:
    data = page.read_bytes()
    page.unlink()
    page.write_bytes(data + b"edited")


def _by(spare: Path, make: Callable[[Path], object]) -> None:
    shutil.rmtree(spare)
    make(spare)


def _of_nobody(folder: Path) -> None:
    if os.geteuid():
        pytest.skip("only the superuser can give a folder away")
    os.chown(folder, 65534, -1)


def _protected(spare: Path) -> None:
    for path in (spare / "simple" / "a", spare / "simple", spare):
        path.chmod(0o500)


DAMAGES: Mapping[str, Callable[[Path], object]] = {
    "more": lambda spare: (spare / "simple" / "a" / "more.whl").touch(),
    "more, elsewhere": lambda spare: (spare / "simple" / "more").mkdir(),
    "less": lambda spare: (spare / "simple" / "a" / "index.html").unlink(),
    "another name": lambda spare: (spare / "simple" / "a" / "index.html").rename(spare / "simple" / "a" / "index.htm"),
    "another file": lambda spare: _by_another_file(spare / "simple" / "a" / "index.html"),
    "the same file": lambda spare: (spare / "simple" / "a" / "index.html").write_bytes(b"edited"),
    "permissions": lambda spare: (spare / "simple" / "a").chmod(0o700),
    "permissions of many": lambda spare: (spare / "simple").chmod(0o700),
    "permissions of all": lambda spare: spare.chmod(0o700),
    "read-only": _protected,
    "another owner": _of_nobody,
    "another owner of one": lambda spare: _of_nobody(spare / "simple" / "a"),
    "a link": lambda spare: _by_a_link(spare / "simple" / "a"),
    "a link to many": lambda spare: _by_a_link(spare / "simple"),
    "a link to all": _by_a_link,
    "another folder": lambda spare: _by(spare, lambda one: shutil.copytree(one.parent / "site", one)),
    "an empty folder": lambda spare: _by(spare, Path.mkdir),
    "a file": lambda spare: _by(spare, Path.touch),
    "nothing": shutil.rmtree,
}


@pytest.mark.usefixtures("keeps")
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_spare_site_that_somebody_changed_is_of_no_use(
    stock: dict[str, Artifact], tmp_path: Path, damage: str
) -> None:
    """What is not as it was kept is made again, whatever became of it."""
    for names in STORY[:3]:
        assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in names]})
    DAMAGES[damage](tmp_path / ".last-site")

    wanted = {"linux": [stock[name] for name in STORY[3]]}
    assert built(tmp_path / "site", tmp_path / "memory", wanted)

    assert tree(tmp_path / "site") == first(tmp_path / "fresh", wanted)
    made = [path.stat() for path in (tmp_path / "site", *(tmp_path / "site").rglob("*")) if path.is_dir()]
    assert {one.st_mode for one in made} == {(tmp_path / "fresh" / "site").stat().st_mode}
    assert {one.st_uid for one in made} == {os.geteuid()}


@pytest.mark.usefixtures("keeps")
@pytest.mark.parametrize("call", ["rename", "rmdir", "unlink"])
def test_a_spare_site_that_cannot_be_kept(
    stock: dict[str, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Once the new site is in its place, nothing that befalls the old one can fail the run."""
    assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in STORY[0]]})
    do, spare = getattr(os, call), f"{tmp_path / '.last-site'}"

    def failing(path: str | Path, *others: str | Path, **more: int) -> None:
        if any(str(one).startswith(spare) for one in (path, *others)):
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        do(path, *others, **more)

    monkeypatch.setattr(os, call, failing)
    for number, names in enumerate(STORY[1:]):
        wanted = {"linux": [stock[name] for name in names]}
        assert built(tmp_path / "site", tmp_path / "memory", wanted)
        assert tree(tmp_path / "site") == first(tmp_path / f"fresh{number}", wanted)
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".site")] == []


def test_a_site_that_was_made_for_one_alone(stock: dict[str, Artifact], tmp_path: Path) -> None:
    """After a run under a strict umask, all is made again: a web server could not read the pages that did not change."""
    before = os.umask(0o077)
    try:
        assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock["a1"], stock["b1"]]})
        os.umask(0o022)
        for names in (["a1", "b1"], ["a1", "b1", "c1"]):
            assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in names]})
            made = [path for path in (tmp_path / "site").rglob("*") if path.name != "README.md"]
            assert {path.stat().st_mode & 0o777 for path in made} == {0o644, 0o755}
    finally:
        os.umask(before)


@pytest.mark.usefixtures("keeps")
def test_what_somebody_does_to_a_site_while_it_is_replaced(
    stock: dict[str, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is put into the old site after it was looked at is in no later one."""
    for names in STORY[:2]:
        assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in names]})
    exchange = staging._exchange_names  # noqa: SLF001

    def late(stage: Path, site: Path) -> bool:
        (site / "simple" / "a" / "late.whl").touch()
        return exchange(stage, site)

    with monkeypatch.context() as patch:
        patch.setattr(staging, "_exchange_names", late)
        assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in STORY[2]]})
    assert (tmp_path / ".last-site" / "simple" / "a" / "late.whl").exists()

    assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in STORY[3]]})
    assert not [path for path in tree(tmp_path / "site") if "late" in path]
    assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in STORY[4]]})
    assert not [path for path in tree(tmp_path / "site") if "late" in path]


@pytest.mark.usefixtures("keeps")
def test_one_memory_for_two_sites(stock: dict[str, Artifact], tmp_path: Path) -> None:
    """A spare site is that of the last one that was replaced; another one gets nothing of it that it should not have."""
    for number, names in enumerate([*STORY, *STORY]):
        wanted = {"linux": [stock[name] for name in names]}
        assert built(tmp_path / f"site{number % 3 % 2}", tmp_path / "memory", wanted)
        assert tree(tmp_path / f"site{number % 3 % 2}") == first(tmp_path / f"fresh{number}", wanted)


@pytest.mark.usefixtures("keeps")
def test_folders_that_are_not_on_one_disk(stock: dict[str, Artifact], tmp_path: Path) -> None:
    """Where the old site cannot be renamed to the spare one it goes, and every run makes a whole new one."""
    elsewhere = Path("/dev/shm")  # noqa: S108 - a disk of its own, and nothing is read there
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one disk")
    with tempfile.TemporaryDirectory(dir=elsewhere) as folder:
        site = Path(folder, "site")
        for number, names in enumerate(STORY):
            wanted = {"linux": [stock[name] for name in names]}
            assert built(site, tmp_path / "memory", wanted)
            assert tree(site) == first(tmp_path / f"fresh{number}", wanted)
            assert [path.name for path in Path(folder).iterdir()] == ["site"]
    assert not (tmp_path / ".last-site").exists()


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("fate", ["works", "dies", "dies half-way", "is not born"])
def test_two_processors_link_what_one_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fate: str) -> None:
    """Whatever becomes of the second process, all is linked."""
    folders = [f"simple/{number}" for number in range(10)]
    for folder in folders:
        (tmp_path / "site" / folder).mkdir(parents=True)
        for name in ("one", "two"):
            (tmp_path / "site" / folder / name).write_text(folder + name)
    monkeypatch.setattr(room, "_MANY", 2)
    # pytest-xdist has a thread of its own, which needs nothing of this.
    monkeypatch.setattr(halves, "may_fork", lambda: True)
    parent, link = os.getpid(), os.link
    open_before = len(list(Path("/proc/self/fd").iterdir()))

    def unborn() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def dying(source: str, destination: str) -> None:
        if os.getpid() != parent and (fate == "dies" or "/7/two" in destination):
            os._exit(3)
        link(source, destination)

    if fate.startswith("dies"):
        monkeypatch.setattr(os, "link", dying)
    if fate == "is not born":
        monkeypatch.setattr(os, "fork", unborn)

    (tmp_path / "stage").mkdir()
    linked = room.Filling(tmp_path / "stage", before=tmp_path / "site").twin(folders)
    assert sorted(linked) == sorted(folders)
    assert tree(tmp_path / "stage") == tree(tmp_path / "site")
    one, other = (tmp_path / folder / "simple" / "7" / "one" for folder in ("stage", "site"))
    assert one.samefile(other)
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before


@needs_fork
def test_the_second_process_ends_with_the_first(tmp_path: Path) -> None:
    """One that is killed leaves nobody behind who works on in a folder that the next run believes to be free."""
    code = """
import os, sys, time
from pathlib import Path
from pypi_subset import halves
def work(items):
    Path(sys.argv[1], str(items[0])).write_text(str(os.getpid()))
    time.sleep(60)
halves.in_two([0, 1], work)
"""
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) as process:
        ids = [tmp_path / "0", tmp_path / "1"]
        assert waited(lambda: all(path.is_file() and path.read_text() for path in ids))
        child = int(ids[1].read_text())
        assert child != process.pid
        process.kill()
    assert waited(lambda: not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text())


def waited(is_so: Callable[[], bool]) -> bool:
    """Return whether something came true within half a minute."""
    end = time.monotonic() + 30
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)
    return is_so()


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("fate", ["works", "dies", "is not born"])
def test_two_processors_make_what_one_makes(
    stock: dict[str, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    """A site of which half was written, linked and looked at by another process is as good as any, for the next run too."""
    parent = os.getpid()

    def unborn() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    for module in (build, room, sidecars):
        monkeypatch.setattr(module, "_MANY", 0)
    monkeypatch.setattr(halves, "may_fork", lambda: os.getpid() == parent)
    if fate == "dies":
        monkeypatch.setattr(halves, "_tell", lambda *_: os._exit(3))
    if fate == "is not born":
        monkeypatch.setattr(os, "fork", unborn)
    for number, names in enumerate(STORY):
        wanted = {"linux": [stock[name] for name in names], "windows": [stock["a1"]]}
        assert built(tmp_path / "site", tmp_path / "memory", wanted)
        with monkeypatch.context() as patch:
            patch.setattr(halves, "may_fork", lambda: False)
            assert tree(tmp_path / "site") == first(tmp_path / f"fresh{number}", wanted)
        assert not built(tmp_path / "site", tmp_path / "memory", wanted)
    known = json.loads((tmp_path / "memory").read_bytes())["site"]["folders"]
    assert known == build.look_at(tmp_path / "site").digests
