"""Pages for pip, and what of the answers to one pip is shared with others, and how much of it."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.utils import NormalizedName

    from pypi_subset.model.distributions import Distribution

#: Characters of what travels with an order of pip: pages for each, and of METADATA and names of wheels in one run.
MOST_PAGES, MOST_METADATA, MOST_FILES = 4 << 20, 4 << 20, 1 << 20


def page_of(project: NormalizedName, entries: Sequence[str]) -> bytes | None:
    """Return a page with *entries*, each in JSON, as PEP 691 wants it; none without a file."""
    if not entries:
        return None
    return f'{{"meta": {{"api-version": "1.0"}}, "name": "{project}", "files": [{", ".join(entries)}]}}'.encode()


def entry_of(one: Distribution, url: str) -> str:
    """Return one file of a page. METADATA is promised for every wheel: `Upstream` finds it wherever it is (PEP 714)."""
    entry: dict[str, Any] = {
        "filename": one.filename,
        "url": url,
        "hashes": {"sha256": one.sha256} if one.sha256 else {},
        "core-metadata": True,
    }
    if one.requires_python:
        entry["requires-python"] = one.requires_python
    if one.yanked is not None:
        entry["yanked"] = one.yanked or True
    return json.dumps(entry)


class Known:
    """The answers of an index that a pip need not ask for, since another one has asked for them."""

    def __init__(self) -> None:
        self._metadata, self._files = Shared(MOST_METADATA), Shared(MOST_FILES)
        self._common: dict[str, str] = {}

    def offer(self, filename: str, url: str, offered: Iterable[bool]) -> None:
        """Note the wheel at *url* if it is *offered* to two targets, or to the only one: what one alone gets is not shared."""
        answers = [*offered]
        if sum(answers) >= min(2, len(answers)):
            self._common[filename] = url

    def order(self, pages: Iterable[tuple[str, str]], metadata: Iterable[tuple[str, str]]) -> dict[str, dict[str, str]]:
        """
        Return what goes with an order of pip, as `pypi_subset.pip.sharing` takes it.

        :param pages: URL and text of each page of that pip.
        :param metadata: URL and METADATA of all wheels; what was returned once does not come again.
        """
        files = self._files.more([*self._common.items()])
        return {"pages": dict(within(MOST_PAGES, pages)), "metadata": self._metadata.more(metadata), "files": files}


class Shared:
    """
    What is shared once, up to a bound; any thread may use it.

    :param most: characters.
    """

    def __init__(self, most: int) -> None:
        self._left = most
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def more(self, known: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Return what of *known*, names with values, was not returned before, as far as there is room."""
        with self._lock:
            found = dict(within(self._left, (one for one in known if one[0] not in self._seen)))
            self._left -= _characters(found.items())
            self._seen |= found.keys()
            return found


def within(most: int, known: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the first of *known* that have at most *most* characters together."""
    for one in known:
        most -= _characters([one])
        if most < 0:
            return
        yield one


def _characters(known: Iterable[tuple[str, str]]) -> int:
    return sum(len(name) + len(value) for name, value in known)
