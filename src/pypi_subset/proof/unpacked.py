"""The proof for a machine that is not here: pip unpacks for it, and we walk what it unpacked."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from pypi_subset.errors import ProofFailed
from pypi_subset.proof import closure, installing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model import Request, Target
    from pypi_subset.proof.case import Case


def prove_unpacked(
    case: Case, requests: Sequence[Request], environment: Mapping[str, str], folder: Path
) -> tuple[str, ...]:
    """
    Return notes on *case*, which holds: pip installed for the target, and the closure is whole.

    pip is given the marker values that the tool believes the target to have, the walk those that a real machine
    reported: a wrong line in `targets` cannot make both agree.

    :param requests: those lines of the case that apply to the target.
    :param environment: recorded marker values.
    :param folder: an empty folder for this case alone.
    :raises ProofFailed: it does not hold.
    """
    unpacked = folder / "unpacked"
    options = ["--target", str(unpacked), *flags_of(case.target)]
    installed = installing.install(case, folder, options=options, environment=case.target.environment)
    present = closure.present_in([unpacked])
    for sentence in closure.gaps(present, requests, environment, case.target.name):
        raise ProofFailed(sentence, target=case.target.name)
    return installing.differences(case, installed)


def flags_of(target: Target) -> tuple[str, ...]:
    """Return pip's flags for *target*; all four kinds, since pip takes the host's for one that is missing."""
    return (
        *chain.from_iterable(("--platform", platform) for platform in target.platforms),
        *("--python-version", ".".join(map(str, target.python))),
        *("--implementation", target.implementation),
        *chain.from_iterable(("--abi", abi) for abi in target.abis),
    )
