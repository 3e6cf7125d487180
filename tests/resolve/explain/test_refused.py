"""What the policy refuses is explained by its rule, and the next step lets it in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution
from tests.policy.test_runs import NEW, OLD, advisory, database, offer, policy
from tests.support.stages.mirroring import LINUX, mirror, read_lock, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

PYTHON = {"linux": {"tag": LINUX, "python": "3.10.7"}}


def followed(step: str) -> str:
    """Return the entries that a next step says to write."""
    found = re.findall(r'(rule = "\w+"), (project = "[\w-]+"), (version = "\S+")(?:, (id = "\S+"))?', step)
    fields = ("\n".join(filter(None, one)) for one in found)
    return "".join(f'\n[[policy.accept]]\n{one}\nreason = "known"\nuntil = 9999-12-31\n' for one in fields)


@pytest.mark.parametrize(
    ("rules", "request_", "reason"),
    [
        ('min_age = "7 days"', "app", f"min_age: uploaded {NEW[:10]}, the cut-off is "),
        ('deny = ["app"]', "app", "deny: subset.toml has 'app'"),
        ('yanked = "refuse"', "app==1.0", "yanked: broken"),
        ('advisories = "osv.zip"', "app", "has PYSEC-2026-2, severity high"),
        ('min_age = "7 days"\ndeny = ["app"]', "app", "deny: subset.toml has 'app'; min_age: uploaded "),
        ('deny = ["app"]', "need", "deny: subset.toml has 'app'"),
    ],
)
@pytest.mark.parametrize("exact", [False, True])
def test_the_rule_is_the_cause(
    workspace: Workspace, index: Index, rules: str, request_: str, reason: str, *, exact: bool
) -> None:
    """No other Python is proposed; the acceptance that is proposed is enough."""
    offer(index, ("app", "1.0", NEW))
    if "yanked" in rules:
        index.yank(make_wheel("app", "1.0"), "broken")
    wheel = make_wheel("need", requires=["app"])
    index.add(wheel)
    index.upload_times[wheel.filename] = OLD
    database(workspace, advisory("PYSEC-2026-2", "app", "1.1"))
    policy(workspace, rules, f"{request_}\n")
    targets = PYTHON if exact else {"linux": LINUX}
    workspace.toml(targets, more=f"[policy]\n{rules}\n")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert f"the policy refuses 1.0: {reason}" in caught.value.what
    assert "Python that works" not in caught.value.next_step
    assert "admitted from" not in caught.value.what
    workspace.toml(targets, more=f"[policy]\n{rules}\n{followed(caught.value.next_step)}")
    mirror(workspace)
    assert versions(workspace, "base--linux")["app"] == "1.0"


def test_the_first_moment_that_helps_is_named(workspace: Workspace, index: Index) -> None:
    """It is that of the oldest release that is asked for; the newest one is the one to accept."""
    first, second = ((datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (3, 1))
    offer(index, ("app", "1.0", OLD), ("app", "2.0", first), ("app", "3.0", second))
    policy(workspace, 'min_age = "7 days"', "app>=2\n")
    with pytest.raises(NoSolution, match=r"the policy refuses 3\.0") as caught:
        mirror(workspace)
    until = (datetime.fromisoformat(first) + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert f"wait until {until}; or to accept it" in caught.value.next_step


@pytest.mark.parametrize("request_", ["--pre\napp\n", "app>=1.0a1\n"])
def test_the_first_moment_counts_pre_releases_that_are_asked_for(
    workspace: Workspace, index: Index, request_: str
) -> None:
    """An older pre-release is admitted before the final releases; the newest release is the one to accept."""
    days = {"1.0": 3, "2.0b1": 5, "3.0b1": 1}
    moments = {
        one: (datetime.now(UTC) - timedelta(days=ago)).strftime("%Y-%m-%dT%H:%M:%SZ") for one, ago in days.items()
    }
    offer(index, *(("app", version, moment) for version, moment in moments.items()))
    policy(workspace, 'min_age = "7 days"', request_)
    with pytest.raises(NoSolution, match=r"the policy refuses 3\.0b1") as caught:
        mirror(workspace)
    until = (datetime.fromisoformat(moments["2.0b1"]) + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert f"wait until {until}; or to accept it" in caught.value.next_step


def test_a_final_release_is_accepted_before_a_pre_release(workspace: Workspace, index: Index) -> None:
    """While a final one is refused, an accepted pre-release is not taken: the proposed acceptance is enough at once."""
    offer(index, ("app", "1.0rc1", OLD), ("app", "1.0", NEW), ("app", "2.0rc1", NEW))
    policy(workspace, 'min_age = "7 days"')
    with pytest.raises(NoSolution, match=r"the policy refuses 1\.0:") as caught:
        mirror(workspace)
    policy(workspace, f'min_age = "7 days"\n{followed(caught.value.next_step)}')
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_the_fewest_acceptances_are_proposed(workspace: Workspace, index: Index) -> None:
    """The newest release is the cause; if an older one needs fewer acceptances, these are the next step, and enough."""
    offer(index, ("app", "1.0", OLD), ("app", "2.0", OLD), ("app", "3.0", NEW))
    database(workspace, advisory("MAL-2026-1", "app", "1.1"), advisory("PYSEC-2026-2", "app", "9"))
    rules = 'min_age = "7 days"\nadvisories = "osv.zip"'
    policy(workspace, rules)
    with pytest.raises(NoSolution, match=r"the policy refuses 3\.0: min_age: .*; has PYSEC-2026-2,") as caught:
        mirror(workspace)
    assert caught.value.next_step.count("[[policy.accept]]") == 1
    policy(workspace, f"{rules}\n{followed(caught.value.next_step)}")
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "2.0"}


def test_a_file_without_an_upload_time(workspace: Workspace, index: Index) -> None:
    """The next step names the index as ``no_times`` takes it."""
    index.facts = False
    index.add(make_wheel("app"))
    policy(workspace, 'min_age = "7 days"')
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert "the policy refuses 1.0: min_age: " in caught.value.what
    line = re.search(r"no_times = \[\S+\]", caught.value.next_step)
    assert line
    policy(workspace, f'min_age = "7 days"\n{line[0]}')
    mirror(workspace)


def test_no_times_names_the_index_of_a_page_with_a_base(workspace: Workspace, index: Index) -> None:
    """The links of a page may start elsewhere: the rule, the error and the note are about the index."""
    index.style, index.facts = "html", False
    wheel = make_wheel("app")
    index.add(wheel)
    link = f'<a href="{wheel.filename}#sha256={wheel.sha256}">{wheel.filename}</a>'
    index.overrides["/simple/app/"] = f'<!doctype html><base href="/files/">{link}'.encode()
    policy(workspace, 'min_age = "7 days"')
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    line = f'no_times = ["{index.url.rstrip("/")}"]'
    assert line in caught.value.next_step
    policy(workspace, f'min_age = "7 days"\n{line}')
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_a_wheel_of_the_users_own(workspace: Workspace) -> None:
    """Another wheel is not the way: the rule is the user's."""
    own = workspace.paths.requirements / "wheels"
    own.mkdir()
    make_wheel("app").save(own)
    policy(workspace, 'deny = ["app"]')
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.what == "base--linux: app: the policy refuses 1.0: deny: subset.toml has 'app'"
    assert caught.value.next_step.startswith("to accept it, write [[policy.accept]]")


