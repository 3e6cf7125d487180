"""Pages of projects that an index does not show: it answers 403 or 410."""

from __future__ import annotations

import contextlib
import secrets
from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.errors import UpstreamError
from pypi_subset.model.intake.verdicts import Denied
from pypi_subset.support.once import Once
from pypi_subset.upstream.pip_config import without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FORBIDDEN, GONE = 403, 410
_OK = 200
#: What the name of a project begins with that no index has.
_ABSENT = "no-such-project-"


class Denials:
    """
    Remembers which pages were answered with 403 or 410; any thread may use it.

    Object stores without a listing right answer 403 for each key that does not exist. There, 403 means 404.

    :param ask: asks for the page at a URL; the answer is noted here.
    """

    def __init__(self, ask: Callable[[str], object]) -> None:
        self._ask = ask
        self._statuses: dict[str, int] = {}
        self._shown: set[str] = set()
        self._otherwise: set[str] = set()
        self._shown_of: defaultdict[str, set[str]] = defaultdict(set)
        self._roots: dict[str, int] = {}
        self._probed: dict[str, int] = {}
        self._stores = Once[str, bool](self._hides_what_is_absent)

    def note(self, url: str, status: int) -> None:
        """Remember that the page at *url* was answered with *status*."""
        index, project = _parts(url)
        if url in self._roots:
            self._roots[url] = status
            return
        if project.startswith(_ABSENT):
            self._probed[index] = status
            return
        if status != FORBIDDEN:
            self._otherwise.add(index)
        if status in {FORBIDDEN, GONE}:
            self._statuses[url] = status
        elif status == _OK:
            self._shown.add(index)
            self._shown_of[project].add(index)

    def status(self, index: str, project: str) -> int:
        """Return 403 or 410 if *index* answered so for its page of *project*, and does not for all absent ones; else 0."""
        status = self._statuses.get(f"{index}/{project}/", 0)
        return 0 if status == FORBIDDEN and self._stores(index) else status

    def has_shown(self, index: str) -> bool:
        """Return whether *index* showed the page of any project."""
        return index in self._shown

    def words(self, project: str, indexes: Iterable[str]) -> str:
        """Return ``URL answered 403`` for each of *indexes* that did not show its page of *project*, ``""`` without one."""
        found = ((url, self.status(url, project)) for url in indexes)
        return ", ".join(f"{without_credentials(url)} answered {status}" for url, status in found if status)

    def found(self) -> tuple[Denied, ...]:
        """Return what was denied, by index and status, sorted."""
        groups: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        for url in [*self._statuses]:
            index, project = _parts(url)
            if status := self.status(index, project):
                groups[without_credentials(index), status].add(project)
        return tuple(
            Denied(index=index, status=status, projects=tuple(sorted(names)))
            for (index, status), names in sorted(groups.items())
        )

    def closed(self) -> dict[str, dict[str, str]]:
        """
        Return the indexes that answered 403 to all that was asked, where another index showed the page of a project.

        For each index: these projects, and one index that showed the page. "All" is the root, and each project.
        """
        forbidden: defaultdict[str, set[str]] = defaultdict(set)
        for url, status in [*self._statuses.items()]:
            index, project = _parts(url)
            if status == FORBIDDEN and index not in self._otherwise:
                forbidden[index].add(project)
        found = {
            index: {name: min(self._shown_of[name]) for name in sorted(names) if self._shown_of.get(name)}
            for index, names in sorted(forbidden.items())
        }
        return {index: names for index, names in found.items() if names and self._root_of(index) == FORBIDDEN}

    def _root_of(self, index: str) -> int:
        """Return the status of the root of *index*, 0 without an answer."""
        root = f"{index}/"
        self._roots.setdefault(root, 0)
        with contextlib.suppress(UpstreamError):
            self._ask(root)
        return self._roots[root]

    def _hides_what_is_absent(self, index: str) -> bool:
        """Return whether *index* shows pages, and answers 403 for a project that cannot be there."""
        if index not in self._shown:
            return False
        with contextlib.suppress(UpstreamError):
            self._ask(f"{index}/{_ABSENT}{secrets.token_hex(8)}/")
        return self._probed.get(index) == FORBIDDEN


def _parts(url: str) -> tuple[str, str]:
    """Return the index and the project of a page."""
    index, _, project = url.rstrip("/").rpartition("/")
    return index, project
