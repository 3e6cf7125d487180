"""What `requirements/` asks for, as values; the digests by which version 0.1 knew them."""

from __future__ import annotations

from dataclasses import replace

from packaging.requirements import Requirement

from tests.support.stages.values import LINUX, plan_of, request


def test_a_request_is_written_as_pip_reads_it() -> None:
    """The place has no directory; the hashes follow the requirement."""
    one = request("Pandas [excel] >=2 ; os_name == 'nt'", 7, "ml.txt")
    assert one.origin == "ml.txt:7"
    assert str(one) == 'Pandas[excel]>=2; os_name == "nt"'
    assert str(replace(one, hashes=("sha256:00", "sha512:11"))).endswith('"nt" --hash=sha256:00 --hash=sha512:11')


def test_the_digest_of_a_set_is_that_of_0_1() -> None:
    """Requests and constraints count, in their order; place and file do not. Other digests would resolve every set again."""
    (one,) = plan_of(["app", "lib<2"], [LINUX]).sets
    assert one.digest == "34da47fe56da3206589f26cdef03899dc05209e565f8ff889ae0c6cac5441e4a"
    moved = [replace(each, line=each.line + 3) for each in one.requests]
    assert replace(one, requests=tuple(moved), name="other").digest == one.digest
    for changed in (
        replace(one, requests=one.requests[::-1]),
        replace(one, requests=one.requests[:1], constraints=one.requests[1:]),
        replace(one, requests=(replace(one.requests[0], hashes=("sha256:00",)), *one.requests[1:])),
        replace(one, requests=(replace(one.requests[0], requirement=Requirement("app>1")), *one.requests[1:])),
    ):
        assert changed.digest != one.digest


def test_the_policy_of_a_subset() -> None:
    """Bad files stop the run unless the policy says otherwise; what holds by default is not part of the digest."""
    subset = plan_of(["app"])
    assert (subset.bad_files, subset.policy_digest) == (
        "stop",
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    )
    skipping = replace(subset, policy=(("bad_files", "skip"),))
    assert skipping.bad_files == "skip"
    # As in the locks of `tests/locks/made_by_0_1`.
    assert skipping.policy_digest == "50114f79b3131c6250d5d47d618ddd3bc9e16a325ecd0c5d13bc639e69634e3e"
    assert [job.name for job in subset.jobs] == ["base--linux"]
