"""The patch levels of a Python at which the answer may differ."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from email import message_from_bytes
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename

from pypi_subset.targets.patch_levels import of_bound, of_requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model.requests import Job
    from pypi_subset.model.targets import Target
    from pypi_subset.resolve.answer import Answer
    from pypi_subset.upstream.catalog import Upstream


def patches_of_set(job: Job, constraints: Iterable[str]) -> set[int]:
    """The patch levels that lines of the set, or the user's constraints, ask for."""
    if job.target.exact:
        return set()
    own = job.requirement_set
    lines = [*(str(one.requirement) for one in (*own.requests, *own.constraints)), *constraints]
    return {patch for line in lines for patch in of_requirement(line, job.target)}


def patches_in_reach(target: Target, upstream: Upstream) -> set[int]:
    """
    The patch levels that any metadata asks for that decided, or may have decided, about the answer.

    pip tries the newest release first, and reads the metadata of each that it tries. A release older than all that were
    tried of its project has no say; one that Requires-Python shut out may be newer than those.
    """
    patches: set[int] = set()
    oldest: dict[NormalizedName, Version] = {}
    for filename, data in upstream.metadata_seen():
        asking = _asking_for_patches(data)
        for text in asking.requirements:
            patches |= of_requirement(text, target, asking.extras)
        patches |= of_bound(asking.bound, target)
        project, version, *_ = parse_wheel_filename(filename)
        oldest[project] = min(version, oldest.get(project, version))
    for project, version in oldest.items():
        for bound, newest in upstream.bounds(project).items():
            if newest >= version:
                patches |= of_bound(bound, target)
    return patches


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asking:
    """What of one release's metadata may ask for a patch level."""

    requirements: tuple[str, ...]
    extras: tuple[str, ...]
    bound: str


@functools.cache
def _asking_for_patches(metadata: bytes) -> _Asking:
    # Below the first empty line stands a description, often the most of it.
    head = message_from_bytes(metadata.replace(b"\r\n", b"\n").partition(b"\n\n")[0])
    requirements = (text for text in head.get_all("Requires-Dist", []) if "_version" in text)
    return _Asking(
        requirements=tuple(requirements),
        extras=tuple(head.get_all("Provides-Extra", [])),
        bound=head.get("Requires-Python", ""),
    )


def distinct(answers: Mapping[int, Answer]) -> dict[int, Answer]:
    """The answers by the patch level from which on they hold, without those that are what the one before is."""
    kept: dict[int, Answer] = {}
    for patch in sorted(answers):
        if not kept or kept[max(kept)].files != answers[patch].files:
            kept[patch] = answers[patch]
    return kept
