"""Fetching a published site: byte for byte what its manifest names, or nothing."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import shutil
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from pypi_subset.cli.display import Display
from pypi_subset.errors import HashMismatch, SubsetError
from pypi_subset.model.report import report_path
from pypi_subset.pipeline import mirror
from pypi_subset.publishing import fetch_site
from pypi_subset.site import web_servers
from tests.support.programs.commands import subset as command
from tests.support.programs.mounts import run_mounted, small_disk
from tests.support.servers.hostile import head, sending
from tests.support.servers.served import Served
from tests.support.servers.web import apache, caddy, nginx, object_store
from tests.support.sites.published import proven
from tests.support.sites.trees import tree
from tests.support.sites.workspace import Workspace, own_index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable
    from pathlib import Path

#: What every host but an object store keeps to itself; those have no files with a dot in front.
KEPT = {".nojekyll", "simple/.htaccess", "simple-json/.htaccess", "targets/linux/simple/.htaccess"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a proven site as mirror makes it, with a file whose name needs quoting in an address."""
    space = Workspace(tmp_path_factory.mktemp("obtain"))
    with own_index() as index:
        index.add(make_wheel("app", "1.0+local", requires=["lib"]), make_wheel("lib"))
        space.write("base.txt", "app\n")
        space.toml({"linux": "cp312-manylinux_2_28_x86_64"})
        mirror.mirror(space.paths, progress=Display())
    return proven(space.paths.site)


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Path:
    """Return the site, for this test alone."""
    return shutil.copytree(made, tmp_path / "published")


def fetched(url: str, folder: Path) -> Path:
    """Return *folder*, which is now what is published at *url*."""
    fetch_site.fetch_site(url, folder, progress=Display())
    return folder


@pytest.mark.slow
def test_the_whole_site_arrives(site: Path, tmp_path: Path) -> None:
    """From a server that chooses forms of a page, as from an object store that has no hidden files: the same bytes."""
    with Served(site, tmp_path / "log") as served:
        assert tree(fetched(served.url, tmp_path / "one")) == tree(site)
        assert tree(fetched(f"{served.url.rstrip('/')}/index.html", tmp_path / "two")) == tree(site)
    assert tree(site).keys() >= KEPT
    with object_store(site) as url:
        assert tree(fetched(url.rstrip("/"), tmp_path / "three")) == tree(site)


@pytest.mark.hosts
@pytest.mark.parametrize("host", [nginx, apache, functools.partial(apache, htaccess=True), caddy])
def test_the_whole_site_arrives_from_web_servers(
    site: Path, tmp_path: Path, host: Callable[[Path], contextlib.AbstractContextManager[str]]
) -> None:
    """Set up by the site's own settings, which choose the form of a page and hide files with a dot in front."""
    with host(site) as url:
        assert tree(fetched(url, tmp_path / "copy")) == tree(site)


def test_a_new_site_replaces_the_old(site: Path, tmp_path: Path) -> None:
    """What lay there goes, the README stays, and the report is the one that is published."""
    old = shutil.copytree(site, tmp_path / "old")
    (old / "README.md").write_text("mine\n")
    (old / "simple" / "lib" / "lib-0.9-py3-none-any.whl").write_bytes(b"")
    shutil.rmtree(site / "proof")
    with object_store(site) as url:
        fetched(url, old)
    assert tree(old).items() >= (tree(site) | {"README.md": b"mine\n"}).items()
    assert tree(old).keys() - tree(site).keys() == {
        f"proof/{name}" for name in ("badge.svg", "index.html", "page.css", "page.js")
    }
    assert "nothing proven yet" in (old / "proof" / "badge.svg").read_text()


def test_a_report_about_other_bytes_says_so(site: Path, tmp_path: Path) -> None:
    """What is published unproven has another manifest than the report that may lie beside it."""
    path = site / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "unproven": True}))
    with object_store(site) as url:
        fetched(url, tmp_path / "copy")
    assert json.loads(report_path(tmp_path / "copy").read_bytes())["stale"] is True


def changed(site: Path) -> None:
    """Give a wheel other bytes of the same size."""
    path = site / "simple" / "lib" / "lib-1.0-py3-none-any.whl"
    path.write_bytes(path.read_bytes()[::-1])


