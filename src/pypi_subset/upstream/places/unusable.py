"""Files that a page or a pair of pages makes unusable: a run notes those that do not stop it."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.errors import HashMismatch
from pypi_subset.model.intake.verdicts import Unusable

if TYPE_CHECKING:
    from pypi_subset.model.candidates import Candidate

#: The faults of files. The last one is a file of another index, and ``first_source_wins`` takes that of the first.
DAMAGED, TWO_CONTENTS, LEFT_OUT = "damaged entry", "two contents", "left out"
#: Names that are kept of each index and fault.
FIRST = 3


class UnusableFiles:
    """Collects unusable files, from any thread; one that is seen again counts once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def add(self, source: str, project: str, fault: str, file: str) -> None:
        """
        Note a file.

        :param source: the page or directory that has it, without credentials.
        :param fault: `DAMAGED`, `TWO_CONTENTS` or `LEFT_OUT`.
        :param file: its name, or its place on the page.
        """
        index = source.rstrip("/").removesuffix(f"/{project}")
        with self._lock:
            self._found[index, fault].add(file)

    def leave_out(self, one: Candidate) -> None:
        """Note a file that is left out, since a source before its own has other bytes."""
        self.add(one.source, one.distribution.project, LEFT_OUT, one.distribution.filename)

    def noted(self, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        """Return *candidates*; note those that have two contents."""
        for one in candidates:
            if isinstance(one.fault, HashMismatch):
                self.add(one.source, one.distribution.project, TWO_CONTENTS, one.distribution.filename)
        return candidates

    def found(self) -> tuple[Unusable, ...]:
        """Return what was noted, by index and fault, sorted."""
        with self._lock:
            return tuple(
                Unusable(index=index, fault=fault, files=len(names), first=tuple(sorted(names)[:FIRST]))
                for (index, fault), names in sorted(self._found.items())
            )
