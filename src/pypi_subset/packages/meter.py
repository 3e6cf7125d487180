"""The bytes of the files of a run, as they arrive."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.support.progress import Stage


class Meter:
    """Counts the bytes of files on *bar*; what arrives of a file beyond its stated size is not counted."""

    def __init__(self, bar: Stage) -> None:
        self.bar = bar
        self._left: dict[str, int] = {}
        self._came: dict[str, int] = {}
        self._lock = threading.Lock()

    def expect(self, one: Distribution) -> None:
        """Add the size of a file to the total; one without a stated size is not counted."""
        with self._lock:
            self._left[one.filename] = one.size or 0
        self.bar.expect(one.size or 0)

    def arrived(self, filename: str, count: int) -> None:
        """Count bytes of a file that is expected."""
        with self._lock:
            self._came[filename] = self._came.get(filename, 0) + count
            counted = min(count, self._left.get(filename, 0))
            if counted:
                self._left[filename] -= counted
        if counted:
            self.bar.advance(counted)

    def left(self, one: Distribution) -> int:
        """Return the bytes of a file that was expected and that have not arrived."""
        with self._lock:
            return self._left.get(one.filename, 0)

    def end(self, one: Distribution, *, is_left: bool) -> int | None:
        """
        Return the bytes of a whole file that were counted; ``None`` if a stopped run has fetched all of it.

        What a stopped run has fetched goes from the total. What this run fetched without a count is counted.

        :param is_left: whether a stopped run left the file.
        """
        with self._lock:
            came, left = self._came.get(one.filename, 0), self._left.pop(one.filename, 0)
        if came or is_left:
            self.bar.expect(-left)
        else:
            self.bar.advance(left)
        return None if is_left else came
