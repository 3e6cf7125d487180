"""What pdm.lock asks for, beside what PDM itself exports from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.programs.lock_tools import held, installed, output, read, wheels
from tests.support.servers.index import Index
from tests.support.stages.sources import LINUX, TWO, faults_of, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sites.workspace import Workspace

SHA = "sha256:" + "0" * 64
PROJECT = """\
[project]
name = "lab-app"
version = "1"
requires-python = ">=3.10"
dependencies = ["web[http2]", "service; sys_platform == 'linux'"]

[project.optional-dependencies]
cli = ["shell", "color; sys_platform == 'win32'"]
gui = ["lab-app[cli]", "color"]

[dependency-groups]
lint = ["lint"]
dev = ["check", { include-group = "lint" }]

[tool.pdm.dev-dependencies]
docs = ["docs"]

[[tool.pdm.source]]
name = "pypi"
url = "URL"
verify_ssl = false
"""


@pytest.fixture(scope="module")
def projects() -> Iterator[Index]:
    """Yield an index of the projects that are locked."""
    with Index() as index:
        index.add(*wheels())
        yield index


@pytest.fixture(scope="module")
def pdm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return PDM from PyPI, with the versions that it was released with."""
    return installed(tmp_path_factory.mktemp("tool") / "pdm", "pdm[locked]>=2.20") / "pdm"


@pytest.mark.network
def test_lock_asks_for_what_pdm_exports(workspace: Workspace, projects: Index, pdm: Path) -> None:
    """Extras, groups and their markers: each machine gets what PDM exports for it; a changed project is named."""
    workspace.write("../pyproject.toml", PROJECT.replace("URL", projects.url))
    output([pdm, "lock", "-G", ":all"], workspace.root)
    for lines, options in (
        ((), ()),
        (('extras = ["cli"]',), ("-G", "cli")),
        (("groups = []", 'extras = ["cli", "gui"]'), ("--prod", "-G", "cli,gui")),
        (('groups = ["docs"]',), ("-G", "docs")),
    ):
        own = read(workspace, "pdm.lock", *lines)
        text = output([pdm, "export", "--format", "requirements", *options], workspace.root)
        assert held(workspace, own, text) > 3
        assert own.notices == ()
    workspace.write("../pyproject.toml", PROJECT.replace('"docs"', '"docs>0"').replace("URL", projects.url))
    (notice,) = read(workspace, "pdm.lock").notices
    assert notice.endswith("pyproject.toml has changed since; `pdm lock` renews it")


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def package(name: str, *more: str, groups: str = '["default"]') -> str:
    """Return a package of a lock."""
    lines = [f'name = "{name}"', 'version = "1.0"', f"groups = {groups}", f'files = [{{ file = "x", hash = "{SHA}" }}]']
    return "\n".join(["[[package]]", *lines, *more, ""])


def files(
    *packages: str,
    targets: str = "",
    version: str = "4.5.0",
    strategy: str = "inherit_metadata",
    groups: str = '["default", "dev", "gui"]',
    project: str = "",
) -> dict[str, str]:
    """Return the files of a project."""
    head = f'[metadata]\ngroups = {groups}\nstrategy = ["{strategy}"]\nlock_version = "{version}"\n{targets}\n'
    return {"pdm.lock": head + "\n".join(packages), **({"pyproject.toml": project} if project else {})}


SOURCE = 'source = "../pdm.lock"\n'


@pytest.mark.usefixtures("inside")
def test_an_extra_is_a_group() -> None:
    """Without a choice all groups of the lock count; beside an extra those that are no extras; a choice counts alone."""
    packages = [
        package("a", "marker = \"sys_platform == 'win32'\""),
        package("a", 'extras = ["X"]', groups='["dev"]'),
        package("b", groups='["dev"]'),
        package("c", groups='["gui"]'),
        package("d", groups='["web"]'),
    ]
    project = "[project.optional-dependencies]\ngui = []\nweb = []\n"

    def names(table: str) -> list[str]:
        content = files(*packages, project=project, groups='["default", "dev", "gui", "web"]')
        return [line.split(" --")[0].split(" ", 1)[1] for line in lines_of(content, SOURCE + table, TWO)]

    assert names("") == ["a[x]==1.0", "b==1.0", "c==1.0", "d==1.0"]
    assert names('extras = ["GUI"]') == ["a[x]==1.0", "b==1.0", "c==1.0"]
    assert names('extras = ["gui"]\ngroups = []') == ['a==1.0; sys_platform == "win32"', "c==1.0"]
    assert names('groups = ["dev"]') == ["a[x]==1.0", "b==1.0"]


