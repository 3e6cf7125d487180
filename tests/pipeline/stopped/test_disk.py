"""A disk that is full, read-only, shared or gone is one line with the next step, and costs nothing that was there."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from pypi_subset.cli.display import Display
from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.pipeline import mirror
from pypi_subset.support import staging
from pypi_subset.support.machine import holding
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pip_config import read_network
from tests.support.programs import mounts
from tests.support.programs.mounts import read_only, run_mounted, small_disk
from tests.support.sites.trees import CACHES, below, copy, difference
from tests.support.sites.trees import whole_tree as tree
from tests.support.stages.values import LINUX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.killer.orders import Outcome
    from tests.support.killer.scenes import Scene, Scenes
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks and mounts")

FULL = "the disk is full; free some space and run the same command again"
READ_ONLY = "the file system is read-only; name a directory that can be written"


@pytest.fixture
def mounting(scenes: Scenes) -> Scenes:
    """Return the maker of scenes, whose runs may mount what nobody else sees; skips where that is not allowed."""
    mounts.unshare()
    return scenes


@pytest.fixture
def scene(mounting: Scenes) -> Scene:
    """Return an update, which does all that a run can have to do."""
    return mounting("update")


def run(scene: Scene, root: Path, commands: str, **paths: Path) -> Outcome:
    """Return how a run in *root* ended for which *commands* have mounted something."""
    spelt = {name: str(path) for name, path in paths.items()}
    return scene.run(replace(scene.order, root=str(root), mounts=commands, paths=spelt, watched=False))


def one_line(ended: Outcome) -> str:
    """Return the one line that the run ended with, which is a `DiskError`'s; nothing half done is there."""
    kind, line, _ = ended.error
    assert (kind, ended.said, "\n" in line) == ("DiskError", "", False)
    assert [name for name in ended.left if name.endswith((".stage", ".part"))] == []
    return line


def kept(found: Mapping[str, str], root: Path, folder: str) -> bool:
    """Whether *folder* still holds what it held in *root*, from where it was mounted."""
    before = {name: value for name, value in below(tree(root), folder).items() if not name.startswith("one file")}
    now = {name: value for name, value in found.items() if name.startswith(f"{folder}/")}
    return now == {
        name: hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else "" for name, value in before.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("first", "12k"), ("update", "150k")])
def test_a_disk_that_is_full_of_packages(mounting: Scenes, tmp_path: Path, name: str, size: str) -> None:
    """While it resolves or fetches: the disk is named as the cause. A pip that meets it is in the tests of `Pips`."""
    scene = mounting(name)
    root = copy(scene.base, tmp_path / "work")
    ended = run(scene, root, small_disk(root / "packages", size))
    assert one_line(ended) == f"{root / 'packages'}: {FULL}"
    assert kept(ended.left, root, "site")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("first", "220k"), ("first", "360k"), ("update", "300k")])
def test_a_disk_that_would_be_full_of_packages(mounting: Scenes, tmp_path: Path, name: str, size: str) -> None:
    """Where all locks are there, too little room ends the run before the first file comes from an index or the site."""
    scene = mounting(name)
    root = copy(scene.base, tmp_path / "work")
    ended = run(scene, root, small_disk(root / "packages", size))
    assert one_line(ended).startswith("there is not enough room: mirror, for ")
    assert [file for file in ended.left if file.count("/") == 1 and file.endswith(".whl")] == []
    assert kept(ended.left, root, "site")
    assert kept(ended.left, root, "requirements")


def elsewhere(root: Path, mount: str) -> str:
    """Return the commands that copy the site to ``out/site``, below which *mount* is."""
    return f"mkdir {root}/out && {mount} && cp -a {root}/site {root}/out/site"


@pytest.mark.slow
@pytest.mark.parametrize("size", ["620k", "700k", "800k"])
def test_a_disk_that_is_full_of_site(scene: Scene, tmp_path: Path, size: str) -> None:
    """Full while files are laid out or pages are written: the old site stands, byte for byte."""
    root = copy(scene.base, tmp_path / "work")
    site = root / "out" / "site"
    ended = run(scene, root, elsewhere(root, small_disk(root / "out", size)), site=site)
    assert one_line(ended) == f"{site}: {FULL}"
    shutil.copytree(root / "site", site)
    assert kept(ended.left, root, "out")


