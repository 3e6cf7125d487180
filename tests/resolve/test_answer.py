"""What pip chose at one patch level, with the sentences that the user hears about it."""

from __future__ import annotations

from typing import Any

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.locks import Reason
from pypi_subset.resolve.answer import Answer

APP, LIB = canonicalize_name("app"), canonicalize_name("lib")


def candidate(project: NormalizedName, yanked: str | None = None) -> Candidate:
    """Return a wheel of version 1.0."""
    name = f"{project}-1.0-py3-none-any.whl"
    return Candidate(
        distribution=Distribution(filename=name, project=project, version=Version("1.0"), yanked=yanked), source="index"
    )


def found(*extras: str) -> dict[str, Any]:
    """Return the metadata in pip's report of a release with *extras*."""
    return {"metadata": {"version": "1.0", "provides_extra": [*extras]}}


def test_files_and_warnings() -> None:
    """An extra that a release has not, and a release that was withdrawn, are told, with who requires them."""
    answer = Answer(
        candidates={APP: candidate(APP), LIB: candidate(LIB, yanked="broken")},
        found={APP: found("fast_mode"), LIB: found()},
        reasons={
            APP: {Reason(requirement=Requirement("app[fast-mode,fats-mode]"), origin="base.txt:1")},
            LIB: {Reason(requirement=Requirement("lib[x]"), by="app")},
        },
        extras={},
    )
    assert answer.files == {APP: "app-1.0-py3-none-any.whl", LIB: "lib-1.0-py3-none-any.whl"}
    assert answer.warnings == [
        "base.txt:1: app 1.0 has no extra 'fats-mode'; did you mean 'fast-mode'?",
        "app 1.0: lib 1.0 has no extra 'x'; it has: none",
        "lib 1.0 was yanked: broken",
    ]
