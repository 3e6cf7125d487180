"""Pages, files and METADATA of all sources, each fetched once."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.errors import (
    BadDistribution,
    HashMismatch,
    SubsetError,
)
from pypi_subset.locks import lockfile
from pypi_subset.model.candidates import LOCK, Candidate
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.pip_config import read_network
from tests.support.servers.hostile import head, sending
from tests.support.servers.index import Index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, THREE, WINDOWS, mirror, read_lock, versions

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


@pytest.mark.parametrize("update", [False, True])
def test_each_page_and_file_crosses_the_network_once(workspace: Workspace, update: bool) -> None:  # noqa: FBT001
    """An index without metadata, ranges and cache headers is asked once for each page and file, for three targets."""
    with Index(metadata=False, ranges=False) as bare, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_INDEX_URL", bare.url)
        bare.add(make_wheel("app", requires=["lib", "other"], ballast=300_000), make_wheel("lib", ballast=300_000))
        bare.add(make_wheel("other", requires=["lib"], ballast=200), make_wheel("unused"))
        workspace.write("base.txt", "app\n")
        workspace.write("more.txt", "lib\nother\n")
        workspace.toml(THREE)
        mirror(workspace, update=update)
        pages = {f"/simple/{name}/": 1 for name in ("app", "lib", "other")}
        files = {f"/files/{name}-1.0-py3-none-any.whl": 1 for name in ("app", "lib", "other")}
        # Its pages announce no METADATA: the host is asked once whether it has any.
        tried = {hit.path: 1 for hit in bare.hits(".metadata")}
        assert len(tried) == 1
        assert bare.counts() == pages | files | tried


def test_metadata_comes_from_a_wheels_end(workspace: Workspace) -> None:
    """Where the index has ranges but no metadata, a wheel that is not chosen costs its end alone."""
    with Index(metadata=False) as ranged, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_INDEX_URL", ranged.url)
        ranged.add(make_wheel("app", "2.0", requires=["lib>=2"], ballast=400_000))
        ranged.add(make_wheel("app", "1.0", requires=["lib"], ballast=400_000), make_wheel("lib", "1.0"))
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX})
        mirror(workspace)
        assert versions(workspace, "base--linux") == {"app": "1.0", "lib": "1.0"}
        assert [hit.status for hit in ranged.hits("app-2.0-py3-none-any.whl")] == [206]
        assert [hit.status for hit in ranged.hits("app-1.0-py3-none-any.whl")] == [206, 200]


def test_local_files_become_relative_paths(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file from a find-links directory is locked as a path into packages/; the lock names no directory of this machine."""
    folder = workspace.root / "wheelhouse"
    folder.mkdir()
    make_wheel("app", requires=["lib"]).save(folder)
    index.add(make_wheel("lib"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    text = lockfile.path_of(workspace.paths.locks, "base--linux").read_text()
    assert 'path = "../../packages/app-1.0-py3-none-any.whl"' in text
    assert "file:" not in text
    assert str(workspace.root) not in text
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    assert mirror(workspace)[0].fetched == 2
    monkeypatch.delenv("PIP_FIND_LINKS")
    shutil.rmtree(workspace.paths.packages)
    # The site has it still, whether or not the directory that it came from is at hand.
    assert mirror(workspace)[0].fetched == 0
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    with pytest.raises(SubsetError, match=r"app-1\.0-py3-none-any\.whl came from a local directory and is not there"):
        mirror(workspace)


def test_a_file_index_is_local(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra index on this disk is read as pip reads it, and its files are locked as paths too."""
    folder = workspace.root / "index"
    (folder / "simple" / "app").mkdir(parents=True)
    wheel = make_wheel("app")
    wheel.save(folder)
    (folder / "simple" / "app" / "index.html").write_text(f'<a href="../../{wheel.filename}">{wheel.filename}</a>')
    index.add(make_wheel("lib"))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", (folder / "simple").as_uri())
    workspace.write("base.txt", "app\nlib\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    text = lockfile.path_of(workspace.paths.locks, "base--linux").read_text()
    assert 'path = "../../packages/app-1.0-py3-none-any.whl"' in text
    assert "file:" not in text


@pytest.mark.parametrize("style", ["json", "html"])
def test_a_poor_index_is_enough(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, style: str) -> None:
    """Without hashes, sizes, metadata or ranges the lock still has hash and size of every file."""
    app = make_wheel("app", requires=["lib"])
    with Index(style=style, hashes=False, facts=False, metadata=False, ranges=False) as poor:  # type: ignore[arg-type]
        poor.add(app, make_wheel("lib"))
        monkeypatch.setenv("PIP_INDEX_URL", poor.url)
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX, "windows": WINDOWS})
        mirror(workspace)
        assert set(poor.counts().values()) == {1}
    one = read_lock(workspace, "base--linux").pins[0].distribution
    assert (one.sha256, one.size) == (app.sha256, len(app.data))


@pytest.mark.parametrize("trouble", ["status", "garbage", "type"])
def test_trouble_behind_pips_back_is_trouble(workspace: Workspace, index: Index, trouble: str) -> None:
    """A page that cannot be had is an error even where pip finds an older release that does without it."""
    index.add(make_wheel("app", "2.0", requires=["lib"]), make_wheel("app", "1.0"), make_wheel("lib"))
    if trouble == "status":
        index.on_request = lambda path: 418 if path == "/simple/lib/" else None
    elif trouble == "garbage":
        index.overrides["/simple/lib/"] = b"{"
    else:
        index.overrides["/simple/lib"] = b""
        index.on_request = lambda path: 301 if path == "/simple/lib/" else None
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(SubsetError, match="/simple/lib/"):
        mirror(workspace)
    assert not workspace.paths.locks.exists()


def test_metadata_that_contradicts_the_wheel(workspace: Workspace, index: Index) -> None:
    """A wheel whose separate metadata hides a requirement is refused: it would be published without it."""
    wheel, hidden = make_wheel("app", requires=["lib"]), make_wheel("app")
    index.add(replace(wheel, metadata=hidden.metadata), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    for _ in range(2):
        # The lock that the first run wrote does not make it any better.
        with pytest.raises(
            BadDistribution, match=r"app-1\.0-py3-none-any\.whl and the metadata .* contradict each other"
        ):
            mirror(workspace)
        assert not workspace.paths.site.exists()


def test_a_local_file_with_other_bytes(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel in a find-links directory that differs from the index's of that name is fatal, though nobody gave its hash."""
    folder = workspace.root / "wheelhouse"
    folder.mkdir()
    make_wheel("app", files={"app.py": b"patched = True\n"}).save(folder)
    index.add(make_wheel("app"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(HashMismatch, match="has two contents"):
        mirror(workspace)


def test_no_network_is_one_line(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that does not answer is named in one line with the next step."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(
        SubsetError, match=r"cannot fetch http://127\.0\.0\.1:9/simple/app/: .*refused; check the network"
    ) as e:
        mirror(workspace)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("style", ["json", "html"])
def test_what_the_index_knows_reaches_the_site(
    workspace: Workspace, index: Index, style: Literal["json", "html"]
) -> None:
    """Times, provenance and the status of a project come from the upstream's page, by way of the lock."""
    index.style = style
    index.add(make_wheel("app"))
    index.told["app"] = {"provenance": "https://index.example/app", "upload-time": "2024-01-02T03:04:05Z"}
    index.status["app"] = {"status": "deprecated", "reason": "use another"}
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    for _ in range(2):
        # The second time from the lock alone.
        shutil.rmtree(workspace.paths.site, ignore_errors=True)
        mirror(workspace)
        page = json.loads((workspace.paths.site / "simple" / "app" / "index.v1_json").read_bytes())
        assert page["project-status"] == {"status": "deprecated", "reason": "use another"}
        (file,) = page["files"]
        assert {name: file[name] for name in index.told["app"]} == index.told["app"]


def test_a_signed_address_is_used_and_never_kept(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index whose files need a query, another one each time: they are fetched, also by a lock, and no file has a query."""
    wheels = {one.filename: one for one in (make_wheel("app", requires=["lib"]), make_wheel("lib"))}
    signature = ["s3cret1"]

    def answer(path: str) -> list[bytes]:
        if path.startswith("/simple/"):
            name = f"{path.split('/')[2]}-1.0-py3-none-any.whl"
            link = f'<a href="/f/{name}?sig={signature[0]}#sha256={wheels[name].sha256}">x</a>'
            return [head(200, Content_Type="text/html"), link.encode()]
        name, _, query = path.removeprefix("/f/").partition("?")
        if query != f"sig={signature[0]}" or name not in wheels:
            return [head(403)]
        return [head(200, Content_Length=len(wheels[name].data)), wheels[name].data]

    with sending(answer) as url:
        monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple/")
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX})
        assert mirror(workspace)[0].fetched == 2
        for folder in (workspace.paths.packages, workspace.paths.site):
            shutil.rmtree(folder)
        signature[0] = "s3cret2"
        summary, said = mirror(workspace)
    assert (summary.resolved, summary.fetched) == (0, 2)
    assert "s3cret" not in said
    kept = [path for path in workspace.root.rglob("*") if path.is_file() and path.suffix != ".whl"]
    assert lockfile.path_of(workspace.paths.locks, "base--linux") in kept
    assert [path for path in kept if b"s3cret" in path.read_bytes()] == []


def test_a_page_has_more_facts_than_a_lock(configured_index: Index, tmp_path: Path) -> None:
    """A file of a standing lock may be fetched before pip resolves the same file for another target."""
    wheels = [make_wheel("app", f"{number}.0") for number in range(12)]
    configured_index.add(*wheels)
    upstream = Upstream(read_network(), store=tmp_path / "store", shelf=tmp_path)
    offers = upstream.on("linux")
    project = canonicalize_name("app")
    pages = Upstream(read_network(), store=tmp_path / "store", shelf=tmp_path).on("linux").candidates(project)
    for candidate in (pages[0], pages[-1]):
        locked = Candidate(distribution=candidate.distribution, source=LOCK)
        upstream.file(locked)
        assert upstream.known(locked.key, project) == locked
    offers.newest(project)
    for candidate in (pages[0], pages[-1]):
        assert upstream.known(candidate.key, project) == candidate
    upstream.know(pages[-1])
    upstream.know(Candidate(distribution=pages[-1].distribution, source=LOCK))
    assert upstream.known(pages[-1].key, project) == pages[-1]
