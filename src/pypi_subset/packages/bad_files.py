"""What is let into the subset: every file read once, and what is refused kept for the user and for programs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pypi_subset.errors import BadDistribution, BadFiles
from pypi_subset.model.distributions import BadFile
from pypi_subset.model.documents import encode
from pypi_subset.support import files
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pypi_subset.model.distributions import Artifact, Policy
    from pypi_subset.packages.file_cache import FileCache


#: Below ``packages/``: the files that the last run refused, for programs; there is none if it refused nothing.
LIST = "bad-files.json"


class Intake:
    """
    The door of one run; any thread may use it.

    :param policy: what is done about what is refused.
    :param packages: where the list is kept.
    :param cache: knows the wheels that were read before, and were good.
    """

    def __init__(self, policy: Policy, packages: Path, cache: FileCache) -> None:
        self._policy, self._list, self._cache = policy, packages / LIST, cache
        self._refused: dict[str, BadDistribution] = {}
        #: What was refused while resolving: another release was taken instead, and the site lacks nothing.
        self._passed_over: set[str] = set()
        self._lock = threading.Lock()

    def refuse(self, refused: Mapping[str, BadDistribution]) -> None:
        """Keep what is wrong with each of these file names."""
        with self._lock:
            self._refused |= refused

    def admits(self, path: Path, filename: str) -> bool:
        """Return whether the file at *path*, called *filename*, is what it should be; if not, that is kept."""
        try:
            # An sdist was unpacked by strict rules before it was locked.
            if filename.endswith(".whl"):
                self._cache.metadata(path, filename)
        except BadDistribution as error:
            self.refuse({filename: error})
            return False
        return True

    def admitted(self, artifacts: Iterable[Artifact]) -> tuple[Artifact, ...]:
        """Return those of *artifacts* that are what they should be; what was read once was right."""
        known = self._cache.recall_metadata
        named = ((one, one.distribution.filename) for one in artifacts)
        return tuple(one for one, name in named if known(one.identity, name) or self.admits(one.path, name))

    def pass_over(self, refused: Mapping[str, BadDistribution]) -> tuple[str, ...]:
        """
        Keep the files that were refused while resolving, and return a warning for each.

        :raises BadFiles: bad files stop the run, and there are some.
        """
        self.refuse(refused)
        self._passed_over |= refused.keys()
        if refused and self._policy == "stop":
            self.close()
        return tuple(f"passed over: {error}" for _, error in sorted(refused.items()))

    def close(self) -> dict[BadFile, str]:
        """
        Return a warning for each file that the site lacks, sorted by name; the list in ``packages/`` is up to date.

        What was passed over is on that list, but does not come back: the site depends on locks and files alone.

        :raises BadFiles: bad files stop the run, and there are some.
        """
        found = dict(sorted(self._refused.items(), key=lambda one: printable(one[0])))
        entries = {
            name: BadFile(filename=printable(name), reason=error.what, action=self._policy)
            for name, error in found.items()
        }
        if entries:
            files.write(self._list, encode([*entries.values()]))
        else:
            with files.folder_errors(self._list):
                self._list.unlink(missing_ok=True)
        if found and self._policy == "stop":
            raise BadFiles([*found.values()])
        return {entries[name]: f"left out: {found[name]}" for name in found if name not in self._passed_over}
