"""The installation of a whole set comes first, as in a run: requests alone are then proven by what is linked from it."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.methods.by_installing import Installing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.proof.cases.case import Case


def installed(cases: Iterable[Case], every: Sequence[Case]) -> None:
    """
    Install the set of each of *cases* that a real interpreter proves alone; where pip refuses it, nothing is kept.

    :param every: all cases of the site.
    """
    alone = {(case.set_name, case.target.name) for case in cases if case.interpreter is not None and not case.joint}
    for case in every:
        if case.joint and (case.set_name, case.target.name) in alone and case.interpreter is not None:
            case.work.mkdir(parents=True, exist_ok=True)
            with (
                tempfile.TemporaryDirectory(dir=case.work, prefix="whole-") as folder,
                opened(case.site, case.target.name, case.url) as ways,
                ExitStack() as ending,
                suppress(ProofFailed),
            ):
                # The users of boxes must reach it.
                Path(folder).chmod(0o755)
                kind = Installing(
                    case=case, interpreter=case.interpreter, requests=case.requests, folder=Path(folder), ending=ending
                )
                kind.install(ways[0])
