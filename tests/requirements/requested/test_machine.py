"""The machine of a request is found among the targets, as the installer finds its target."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.requirements.requested.document import Requested
from pypi_subset.requirements.requested.machine import fits, matched
from pypi_subset.targets.tag import parse

if TYPE_CHECKING:
    from pypi_subset.model.targets import Target

NEW = parse("new", "cp312-manylinux_2_34_x86_64")
OLD = parse("old", "cp312-manylinux_2_17_x86_64")
WINDOWS = parse("windows", "cp312-win_amd64")
OTHER = parse("other", "cp311-manylinux_2_28_x86_64")
EXACT = parse("exact", "cp312-manylinux_2_34_x86_64", "3.12.4")


def asked(machine: Target | None, name: str = "") -> Requested:
    """Return a request."""
    return Requested(
        path=Path("request.json"), set_name="", target_name=name, requirements=(), machine=machine, description=None
    )


@pytest.mark.parametrize(
    ("machine", "targets", "found"),
    [
        (parse("m", "cp312-manylinux_2_36_x86_64"), [OLD, NEW, WINDOWS, OTHER], [NEW]),
        (parse("m", "cp312-manylinux_2_28_x86_64"), [OLD, NEW, WINDOWS, OTHER], [OLD]),
        (
            parse("m", "cp312-manylinux_2_34_x86_64"),
            [OLD, replace(NEW, name="twin"), NEW],
            [replace(NEW, name="twin"), NEW],
        ),
        (parse("m", "cp312-macosx_14_0_arm64"), [OLD, NEW, WINDOWS, OTHER], []),
        (parse("m", "cp312-manylinux_2_34_x86_64", "3.12.4"), [NEW, EXACT], [EXACT]),
        (parse("m", "cp312-manylinux_2_34_x86_64", "3.12.5"), [EXACT], []),
        (None, [OLD, WINDOWS], [OLD, WINDOWS]),
    ],
)
def test_without_a_name(machine: Target | None, targets: list[Target], found: list[Target]) -> None:
    """The best target that fits, several if they are equal, none if none fits; without a machine, all of them."""
    assert matched(asked(machine), targets).targets == tuple(found)


def test_with_a_name() -> None:
    """The target of that name counts; a doubt says so if the machine is another one. An unknown name counts for nothing."""
    machine = parse("m", "cp312-manylinux_2_36_x86_64")
    assert matched(asked(machine, "old"), [OLD, NEW]).targets == (OLD,)
    assert matched(asked(machine, "old"), [OLD, NEW]).doubt == ""
    wrong = matched(asked(machine, "windows"), [OLD, WINDOWS])
    assert wrong.targets == (WINDOWS,)
    assert (
        wrong.doubt
        == "the machine is cp312-cp312-manylinux_2_36_x86_64, Python 3.12, and windows is cp312-cp312-win_amd64"
    )
    assert matched(asked(machine, "none"), [OLD, NEW]).targets == (NEW,)
    assert matched(asked(None, "old"), [OLD, NEW]).targets == (OLD,)


def test_fits() -> None:
    """What a target takes runs on machines of the same Python that are as new or newer."""
    assert fits(NEW, OLD)
    assert not fits(OLD, NEW)
    assert not fits(NEW, OTHER)