TARGET = '[[metadata.targets]]\nrequires_python = "{}"\nplatform = "{}"\n{}\n'


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("python", "platform", "more", "fits"),
    [
        (">=3.9", "manylinux_2_28_x86_64", "", True),
        ("==3.10.*", "linux", 'implementation = "cpython"', True),
        (">=3.9", "linux", 'implementation = "pypy"', False),
        (">=3.11", "manylinux_2_28_x86_64", "", False),
        (">=3.9", "manylinux_2_28_aarch64", "", False),
        (">=3.9", "windows_amd64", "", False),
        (">=3.9", "macos_14_0_arm64", "", False),
        (">=3.9", "windows_x86", "", False),
    ],
)
def test_a_target_must_be_one_of_the_lock(python: str, platform: str, more: str, fits: bool) -> None:  # noqa: FBT001
    """Python, implementation, system and machine count."""
    content = files(package("a"), targets=TARGET.format(python, platform, more))
    if fits:
        assert len(lines_of(content, SOURCE)) == 1
        return
    step = "lock for it too (pdm lock --append), or leave it out of targets in [sets.app]"
    what = "the lock is for other targets than 'linux', cp310-cp310-manylinux2014_x86_64"
    assert faults_of(content, SOURCE) == [f"pdm.lock:5: {what}; {step}"]


@pytest.mark.usefixtures("inside")
def test_a_lock_for_windows_fits_windows() -> None:
    """PDM's names of machines are those of Windows' wheels."""
    for platform, tag in (
        ("windows_amd64", "win_amd64"),
        ("windows_x86", "win32"),
        ("windows_arm64", "win_arm64"),
        ("macos_14_0_arm64", "macosx_14_0_arm64"),
    ):
        content = files(package("a"), targets=TARGET.format(">=3.9", platform, ""))
        assert len(lines_of(content, SOURCE, f'[targets]\nx = "cp310-{tag}"\n')) == 1


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("content", "table", "faults"),
    [
        (files(version="3.1"), "", ["pdm.lock:4: the lock is of version '3.1', and only 4.x is known; write it again: pdm lock"]),
        (files(strategy="cross_platform", version="4.4.1"), "", ["pdm.lock:3: the lock, of version 4.4.1, does not state the groups of packages; write it again: pdm lock --strategy inherit_metadata"]),
        (files(package("a", "extras = 1")), "", ["pdm.lock:6: expected 'array', got 'int' - at '$.package[0].extras'; write it again: pdm lock"]),
        (files(package("a", 'marker = "?"')), "", ["pdm.lock:6: not a marker: '?'; write it again: pdm lock"]),
        (files(package("a", 'git = "https://host/a"').replace("files", "f")), "", ["pdm.lock:6: a comes from git: an index offers releases; lock a release from an index, or choose extras and groups without it"]),
        (files(package("a")), 'extras = ["gui"]', ['subset.toml:4: which groups of pdm.lock PDM installs is in pyproject.toml, and there is none beside it; name them: groups = ["…"]']),
        (files(package("a")), 'extras = ["guy"]\ngroups = ["x"]', ["subset.toml:5: pdm.lock has no extra 'guy'; did you mean 'gui'?", "subset.toml:6: pdm.lock has no group 'x'; it has: default, dev, gui"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line(content: dict[str, str], table: str, faults: list[str]) -> None:
    """Each fault has the file, the line and what to do."""
    assert faults_of(content, SOURCE + table, LINUX) == faults
