"""What builds sdists in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution, SubsetError
from pypi_subset.pipeline import mirror as pipeline
from pypi_subset.pipeline.plan import plan
from pypi_subset.proof.isolation import available
from tests.support.stages.mirroring import read_lock
from tests.support.stages.sdists import make_buildable

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")


def test_isolation_is_required_and_recorded(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without namespaces no code of an sdist runs, unless the user accepts that: then the lock says so."""
    index.add(make_buildable("leaf"))
    workspace.write("base.txt", "leaf\n")
    workspace.toml(more='[sdists]\nbuild = ["leaf"]\n')
    monkeypatch.setattr(available, "refusal", lambda: "no namespaces")
    for run in (pipeline.mirror, plan):
        with pytest.raises(SubsetError, match="must be isolated"):
            run(workspace.paths)
    pipeline.mirror(workspace.paths, unisolated=True)
    built = read_lock(workspace, "base--here").pins[0].distribution.built
    assert built is not None
    assert built.isolation == "none: --unisolated"


def test_a_damaged_lock_is_no_reason_to_build_otherwise(workspace: Workspace, index: Index) -> None:
    """It is reported where it is used; an update replaces it."""
    index.add(make_buildable("leaf"))
    workspace.write("base.txt", "leaf\n")
    workspace.toml(more='[sdists]\nbuild = ["leaf"]\n')
    (workspace.paths.locks).mkdir()
    (workspace.paths.locks / "pylock.base--here.toml").write_text("damaged")
    assert pipeline.mirror(workspace.paths, update=True).published


def test_a_build_that_does_not_end(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended after an hour, here after two seconds, and the line says so."""
    index.add(make_buildable("leaf", code=["time.sleep(100_000)"]))
    workspace.write("base.txt", "leaf\n")
    workspace.toml(more='[sdists]\nbuild = ["leaf"]\n')
    monkeypatch.setattr("pypi_subset.pipeline.rooms._PATIENCE", 2.0)
    with pytest.raises(NoSolution, match=r"build_wheel did not end within 2"):
        pipeline.mirror(workspace.paths)
