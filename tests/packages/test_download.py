"""Locks become verified files in ``packages/``."""

from __future__ import annotations

import hashlib
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from pypi_subset.errors import FolderError, HashMismatch, PipFailed, SubsetError
from pypi_subset.model.candidates import Candidate
from pypi_subset.model.locks import Inputs, Lock, Pin
from pypi_subset.packages.download import Downloads
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.packages.pip_download import PipDownload
from pypi_subset.packages.stock import Stock
from pypi_subset.pip.pool import Pips
from pypi_subset.support import files
from pypi_subset.support.progress import Silent
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pip_config import read_network
from tests.support.servers.hostile import head, sending
from tests.support.sites.trees import tree
from tests.support.stages.values import LINUX, artifact_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypi_subset.model.distributions import Artifact, Distribution
    from pypi_subset.model.targets import Target
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace
    from tests.support.wheels import Wheel

from tests.support.stages.mirroring import THREE, mirror

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_a_file_that_was_cut_counts_what_came_since(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run takes up what a broken one left: the sum is what came over the line, and the file counts once."""
    wheel = make_wheel("app", files={"app/data.bin": hashlib.shake_256(b"app").digest(1 << 20)})
    half, heard, cut = len(wheel.data) // 2, list[str](), list[bool]()

    def answer(path: str) -> list[bytes]:
        if path.startswith("/simple/"):
            link = f'<a href="/f/{wheel.filename}#sha256={wheel.sha256}">x</a>'
            return [head(200, Content_Type="text/html"), link.encode()]
        found = re.search(r"Range: bytes=([0-9]+)-\r", heard[-1])
        start, size = int(found[1]) if found else 0, len(wheel.data)
        facts = {"Content_Length": size - start, "ETag": '"one"'}
        if start:
            facts["Content_Range"] = f"bytes {start}-{size - 1}/{size}"
        return [head(206 if start else 200, **facts), wheel.data[start : half if cut else size]]

    monkeypatch.setenv("PIP_RESUME_RETRIES", "0")
    with sending(answer, heard) as url:
        monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple/")
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX.tag})
        assert mirror(workspace)[0].fetched_bytes == len(wheel.data)
        for folder in (workspace.paths.packages, workspace.paths.site):
            shutil.rmtree(folder)
        cut.append(True)
        with pytest.raises(SubsetError, match="cannot fetch"):
            mirror(workspace)
        cut.clear()
        summary, _ = mirror(workspace)
    (start,) = {int(one) for text in heard for one in re.findall(r"Range: bytes=([0-9]+)-\r", text)}
    assert (summary.fetched, summary.fetched_bytes) == (1, len(wheel.data) - start)
    assert 0 < start <= half


def test_the_lock_is_enough(workspace: Workspace, index: Index) -> None:
    """With a lock that matches, nothing is resolved: files are fetched at the locked URLs, and each page is read once for what is gone."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib", "1.0"))
    workspace.write("base.txt", "app\n")
    workspace.toml(THREE)
    mirror(workspace)
    folders = (workspace.paths.requirements, workspace.paths.site)
    first = [tree(folder) for folder in folders]
    index.add(make_wheel("lib", "2.0"))
    index.requests.clear()
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    summary, _ = mirror(workspace)
    assert (summary.resolved, summary.fetched) == (0, 2)
    wheels = {"/files/app-1.0-py3-none-any.whl": 1, "/files/lib-1.0-py3-none-any.whl": 1}
    assert dict(index.counts()) == {**wheels, "/simple/app/": 1, "/simple/lib/": 1}
    assert [tree(folder) for folder in folders] == first


@pytest.fixture
def upstream(workspace: Workspace) -> Upstream:
    """Return where the files of a run come from: the configured index."""
    (work := workspace.paths.packages / ".work").mkdir(parents=True)
    return Upstream(read_network(), store=work / "store", shelf=workspace.paths.packages)


class Bar(Silent):
    """Counts bytes, and keeps which parts were finished."""

    def __init__(self) -> None:
        self.total, self.steps, self.parts = 0, list[int](), list[str]()

    def expect(self, count: int) -> None:
        """Add to the total."""
        self.total += count

    def advance(self, count: int = 1) -> None:
        """Keep the count."""
        self.steps.append(count)

    def finished(self, part: str, seconds: float) -> None:
        """Keep the part."""
        assert seconds > 0
        self.parts.append(part)


@pytest.fixture
def bar() -> Bar:
    """Return what counts the bytes of the downloads."""
    return Bar()


