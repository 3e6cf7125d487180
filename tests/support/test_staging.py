"""A staged directory replaces the live one atomically; what a crash leaves is mended or swept away."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError
from pypi_subset.support import staging
from tests.support.programs.commands import run
from tests.support.programs.mounts import PRELUDE, read_only, run_mounted, small_disk
from tests.support.sites.trees import texts
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


def fill(folder: Path, text: str) -> Path:
    """Return *folder*, made, with two files that hold *text*."""
    (folder / "sub").mkdir(parents=True)
    for name in ("one", "sub/two"):
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("atomic", [True, False])
def test_exchange_puts_the_new_folder_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, atomic: bool
) -> None:
    """The new directory stands under the old name, the old one is gone, with and without an exchange in one step."""
    if not atomic:
        monkeypatch.setattr(staging, "_exchange_names", lambda *_: False)
    live, stage = fill(tmp_path / "site", "old"), fill(tmp_path / ".site.new.stage", "new")
    (live / "gone").write_text("old")

    staging.exchange(stage, live)

    assert texts(tmp_path) == {"site/one": "new", "site/sub/two": "new"}


@pytest.mark.parametrize("atomic", [True, False])
def test_swap_keeps_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, atomic: bool) -> None:
    """Each directory has the other's name afterwards, also where the kernel has no such step; nothing else is left."""
    if not atomic:
        monkeypatch.setattr(staging, "_exchange_names", lambda _one, _other: False)
    one, other = fill(tmp_path / "one", "first"), fill(tmp_path / "other", "second")
    staging.swap(one, other)
    assert texts(one) == {"one": "second", "sub/two": "second"}
    assert texts(other) == {"one": "first", "sub/two": "first"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"]


def test_a_swap_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the other directory, the live one has its name again."""
    monkeypatch.setattr(staging, "_exchange_names", lambda _one, _other: False)
    live = fill(tmp_path / "live", "first")
    with pytest.raises(FolderError):
        staging.swap(tmp_path / "gone", live)
    assert [path.name for path in tmp_path.iterdir()] == ["live"]
    assert texts(live) == {"one": "first", "sub/two": "first"}


def test_exchange_works_where_nothing_stood(tmp_path: Path) -> None:
    """The first site has nothing to replace."""
    staging.exchange(fill(tmp_path / "stage", "new"), tmp_path / "site")

    assert texts(tmp_path) == {"site/one": "new", "site/sub/two": "new"}


@pytest.mark.parametrize("atomic", [True, False])
def test_nothing_is_exchanged_for_a_missing_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, atomic: bool
) -> None:
    """Without a new directory the old one stays, and the error names it."""
    if not atomic:
        monkeypatch.setattr(staging, "_exchange_names", lambda *_: False)
    live = fill(tmp_path / "site", "old")
    before = texts(tmp_path)

    with pytest.raises(FolderError, match=f"^{live}: "):
        staging.exchange(tmp_path / ".site.new.stage", live)

    assert texts(tmp_path) == before


@pytest.mark.skipif(sys.platform != "linux", reason="the exchange in one step is Linux's renameat2")
def test_exchange_never_leaves_a_hole(tmp_path: Path) -> None:
    """Who reads during exchanges always finds the directory there."""
    live = fill(tmp_path / "site", "0")
    stop, missing = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            if not live.exists():
                missing.append(1)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        staging.exchange(fill(tmp_path / ".site.new.stage", str(number)), live)
    stop.set()
    reader.join()

    assert missing == []


class CutError(BaseException):
    """Stands for the end of the process: nothing in the code catches it."""


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("steps", range(4))
def test_recovery_leaves_one_whole_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, *, atomic: bool
) -> None:
    """Cut off after any step, an exchange is finished or undone by the next start; nothing hidden stays behind."""
    live, stage = fill(tmp_path / "site", "old"), fill(tmp_path / ".site.new.stage", "new")
    left = steps

    def cut(action: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object) -> object:
            nonlocal left
            if left == 0:
                raise CutError
            left -= 1
            return action(*arguments)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(staging, "_exchange_names", cut(staging._exchange_names if atomic else lambda *_: False))  # noqa: SLF001
        patch.setattr(Path, "rename", cut(Path.rename))
        patch.setattr(staging, "remove_tree", cut(staging.remove_tree))
        cut_off = False
        try:
            staging.exchange(stage, live)
        except CutError:
            cut_off = True

    staging.recover(live)

    assert cut_off == (steps < (3 if atomic else 4))
    assert texts(tmp_path) in [{"site/one": text, "site/sub/two": text} for text in ("old", "new")]


def test_recovery_without_a_crash_changes_nothing(tmp_path: Path) -> None:
    """Neither a whole site nor an empty directory is touched, nor what belongs to another name."""
    staging.recover(tmp_path / "site")
    fill(tmp_path / "site", "text")
    fill(tmp_path / ".other.new.stage", "other")
    before = texts(tmp_path)

    staging.recover(tmp_path / "site")

    assert texts(tmp_path) == before


def test_a_stage_takes_the_place_when_the_block_succeeds(tmp_path: Path) -> None:
    """The block fills an empty directory, which then replaces the old one; the README is carried along."""
    live = fill(tmp_path / "site", "old")
    (live / "README.md").write_text("mine")

    with staging.staged(live) as stage:
        (stage / "one").write_text("new")

    assert texts(tmp_path) == {"site/one": "new", "site/README.md": "mine"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, FolderError("full")])
def test_a_stage_is_dropped_when_the_block_fails(tmp_path: Path, error: BaseException) -> None:
    """On any error, Ctrl-C too, the old directory stays as it was."""
    live = fill(tmp_path / "site", "old")
    before = texts(tmp_path)

    def spoil() -> None:
        with staging.staged(live) as stage:
            (stage / "one").write_text("new")
            raise error

    with pytest.raises((KeyboardInterrupt, FolderError)):
        spoil()
    assert texts(tmp_path) == before


def test_sweep_removes_files_folders_and_links(tmp_path: Path) -> None:
    """What a killed run left goes, whatever it is; a link's target and other names stay."""
    fill(tmp_path / ".a.stage", "x")
    fill(tmp_path / "kept", "x")
    (tmp_path / ".b.stage").write_text("x")
    (tmp_path / ".c.stage").symlink_to(tmp_path / "kept")

    staging.sweep(tmp_path, ".*.stage")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]
    assert texts(tmp_path / "kept") == {"one": "x", "sub/two": "x"}


