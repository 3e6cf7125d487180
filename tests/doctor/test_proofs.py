"""What verify can show here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.doctor import proofs
from pypi_subset.errors import SubsetError
from pypi_subset.targets import tag
from pypi_subset.targets.host import describe_host
from tests.support.sites.cases import interpreters_here

if TYPE_CHECKING:
    from pathlib import Path


def test_each_target_has_its_proof() -> None:
    """The machine itself is installed, a foreign system is unpacked, and one finding names the second."""
    rows = proofs.provable([describe_host("here"), tag.parse("win", "cp312-win_amd64")], interpreters_here())
    assert [(one.target, one.proof) for one in rows] == [("here", "installed"), ("win", "unpacked")]
    assert sys.version.split()[0] in rows[0].interpreter
    targets = [describe_host("here"), tag.parse("win", "cp312-win_amd64")]
    (found,) = proofs.unproven(rows, targets, interpreters_here())
    assert found.what.startswith("no interpreter here is like win (this machine is ")
    assert [*proofs.unproven(rows[:1], targets, interpreters_here())] == []


def test_interpreters_are_named() -> None:
    """Their number, versions and paths; none at all is a warning."""
    known = interpreters_here()
    assert proofs.named(known).what.startswith(f"{len(known)} interpreter")
    assert str(known[0]) in proofs.named(known).what
    assert proofs.named(()).state == "warning"


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    """A named one must exist, as for verify."""
    with pytest.raises(SubsetError, match="there is no Python interpreter"):
        proofs.found([str(tmp_path / "python")])
