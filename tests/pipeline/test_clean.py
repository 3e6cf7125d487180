"""Emptying ``packages/`` and ``site/``: everything of ours goes, nothing of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset import api
from pypi_subset.pipeline.clean import WORKING, clean
from pypi_subset.support import files
from tests.support.programs.commands import subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


@pytest.mark.slow
def test_everything_that_runs_leave_is_removed(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a mirror and with each name that a run may leave, only READMEs remain, and locks stay."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"lab": "cp312-manylinux_2_28_x86_64"})
    api.mirror(workspace.paths)
    packages, site = workspace.paths.packages, workspace.paths.site
    for name in (*WORKING, ".demo.whl.1.part", ".work.1.stage"):
        (packages / name).exists() or (packages / name).write_bytes(b"")
    clean(packages, site)
    assert [path.name for folder in (packages, site) for path in folder.iterdir()] == ["README.md"] * 2
    assert [*workspace.paths.locks.iterdir()]


@pytest.mark.slow
def test_clean_leaves_a_folder_of_strangers_alone(tmp_path: Path) -> None:
    """If either folder holds anything that mirror did not make, nothing is removed from both."""
    for number, strange in enumerate(("site/thesis.doc", "site/index.html", "packages/backup.tar.gz")):
        folder = tmp_path / str(number)
        for name in ("packages/demo-1.0-py3-none-any.whl", strange):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(b"")
        done = subset("clean", cwd=folder)
        assert done.returncode == 1
        assert Path(strange).name in done.stderr
        assert (folder / strange).exists()
        assert (folder / "packages/demo-1.0-py3-none-any.whl").exists()


def test_clean_removes_what_earlier_releases_kept(tmp_path: Path) -> None:
    """The second site of an earlier release, and what a killed run left of it, are mirror's own."""
    for name in (".last-site/simple/demo", ".last-site.99999.gone.stage/simple", "demo-1.0-py3-none-any.whl"):
        (tmp_path / "packages" / name).mkdir(parents=True)
    done = subset("clean", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [*(tmp_path / "packages").iterdir()] == []


def test_clean_waits_for_nobody(tmp_path: Path) -> None:
    """While a mirror works in the folder, clean refuses."""
    with files.exclusive(tmp_path / "packages"):
        done = subset("clean", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "another run" in done.stderr