def gone(site: Path) -> None:
    """Take away a page."""
    (site / "simple" / "lib" / "index.html").unlink()


def sidecar(site: Path) -> None:
    """Change what clients read instead of the wheel."""
    (site / "simple" / "lib" / "lib-1.0-py3-none-any.whl.metadata").write_text("Name: lib\n")


def damaged(site: Path) -> None:
    """Cut off the manifest."""
    (site / "manifest.json").write_text("{")


def later(site: Path) -> None:
    """Let a later version have written it."""
    (site / "manifest.json").write_text('{"schema": 99}')


def strange(site: Path) -> None:
    """Leave nothing in the manifest as it should be."""
    (site / "manifest.json").write_text('{"schema": 1, "targets": [1], "sets": [], "files": [2], "pages": []}')


def outside(site: Path) -> None:
    """Name a file that lies elsewhere."""
    path = site / "manifest.json"
    document = json.loads(path.read_bytes())
    document["pages"]["../mine.txt"] = "0" * 64
    path.write_text(json.dumps(document))


def nothing(site: Path) -> None:
    """Let something else be published there."""
    (site / "manifest.json").unlink()


REFUSED: dict[Callable[[Path], None], str] = {
    changed: "lib-1.0-py3-none-any.whl has other bytes than the manifest there says; it may be published at this moment",
    sidecar: "any.whl.metadata has other bytes than the manifest there says; it may be published at this moment",
    gone: "simple/lib/index.html answered 404",
    damaged: "manifest.json: the manifest is damaged; do not trust that site, or publish it again",
    later: "manifest.json: the manifest has schema 99.0, and this version reads 1.8; upgrade pypi-subset",
    strange: "manifest.json: the manifest is damaged; do not trust that site, or publish it again",
    outside: "manifest.json: the manifest is refused: it names '../mine.txt', which no site with these projects",
    nothing: "manifest.json answered 404 Not Found; name the address of the front page",
}