@pytest.fixture
def downloads(workspace: Workspace, upstream: Upstream, bar: Bar) -> Iterator[Downloads]:
    """Return the downloads of a run."""
    work = workspace.paths.packages / ".work"
    with Loopback(upstream, [LINUX]) as index, Pips(work) as pips:
        gather = PipDownload(index=lambda: index, pips=pips, work=work / "download")
        with Downloads(
            lambda: upstream, workspace.paths, gather, FileCache(work / "cache"), lambda *_: True, bar
        ) as downloads:
            yield downloads


def offered(index: Index, wheel: Wheel, folder: Path) -> Distribution:
    """Return *wheel* as a lock names it, after adding it to *index*."""
    index.add(wheel)
    url = f"http://{index.host}/files/{wheel.filename}"
    return structs.replace(artifact_of(wheel.save(folder)).distribution, url=url)


def collect(downloads: Downloads, *wanted: Distribution) -> tuple[Artifact, ...]:
    """Return what is collected for a stock without *wanted*, when everything is admitted."""
    stock = Stock(present=(), missing=(("job", wanted),), rejected=(), replaced=(), superseded=(), strangers={})
    return downloads.collect(stock, targets={"job": LINUX})


def lock_of(*wanted: Distribution) -> Lock:
    """Return a lock of *wanted*."""
    inputs = Inputs(requirement_set="", target="", policy="", constraint="")
    pins = tuple(Pin(distribution=one, reasons=()) for one in wanted)
    return Lock(set_name="base", target_name="linux", inputs=inputs, pins=pins)


