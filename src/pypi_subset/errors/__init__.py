"""All errors that a user may see, in one tree below `SubsetError`."""

from __future__ import annotations

from pypi_subset.errors.gaps import Gaps, NoSolution, UndefinedMarker
from pypi_subset.errors.tree import (
    BadDistribution,
    BadFiles,
    BoxFailed,
    Fault,
    FolderError,
    HashMismatch,
    InputFaults,
    LockError,
    LowerVersions,
    NotProven,
    OlderReleases,
    PipFailed,
    PolicyError,
    ProofFailed,
    SubsetError,
    SuiteFailed,
    TargetError,
    Unforeseen,
    UpstreamError,
)

__all__ = [
    "BadDistribution",
    "BadFiles",
    "BoxFailed",
    "Fault",
    "FolderError",
    "Gaps",
    "HashMismatch",
    "InputFaults",
    "LockError",
    "LowerVersions",
    "NoSolution",
    "NotProven",
    "OlderReleases",
    "PipFailed",
    "PolicyError",
    "ProofFailed",
    "SubsetError",
    "SuiteFailed",
    "TargetError",
    "UndefinedMarker",
    "Unforeseen",
    "UpstreamError",
]