@pytest.mark.slow
def test_a_site_on_another_disk(scene: Scene, tmp_path: Path) -> None:
    """Where no hard link is possible the site holds copies, and is otherwise what it would be."""
    root = copy(scene.base, tmp_path / "work")
    ended = run(scene, root, elsewhere(root, small_disk(root / "out", "4m")), site=root / "out" / "site")
    assert (ended.status, ended.error) == (0, ())
    site = {name.removeprefix("out/"): digest for name, digest in ended.left.items() if name.startswith("out/")}
    wanted = {name: value for name, value in scene.wanted.items() if name == "site" or name.startswith("site/")}
    assert site.keys() == wanted.keys()
    assert all(
        hashlib.sha256(data).hexdigest() == site[name] for name, data in wanted.items() if isinstance(data, bytes)
    )


@pytest.mark.slow
def test_a_disk_that_is_full_of_locks(mounting: Scenes, tmp_path: Path) -> None:
    """With room for the list of hashes and one lock of two, the other is named, and what is there is whole."""
    scene = mounting("first")
    root = copy(scene.base, tmp_path / "work")
    lock = root / "requirements" / "lock"
    lock.mkdir()
    ended = run(scene, root, small_disk(lock, "8k"))
    assert one_line(ended) == f"{lock / 'pylock.base--windows.toml'}: {FULL}"
    found = {name: digest for name, digest in ended.left.items() if name.startswith("requirements/lock/")}
    names = ("requirements/lock/hashes.txt", "requirements/lock/pylock.base--linux.toml")
    wanted = {name: data for name in names if isinstance(data := scene.wanted[name], bytes)}
    assert found == {name: hashlib.sha256(data).hexdigest() for name, data in wanted.items()}
    assert len(found) == 2
    assert kept(ended.left, root, "site")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "named"),
    [
        ("packages", "packages"),
        ("requirements/lock", "requirements/lock/hashes.txt"),
        ("requirements", "requirements/lock/hashes.txt"),
        ("out", "out/site"),
    ],
)
def test_a_read_only_folder(scene: Scene, tmp_path: Path, folder: str, named: str) -> None:
    """A directory in which even root cannot write is named; locks and site stay what they were."""
    root = copy(scene.base, tmp_path / "work")
    if folder == "out":
        shutil.copytree(root / "site", root / "out" / "site")
    site = root / "out" / "site" if folder == "out" else root / "site"
    ended = run(scene, root, read_only(root / folder), site=site)
    assert one_line(ended) == f"{root / named}: {READ_ONLY}"
    assert kept(ended.left, root, site.relative_to(root).as_posix())
    assert folder == "out" or kept(ended.left, root, "requirements")


@pytest.mark.slow
def test_nothing_to_do_needs_no_writable_requirements(scene: Scene, tmp_path: Path) -> None:
    """Locks that match are read and not written: they may lie on a disk that is read-only."""
    root = copy(scene.base, tmp_path / "work")
    order = replace(scene.order, root=str(root), mounts=read_only(root / "requirements"), update=False, watched=False)
    assert scene.run(order).error == ()


