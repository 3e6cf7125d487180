"""Cases: what each set and request of a subset becomes, and which of them are answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods.prove import prove
from pypi_subset.targets import tag as targets
from tests.support.sites.cases import CLICK, HERE, LINUX, OWN, WINDOWS, cases, outcome
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pypi_subset.proof.cases import case
from tests.support.sites.cases import prove_first

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("forked_pip")


def test_an_imitated_machine_is_a_kind_of_its_own(tmp_path: Path) -> None:
    """What ran on an imitated processor is not called installed."""
    joint = cases(tmp_path, HERE, ["aa"], [make_wheel("aa")], installed=tmp_path)[0]
    assert joint.proof == "installed"
    assert replace(joint, interpreter=replace(OWN[0], emulated=True)).proof == "emulated"


@pytest.mark.slow
def test_hashes_alone(tmp_path: Path) -> None:
    """A request with a hash is proven alone too: the set's other pins come along, hashed, as constraints."""
    aa, bb = make_wheel("aa", requires=["bb"]), make_wheel("bb")
    joint, alone, _ = cases(tmp_path, LINUX, ["aa", "bb"], [aa, bb], hashes={"aa": aa.sha256})
    assert str(alone.requests[0]) == f"aa --hash=sha256:{aa.sha256}"
    assert alone.constraints == (f"aa==1.0 --hash=sha256:{aa.sha256}", f"bb==1.0 --hash=sha256:{bb.sha256}")
    assert outcome(prove_first(alone)) == ("passed", "")
    assert outcome(prove_first(joint)) == ("passed", "")


@pytest.mark.slow
def test_a_request_alone_takes_the_locked_bytes(tmp_path: Path) -> None:
    """Without any hash in the set, a request alone is still held to the hashes of the lock; the set jointly is not."""
    aa, bb = make_wheel("aa", requires=["bb"]), make_wheel("bb")
    joint, alone = cases(tmp_path, LINUX, ["aa"], [aa, bb])
    assert joint.constraints == ()
    assert alone.constraints == (f"aa==1.0 --hash=sha256:{aa.sha256}", f"bb==1.0 --hash=sha256:{bb.sha256}")
    assert outcome(prove_first(alone)) == ("passed", "")
    other = replace(alone, constraints=(alone.constraints[0], f"bb==1.0 --hash=sha256:{aa.sha256}"))
    assert prove_first(other).status == "failed"


def test_hashes_where_pip_is_old(tmp_path: Path) -> None:
    """Python 3.9 has a pip that takes no pin from a constraint: there the hashes are left to the inventory."""
    aa = make_wheel("aa")
    old = replace(OWN[0], version=(3, 9, 18), abi="cp39", kind="linux_x86_64", glibc=36)
    target = targets.parse("old", "cp39-manylinux2014_x86_64")
    subset = SubsetOnDisk(
        tmp_path, targets=[target], lines=["aa"], pins={"old": [aa]}, hashes={"aa": aa.sha256}
    ).write()
    joint, alone = cases_of(subset.plan, subset.paths, [old], tmp_path)
    assert (joint.interpreter, str(joint.requests[0]), joint.constraints) == (old, "aa", ())
    assert (str(alone.requests[0]), alone.constraints) == ("aa", ("aa==1.0",))


def test_every_request_has_a_case(tmp_path: Path) -> None:
    """Requests and cases are counted apart: one that was lost on the way is named, and so is one too many."""
    subset = SubsetOnDisk(
        tmp_path, targets=[LINUX, WINDOWS], lines=["aa", "bb"], pins={"linux": [], "windows": []}
    ).write()
    made = cases_of(subset.plan, subset.paths, (), tmp_path / "work")
    assert [one.name for one in made[:3]] == ["linux--base", "linux--base--base.txt:1", "linux--base--base.txt:2"]
    assert len(made) == 2 * (1 + 2)
    assert case.unproven(subset.plan, made) == []
    lost = [one for one in made if one.name not in {"windows--base", "linux--base--base.txt:2"}]
    assert case.unproven(subset.plan, lost) == [
        "bb (base.txt:2) on linux has no case",
        "the set base on windows has no case",
    ]
    assert case.unproven(subset.plan, lost, ["windows"])[0] == "the set base on windows has no case"
    assert case.unproven(subset.plan, [*made, *made[:1]], []) == ["the set base on linux has a case too many"]


def test_a_case_without_a_result_shows(tmp_path: Path) -> None:
    """The cases that nothing answered are found by what they are about."""
    made: Any = cases(tmp_path, LINUX, ["click; sys_platform == 'win32'"], [CLICK])
    assert case.unanswered(made, prove(made[1])) == [made[0]]
