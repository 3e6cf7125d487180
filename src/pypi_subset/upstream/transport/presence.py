"""Whether the absence of a file from the pages of a project says that the file is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pypi_subset.upstream.pip_config import local_path, without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

#: What a page in HTML holds if it states the version of the API (PEP 629) or the status of a project (PEP 792).
_STATED = "pypi:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """
    What was asked of the indexes of one project.

    :param forbidden: URLs of pages that a server did not show.
    :param page_at: returns type and text of the page of the project at an index, ``None`` if there is none.
    :param lists: whether that page lists a file of the project.
    :param is_index: whether there is a page of an index at a URL.
    """

    project: str
    forbidden: Collection[str]
    page_at: Callable[[str], tuple[str, str] | None]
    lists: Callable[[str], bool]
    is_index: Callable[[str], bool]

    def doubt(self, indexes: Iterable[str]) -> str:
        """Return why a file that is not listed may be there all the same, ``""`` if it is gone."""
        found = (self._doubt(url) for url in indexes if local_path(url) is None)
        return next(filter(None, found), "")

    def _doubt(self, url: str) -> str:
        shown, page = without_credentials(url), self.page_at(url)
        if f"{url}/{self.project}/" in self.forbidden:
            return f"{shown} does not show its page of {self.project} to this machine"
        if page is None:
            # A server that moved answers everything in that way.
            return "" if self.is_index(url) else f"{shown} has no page of an index"
        kind, text = page
        # A server may answer everything with one page of another kind.
        certain = not kind.startswith("text/html") or _STATED in text or self.lists(url)
        return "" if certain else f"the page of {self.project} at {shown} lists no file, and may be none of an index"


def is_page(response: Any, types: Collection[str]) -> bool:
    """Whether an answer is a page of one of *types*; its content is not read."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return bool(response.status_code == 200 and kind in types)  # noqa: PLR2004 - HTTP's OK
