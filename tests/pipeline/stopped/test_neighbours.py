"""Two runs at once: whatever they share, the second ends with one line that says which run works."""

from __future__ import annotations

import contextlib
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import DiskError
from pypi_subset.pipeline.mirror import mirror as build
from pypi_subset.pipeline.prove import prove
from pypi_subset.support.machine import holding
from pypi_subset.support.progress import Silent
from tests.support.programs.commands import subset
from tests.support.stages.mirroring import mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pypi_subset.support.progress import Unit
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The directories that a second run names: its own packages directory, and the site by another name.
OTHER = ("--packages", "other", "--site", "link")
LINE = re.compile(
    r"error: [\w./-]+: another run is working in this directory: `[^`]+`, process \d+, since [\d :-]+; wait for it to end\n"
)


class AtStage(Silent):
    """Calls a function as a stage of that name begins."""

    def __init__(self, name: str, call: Callable[[], object]) -> None:
        self._name, self._call = name, call

    @contextlib.contextmanager
    def stage(self, name: str, total: int, unit: Unit = "steps") -> Iterator[Silent]:  # noqa: ARG002
        """Call the function."""
        if name == self._name:
            self._call()
        yield self


@pytest.fixture
def mirrored(workspace: Workspace, configured_index: Index) -> Workspace:
    """Return a workspace with a site, which has a second name."""
    configured_index.add(make_wheel("app"), make_wheel("more"))
    workspace.write("base.txt", "app\n")
    workspace.toml()
    mirror(workspace)
    (workspace.root / "link").symlink_to("site")
    return workspace


@pytest.mark.parametrize(
    "second",
    [
        ("mirror",),
        ("mirror", *OTHER),
        ("plan",),
        ("verify", *OTHER),
        ("merge-reports", "reports", *OTHER),
        ("publish", "--to", "public", "--force", *OTHER),
        ("fetch", "--url", "http://127.0.0.1:9/", "--site", "link"),
        ("clean", *OTHER),
    ],
    ids=" ".join,
)
def test_beside_a_mirror(mirrored: Workspace, configured_index: Index, second: tuple[str, ...]) -> None:
    """While mirror works, each other run that needs its packages directory or its site ends with one line."""
    (mirrored.root / "reports").mkdir()
    mirrored.write("base.txt", "app\nmore\n")
    done = []

    def start(path: str) -> None:
        if path == "/simple/more/":
            done.append(subset(*second, cwd=mirrored.root))

    configured_index.on_request = start
    mirror(mirrored)
    assert [(one.returncode, one.stdout) for one in done] == [(3, "")]
    assert LINE.fullmatch(done[0].stderr), done[0].stderr
    assert (mirrored.paths.site / "simple/more").is_dir()


@pytest.mark.slow
def test_beside_a_proof(mirrored: Workspace) -> None:
    """While verify proves a site, no mirror replaces it, and none with other directories either."""
    mirrored.write("base.txt", "app\nmore\n")
    done = []

    def start() -> None:
        done.append(subset("mirror", cwd=mirrored.root))
        done.append(subset("mirror", *OTHER, cwd=mirrored.root))

    mirrored.write("base.txt", "app\n")
    assert prove(mirrored.paths, progress=AtStage("proving", start)).totals.failed == 0
    assert [one.returncode for one in done] == [3, 3]
    assert all(LINE.fullmatch(one.stderr) for one in done)


def test_a_plan_beside_a_proof(mirrored: Workspace) -> None:
    """What reads the packages directory alone runs while the site is held."""
    with holding.beside(mirrored.paths.site):
        assert subset("plan", cwd=mirrored.root).returncode == 0


def test_a_destination_is_held(mirrored: Workspace) -> None:
    """Two publish to one directory from two places: the second waits for its turn outside."""
    shutil.copytree(mirrored.paths.site, mirrored.root / "second")
    with holding.beside(mirrored.root / "public"):
        done = subset(
            "publish", "--to", "public", "--force", "--site", "second", "--packages", "none", cwd=mirrored.root
        )
    assert done.returncode == 3
    assert LINE.fullmatch(done.stderr), done.stderr
    assert not (mirrored.root / "public").exists()


def test_what_another_run_stages_is_not_swept(mirrored: Workspace) -> None:
    """A mirror with other packages does not take the stage of a running one for what a killed run left."""
    stage = mirrored.root / ".site.1.new.stage"
    stage.mkdir()
    with holding.beside(mirrored.paths.site), pytest.raises(DiskError, match="another run"):
        build(replace(mirrored.paths, packages=mirrored.root / "other"))
    assert stage.is_dir()