@pytest.mark.parametrize("change", REFUSED, ids=lambda change: change.__name__)
def test_what_is_not_what_it_says_is_refused(site: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    """One line says what is wrong there and what to do; the old site stays, beside it at most what another fetch can use."""
    here = tmp_path / "here" / "site"
    shutil.rmtree(shutil.copytree(site, here) / "simple" / "lib")
    old = tree(here)
    change(site)
    with object_store(site) as url, pytest.raises(SubsetError) as raised:
        fetched(url, here)
    assert REFUSED[change] in str(raised.value)
    assert "\n" not in str(raised.value)
    assert tree(here) == old
    assert {path.name for path in here.parent.iterdir()} - {"site"} == ({".site.fetched"} if change is gone else set())


def test_only_what_is_not_here_is_fetched(site: Path, tmp_path: Path) -> None:
    """A second fetch takes nothing that its manifest names; a damaged file of the old site is fetched again."""
    here = tmp_path / "here"
    with object_store(site) as url:
        assert fetch_site.fetch_site(url, here) > 1
        assert fetch_site.fetch_site(url, here) == 0
        (here / "simple" / "lib" / "lib-1.0-py3-none-any.whl").write_bytes(b"damaged")
        assert fetch_site.fetch_site(url, here) == 1
    assert tree(here) == tree(site)


def test_too_little_room(site: Path, tmp_path: Path) -> None:
    """The sizes in the manifest are compared with what is free before the first file is fetched."""
    (tmp_path / "disk").mkdir()
    code = """
import json, sys
from pathlib import Path
from pypi_subset.errors import DiskError
from pypi_subset.publishing.fetch_site import fetch_site
try:
    fetch_site(sys.argv[1], Path(sys.argv[2], "site"))
except DiskError as error:
    print(json.dumps([str(error), [path.name for path in Path(sys.argv[2]).iterdir()]]))
"""
    manifest = site / "manifest.json"
    facts = json.loads(manifest.read_text())
    facts["files"][0]["size"] = 70_000
    manifest.write_text(json.dumps(facts))
    with Served(site, tmp_path / "log") as served:
        said, there = run_mounted(small_disk(tmp_path / "disk", "64k"), code, served.url, tmp_path / "disk")
    assert re.search(r"there is not enough room: fetch needs 7\d\.\d kB in \S+/site, where [\d.]+ kB are free; ", said)
    assert there == []


def test_a_fetch_that_is_cut_off_goes_on(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched is kept beside the site, and removed when that is whole."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    here = tmp_path / "here"
    wheel = site / "simple" / "lib" / "lib-1.0-py3-none-any.whl"
    away = wheel.rename(tmp_path / "away")
    with object_store(site) as url, pytest.raises(SubsetError, match="answered 404"):
        fetched(url, here)
    kept = [path for path in (tmp_path / ".here.fetched").iterdir() if not path.name.startswith(".")]
    assert kept
    away.rename(wheel)
    with object_store(site) as url:
        assert fetch_site.fetch_site(url, here) <= fetch_site.fetch_site(url, tmp_path / "other") - len(kept)
    assert tree(here) == tree(site)
    assert not (tmp_path / ".here.fetched").exists()


def numbered(site: Path, serial: object, **changes: object) -> bytes:
    """Give *site* the release that publish would write for it; return its bytes."""
    digest = hashlib.sha256((site / "manifest.json").read_bytes()).hexdigest()
    made = {"schema": "1.0", "serial": serial, "manifest_sha256": digest, "published": "2026-01-01T00:00:00.000000Z"}
    data = json.dumps({**made, "previous": "", **changes}).encode()
    (site / "release.json").write_bytes(data)
    return data


def from_store(site: Path, folder: Path) -> Path:
    """Return *folder*, which is now what an object store has of *site*."""
    with object_store(site) as url:
        return fetched(url, folder)


def test_a_release_comes_along_and_an_older_one_is_refused(site: Path, tmp_path: Path) -> None:
    """What was fetched stays, and one line says what is served, and which file to remove if that is meant."""
    here = tmp_path / "here"
    newest = numbered(site, 3)
    assert (from_store(site, here) / "release.json").read_bytes() == newest
    old = tree(here)
    for serial in (1, 2):
        numbered(site, serial)
        with pytest.raises(SubsetError, match=rf"release\.json is release {serial}, and release 3 was fetched before"):
            from_store(site, here)
    (site / "release.json").unlink()
    with pytest.raises(SubsetError, match=r"there is no .*, and release 3 was fetched before; do not trust") as raised:
        from_store(site, here)
    assert f"if it was published again from the beginning, remove {here / 'release.json'}" in str(raised.value)
    assert tree(here) == old
    (here / "release.json").unlink()
    from_store(site, here)
    last = numbered(site, 4)
    from_store(site, here)
    numbered(site, 5, previous=hashlib.sha256(last).hexdigest())
    from_store(site, here)
    from_store(site, here)


@pytest.mark.parametrize("previous", ["", "b" * 64])
def test_the_next_release_follows_the_one_that_was_fetched(site: Path, tmp_path: Path, previous: str) -> None:
    """The next number names the bytes of the release before; with others, the two sides know different histories."""
    here = tmp_path / "here"
    numbered(site, 1)
    from_store(site, here)
    numbered(site, 2, previous=previous)
    with pytest.raises(SubsetError, match="is release 2, and follows another release 1 than was fetched before"):
        from_store(site, here)
    # A release in between may have been missed.
    numbered(site, 3, previous=previous)
    from_store(site, here)


def test_a_release_about_another_manifest_is_refused(site: Path, tmp_path: Path) -> None:
    """It is read before the manifest: the site may just be published. One number never stands for two sites."""
    here = tmp_path / "here"
    numbered(site, 3)
    from_store(site, here)
    numbered(site, 4, manifest_sha256="0" * 64)
    with pytest.raises(
        HashMismatch, match=r"release\.json is about another manifest than the one there; it may be published"
    ):
        from_store(site, here)
    unproven = json.loads((site / "manifest.json").read_bytes()) | {"unproven": True}
    (site / "manifest.json").write_text(json.dumps(unproven))
    numbered(site, 3)
    with pytest.raises(SubsetError, match="is release 3, as what was fetched before, and about another manifest"):
        from_store(site, here)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": "2.0"}, "the release has schema 2.0, and this version reads 1.0; upgrade pypi-subset"),
        *(({"serial": serial}, "the release is damaged; publish the site again") for serial in (0, -1, 1 << 60, "3")),
        ({"published": "x" * (1 << 15)}, "release.json has more than 16,384 bytes"),
    ],
)
def test_a_damaged_release_is_refused(site: Path, tmp_path: Path, changes: dict[str, object], words: str) -> None:
    """Its numbers have bounds, and so has its length."""
    numbered(site, **{"serial": 1, **changes})
    with object_store(site) as url, pytest.raises(SubsetError) as raised:
        fetched(url, tmp_path / "here")
    assert words in str(raised.value)