def test_each_byte_is_hashed_once(
    workspace: Workspace, index: Index, downloads: Downloads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was hashed while it was written is not hashed again, on its way to ``packages/``, by the stock or by the next run."""
    wanted = offered(index, make_wheel("app", ballast=300_000), tmp_path)
    cache = downloads._cache  # noqa: SLF001
    monkeypatch.setattr(files, "sha256_of", lambda path: pytest.fail(f"{path} is hashed again"))
    downloads.begin(lock_of(wanted))
    (artifact,) = collect(downloads, wanted)
    assert cache.sha256(artifact.path) == wanted.sha256
    cache.save()
    later = FileCache(workspace.paths.packages / ".work" / "cache")
    assert later.recall(artifact.identity) == wanted.sha256
    assert later.recall_metadata(artifact.identity, wanted.filename)
    assert index.gets(wanted.filename) == 1
    monkeypatch.undo()
    assert files.sha256_of(artifact.path) == wanted.sha256
    assert (workspace.paths.packages / wanted.filename).samefile(artifact.path)


def test_other_bytes_than_the_lock_says(index: Index, downloads: Downloads, upstream: Upstream, tmp_path: Path) -> None:
    """A file that is what its page says today, and not what the lock says, does not reach ``packages/``."""
    wheel = make_wheel("app", "1.0")
    wanted = structs.replace(offered(index, wheel, tmp_path), sha256="0" * 64)
    upstream.know(upstream.pages.candidates(upstream.pages.origin(wanted))[0])
    with pytest.raises(HashMismatch, match=r"app-1\.0-py3-none-any\.whl has sha256 .*, the lock says 0{64}"):
        collect(downloads, wanted)
    assert not (tmp_path / "packages" / wheel.filename).exists()


def test_a_target_does_not_accept_what_its_lock_names(
    workspace: Workspace, index: Index, downloads: Downloads, tmp_path: Path
) -> None:
    """A lock that was edited to name another platform's wheel: pip refuses it for the target."""
    wanted = offered(index, make_wheel("app", tag="cp310-cp310-win_amd64"), tmp_path)
    with pytest.raises(PipFailed, match="pip download failed for target linux"):
        collect(downloads, wanted)
    assert not (workspace.paths.packages / wanted.filename).exists()


def test_pip_takes_the_files_of_a_lock_while_others_resolve(index: Index, downloads: Downloads, tmp_path: Path) -> None:
    """pip takes what a lock is the first to name, and the rest when it is collected."""
    app, lib, more = (offered(index, make_wheel(name), tmp_path) for name in ("app", "lib", "more"))
    gather, taken = downloads._gather, []  # noqa: SLF001

    def counted(name: str, target: Target, arrived: Sequence[tuple[Candidate, Path]]) -> list[Path]:
        taken.append((name, [candidate.distribution.project for candidate, _ in arrived]))
        return gather(name, target, arrived)

    downloads._gather = counted  # type: ignore[assignment] # noqa: SLF001
    downloads.begin(lock_of(app, lib), LINUX)
    downloads.begin(lock_of(app, more))
    found = collect(downloads, app, lib, more)
    assert taken == [("base--linux.ahead.0", ["app", "lib"]), ("job.0", ["more"])]
    assert {one.distribution.filename for one in found} == {app.filename, lib.filename, more.filename}
    assert all(files.sha256_of(one.path) == one.distribution.sha256 for one in found)


def test_each_byte_is_counted_once(
    index: Index, downloads: Downloads, bar: Bar, upstream: Upstream, tmp_path: Path
) -> None:
    """The total is the size of all files, also of one that was here already; a large file is counted while it arrives."""
    large, small, here = (
        offered(index, make_wheel(name, ballast=ballast), tmp_path)
        for name, ballast in (("large", 900_000), ("small", 10), ("here", 10))
    )
    upstream.file(Candidate(distribution=here, source="index", hashes=(("sha256", here.sha256 or ""),)))
    downloads.begin(lock_of(large, small, here), LINUX)
    collect(downloads, large, small, here)
    assert bar.total == sum(bar.steps) == sum(one.size or 0 for one in (large, small, here))
    assert len(bar.steps) > 4
    assert bar.parts == ["3 files for linux"]


def test_a_file_that_pip_refuses_ahead_is_an_error_when_it_is_collected(
    workspace: Workspace, index: Index, downloads: Downloads, tmp_path: Path
) -> None:
    """The run ahead decides nothing: pip is asked again, and its refusal is the error."""
    wanted = offered(index, make_wheel("app", tag="cp310-cp310-win_amd64"), tmp_path)
    downloads.begin(lock_of(wanted), LINUX)
    with pytest.raises(PipFailed, match="pip download failed for target linux"):
        collect(downloads, wanted)
    assert not (workspace.paths.packages / wanted.filename).exists()


def test_what_is_here_is_not_fetched_ahead(
    workspace: Workspace, index: Index, tmp_path: Path, downloads: Downloads
) -> None:
    """Files of the names in ``packages/`` and in the site are for the stock to judge."""
    app, lib = (offered(index, make_wheel(name), tmp_path) for name in ("app", "lib"))
    shutil.copy(tmp_path / app.filename, workspace.paths.packages)
    (folder := workspace.paths.site / "simple" / "lib").mkdir(parents=True)
    shutil.copy(tmp_path / lib.filename, folder)
    downloads.begin(lock_of(app, lib))
    assert not downloads._begun  # noqa: SLF001


def test_nothing_is_begun_after_giving_up(index: Index, tmp_path: Path, downloads: Downloads) -> None:
    """When no lock of a run will be written, the files of further locks are not fetched."""
    app, lib = (offered(index, make_wheel(name), tmp_path) for name in ("app", "lib"))
    downloads.begin(lock_of(app))
    downloads.give_up()
    downloads.begin(lock_of(lib))
    downloads.__exit__(None, None, None)
    assert index.gets(lib.filename) == 0


def test_a_copy_of_the_users_own_file_is_checked(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that its owner changes while it is copied does not reach ``packages/``."""
    (folder := tmp_path / "wheels").mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    wanted = artifact_of(make_wheel("app").save(folder)).distribution
    copy = files.copy

    def late(source: Path, destination: Path) -> None:
        source.write_bytes(b"something else")
        copy(source, destination)

    monkeypatch.setattr(files, "copy", late)
    (work := workspace.paths.packages / ".work").mkdir(parents=True)
    upstream = Upstream(read_network(), store=work / "store", shelf=workspace.paths.packages)
    with Loopback(upstream, [LINUX]) as index, Pips(work) as pips:
        gather = PipDownload(index=lambda: index, pips=pips, work=work / "download")
        downloads = Downloads(lambda: upstream, workspace.paths, gather, FileCache(work / "cache"), lambda *_: True)
        with downloads, pytest.raises(SubsetError, match=r"app.1\.0|hash"):
            collect(downloads, wanted)
    assert not (workspace.paths.packages / wanted.filename).exists()


def test_a_stage_that_was_removed_stays_so(workspace: Workspace, downloads: Downloads, tmp_path: Path) -> None:
    """A thread that comes after Ctrl-C finds its stage gone, and makes no directory of it again."""
    one = artifact_of(make_wheel("app").save(tmp_path)).distribution
    (work := workspace.paths.packages / ".work").rmdir()
    with pytest.raises(FolderError):
        downloads._gather("job.0", LINUX, [(Candidate(distribution=one, source="the lock"), tmp_path / one.filename)])  # noqa: SLF001
    assert not work.exists()
