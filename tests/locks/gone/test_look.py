"""Looking for locked files on pages of several sources, with real mirrors against indexes on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NotProven, PolicyError
from pypi_subset.pipeline.plan import plan
from pypi_subset.publishing.publication import release_of
from tests.support.servers.index import Index
from tests.support.stages.mirroring import LINUX, WINDOWS, mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

ACME = make_wheel("acme")


def two_sources(space: Workspace, url: str) -> None:
    """Write a subset whose Windows target gets acme from an index of its own."""
    space.write("base.txt", "acme\n")
    source = f'[sources.own]\nindex = "{url}"\nprojects = ["acme"]\ntargets = ["win"]\n'
    space.toml({"linux": LINUX, "win": WINDOWS}, more=source)


def publish(space: Workspace) -> None:
    """Make a release of the site as it is."""
    release_of(space.paths.site, force=True, requirements=space.paths.requirements, packages=space.paths.packages)


def test_one_of_two_sources_lost_it(workspace: Workspace, index: Index) -> None:
    """Each target has a source; that one of them offers the file does not hide that the other lost it."""
    with Index() as other:
        index.add(ACME)
        other.add(ACME)
        two_sources(workspace, other.url)
        mirror(workspace)
        publish(workspace)
        for one in (index, other):
            one.projects["acme"] = []
            assert [each.state for each in plan(workspace.paths).gone] == ["gone"]
            with pytest.raises(PolicyError, match="gone, refused"):
                publish(workspace)
            one.projects["acme"] = [ACME]
            assert plan(workspace.paths).gone == ()
            publish(workspace)


def test_one_of_two_sources_says_nothing(workspace: Workspace, index: Index) -> None:
    """The answer of the other is none for both."""
    with Index() as other:
        index.add(ACME)
        other.add(ACME)
        two_sources(workspace, other.url)
        mirror(workspace)
        (workspace.paths.packages / ".gone.json").unlink()
        other.on_request = lambda path: 403 if path == "/simple/acme/" else None
        assert mirror(workspace)[0].unknown
        with pytest.raises(NotProven, match="no look had an answer"):
            publish(workspace)


def test_a_yank_is_known_beside_a_page_without_an_answer(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two indexes one says nothing: what the other has yanked is named, and what neither lists is not known."""
    with Index() as other:
        first, second = (
            make_wheel("acme", tag="cp310-cp310-manylinux2014_x86_64"),
            make_wheel("acme", tag="cp310-cp310-win_amd64"),
        )
        index.add(first)
        other.add(second)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        workspace.write("base.txt", "acme\n")
        workspace.toml({"linux": LINUX, "win": WINDOWS})
        mirror(workspace)
        index.yanked[first.filename] = "bad"
        other.on_request = lambda path: 403 if path == "/simple/acme/" else None
        found = plan(workspace.paths)
        assert [(one.filename, one.state) for one in found.gone] == [(first.filename, "yanked")]
        assert "403" in found.unknown[0]
