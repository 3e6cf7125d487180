"""No pre-release takes the place of final releases that the policy refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution
from tests.policy.test_runs import NEW, OLD, offer, policy
from tests.support.stages.mirroring import mirror, read_lock, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

AGE = 'min_age = "7 days"'


def test_a_refused_final_release_is_the_cause(workspace: Workspace, index: Index) -> None:
    """The gap names the rule; the acceptance of a gap leaves the request out."""
    offer(index, ("app", "1.0", NEW), ("app", "0.9rc1", OLD), ("app", "1.1b1", OLD), ("lib", "1.0", OLD))
    policy(workspace, AGE, "app\nlib\n")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert "app: the policy refuses 1.0: min_age: uploaded" in caught.value.what
    assert "constraint" not in caught.value.what
    gap = '[[policy.accept]]\nrule = "gap"\nproject = "app"\ntargets = ["linux"]\nreason = "x"\nuntil = 9999-12-31'
    policy(workspace, f"{AGE}\n{gap}", "app\nlib\n")
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"lib": "1.0"}
    assert "the policy refuses 1.0" in read_lock(workspace, "base--linux").gaps[0].why


@pytest.mark.parametrize(
    ("requests", "taken"), [("app>=0.9rc1\n", "0.9rc1"), ("--pre\napp\n", "1.1b1"), ("app<1\n", "0.9rc1")]
)
def test_what_is_asked_for_is_taken(workspace: Workspace, index: Index, requests: str, taken: str) -> None:
    """By a specifier, by ``--pre``, or where no final release satisfies the line with any policy."""
    offer(index, ("app", "1.0", NEW), ("app", "0.9rc1", OLD))
    if "--pre" in requests:
        offer(index, ("app", "1.1b1", OLD))
    policy(workspace, AGE, requests)
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": taken}


def test_another_release_needs_no_prerelease(workspace: Workspace, index: Index) -> None:
    """Where an older release requires something else, it is taken."""
    offer(index, ("lib", "1.0", NEW), ("lib", "1.1rc1", OLD))
    for wheel in (make_wheel("app", "2.0", requires=["lib"]), make_wheel("app", "1.0")):
        index.add(wheel)
        index.upload_times[wheel.filename] = OLD
    policy(workspace, AGE)
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}
    (found,) = read_lock(workspace, "base--linux").outdated or ()
    assert found.why.startswith("it requires lib; lib 1.0: min_age: ")
    assert 'rule = "min_age", project = "lib", version = "==1.0"' in found.step
