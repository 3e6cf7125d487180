"""Locks that name a site: real uv and real pip install by them from the site alone, and uv leaves them as they are."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset import api
from pypi_subset.errors import LockError, MissingInSite, SubsetError
from pypi_subset.relocking.relock import beside, relock
from pypi_subset.site.pages.client_config import snippets
from tests.support.programs.commands import run
from tests.support.relocks.projects import BACKEND, configured, installed, lock, uv, write_project
from tests.support.relocks.sites import Held, write_manifest
from tests.support.servers.index import Index
from tests.support.servers.served import Served
from tests.support.sites.handwritten import sha256
from tests.support.sites.workspace import Workspace, own_index
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.wheels import Sdist, Wheel

#: The project that the site has all of: an sdist that is built, a wheel for Windows alone, a local version.
REQUIRES = ("demo", "local")
BUILDS = '[build-system]\nrequires = ["backend"]\nbuild-backend = "backend"\n'


def offered() -> list[Wheel | Sdist]:
    """Return what the index has; the same call gives the same bytes."""
    return [
        make_wheel("demo", requires=["dep", "old", "console; sys_platform == 'win32'"]),
        make_wheel("dep"),
        make_wheel("dep", tag="cp312-cp312-win_amd64"),
        make_wheel("console"),
        make_wheel("local", "1.0+cpu"),
        make_wheel("backend", files={"backend.py": BACKEND}),
        make_buildable("old"),
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, Path]]:
    """Yield a site, the address at which it is served, and two projects whose locks name another index, which is gone."""
    space = Workspace(tmp_path_factory.mktemp("made"))
    with own_index() as index:
        index.add(*offered())
        space.write("base.txt", "demo\nlocal\nbackend\n")
        space.toml({"lab": "cp311-manylinux_2_28_x86_64"}, more='[sdists]\nbuild = ["old"]\n')
        lock(write_project(space.root / "plain", *REQUIRES), index)
        lock(write_project(space.root / "built", *REQUIRES, more=BUILDS), index)
        exported = uv(
            "export", "--format=pylock.toml", "--frozen", "--no-emit-project", "--quiet", cwd=space.root / "plain"
        )
        (space.root / "plain" / "pylock.toml").write_text(exported.stdout, encoding="utf-8")
        command = [
            sys.executable,
            "-I",
            "-m",
            "pip",
            "lock",
            "--index-url",
            index.url,
            *REQUIRES,
            "-o",
            "pylock.pip.toml",
        ]
        locked = run(command, space.root / "plain")
        assert locked.returncode == 0, locked.stderr
        api.mirror(space.paths)
    with Served(space.paths.site, space.root / "log") as served:
        yield space.paths.site, served.url, space.root


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "built"])
@pytest.mark.parametrize("served", [True, False], ids=["http", "directory"])
def test_uv_syncs_and_leaves_the_lock(made: tuple[Path, str, Path], tmp_path: Path, kind: str, *, served: bool) -> None:
    """uv sync, with --frozen, with --locked and without, installs from the site alone and writes no byte of the lock."""
    site, url, root = made
    base = url if served else f"{site.as_uri()}/"
    project = shutil.copytree(root / kind, tmp_path / "app")
    done = relock(project / "uv.lock", url if served else str(site), site, in_place=True)
    assert (done.kept, done.dropped, done.built, done.missing) == (3, 2, 1, ())
    config = configured(tmp_path / "config", snippets(base)["uv"])
    written = (project / "uv.lock").read_bytes()
    assert b"127.0.0.1" not in written or url.encode() in written
    wanted = {"demo-1.0", "dep-1.0", "old-1.0", "local-1.0+cpu"} | ({"app-1.0"} if kind == "built" else set())
    for options in (["--frozen"], ["--locked"], []):
        shutil.rmtree(project / ".venv", ignore_errors=True)
        synced = uv("sync", *options, cwd=project, config=config)
        assert synced.returncode == 0, (options, synced.stderr)
        assert installed(project) == wanted
        assert (project / "uv.lock").read_bytes() == written, options


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["explicit", "default"])
def test_a_project_that_names_an_index(made: tuple[Path, str, Path], tmp_path: Path, kind: str) -> None:
    """An explicit index needs no change of the project; a default one does for --locked, as a warning says."""
    site, url, _ = made
    table = f'[tool.uv.sources]\nlocal = {{{{ index = "own" }}}}\n[[tool.uv.index]]\nname = "own"\nurl = "{{}}"\n{kind} = true\n'
    with Index() as index, Index() as own:
        index.add(*offered())
        own.add(*offered())
        project = write_project(tmp_path / "app", *REQUIRES, more=table.format(own.url))
        lock(project, index if kind == "explicit" else own)
    done = relock(project / "uv.lock", url, site, in_place=True)
    said = f"names the default index {own.url}: `uv sync --frozen` ignores it"
    assert [said in line for line in done.warnings] == [True] * (kind == "default")
    config, written = configured(tmp_path / "config", snippets(url)["uv"]), (project / "uv.lock").read_bytes()
    for options in (["--frozen"], ["--locked"], []):
        if options == ["--locked"] and kind == "default":
            assert uv("sync", *options, cwd=project, config=config).returncode != 0
            break
        shutil.rmtree(project / ".venv", ignore_errors=True)
        synced = uv("sync", *options, cwd=project, config=config)
        assert synced.returncode == 0, (options, synced.stderr)
        assert (project / "uv.lock").read_bytes() == written
    assert "local-1.0+cpu" in installed(project)


def test_names_beside_a_lock() -> None:
    """The name of the new lock says what it is, and a tool that looks for the usual name passes it over."""
    names = {
        "uv.lock": "uv.relocked.lock",
        "job.py.lock": "job.py.relocked.lock",
        "pylock.toml": "pylock.relocked.toml",
    }
    names |= {"pylock.lab.toml": "pylock.lab-relocked.toml"}
    assert {name: beside(Path(name)).name for name in names} == names


@pytest.mark.slow
@pytest.mark.parametrize("served", [True, False], ids=["http", "directory"])
@pytest.mark.parametrize(("name", "dropped"), [("pylock.toml", 2), ("pylock.pip.toml", 0)], ids=["of uv", "of pip"])
def test_pip_and_uv_install_by_a_pylock(
    made: tuple[Path, str, Path], tmp_path: Path, name: str, dropped: int, *, served: bool
) -> None:
    """Pip and uv install all that such a lock names from the site, in place of an index that is gone."""
    site, url, root = made
    path = Path(shutil.copy(root / "plain" / name, tmp_path))
    done = relock(path, url if served else str(site), site)
    assert (done.kept, done.dropped, done.built, done.missing) == (3, dropped, 1, ())
    new = beside(path)
    assert (done.output, done.backup) == (str(new), "")
    assert "127.0.0.1" not in new.read_text(encoding="utf-8").replace(url, "")
    into = tmp_path / "by-pip"
    command = [sys.executable, "-I", "-m", "pip", "install", "--no-index", "--target", str(into), "-r", str(new)]
    piped = run(command, tmp_path)
    assert piped.returncode == 0, piped.stderr
    wanted = {"demo-1.0", "dep-1.0", "old-1.0", "local-1.0+cpu"}
    assert {one.stem for one in into.glob("*.dist-info")} == wanted
    into = tmp_path / "by-uv"
    synced = uv(
        "pip",
        "install",
        "--preview",
        "--offline" if not served else "--no-index",
        "--target",
        str(into),
        "-r",
        str(new),
        cwd=tmp_path,
    )
    assert synced.returncode == 0, synced.stderr
    assert {one.stem for one in into.glob("*.dist-info")} == wanted


DEMO, OLD, OLD_SDIST, BACKEND_WHEEL = make_wheel("demo"), make_wheel("old"), make_sdist("old"), make_wheel("backend")
URL = "https://site.example.test/"
#: A project that uv builds, with two releases.
LOCK = f"""\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "app"
version = "1.0"
source = {{ editable = "." }}
dependencies = [
    {{ name = "demo" }},
    {{ name = "old" }},
]

