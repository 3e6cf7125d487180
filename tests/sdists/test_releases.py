"""Which releases are built, how many, and one at a time."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from packaging.tags import Tag
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.errors import Gaps, NoSolution
from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.sdists.releases import DEEPEST, MOST, Search, Turn, sdists_of
from pypi_subset.upstream.builds import NotBuilt
from tests.support.stages.mirroring import mirror, read_lock, versions
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


def release(name: str, version: str = "1") -> Distribution:
    """Return a release."""
    filename = f"{name}-{version}.tar.gz"
    return Distribution(filename=filename, project=canonicalize_name(name), version=Version(version))


def test_what_a_thread_builds_may_ask_for_more() -> None:
    """A question about another release in the same thread waits for nothing; afterwards the chain is as before."""
    turn = Turn()
    with turn.taken(release("a"), ()):
        with turn.taken(release("b"), ()):
            assert turn.chain == ("a 1", "b 1")
        chains = [turn.chain]
    assert [*chains, turn.chain] == [("a 1",), ()]


def test_another_build_waits() -> None:
    """Of two builds that require nothing of each other, the second begins when the first has ended."""
    turn, began, order = Turn(), threading.Event(), list[str]()

    def second() -> None:
        began.set()
        with turn.taken(release("b"), ()):
            order.append("b")

    with turn.taken(release("a"), ()):
        thread = threading.Thread(target=second)
        thread.start()
        began.wait()
        order.append("a")
    thread.join()
    assert order == ["a", "b"]


def test_circles_and_long_chains_are_refused() -> None:
    """By what a pip of a build states, as by what the thread builds itself."""
    turn = Turn()
    with turn.taken(release("a"), ()), pytest.raises(NotBuilt, match="a 1 requires a 1"), turn.taken(release("a"), ()):
        pass
    long = tuple(f"{number} 1" for number in range(DEEPEST))
    with pytest.raises(NotBuilt, match="more than 3 builds require each other"), turn.taken(release("x"), long):
        pass


def test_a_release_that_fits_everywhere_is_not_built() -> None:
    """The sdist of each other release is taken, a .tar.gz before a .zip."""
    linux, windows = Tag("cp311", "cp311", "linux_x86_64"), Tag("cp311", "cp311", "win_amd64")

    def offered(filename: str, version: str, *tags: Tag) -> Candidate:
        one = Distribution(filename=filename, project=canonicalize_name("a"), version=Version(version))
        return Candidate(distribution=one, source="", tags=frozenset(tags) or None)

    every = [
        *(offered("a-1.whl", "1", linux), offered("a-1.tar.gz", "1")),
        *(offered("a-2.zip", "2"), offered("a-2.tar.gz", "2")),
        *(offered("a-3.whl", "3", linux, windows), offered("a-3.tar.gz", "3"), offered("a-4.whl", "4", linux)),
    ]
    found = sdists_of(every, [frozenset({linux}), frozenset({windows})])
    assert [one.distribution.filename for one in found] == ["a-1.tar.gz", "a-2.tar.gz"]


def test_the_limit_is_one_of_a_run() -> None:
    """Up to it nothing is said; beyond, the error says that it is the limit. Each target has its own."""
    search = Search()
    for _ in range(MOST):
        search.count(release("a"))
        search.count(release("a"), "here")
    with pytest.raises(NotBuilt) as caught:
        search.count(release("a"))
    assert caught.value.limited
    search.count(release("b"))


def test_what_is_named_is_no_search() -> None:
    """A release that a lock or a line names is built whatever else was, and does not count."""
    named = [release("a", f"{number}") for number in range(3 * MOST)]
    search = Search((one.project, one.version) for one in named)
    for one in (*named, *(release("a", f"{number}.1") for number in range(MOST))):
        search.count(one)
    with pytest.raises(NotBuilt):
        search.count(release("a", "99"))


def building(workspace: Workspace, targets: dict[str, Any]) -> None:
    """Write ``subset.toml``: leaf is built."""
    workspace.toml(targets, more='[sdists]\nbuild = ["leaf"]\n')


@pytest.mark.usefixtures("configured_index")
def test_a_wheel_for_every_python_of_this_machine_fits_no_named_linux(workspace: Workspace, index: Index) -> None:
    """It has no part of an interpreter, and the libraries of this machine all the same."""
    index.add(make_buildable("leaf", tag="py3-none-linux_x86_64"))
    workspace.write("base.txt", "leaf\n")
    building(workspace, {"old": "cp39-manylinux_2_5_x86_64", "musl": "cp313-musllinux_1_1_x86_64"})
    with pytest.raises(Gaps, match="which does not fit") as caught:
        mirror(workspace)
    assert sorted(str(one.target) for one in caught.value.gaps) == ["musl", "old"]


@pytest.mark.usefixtures("configured_index")
def test_a_wheel_for_this_machine_fits_no_named_linux(workspace: Workspace, index: Index) -> None:
    """Its tag says nothing of the glibc that it needs: without auditwheel it serves the host alone."""
    own = f"cp3{sys.version_info.minor}"
    index.add(make_buildable("leaf", tag=f"{own}-{own}-linux_x86_64"))
    workspace.write("base.txt", "leaf\n")
    building(workspace, {"here": "host", "linux": f"{own}-manylinux2014_x86_64"})
    with pytest.raises(NoSolution, match="which does not fit") as caught:
        mirror(workspace)
    assert caught.value.target == "linux"
    building(workspace, {"musl": f"{own}-musllinux_1_2_x86_64"})
    with pytest.raises(NoSolution, match="which does not fit"):
        mirror(workspace)
    building(workspace, {"here": "host"})
    assert mirror(workspace)[0].built == (f"leaf-1.0-0subset-{own}-{own}-linux_x86_64.whl",)


@pytest.mark.usefixtures("configured_index")
def test_a_newer_sdist_wins_over_an_older_wheel(workspace: Workspace, index: Index) -> None:
    """The newest release counts for a named project, as pip counts, although an older one has a wheel."""
    index.add(make_wheel("leaf"), make_buildable("leaf", "2.0"))
    workspace.write("base.txt", "leaf\n")
    building(workspace, {"here": "host"})
    mirror(workspace)
    assert versions(workspace, "base--here") == {"leaf": "2.0"}


@pytest.mark.usefixtures("configured_index")
def test_a_wheel_that_the_index_gets_later_has_another_name(workspace: Workspace, index: Index) -> None:
    """The lock keeps the built wheel; an update takes the wheel of the index, and no name stands for two files."""
    index.add(make_buildable("leaf"))
    workspace.write("base.txt", "leaf\n")
    building(workspace, {"here": "host"})
    mirror(workspace)
    index.add(make_wheel("leaf"))
    names = []
    for update in (False, True):
        mirror(workspace, update=update)
        names.append(read_lock(workspace, "base--here").pins[0].distribution.filename)
    assert names == ["leaf-1.0-0subset-py3-none-any.whl", "leaf-1.0-py3-none-any.whl"]
