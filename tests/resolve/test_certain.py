"""Which pages decide whether a request has a solution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution, UpstreamError
from tests.support.stages.mirroring import mirror
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

GAP = '[[policy.accept]]\nrule = "gap"\nproject = "leaf"\ntargets = ["here"]\nreason = "known"\nuntil = 9999-12-31\n'


@pytest.mark.parametrize("chain", [(), ("tool",)])
def test_a_hidden_page_of_a_build_requirement(workspace: Workspace, index: Index, chain: tuple[str, ...]) -> None:
    """What a build requires may be there: an sdist that cannot be built for that is no gap either."""
    index.add(make_buildable("leaf", build_requires=["tool" if chain else "hidden"]), make_wheel("app"))
    index.add(make_wheel("hidden"), *(make_wheel(one, requires=["hidden"]) for one in chain))
    index.on_request = lambda path: 403 if "/hidden/" in path else None
    workspace.write("base.txt", "app\nleaf\n")
    workspace.toml({"here": "host"}, more=f'[sdists]\nbuild = ["leaf"]\n{GAP}')
    with pytest.raises(
        UpstreamError, match=r"whether leaf 1\.0 can be built from leaf-1\.0\.tar\.gz is not known: .*page of hidden"
    ):
        mirror(workspace)
    index.on_request = None
    assert mirror(workspace)[0].accepted_gaps == ()
    assert not (workspace.paths.packages / "hidden-1.0-py3-none-any.whl").exists()


def test_a_build_requirement_that_is_not_there(workspace: Workspace, index: Index) -> None:
    """An index that shows its pages, and has none of the project, leaves no doubt."""
    index.add(make_buildable("leaf", build_requires=["absent"]), make_wheel("app"))
    workspace.write("base.txt", "app\nleaf\n")
    workspace.toml({"here": "host"}, more=f'[sdists]\nbuild = ["leaf"]\n{GAP}')
    assert len(mirror(workspace)[0].accepted_gaps) == 1


@pytest.mark.parametrize("hidden", [True, False])
def test_no_error_proposes_what_would_not_help(workspace: Workspace, index: Index, hidden: bool) -> None:  # noqa: FBT001
    """An acceptance covers no gap that rests on a hidden page, so that the error does not name it."""
    index.add(make_wheel("app"), make_wheel("leaf", requires=["absent"]))
    index.on_request = lambda path: 403 if hidden and "/absent/" in path else None
    workspace.write("base.txt", "app\nleaf\n")
    workspace.toml({"here": "host"})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.accept == (() if hidden else ("leaf",))
    assert ("[[policy.accept]]" in str(caught.value)) is not hidden
