"""One build at a time, and those that it requires."""

from __future__ import annotations

import threading

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.distributions import Distribution
from pypi_subset.sdists.turn import DEEPEST, Turn
from pypi_subset.upstream.builds import NotBuilt


def release(name: str) -> Distribution:
    """Return a release."""
    return Distribution(filename=f"{name}-1.tar.gz", project=canonicalize_name(name), version=Version("1"))


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
