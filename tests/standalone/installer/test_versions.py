"""Requires-Python of the pips of a site: the same answers as packaging's."""

from __future__ import annotations

import itertools

import pytest
from packaging.specifiers import SpecifierSet

from pypi_subset.standalone.installer.versions import admits, numbers_of

#: Clauses that real projects state.
CLAUSES = (
    *(">=3.10", ">= 3.7", ">3.6", "<4", "<3.11", "<=3.11", "<=3.11.2", "!=3.11.*", "!=3.11", "==3.*", "==3.11.2"),
    *("~=3.10", "~=3.11.1", "!=3.0.*", "==3.11", "<3.11.2", ">=3"),
)
PYTHONS = ((3, 6, 15), (3, 10, 0), (3, 11, 0), (3, 11, 2), (3, 13, 1))


def test_every_clause_is_read_as_packaging_reads_it() -> None:
    """One clause or two, for each Python."""
    for clauses in (*itertools.combinations(CLAUSES, 1), *itertools.combinations(CLAUSES, 2)):
        specifier = ", ".join(clauses)
        for python in PYTHONS:
            wanted = SpecifierSet(specifier).contains(".".join(map(str, python)))
            assert admits(specifier, python) is wanted, (specifier, python)


@pytest.mark.parametrize("specifier", ["", " , "])
def test_no_clause_admits_everything(specifier: str) -> None:
    """A project that states nothing runs on every Python."""
    assert admits(specifier, (3, 6, 0))


@pytest.mark.parametrize("specifier", ["python", ">=3.7.*", "~=3", "=>3", ">=3.7rc1", "==3.11.2; x"])
def test_what_cannot_be_read_admits_nothing(specifier: str) -> None:
    """The choice then falls on another pip, and not on one that may not run."""
    assert not admits(specifier, (3, 11, 2))


def test_only_final_releases_have_numbers() -> None:
    """Releases are compared by number; one that is not final has none."""
    versions = ["9.0.3", "21.3.1", "26.0.1", "26.0b1", "", "1.0+local", "26.0.1.post1"]
    assert sorted(versions, key=numbers_of)[-3:] == ["9.0.3", "21.3.1", "26.0.1"]
    assert [numbers_of(one) for one in versions[3:]] == [(), (), (), ()]
