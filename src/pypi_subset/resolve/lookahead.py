"""
Pages and METADATA that pip will ask for soon, fetched in threads while it waits for others.

pip asks for one thing after the other. The lookahead follows requirements to the newest release that they admit, as pip
does at first. It decides nothing: what was fetched in vain has no effect, and an error shows if pip asks for the same.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.distributions.metadata import dependencies_of, parse_requirement
from pypi_subset.errors import SubsetError
from pypi_subset.resolve.explain.rejections import admits, allows
from pypi_subset.support.threads import DaemonThreadPool
from pypi_subset.targets.markers import UndefinedName, holds

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

    from packaging.requirements import Requirement
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.requests import Job
    from pypi_subset.model.targets import Target
    from pypi_subset.upstream.gateway import Loopback

#: Pages and files that are fetched at the same time.
PARALLEL = 8
#: Requests of a set from which on it is worth the threads.
LARGE = 5


class Lookahead:
    """
    Fetches ahead for several jobs, while the ``with`` block lasts.

    :param index: where pip will ask.
    """

    def __init__(self, index: Loopback) -> None:
        self._index = index
        self._pool = DaemonThreadPool(PARALLEL)
        self._lock = threading.Lock()
        self._begun: set[tuple[str, NormalizedName, frozenset[str]]] = set()
        self._over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._over = True
            self._pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, job: Job) -> None:
        """Fetch what *job* will need, if it has many requests."""
        asked = [one.requirement for one in job.requirement_set.requests]
        if len(asked) >= LARGE:
            self._follow(job.target, asked, frozenset())

    def _follow(self, target: Target, requirements: Iterable[Requirement], extras: frozenset[str]) -> None:
        for one in requirements:
            with contextlib.suppress(UndefinedName):
                if one.url or not holds(one.marker, target.environment, extras):
                    continue
                key = target.name, canonicalize_name(one.name), frozenset(map(canonicalize_name, one.extras))
                with self._lock:
                    if not self._over and key not in self._begun:
                        self._begun.add(key)
                        self._pool.submit(self._fetch, target, one)

    def _fetch(self, target: Target, requirement: Requirement) -> None:
        with contextlib.suppress(SubsetError, InvalidRequirement):
            found = self._index.first(canonicalize_name(requirement.name), target)
            best = max((one for one in found if _is_likely(one, requirement, target)), key=_version, default=None)
            data = None if best is None else self._index.upstream.metadata_ahead(best)
            if data is not None:
                extras = frozenset(map(canonicalize_name, requirement.extras))
                self._follow(target, map(parse_requirement, dependencies_of(data).requires), extras)


def _is_likely(one: Candidate, requirement: Requirement, target: Target) -> bool:
    """Return whether pip probably takes *one* for *requirement*: no pre-release, and nothing that was yanked."""
    version = one.distribution.version
    usual = one.distribution.yanked is None and not version.is_prerelease
    return usual and admits(requirement, version) and allows(one.distribution.requires_python, target.release)


def _version(one: Candidate) -> Version:
    return one.distribution.version
