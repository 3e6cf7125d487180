"""What a run works with: directories apart, a scratch directory, what a stopped run had fetched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError, InputFaults, UpstreamError
from pypi_subset.pipeline import workspace as runs
from pypi_subset.support.progress import SILENT, Silent
from pypi_subset.upstream.pip_config import read_network
from tests.support.stages.mirroring import mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


@pytest.mark.parametrize("site", ["packages", "packages/site", ".", "requirements/.."])
def test_directories_in_one_another_are_refused(workspace: Workspace, site: str) -> None:
    """A site that is, holds, or is in one of the others would take it along when it is replaced."""
    with pytest.raises(FolderError, match=r"one of the site and .* contains the other"):
        runs.require_separate(replace(workspace.paths, site=workspace.root / site))
    runs.require_separate(workspace.paths)


def test_notes_of_targets_are_said(workspace: Workspace) -> None:
    """What is known of a target is said as the inputs are read."""
    said: list[str] = []

    class Listening(Silent):
        def say(self, line: str) -> None:
            said.append(line)

    workspace.write("base.txt", "demo\n")
    workspace.toml({"old": {"on": "macos-11", "python": "3.14"}, "lab": "cp312-manylinux_2_28_x86_64"})
    subset, _ = runs.inputs_of(workspace.paths, Listening())
    assert said == [f"note: {note}" for target in subset.targets for note in target.notes]


def test_an_index_in_a_file_is_compared_with_that_of_pip(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that names the configured index, or a configured place of files, changes nothing; any other one is refused."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://one.example/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", str(workspace.root))
    workspace.toml({"linux": "cp312-manylinux_2_28_x86_64"})
    workspace.write("base.txt", f"-i https://one.example/simple/\n-f {workspace.root}\ndemo\n")
    runs.inputs_of(workspace.paths, SILENT)
    monkeypatch.setenv("PIP_INDEX_URL", "https://two.example/simple")
    with pytest.raises(InputFaults) as caught:
        runs.inputs_of(workspace.paths, SILENT)
    assert "base.txt:1: --index-url names another index" in str(caught.value)


def test_one_run_at_a_time_and_nothing_stays(workspace: Workspace) -> None:
    """A second run is refused; the scratch directory goes with the block, and so does what a killed run left."""
    packages = workspace.paths.packages
    (packages / ".work.99999.stage" / "resolve").mkdir(parents=True)
    (packages / ".demo.whl.1.part").write_bytes(b"half")
    for name in runs.OBSOLETE:
        (packages / name).mkdir()
    with runs.working(workspace.paths) as work:
        assert work.is_dir()
        assert [path for path in packages.iterdir() if path.name != ".running"] == [work]
        with pytest.raises(FolderError, match="another run"), runs.working(workspace.paths):
            pass
    assert [path.name for path in packages.iterdir()] == [".running"]


def test_a_pip_that_outlives_its_run_is_not_in_the_way_of_the_next(workspace: Workspace) -> None:
    """It may make the directory of its own run again, at any moment: the directory of the next run has another name."""
    with runs.working(workspace.paths) as first:
        pass
    with runs.working(workspace.paths) as second:
        (first / "download").mkdir(parents=True)
        assert second != first
        assert not any(second.iterdir())
    with runs.working(workspace.paths):
        assert not first.exists()


def store(work: Path) -> Path:
    """Return the directory of one whole file and one half of a file, as a run has fetched them to *work*."""
    for name, file in (("whole", "a.whl"), ("half", ".b.whl.1.part")):
        (work / "store" / name).mkdir(parents=True)
        (work / "store" / name / file).write_bytes(b"x")
    return work / "store"


def test_whole_files_of_a_failed_run_are_kept_for_the_next(workspace: Workspace) -> None:
    """After an error or a kill the next run has them in its store; a run that succeeds leaves none."""

    def fail() -> None:
        with runs.working(workspace.paths) as work:
            store(work)
            raise UpstreamError("gone")  # noqa: EM101

    with pytest.raises(UpstreamError):
        fail()
    assert [path.name for path in (workspace.paths.packages / runs.KEPT).rglob("*.*")] == ["a.whl"]
    with runs.working(workspace.paths) as work:
        assert [path.name for path in (work / "store").rglob("*.*")] == ["a.whl"]
    assert not (workspace.paths.packages / runs.KEPT).exists()
    # A killed run leaves its directory as it was.
    (workspace.paths.packages / ".work.99999.stage").mkdir()
    store(workspace.paths.packages / ".work.99999.stage")
    with runs.working(workspace.paths) as work:
        assert (work / "store" / "whole" / "a.whl").is_file()


def test_the_index_starts_at_its_first_call(
    workspace: Workspace, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked before; each call returns the same index, and its constraints are those of pip."""
    limits = tmp_path / "limits.txt"
    limits.write_text("demo<2\n")
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    monkeypatch.setenv("PIP_CONSTRAINT", str(limits))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"lab": "cp312-manylinux_2_28_x86_64"})
    subset, network = runs.inputs_of(workspace.paths, Silent())
    assert network.index_urls == read_network().index_urls
    with runs.opened(subset, network, workspace.paths.packages, tmp_path) as backend:
        assert backend.constraints == ("demo<2",)
        assert backend.index() is backend.index()
        assert backend.index().target_url(subset.targets[0]).endswith("/simple/lab/")
    assert index.requests == []


@pytest.mark.usefixtures("configured_index")
def test_locks_are_not_written_elsewhere(
    workspace: Workspace, index: Index, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A directory of locks that is a link out of the checkout is refused; one that leads elsewhere in it is not."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    workspace.paths.locks.symlink_to(elsewhere)
    with pytest.raises(FolderError, match=r"it stands outside .*; make it a directory; locks are written to it"):
        mirror(workspace)
    assert [*elsewhere.iterdir()] == []
    workspace.paths.locks.unlink()
    inside = workspace.root / "locks"
    inside.mkdir()
    workspace.paths.locks.symlink_to(inside)
    mirror(workspace)
    assert (inside / "hashes.txt").is_file()