def test_the_hash_of_the_manifest_can_be_named(site: Path, tmp_path: Path) -> None:
    """In any case of letters, with the name of the algorithm; no other manifest is taken, and nothing that is no hash."""
    digest = hashlib.sha256((site / "manifest.json").read_bytes()).hexdigest()
    with object_store(site) as url:
        for pin in (digest, digest.upper(), f"sha256:{digest}"):
            fetch_site.fetch_site(url, tmp_path / "here", sha256=pin)
        other = "0" * 64
        with pytest.raises(
            HashMismatch, match=f"manifest.json has the SHA-256 {digest}, not {other}; ask who publishes"
        ):
            fetch_site.fetch_site(url, tmp_path / "other", sha256=other)
        for pin in ("0", "md5:" + "0" * 32, digest[:-1] + "g", digest + digest):
            with pytest.raises(SubsetError, match=r"no SHA-256: '.*'; take the 64 hexadecimal digits"):
                fetch_site.fetch_site(url, tmp_path / "other", sha256=pin)
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_fetched_from_the_command_line(site: Path, tmp_path: Path) -> None:
    """It says how many files came; an address that is none, a host that is not there and a directory of yours are one line."""
    with object_store(site) as url:
        done = command("fetch", f"--url={url}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        beside = {"README.md", "manifest.json", *(name for name in tree(site) if name.startswith("proof/"))}
        # What this version would write itself need not come from there.
        # Of files with the same bytes, one is fetched.
        wanted = tree(site).keys() - beside - web_servers.render(["linux"]).keys()
        count = len({tree(site)[name] for name in wanted})
        assert done.stdout.splitlines() == [
            f"site is what is published there: {count} files fetched",
            "Next: copy here the requirements/ that the site was built from, then `pypi-subset verify`",
        ]
        assert tree(tmp_path / "site") == tree(site)
        (tmp_path / "yours").mkdir()
        (tmp_path / "yours" / "thesis.doc").touch()
        refused = command("fetch", f"--url={url}", "--site=yours", cwd=tmp_path)
    away = command("fetch", f"--url={url}", "--site=other", cwd=tmp_path, PIP_RETRIES="0")
    for run, code, words in (
        (refused, 2, "error: yours: mirror did not make thesis.doc"),
        (away, 3, "error: cannot fetch http://127.0.0.1:"),
        (command("fetch", cwd=tmp_path), 2, "error: no address is named; as in `--url "),
        (
            command("fetch", "--url=site", cwd=tmp_path),
            2,
            "error: no address of a published site: 'site'; as in `--url ",
        ),
    ):
        assert (run.returncode, len(run.stderr.splitlines()), run.stderr[: len(words)]) == (code, 1, words)
    assert [path.name for path in (tmp_path / "yours").iterdir()] == ["thesis.doc"]


@pytest.mark.parametrize("answer", ["itself", "redirect of the manifest", "redirect of a file"])
def test_plain_http_needs_trust_for_each_request(site: Path, tmp_path: Path, answer: str) -> None:
    """Whether the address itself, or one that a server of this machine leads to, is plain http elsewhere."""
    elsewhere, path = "http://192.0.2.1/", {"redirect of the manifest": "manifest.json"}.get(answer, "index.html")

    def answered(asked: str) -> list[bytes]:
        name = unquote(asked).removeprefix("/")
        if name == path:
            return [head(302, Location=f"{elsewhere}{name}")]
        return [head(), (site / name).read_bytes()] if (site / name).is_file() else [head(404)]

    with sending(answered) as url, pytest.raises(SubsetError) as raised:
        fetched(elsewhere if answer == "itself" else url, tmp_path / "here")
    assert f"{elsewhere}{'release.json' if answer == 'itself' else path} is plain http" in str(raised.value)
    assert not (tmp_path / "here").exists()
