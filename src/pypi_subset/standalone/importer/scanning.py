"""Lets a program of the user look at the next site, which goes live as it was verified."""

import contextlib
import hashlib
import os
import shlex
import stat
import subprocess

from pypi_subset.standalone.errors import Misused, Refused, shown
from pypi_subset.standalone.importer.home import Shelf
from pypi_subset.standalone.importer.reading.paths import RELEASE_PAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pypi_subset.standalone.importer.records import Record

    #: What the system knows of a file or directory, by path below the tree.
    Facts = dict[str, os.stat_result]

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

        self.facts: Facts = facts_below(root)

    def put_back(self) -> "list[str]":
        """
        Return which modes and owners were changed, after giving files and directories those of before.

        The live site has the same files where they are hard links: its web server must still read them.
        """
        now, found = facts_below(self.root), []
        for path in sorted(set(now) & set(self.facts)):
            place, before, after = os.path.join(self.root, path), self.facts[path], now[path]
            if stat.S_IFMT(before.st_mode) != stat.S_IFMT(after.st_mode):
                continue
            if (before.st_uid, before.st_gid) != (after.st_uid, after.st_gid):
                found.append(f"the owner of {shown(path or self.root)}")
                with contextlib.suppress(PermissionError):
                    os.chown(place, before.st_uid, before.st_gid)
            if before.st_mode != after.st_mode:
                found.append(f"the mode of {shown(path or self.root)}")
                os.chmod(place, stat.S_IMODE(before.st_mode))
        return found

    def changed(self, *, trust: bool) -> str:
        """
        Return the path of the first file that is missing, changed or unexpected; ``""`` if all are as recorded.

        :param trust: whether size and times are enough for files that an earlier import placed.
        """
        shelf, now = Shelf(self.root, self.record), facts_below(self.root)
        differ = set(now) ^ set(self.facts)
        if differ:
            return min(differ)
        for path, known in self.record.items():
            # A program that writes into a file can set its time back, but not the time of its last change of any kind.
            same = (now[path].st_ino, now[path].st_ctime_ns) == (self.facts[path].st_ino, self.facts[path].st_ctime_ns)
            if not shelf.has(path, known[0], trust=trust and same and self.found[path] is not None):
                return path
        return next((path for path, one in self.further.items() if not shelf.has(path, one, trust=False)), "")


def facts_below(root: str) -> "Facts":
    """Return what the system knows of the directory *root* and of all below it; links are not followed."""
    found = {"": os.lstat(root)}
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(os.path.join(root, prefix)) as entries:
            for entry in entries:
                path = prefix + entry.name
                found[path] = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(found[path].st_mode):
                    waiting.append(path + "/")
    return found


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
    given = placed.put_back()
    if code:
        raise Refused(f"{name} refused the new site with exit code {code}")
    changed = shown(placed.changed(trust=trust)) or ", ".join(given[:1])
    if changed:
        raise Refused(f"{name} changed the new site: {changed}; name a program that only reads")
