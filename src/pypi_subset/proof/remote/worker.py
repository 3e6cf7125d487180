"""What a worker of a cluster does: it proves a case of a site that it reaches by URL alone, as far as it can here."""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path
from typing import Any

from pypi_subset.errors import SubsetError
from pypi_subset.proof.access import remote_site
from pypi_subset.proof.isolation.available import NAMESPACES, isolation
from pypi_subset.proof.machines import interpreters
from pypi_subset.proof.methods.prove import prove
from pypi_subset.proof.remote.message import answer_to, from_text
from pypi_subset.support import staging
from pypi_subset.support.version import __version__

#: Started on the workers by name; arguments are text, results are bytes or text.
__all__ = ["answer", "forget", "version"]


def version() -> str:
    """Return the version of pypi-subset here."""
    return str(__version__)


@staging.readable()
def answer(text: str) -> bytes:
    """Return the `Answer` to the `Errand` *text*, both as JSON: a value that needs no pickle."""
    try:
        errand = from_text(text)
        folder = _folder(errand.run, _own_worker())
        site = remote_site.outline(errand.url, errand.digest, errand.job.target.name, folder / "site")
        kind = isolation(unisolated=errand.unisolated)
        case = errand.case(_interpreters(), site=site, work=folder / "work", isolated=kind == NAMESPACES)
        return answer_to(text, prove(case), isolation=kind)
    except SubsetError as error:
        return answer_to(text, refused="; ".join(filter(None, (error.what, error.next_step))))


def forget(run: str, dask_worker: Any = None) -> None:
    """Remove what is here of a run that is over; Dask gives *dask_worker* to a function that is not a case."""
    staging.remove_tree(_folder(run, dask_worker))


@functools.cache
def _interpreters() -> tuple[interpreters.Interpreter, ...]:
    """Return those that run here; looked for once by each process."""
    root = interpreters.pyenv_root(os.environ)
    return interpreters.find(interpreters.candidates(os.environ.get("PATH", ""), root))


def _own_worker() -> Any:
    """Return the worker that this thread belongs to, ``None`` if it is called by hand."""
    from distributed import get_worker  # noqa: PLC0415 - an extra; who runs this has it

    try:
        return get_worker()
    except ValueError:
        return None


def _folder(run: str, dask_worker: Any) -> Path:
    """Return where the files of a run lie: Dask removes what a worker that died has left in its directory."""
    return Path(dask_worker.local_directory if dask_worker else tempfile.gettempdir()) / f"pypi-subset-{run}"
