"""Whether the absence of a file from the pages of a project says that the file is gone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pypi_subset.upstream.pip_config import local_path, without_credentials
from pypi_subset.upstream.transport.json_pages import require_version

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

#: PEP 691: what we can read, best first.
ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"

#: The types of a page.
MEDIA_TYPES = frozenset({"application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+html", "text/html"})
#: What a page in HTML holds if it states the version of the API (PEP 629) or the status of a project (PEP 792).
_STATED = "pypi:"
#: What a page in JSON holds (PEP 691).
_NAMED = '"name"'
#: What a page for people has, and no page of an index.
_INTERACTIVE = re.compile(r"<(form|input|script)\b", re.IGNORECASE)
#: What the names of distributions end with, and of files beside them.
_FILES = (".whl", ".gz", ".zip", ".bz2", ".xz", ".tgz", ".tar", ".egg", ".exe", ".asc", ".metadata")


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """
    What was asked of the indexes of one project.

    :param forbidden: whether the server of an index does not show its page of the project.
    :param page_at: returns type and text of the page of the project at an index, ``None`` if there is none.
    :param lists: whether that page lists a file of the project.
    :param is_index: whether there is a page of an index at a URL.
    """

    project: str
    forbidden: Callable[[str], bool]
    page_at: Callable[[str], tuple[str, str] | None]
    lists: Callable[[str], bool]
    is_index: Callable[[str], bool]

    def doubt(self, indexes: Iterable[str], *, moved: bool = True) -> str:
        """
        Return why a file that is not listed may be there all the same, ``""`` if it is gone.

        :param moved: look whether an index without a page of the project has moved.
        """
        found = (self._doubt(url, moved=moved) for url in indexes if local_path(url) is None)
        return next(filter(None, found), "")

    def _doubt(self, url: str, *, moved: bool) -> str:
        shown, page = without_credentials(url), self.page_at(url)
        if self.forbidden(url):
            return f"{shown} does not show its page of {self.project} to this machine (403)"
        if page is None:
            # A server that moved answers everything in that way.
            return "" if not moved or self.is_index(url) else f"{shown} has no page of an index"
        kind, text = page
        # A server may answer everything with one page of another kind.
        stated = _STATED if kind.startswith("text/html") else _NAMED if "json" in kind else ""
        certain = stated in text or self.lists(url)
        return "" if certain else f"the page of {self.project} at {shown} lists no file, and may be none of an index"


def require_index_page(text: str, links: Iterable[str], version: str | None = None) -> None:
    """
    Refuse a page in HTML that is made for people, such as a login: it has no file, but a form or a program.

    :param version: the version of the API that it states.
    :raises ValueError: it is one, or of another version than 1.
    """
    require_version(version)
    if not any(re.split("[?#]", one, maxsplit=1)[0].endswith(_FILES) for one in links) and (
        found := _INTERACTIVE.search(text)
    ):
        msg = f"it links no file, and has <{found[1].lower()}>, as a page for a login"
        raise ValueError(msg)


def is_page(response: Any, types: Collection[str]) -> bool:
    """Whether an answer is a page of one of *types*; its content is not read."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return bool(response.status_code == 200 and kind in types)  # noqa: PLR2004 - HTTP's OK


def stated_size(response: Any) -> int | None:
    """Return the bytes of the whole file that an answer has, or has a part of; ``None`` if it does not state them."""
    stated = response.headers.get("Content-Range", "").rpartition("/")[2] or response.headers.get("Content-Length", "")
    return int(stated) if re.fullmatch("[0-9]{1,18}", stated) else None
