"""A bounded search for releases that satisfy requirements together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.resolve.explain.obstacles import Inspector
from pypi_subset.resolve.explain.older import satisfiable
from pypi_subset.resolve.explain.older.satisfiable import Held, Search
from tests.resolve.explain.test_obstacles import TARGET, Shelf, wheel

if TYPE_CHECKING:
    import pytest

#: `boto` follows `core`; `aio` excludes the newest `core`.
FILES: dict[str, list[str]] = {
    **{wheel("boto", f"{number}.0"): [f"core=={number}.0"] for number in range(1, 40)},
    **{wheel("core", f"{number}.0"): [] for number in range(1, 40)},
    wheel("s3"): ["aio>=2"],
    wheel("aio", "2.0"): ["core<30"],
    wheel("app"): ["lib[x]"],
    wheel("lib", "2.0"): ["core<2; extra == 'x'", "boto>=39"],
    wheel("lib", "1.0"): ["core<2; extra == 'x'"],
    wheel("ring"): ["ring[x]", "ring"],
    wheel("bad"): ["boto @ https://example.org/boto.whl"],
}


def search(shelf: Shelf, **locked: tuple[str, list[str]]) -> Search:
    """Return a search that stays close to *locked*: version and requirements by project."""
    held = {
        canonicalize_name(name): Held(
            version=Version(version), extras=frozenset(), requires=tuple(map(Requirement, requires))
        )
        for name, (version, requires) in locked.items()
    }
    return Search(inspector=Inspector(target=TARGET, offers=shelf), locked=held)


def solves(*lines: str, shelf: Shelf | None = None, **locked: tuple[str, list[str]]) -> bool:
    """Return whether *lines* have a solution."""
    asked = [(f"base.txt:{number}", Requirement(line)) for number, line in enumerate(lines, start=1)]
    return search(shelf or Shelf({**FILES}), **locked).solves(asked)


def test_an_older_release_of_another_project_goes_with_it() -> None:
    """What the lock has is given up where it does not go with a new line."""
    assert solves("boto", "s3", boto=("39.0", ["core==39.0"]), core=("39.0", []))
    assert solves("boto>=29", "s3")
    assert not solves("boto>=30", "s3")


def test_extras_that_are_asked_for_later_count() -> None:
    """A release that was chosen without an extra is read again with it."""
    assert solves("lib", "app", "core<2")
    assert not solves("lib", "app", "core>=2")
    assert not solves("lib>=2", "app")
    assert solves("lib>=2")
    assert solves("ring")


def test_what_cannot_be_mirrored_is_no_solution() -> None:
    """A URL, and a project that no index has."""
    assert not solves("bad")
    assert not solves("nowhere")
    assert solves()


def test_what_stays_is_not_read() -> None:
    """Neither pages nor metadata of what the lock holds are read: it says itself what that requires."""
    shelf = Shelf({**FILES})
    assert solves("boto", "s3", shelf=shelf, boto=("9.0", ["core==9.0"]), core=("9.0", []))
    assert sorted(shelf.read) == [wheel("aio", "2.0"), wheel("s3")]


def test_a_search_that_is_given_up_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of releases that are read has a bound."""
    monkeypatch.setattr(satisfiable, "READ", 5)
    shelf = Shelf({**FILES})
    assert not solves("boto", "s3", shelf=shelf)
    assert len(shelf.read) == 5


def test_what_must_move_is_chosen_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solution far from the lock is found with few releases read: the others follow what has to change."""
    monkeypatch.setattr(satisfiable, "READ", 20)
    assert solves("boto", "s3", boto=("39.0", ["core==39.0"]), core=("39.0", []))
