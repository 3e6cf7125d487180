"""Before pip unpacks anything: each wheel that it may take has one reading, and is no bomb."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.access.archives import fault_of
from pypi_subset.proof.access.site_wheels import wheels_of
from pypi_subset.proof.cases.lock_reader import pin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from packaging.tags import Tag

    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.methods.pip_install import Files


def check(case: Case, plan: Callable[[], Files]) -> None:
    """
    Read the wheels that pip may take for *case*.

    :param plan: returns what pip would install; it is asked only for a site elsewhere, whose wheels are not here.
    :raises ProofFailed: one of them has two readings, or unpacks to a very large size.
    """
    for path in _from_afar(case, plan()) if case.url else _candidates(case):
        if what := fault_of(path):
            msg = f"{path.name} {what}"
            raise ProofFailed(msg, target=case.target.name)


def _from_afar(case: Case, planned: Files) -> Iterator[Path]:
    """Yield the *planned* files of a site elsewhere; of one that is not there pip speaks."""
    for one in planned:
        with contextlib.suppress(ProofFailed):
            yield case.file(one.path)


def _candidates(case: Case) -> Iterator[Path]:
    """Yield the wheels of the projects that *case* locks, as far as they fit its target."""
    projects = {canonicalize_name(pin_of(line).name) for line in case.pins}
    tags = frozenset(case.target.tags)
    return (path for path in wheels_of(case.site, projects or None) if not _tags_of(path.name).isdisjoint(tags))


@functools.lru_cache(maxsize=1 << 14)
def _tags_of(name: str) -> frozenset[Tag]:
    """Return the tags in the name of a wheel, none if it is not well formed."""
    try:
        return parse_wheel_filename(name)[3]
    except InvalidWheelFilename:
        return frozenset()