@pytest.mark.slow
def test_a_site_from_a_containers_image(mounting: Scenes, tmp_path: Path) -> None:
    """A directory of an overlay's lower layer, which cannot be renamed, is replaced all the same."""
    scene = mounting("rebuild")
    root = copy(scene.base, tmp_path / "work")
    layers = tmp_path / "layers"
    layers.mkdir()
    commands = (
        f"mount -t tmpfs none {layers} && mkdir {layers}/upper {layers}/work && cp -a {root} {layers}/lower && "
        f"mount -t overlay -o lowerdir={layers}/lower,upperdir={layers}/upper,workdir={layers}/work none {root}"
    )
    ended = run(scene, root, commands)
    if "CalledProcessError" in ended.error:
        pytest.skip("no overlay here")
    assert ended.error == ()
    names = {name for name in scene.wanted if not name.startswith("one file")}
    assert set(ended.left) - {f"packages/{name}" for name in CACHES} == names
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in scene.wanted.items() if isinstance(data, bytes)}
    assert {name: ended.left[name] for name in digests} == digests


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["packages", "site", "requirements/lock"])
def test_a_folder_that_goes_away_meanwhile(scene: Scene, tmp_path: Path, folder: str) -> None:
    """A directory that somebody removes during a run is one line at most, and the next run makes good."""
    root = copy(scene.base, tmp_path / "work")
    order = replace(scene.order, root=str(root), watched=False)

    def remove(path: str) -> None:
        if path == "/simple/lib/":
            shutil.rmtree(root / folder)

    scene.index.on_request = remove
    try:
        ended = scene.run(order)
    finally:
        scene.index.on_request = None
    assert ended.said == ""
    assert ended.error[:1] in [(), ("DiskError",), ("FolderError",)], ended.error[1]
    assert (root / "site").exists() or folder == "site"
    assert scene.run(order).error == ()
    # What was of no use to the run cannot come back; a README that was the user's comes back as the one that all get.
    lost = {"packages": ["app-1.0-py3-none-any.whl", "extra-1.0-py3-none-any.whl"]}.get(folder, [])
    found = tree(root) | {f"{folder}/README.md": scene.wanted.get(f"{folder}/README.md")}
    wanted = scene.wanted | {f"{folder}/README.md": scene.wanted.get(f"{folder}/README.md")}
    assert difference(found, wanted) == [f"missing: {folder}/{name}" for name in lost]
    assert folder == "requirements/lock" or (root / folder / "README.md").is_file()


@pytest.mark.parametrize("there", [True, False])
def test_a_site_that_is_a_symbolic_link(scenes: Scenes, tmp_path: Path, *, there: bool) -> None:
    """The link stays, and what it leads to is the new site, whether or not there was an old one."""
    scene = scenes("rebuild")
    root = copy(scene.base, tmp_path / "work")
    (root / "site").rename(tmp_path / "elsewhere")
    (root / "site").symlink_to("../elsewhere")
    if not there:
        shutil.rmtree(tmp_path / "elsewhere")
    ended = scene.run(replace(scene.order, root=str(root), watched=False))
    assert (ended.status, ended.error) == (0, ())
    assert (root / "site").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "work"]
    (root / "site").unlink()
    (tmp_path / "elsewhere").rename(root / "site")
    if not there:
        shutil.copy2(scene.base / "site" / "README.md", root / "site")
    assert difference(tree(root), scene.wanted) == []


def test_leavings_of_another_process(scenes: Scenes, tmp_path: Path) -> None:
    """What runs left that were killed goes away, even if there is nothing else to do."""
    scene = scenes("rebuild")
    root = copy(scene.base, tmp_path / "work")
    order = replace(scene.order, root=str(root), watched=False)
    assert scene.run(order).error == ()
    for name in (
        "packages/.work.99999.stage/store/key",
        "packages/.work.99999.gone.stage/home",
        "packages/.last-site/simple",
        "packages/.last-site.99999.gone.stage/simple",
        ".site.99999.new.stage",
    ):
        (root / name).mkdir(parents=True)
        (root / name / ".lib.whl.99999.part").write_bytes(b"half")
    for name in ("packages/.lib.whl.99999.part", "requirements/lock/.pylock.base--linux.toml.99999.part"):
        (root / name).write_bytes(b"half")
    assert scene.run(order).error == ()
    assert difference(tree(root), scene.wanted) == []


def test_a_file_is_not_replaced_by_a_site(workspace: Workspace) -> None:
    """``SITE=`` naming a file is refused, before anything else is done."""
    (workspace.root / "notes.txt").write_text("mine")
    paths = replace(workspace.paths, site=workspace.root / "notes.txt")
    with pytest.raises(FolderError, match=r"notes\.txt: the site is no directory, .*; name a directory for the site"):
        mirror.mirror(paths, progress=Display())
    assert [path.name for path in workspace.root.iterdir() if path.name != "requirements"] == ["notes.txt"]