def test_what_is_malicious_has_no_way_in(workspace: Workspace, index: Index) -> None:
    """No acceptance is proposed."""
    offer(index, ("app", "1.0", OLD))
    database(workspace, advisory("MAL-2026-2", "app", "1.1"))
    policy(workspace, 'advisories = "osv.zip"')
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.next_step == "do without it: nothing in [policy] lets in what is known as malicious"


def test_a_refused_dependency_of_a_newer_release(workspace: Workspace, index: Index) -> None:
    """The list of older releases proposes the acceptance of what the newer release requires."""
    offer(index, ("app", "1.0", OLD), ("lib", "1.0", OLD), ("lib", "2.0", OLD))
    wheel = make_wheel("app", "2.0", requires=["lib>=2"])
    index.add(wheel)
    index.upload_times[wheel.filename] = OLD
    policy(workspace, 'deny = ["lib==2.0"]')
    (found,) = mirror(workspace)[0].outdated
    assert found.why == "it requires lib>=2; lib 2.0: deny: subset.toml has 'lib==2.0'"
    policy(workspace, f'deny = ["lib==2.0"]\n{followed(found.step)}')
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "2.0", "lib": "2.0"}


def test_an_accepted_gap_names_the_rule(workspace: Workspace, index: Index) -> None:
    """The lock says which rule refuses it."""
    offer(index, ("app", "1.0", OLD), ("lib", "1.0", NEW))
    gap = '[[policy.accept]]\nrule = "gap"\nproject = "lib"\ntargets = ["linux"]\nreason = "x"\nuntil = 9999-12-31'
    policy(workspace, f'min_age = "7 days"\n{gap}', "app\nlib\n")
    mirror(workspace)
    (one,) = read_lock(workspace, "base--linux").gaps
    assert one.why.startswith("lib: the policy refuses 1.0: min_age: uploaded")


def test_another_python_gets_no_refused_release(workspace: Workspace, index: Index) -> None:
    """A release that fits another system and is refused there too is no way out."""
    wheel = make_wheel("app", "2.0", tag="cp311-cp311-manylinux2014_x86_64")
    index.add(wheel, make_wheel("app", "1.0", tag="cp312-cp312-manylinux2014_x86_64"))
    policy(workspace, 'deny = ["app==2.0"]')
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert "2.0" not in caught.value.next_step
    assert "which gets 1.0" in caught.value.next_step