def test_a_read_only_folder_is_one_line(tmp_path: Path) -> None:
    """Where even root cannot write, each way to change a directory says so and names it."""
    fill(tmp_path / "site", "old")
    fill(tmp_path / ".site.new.stage", "new")
    code = f"""{PRELUDE}
def enter(directory):
    with holding.exclusive(directory):
        pass

site = directory / "site"
print(json.dumps([
    attempt(files.write, site / "one", b"new"),
    attempt(files.link, site / "one", site / "three"),
    attempt(staging.exchange, directory / ".site.new.stage", site),
    attempt(staging.recover, site),
    attempt(enter, site),
]))
"""
    before = texts(tmp_path)

    errors = run_mounted(read_only(tmp_path), code, tmp_path)

    site = tmp_path / "site"
    concerned = [site / "one", site / "three", site, tmp_path, site]
    step = "the file system is read-only; name a directory that can be written"
    assert errors == [f"{path}: {step}" for path in concerned]
    assert texts(tmp_path) == before


def test_a_mount_point_cannot_be_exchanged(tmp_path: Path) -> None:
    """A site that is a mounted disk itself: the message says what to do, and the disk keeps its files."""
    fill(tmp_path / ".site.new.stage", "new")
    (tmp_path / "site").mkdir()
    code = f"""{PRELUDE}
files.write(directory / "page", b"old")
print(json.dumps([attempt(staging.exchange, directory.with_name(".site.new.stage"), directory), names()]))
"""

    error, names = run_mounted(small_disk(tmp_path / "site", "64k"), code, tmp_path / "site")

    assert error == f"{tmp_path / 'site'}: the directory is a mount point; name a directory inside it"
    assert names == ["page"]


