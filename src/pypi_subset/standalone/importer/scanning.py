"""Lets a program of the user look at the next site, which goes live as it was verified."""

import hashlib
import shlex
import subprocess

from pypi_subset.standalone.errors import Misused, Refused, shown
from pypi_subset.standalone.importer.home import Shelf
from pypi_subset.standalone.importer.reading.paths import RELEASE_PAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pypi_subset.standalone.importer.records import Record

#: Its file descriptor: a result on standard output has no lines of other programs.
STANDARD_ERROR = 2


class Placed:
    """
    The tree of the next release, as it was built.

    :param root: its directory.
    :param record: its files, as they were placed.
    :param found: where each came from, by path: ``None`` for a blob.
    :param grace: further files, as the state has them.
    :param page: content of the page of the release.
    """

    def __init__(
        self,
        root: str,
        record: "Record",
        found: "dict[str, tuple[Shelf, str] | None]",
        grace: "list[dict[str, Any]]",
        page: bytes,
    ) -> None:
        self.root = root
        self.record = record
        self.found = found
        self.further = {one["path"]: str(one["sha256"]) for one in grace}
        self.further[RELEASE_PAGE] = hashlib.sha256(page).hexdigest()

    def changed(self, *, trust: bool) -> str:
        """
        Return the path of a file that is missing, has other bytes, or should not be there; ``""`` if there is none.

        :param trust: whether size and time are enough for files that an earlier import placed.
        """
        shelf = Shelf(self.root, self.record)
        strange = set(shelf.looks) - set(self.record) - set(self.further)
        if strange:
            return min(strange)
        for path, known in self.record.items():
            if not shelf.has(path, known[0], trust=trust and self.found[path] is not None):
                return path
        return next((path for path, one in self.further.items() if not shelf.has(path, one, trust=False)), "")


def scan(program: str, placed: Placed, *, trust: bool) -> None:
    """
    Run *program* with the directory of the tree as last argument; its output goes to standard error.

    :param trust: whether size and time are enough for files that an earlier import placed.
    :raises Misused: it cannot be run.
    :raises Refused: its exit code is not 0, or it changed the tree.
    """
    name = f"`{shown(program)}`"
    try:
        command = [*shlex.split(program), placed.root]
        code = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=STANDARD_ERROR)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise Misused(f"{name} cannot be run: {shown(why)}") from error
    if code:
        raise Refused(f"{name} refused the new site with exit code {code}")
    changed = placed.changed(trust=trust)
    if changed:
        raise Refused(f"{name} changed the new site: {shown(changed)}; name a program that only reads")