[[package]]
name = "demo"
version = "1.0"
source = {{ registry = "https://index.example.test/simple" }}
wheels = [
    {{ url = "https://files.example.test/{DEMO.filename}", hash = "sha256:{DEMO.sha256}" }},
]

[[package]]
name = "old"
version = "1.0"
source = {{ registry = "https://index.example.test/simple" }}
sdist = {{ url = "https://files.example.test/old-1.0.tar.gz", hash = "sha256:{sha256(OLD_SDIST.data)}" }}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with `LOCK`, which needs a back-end."""
    folder = write_project(tmp_path / "app", "demo", "old", more=BUILDS)
    (folder / "uv.lock").write_text(LOCK, encoding="utf-8")
    return folder


def site_of(folder: Path, *files: Held) -> Path:
    """Return a site beside the project in *folder*."""
    return write_manifest(folder.parent / "site", *files)


ALL = (Held(DEMO), Held(OLD, built_from=OLD_SDIST), Held(BACKEND_WHEEL))


def test_the_new_lock_is_beside_the_old_one(project: Path) -> None:
    """The old one keeps its bytes, and the value says what was done."""
    site = site_of(project, *ALL)
    done = relock(project / "uv.lock", URL, site)
    assert (project / "uv.lock").read_text(encoding="utf-8") == LOCK
    assert f'registry = "{URL}simple/"' in (project / "uv.relocked.lock").read_text(encoding="utf-8")
    assert done.document() == {
        "schema": "1.0",
        "lock": str(project / "uv.lock"),
        "output": str(project / "uv.relocked.lock"),
        "backup": "",
        "index": f"{URL}simple/",
        "manifest": str(site / "manifest.json"),
        "targets": ("lab", "win"),
        "packages": 2,
        "kept": 1,
        "dropped": 0,
        "built": 1,
        "missing": (),
        "warnings": (),
    }
    assert relock(project / "uv.lock", URL, site, output=project / "other").output == str(project / "other")


def test_in_place_keeps_the_lock_that_was(project: Path) -> None:
    """A copy of an earlier lock is never overwritten, and a lock that names the site already is left alone."""
    site, path, copy = site_of(project, *ALL), project / "uv.lock", project / "uv.lock.orig"
    assert relock(path, URL, site, in_place=True).backup == str(copy)
    assert copy.read_text(encoding="utf-8") == LOCK
    new = path.read_bytes()
    assert relock(path, URL, site, in_place=True).backup == ""
    assert copy.read_text(encoding="utf-8") == LOCK
    with pytest.raises(SubsetError, match="this copy of an earlier lock would be lost"):
        relock(path, "https://other.example.test/", site, in_place=True)
    assert (path.read_bytes(), copy.read_text(encoding="utf-8")) == (new, LOCK)
    with pytest.raises(SubsetError, match="`--in-place` and `--output` name two places"):
        relock(path, URL, site, in_place=True, output=project / "other")


def test_what_the_site_lacks_is_one_error(project: Path) -> None:
    """Packages and build requirements are named, for the targets that count, and nothing is written."""
    site = site_of(project, ALL[0])
    with pytest.raises(MissingInSite) as caught:
        relock(project / "uv.lock", URL, site, targets=["lab"])
    build = "the build requires backend, which the site lacks for lab; the site does not have the project"
    assert caught.value.details == (
        f"{project / 'uv.lock'}:22: old 1.0 has no file for lab; the site does not have the project",
        f"{project / 'pyproject.toml'}:7: {build}",
    )
    assert caught.value.documents == {"missing": [*caught.value.details]}
    assert sorted(one.name for one in project.iterdir()) == ["pyproject.toml", "uv.lock"]


def test_a_part_is_written_if_the_user_accepts_it(project: Path) -> None:
    """What is missing is in the result."""
    done = relock(project / "uv.lock", URL, site_of(project, ALL[0]), partial=True)
    assert [line.partition(": ")[2].partition(",")[0] for line in done.missing] == [
        "old 1.0 has no file for lab",
        "the build requires backend",
    ]
    assert 'name = "old"' in Path(done.output).read_text(encoding="utf-8")


def test_the_back_end_of_uv_is_a_warning(project: Path) -> None:
    """uv builds with its own code if its version fits, and pip does not."""
    text = (project / "pyproject.toml").read_text(encoding="utf-8").replace('["backend"]', '["uv_build>=0.9,<1"]')
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    done = relock(project / "uv.lock", URL, site_of(project, *ALL))
    assert done.missing == ()
    (line,) = done.warnings
    assert "the build requires uv_build<1,>=0.9, which the site lacks for lab, win" in line
    assert line.endswith("; a uv of such a version has it in itself")


def test_the_project_beside_a_pylock(project: Path) -> None:
    """Such a lock does not name it, so what its build requires is a warning."""
    lines = (
        f"wheels = [{{ url = 'https://files.example.test/{DEMO.filename}', hashes = {{ sha256 = '{DEMO.sha256}' }} }}]"
    )
    path = project / "pylock.toml"
    text = f'lock-version = "1.0"\ncreated-by = "tests"\n[[packages]]\nname = "demo"\nversion = "1.0"\n{lines}\n'
    path.write_text(text, encoding="utf-8")
    done = relock(path, URL, site_of(project, ALL[0]))
    assert done.missing == ()
    assert ["the build requires backend" in line for line in done.warnings] == [True]


@pytest.mark.parametrize(
    ("names", "bound", "said"),
    [
        (["lab"], ">=3.12", "the lock is not for lab"),
        ([], ">=3.13", r"the lock is for none of the targets of the site: lab \(Python 3.11\), win \(Python 3.12\)"),
        (["mac"], ">=3.11", "the site has no target 'mac'"),
    ],
)
def test_targets_that_a_lock_is_not_for(project: Path, names: list[str], bound: str, said: str) -> None:
    """A named target has to get all of the lock, and without names there has to be one."""
    path = project / "uv.lock"
    path.write_text(LOCK.replace(">=3.11", bound), encoding="utf-8")
    with pytest.raises(SubsetError, match=said) as caught:
        relock(path, URL, site_of(project, *ALL), targets=names)
    assert caught.value.next_step


def test_a_lock_that_cannot_be_edited_is_an_error(project: Path) -> None:
    """tomlkit reads less deep than the standard library."""
    path = project / "uv.lock"
    path.write_text(f"x = {'[' * 250}{']' * 250}\n{LOCK}", encoding="utf-8")
    with pytest.raises(LockError, match="the text of the lock cannot be edited") as caught:
        relock(path, URL, site_of(project, *ALL))
    assert caught.value.next_step


def test_a_lock_that_is_not_there(tmp_path: Path) -> None:
    """The error names it."""
    with pytest.raises(SubsetError, match="No such file") as caught:
        relock(tmp_path / "uv.lock", URL, tmp_path)
    assert caught.value.path == tmp_path / "uv.lock"


@pytest.mark.slow
def test_uv_builds_by_its_own_back_end(tmp_path: Path) -> None:
    """A site without uv_build serves a project whose back-end that is."""
    table = '[build-system]\nrequires = ["uv_build>=0.8,<1"]\nbuild-backend = "uv_build"\n'
    folder = write_project(tmp_path / "app", more=table)
    (folder / "src" / "app").mkdir(parents=True)
    (folder / "src" / "app" / "__init__.py").touch()
    with Index() as index:
        lock(folder, index)
    site = write_manifest(tmp_path / "site", Held(DEMO))
    (site / "simple").mkdir()
    assert len(relock(folder / "uv.lock", str(site), site, in_place=True).warnings) == 1
    config = configured(tmp_path / "config", snippets(f"{site.as_uri()}/")["uv"])
    synced = uv("sync", "--frozen", cwd=folder, config=config)
    assert synced.returncode == 0, synced.stderr
    assert installed(folder) == {"app-1.0"}
