"""What a destination can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A file at a destination; *modified* is in whole seconds, as rsync states it."""

    kind: Literal["file", "folder", "other"]
    size: int
    modified: int


class Destination(Protocol):
    """A place to publish to; every method raises `FolderError` where the place does not do what it should."""

    @property
    def name(self) -> str:
        """What the user called it."""

    def look(self) -> dict[str, Found]:
        """Return all files there, by path; nothing if there is no such place yet. No link is followed."""

    def read(self, path: str) -> bytes:
        """Return the bytes of the file at *path*."""

    def changed(self, source: Path, paths: Sequence[str]) -> set[str]:
        """Return which of *paths*, all of them there, have other bytes than below *source*."""

    def send(
        self, source: Path, paths: Sequence[str], progress: Callable[[int], None], digests: Mapping[str, str]
    ) -> None:
        """
        Put the files at *paths* below *source* there, each in one step.

        :param progress: receives the number of files that are done.
        :param digests: path → SHA-256 that the bytes must have while they are copied; a path without one has none.
        """

    def remove(self, paths: Sequence[str], folders: Collection[str] = ()) -> None:
        """Remove the files at *paths*, then the empty *folders*."""
