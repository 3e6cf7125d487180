"""What the user can do about releases that the policy refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def ways_of(found: Sequence[str], final: int, *, resolves: bool) -> str:
    """
    Return the next step about refused releases.

    :param found: a line for each.
    :param final: the number of those that no acceptance covers.
    :param resolves: whether they were found by a run that resolves what the rules of today do not match.
    """
    # Nothing older was taken for a licence: no release that was read has an allowed one.
    licenses = sum(": license: " in one for one in found)
    update = ["run `pypi-subset update`, which takes what the policy admits"] * (licenses < len(found))
    if final and final == len(found):
        return f"{update[0]}; no [[policy.accept]] covers a malicious release"
    ways = [*update, "accept it with [[policy.accept]] in subset.toml"]
    if licenses:
        ways.append('state the licences of projects as licenses = { NAME = "MIT" } below [policy]')
    if not update and not resolves:
        ways.append("run `pypi-subset mirror` if the list of licences has changed")
    if final:
        ways[-1] += "; no [[policy.accept]] covers a malicious release"
    return ", or ".join(ways)
