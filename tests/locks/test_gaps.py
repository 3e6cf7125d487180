"""Requests that a lock leaves out: what the lock file holds, and what of the policy they need."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import LockError
from pypi_subset.locks import gaps, lockfile
from pypi_subset.model.locks import Inputs, LeftOut, Lock
from pypi_subset.model.policy import Acceptance
from tests.support.stages.values import LINUX, WINDOWS, plan_of

if TYPE_CHECKING:
    from pathlib import Path

FAST = LeftOut(request="Fast[x]>=1", project="fast", why="Fast[x]>=1: no wheel fits")
ACCEPTED = Acceptance(
    rule="gap",
    project="fast",
    reason="only on Windows",
    until="9999-12-31",
    targets=("linux", "windows"),
    origin="subset.toml:9",
)
SUBSET = replace(plan_of(["aa", "Fast[x]>=1"], [LINUX, WINDOWS]), accepted=(ACCEPTED,))
INPUTS = Inputs(requirement_set="a", target="b", policy="c", constraint="d")
LOCK = Lock(set_name="base", target_name="linux", inputs=INPUTS, pins=(), gaps=(FAST,))
WHOLE = Lock(set_name="base", target_name="windows", inputs=INPUTS, pins=())


def test_a_lock_file_holds_them(tmp_path: Path) -> None:
    """Nothing is lost, and a lock without any has no such key; secrets of a URL are left out."""
    lockfile.write(LOCK, tmp_path, target=LINUX, packages=tmp_path)
    path = lockfile.path_of(tmp_path, LOCK.name)
    assert lockfile.read(path) == LOCK
    secret = replace(LOCK, gaps=(replace(FAST, why="not from https://me:secret@host.example/"),))
    assert b"secret" not in lockfile.dump(secret, folder=tmp_path, target=LINUX, packages=tmp_path)
    assert b"gaps" not in lockfile.dump(WHOLE, folder=tmp_path, target=WINDOWS, packages=tmp_path)
    path.write_bytes(path.read_bytes().replace(b"Fast[x]>=1", b"no requirement"))
    with pytest.raises(LockError, match="the lock cannot be read"):
        lockfile.read(path)


def test_each_has_its_acceptance() -> None:
    """Reason and day come from the policy of now; a gap that nothing covers is an error."""
    (found,) = gaps.accepted_gaps(SUBSET, [LOCK, WHOLE])
    assert (found.set, found.target, found.request, found.project) == ("base", "linux", "Fast[x]>=1", "fast")
    assert (found.why, found.reason, found.until) == (FAST.why, "only on Windows", "9999-12-31")
    for other in ((), (replace(ACCEPTED, targets=("windows",)),), (replace(ACCEPTED, rule="import"),)):
        with pytest.raises(LockError, match=r"the lock base--linux leaves out Fast\[x\]>=1, and no"):
            gaps.accepted_gaps(replace(SUBSET, accepted=other), [LOCK])


def test_what_is_not_needed_is_named() -> None:
    """A target without a gap is named; an entry without any is to be removed."""
    what = "subset.toml:9: [[policy.accept]] of gap for fast is no longer needed"
    assert gaps.unneeded(SUBSET, [LOCK, WHOLE]) == [f"{what} on windows, remove the name"]
    assert gaps.unneeded(SUBSET, [WHOLE]) == [f"{what}, remove it"]
    narrow = replace(SUBSET, accepted=(replace(ACCEPTED, targets=("linux",)),))
    assert gaps.unneeded(narrow, [LOCK, WHOLE]) == []


def test_what_is_served() -> None:
    """The job without the requests that are left out; unchanged without any."""
    assert [str(one.requirement) for one in gaps.served(SUBSET.jobs[0], LOCK).requirement_set.requests] == ["aa"]
    assert gaps.served(SUBSET.jobs[1], WHOLE) is SUBSET.jobs[1]


def test_the_digest_of_the_inputs_names_projects_alone() -> None:
    """Reason and day change no lock; a set that does not request the project has the digest of before."""
    job = SUBSET.jobs[0]
    plain = replace(SUBSET, accepted=())
    assert plain.policy_digest_of(job) == plain.policy_digest_on("linux") != SUBSET.policy_digest_of(job)
    other = replace(SUBSET, accepted=(replace(ACCEPTED, reason="another", until="9998-12-31"),))
    assert other.policy_digest_of(job) == SUBSET.policy_digest_of(job)
    elsewhere = replace(SUBSET, accepted=(replace(ACCEPTED, project="other"), replace(ACCEPTED, targets=("windows",))))
    assert elsewhere.policy_digest_of(job) == plain.policy_digest_of(job)