def test_a_protected_folder_is_removed_by_its_owner() -> None:
    """An old site whose directories were made read-only goes when the new one stands; no hidden stage stays."""
    # Root may write everywhere, so somebody else has to try, where somebody else gets in.
    nobody = 65534 if os.geteuid() == 0 else os.geteuid()
    code = (
        "import os, sys, pathlib; sys.path[:] = sys.argv[2].split(os.pathsep); from pypi_subset.support import staging;"
        "os.setuid(int(sys.argv[3])); staging.remove_tree(pathlib.Path(sys.argv[1]))"
    )
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above) / "site"
        (folder / "simple" / "app").mkdir(parents=True)
        (folder / "simple" / "app" / "index.html").write_text("")
        (folder / "shut" / "inner" / "app").mkdir(parents=True)
        shut = (folder / "shut" / "inner" / "app", folder / "shut" / "inner", folder / "shut")
        for path in (*shut, folder / "simple" / "app", folder / "simple", folder, Path(above)):
            path.chmod(0o755 if path == Path(above) else 0 if path in shut else 0o555)
            os.chown(path, nobody, -1)
        command = [sys.executable, "-c", code, str(folder), os.pathsep.join(filter(None, sys.path)), str(nobody)]
        # Without the variables of this run: coverage would want to write its data as nobody.
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={})
        assert (done.returncode, done.stderr) == (0, "")
        assert not folder.exists()


def test_a_deep_folder_is_removed(tmp_path: Path) -> None:
    """Directories in each other, more than a function may call itself and than a path may name, are removed."""
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    staging.remove_tree(top)
    assert not top.exists()


def test_a_folder_is_removed_though_one_of_its_name_is_left(tmp_path: Path) -> None:
    """In a container every run has the same number, and one may have been killed while it removed a directory."""
    fill(tmp_path / ".site.new.stage", "old")
    fill(tmp_path / f".site.new.{os.getpid()}.gone.stage", "older")
    staging.discard(tmp_path / ".site.new.stage")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("umask", "expected"), [(0o077, 0o644), (0o777, 0o644), (0o022, 0o644), (0o002, 0o664)])
def test_others_may_read(tmp_path: Path, umask: int, expected: int) -> None:
    """Only whether others may write follows the umask, which is as it was afterwards."""
    before = os.umask(umask)
    try:
        with staging.readable():
            (tmp_path / "file").write_bytes(b"")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == expected


def test_the_umask_is_that_of_all_threads(tmp_path: Path) -> None:
    """A block that ends in one thread leaves the umask of one that still runs in another."""
    before = os.umask(0o077)
    first, second = staging.readable(), staging.readable()
    try:
        with ThreadPoolExecutor(max_workers=1) as pool:
            first.__enter__()
            pool.submit(second.__enter__).result()
            first.__exit__(None, None, None)
            (tmp_path / "file").write_bytes(b"")
            pool.submit(second.__exit__, None, None, None).result()
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


def test_what_was_closed_is_opened(tmp_path: Path) -> None:
    """Each file and directory gets what is missing, and keeps what it has; no link is followed."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"")
    outside.chmod(0o600)
    site = tmp_path / "site"
    (site / "simple").mkdir(parents=True)
    (site / "simple" / "page").write_bytes(b"")
    (site / "simple" / "page").chmod(0o640)
    (site / "way-out").symlink_to(outside)
    for folder in (site / "simple", site):
        folder.chmod(0o700)
    staging.open_up(site)
    found = [stat.S_IMODE(path.stat().st_mode) for path in (site, site / "simple", site / "simple" / "page", outside)]
    assert found == [0o755, 0o755, 0o644, 0o600]


def test_what_is_open_is_not_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site of 100,000 files that others can enter costs one look."""
    tmp_path.chmod(0o755)
    monkeypatch.setattr(os, "walk", None)
    staging.open_up(tmp_path)


def test_a_site_under_any_umask(workspace: Workspace, index: Index) -> None:
    """mirror, publish and fetch make sites that a web server can read; an old one that it cannot read is opened."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": "cp312-manylinux_2_28_x86_64"})
    command = "umask 077; python -m pypi_subset mirror && python -m pypi_subset publish --force --to published"
    done = run(["sh", "-c", command], workspace.root, PIP_INDEX_URL=index.url, PATH=f"{_bin()}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    places = (workspace.paths.site, workspace.root / "published")
    assert [path for place in places for path in (place, *place.rglob("*")) if not _open(path)] == []
    for place in places:
        place.chmod(0o700)
        next(place.glob("simple/app/*.whl")).chmod(0o600)
    assert run(["sh", "-c", command], workspace.root, PIP_INDEX_URL=index.url, PATH=f"{_bin()}:/bin").returncode == 0
    assert [path for place in places for path in (place, *place.rglob("*")) if not _open(path)] == []


def _open(path: Path) -> bool:
    wanted = 0o055 if path.is_dir() else 0o044
    return path.stat().st_mode & wanted == wanted


def _bin() -> Path:
    return Path(sys.executable).parent
