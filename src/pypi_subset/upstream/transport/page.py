"""A page of an index, as it came and as it is kept on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypi_subset.support.once import Place, Spool


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """An index page: its text, its media type, and the URL after redirects."""

    text: str
    content_type: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptPage:
    """A `Page` on disk: the pages of some hundred projects have some hundred megabytes."""

    place: Place
    content_type: str
    url: str

    @classmethod
    def of(cls, page: Page, spool: Spool) -> KeptPage:
        """
        Return *page*, kept in *spool*.

        :raises FolderError: the disk is full.
        """
        # What an index escapes in JSON may be half of a surrogate pair.
        place = spool.keep(page.text.encode("utf-8", "surrogatepass"))
        return cls(place=place, content_type=page.content_type, url=page.url)

    def page(self, spool: Spool) -> Page:
        """Return the page."""
        text = spool.read(self.place).decode("utf-8", "surrogatepass")
        return Page(text=text, content_type=self.content_type, url=self.url)