def test_two_runs_that_build_one_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs with packages of their own never mix what they build: the site is one's or the other's."""
    site = tmp_path / "site"

    def overtaken() -> None:
        with staging.staged(site) as slow:
            (slow / "page").write_text("slow")
            monkeypatch.setattr(os, "getpid", lambda: 99999)
            staging.recover(site)
            with staging.staged(site) as quick:
                assert quick != slow
                (quick / "page").write_text("quick")
            (slow / "other").write_text("slow")

    with pytest.raises((FileNotFoundError, SubsetError)):
        overtaken()
    assert {path.name: path.read_text() for path in site.iterdir()} == {"page": "quick"}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_site_that_cannot_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an exchange takes two renames and the second fails, the first is taken back."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "page").write_text("old")
    monkeypatch.setattr(staging, "_exchange_names", lambda *_: False)
    with pytest.raises(FolderError):
        staging.exchange(tmp_path / "absent", tmp_path / "site")
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["site", "site/page"]


def test_a_neighbour_with_a_similar_name(tmp_path: Path) -> None:
    """A site's name is no pattern: what belongs to another is not swept away."""
    (tmp_path / ".site1.99999.new.stage").mkdir()
    staging.recover(tmp_path / "site[1]")
    assert [path.name for path in tmp_path.iterdir()] == [".site1.99999.new.stage"]


@pytest.mark.parametrize(("code", "works"), [(errno.ENOLCK, True), (errno.ENOTSUP, True), (errno.EIO, False)])
def test_a_disk_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, *, works: bool) -> None:
    """Where the file system knows no locks nobody is kept out; any other refusal is one line."""

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", refuse)
    if works:
        with holding.exclusive(tmp_path):
            return
    with pytest.raises(FolderError, match="Input/output error; see that the directory can be written"):
        holding.exclusive(tmp_path).__enter__()


def test_a_file_that_is_gone_before_it_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a pip asks the loopback index for, and somebody has removed, is what went wrong; no thread says so aloud."""
    monkeypatch.setattr(Loopback, "answer", lambda *_: tmp_path / "gone")
    with Loopback(Upstream(read_network(), store=tmp_path, shelf=tmp_path), []) as loopback:
        url = loopback.target_url(LINUX)
        with pytest.raises(HTTPError, match="404"), urlopen(url):  # noqa: S310 - our own, on loopback
            pass
        assert isinstance(loopback.failure, FolderError)
    assert capfd.readouterr().err == ""


def test_rejected_files_do_not_replace_each_other(scenes: Scenes, tmp_path: Path) -> None:
    """Two bad contents of one name are both kept; the same one twice is kept once."""
    scene = scenes("rebuild")
    root = copy(scene.base, tmp_path / "work")
    order = replace(scene.order, root=str(root), watched=False)
    wheel = root / "packages" / "lib-1.0-py3-none-any.whl"
    for data in (b"one", b"other", b"one"):
        wheel.unlink()
        wheel.write_bytes(data)
        assert scene.run(order).error == ()
    assert sorted(path.read_bytes() for path in (root / "packages" / ".rejected").iterdir()) == [b"one", b"other"]


def test_dir2pi_on_a_full_disk(tmp_path: Path) -> None:
    """Where it must copy, because there are no symbolic links, dir2pi's own trouble with the disk is named as such."""
    (tmp_path / "disk").mkdir()
    code = """
import json, sys
from pathlib import Path
from pypi_subset.site import dir2pi as layout
from pypi_subset.errors import SubsetError

layout._has_symlinks = lambda _: False
scratch = Path(sys.argv[1]) / "scratch"
scratch.mkdir()
(scratch / "lib-1.0-py3-none-any.whl").write_bytes(bytes(40_000))
try:
    layout.run_dir2pi(scratch)
except SubsetError as error:
    print(json.dumps(str(error)))
"""
    said = run_mounted(small_disk(tmp_path / "disk", "64k"), code, tmp_path / "disk")
    assert said == f"{tmp_path / 'disk' / 'scratch'}: {FULL}"
