"""The list of releases that the policy keeps away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.intake.verdicts import PassedOver
from pypi_subset.pipeline.plan import plan
from pypi_subset.resolve.explain.older.refused import LINES, refused_lines
from tests.policy.test_runs import OLD, offer, policy
from tests.support.stages.mirroring import mirror, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


def entry(target: str = "linux", version: str = "2.0", sentence: str = "deny: x") -> PassedOver:
    """Return a release of app that is passed over."""
    return PassedOver(
        set="base", target=target, project="app", version=version, rule="deny", sentence=sentence, instead="1.0"
    )


def test_equal_verdicts_share_a_line() -> None:
    """The line names the release, the reason, what is taken, and each place once: two projects may require it."""
    assert refused_lines([entry(), entry(), entry("windows"), entry(sentence="app 2.0 has X-1; fixed in 3.0")]) == [
        "releases that the policy keeps away:",
        "  app 2.0: deny: x; 1.0 is taken (base--linux, base--windows)",
        "  app 2.0 has X-1; fixed in 3.0; 1.0 is taken (base--linux)",
    ]


def test_a_long_list_is_counted() -> None:
    """The first lines are shown; an empty list has no heading."""
    lines = refused_lines([entry(version=f"2.{number}") for number in range(LINES + 3)])
    assert len(lines) == LINES + 2
    assert lines[-1] == "  and 3 more: `--json`"
    assert refused_lines([]) == []


@pytest.mark.usefixtures("configured_index")
def test_a_yanked_release_is_passed_over(workspace: Workspace, index: Index) -> None:
    """It has a verdict if the policy refuses what was yanked, and none if pip alone does."""
    offer(index, ("app", "1.0", OLD), ("app", "2.0", OLD))
    index.yank(make_wheel("app", "2.0"), "broken")
    policy(workspace, 'yanked = "refuse"')
    (found,) = plan(workspace.paths).passed_over
    assert (found.project, found.version, found.rule, found.sentence, found.instead) == (
        "app",
        "2.0",
        "yanked",
        "yanked: broken",
        "1.0",
    )
    policy(workspace, "")
    assert plan(workspace.paths).passed_over == ()


@pytest.mark.usefixtures("configured_index")
def test_what_an_old_cut_off_refuses_is_passed_over(workspace: Workspace, index: Index) -> None:
    """``as_of`` keeps a release away as ``min_age`` does, with a lock and without one; no day lets it in."""
    offer(index, ("app", "1.0", OLD), ("app", "2.0", "2026-02-02T00:00:00Z"))
    policy(workspace, 'as_of = "2026-01-02T00:00:00Z"')
    for _ in range(2):
        forecast = plan(workspace.paths)
        (found,) = forecast.passed_over
        assert (found.version, found.rule, found.until, found.instead) == ("2.0", "min_age", "", "1.0")
        assert found.sentence == "min_age: uploaded 2026-02-02, the cut-off is 2026-01-02T00:00:00Z"
        assert [(one.version, one.newest) for one in forecast.held] == [("1.0", "2.0")]
        mirror(workspace)


@pytest.mark.usefixtures("configured_index")
def test_a_refused_dependency_is_passed_over(workspace: Workspace, index: Index) -> None:
    """The lock does not have it: a newer release of what is locked requires it."""
    offer(index, ("app", "1.0", OLD), ("lib", "1.0", OLD), ("lib", "2.0", OLD))
    wheel = make_wheel("app", "2.0", requires=["lib>=2"])
    index.add(wheel)
    index.upload_times[wheel.filename] = OLD
    policy(workspace, 'deny = ["lib==2.0"]')
    (found,) = plan(workspace.paths).passed_over
    assert (found.project, found.version, found.rule, found.instead) == ("lib", "2.0", "deny", "")
    assert refused_lines([found])[1] == (
        "  lib 2.0: deny: subset.toml has 'lib==2.0'; an older release of what requires it is taken (base--linux)"
    )


@pytest.mark.usefixtures("configured_index")
def test_a_licence_keeps_a_newer_release_from_a_lock_that_holds(workspace: Workspace, index: Index) -> None:
    """An update would not take it: the line names the licence, and how to accept it."""
    index.add(make_wheel("app", "1.0", more=["License-Expression: MIT"]))
    policy(workspace, 'allow_licenses = ["MIT"]')
    mirror(workspace)
    index.add(make_wheel("app", "2.0", more=["License-Expression: AGPL-3.0-only"]))
    found = plan(workspace.paths)
    (one,) = found.held
    assert (one.newest, one.why, one.own) == ("2.0", "license: its licence is AGPL-3.0-only", True)
    assert 'rule = "license", project = "app", version = "==2.0"' in one.step
    assert [(each.version, each.rule) for each in found.passed_over] == [("2.0", "license")]
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "1.0"}
