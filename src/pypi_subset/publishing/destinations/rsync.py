"""
The one door to rsync, for places that are not a directory of this machine; it needs rsync 3.1 on both sides.

Lists tell rsync which files go, and when: one run never does two things whose order matters. rsync itself gives each
file its name when it is whole.
"""

from __future__ import annotations

import calendar
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pypi_subset.errors import DiskError
from pypi_subset.publishing.destinations.base import Found
from pypi_subset.publishing.destinations.folder import other_bytes
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

#: A line of ``rsync --list-only``: mode, size, time, and the name, which for a link says where it leads.
_LINE = re.compile(r"(.)\S{9,} +(\d+) (\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) (.+)")

#: A list of names, each with a zero byte at its end. Times show which files are unchanged. No owner, mode, link: new
#: files have the mode that the umask there gives, whatever the mode here is.
_LISTED = ("--from0", "--times", "--omit-dir-times", "--chmod=ugo=rwX")

#: Exit codes (rsync(1), "EXIT VALUES") after which the next step is not simply to look at what rsync said.
_STEPS = {
    5: "see that the module is there, and that you may write to it",
    10: "see that the machine is up and can be reached",
    11: "see that the directory above it is there, can be written, and has room",
    12: "see that the machine can be reached and has rsync",
    255: "see that ssh gets there without asking, as by a key",
}


def is_remote(to: str) -> bool:
    """Whether rsync reads *to* as ``rsync://…``, ``host:path`` or ``host::module/path``, not as a directory."""
    head = to.partition("/")[0]
    drive = sys.platform == "win32" and len(head.partition(":")[0]) == 1
    return ":" in head and not drive


def _facts(path: Path) -> tuple[int, int, int, int]:
    """Return inode, size, and both times of change in nanoseconds: only the system sets the last."""
    with files.folder_errors(path):
        one = path.lstat()
    return one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns


class Rsync:
    """A place that rsync writes to."""

    def __init__(self, to: str) -> None:
        self.name = to
        self._place = f"{to.rstrip('/')}/"

    def look(self) -> dict[str, Found]:
        """Return all files there, by path; a link is returned as a link."""
        done = self._start("--list-only", "--recursive", "--links", "--no-human-readable", "--", self._place)
        if done.returncode and "No such file or directory (2)" in done.stderr:
            return {}
        found = {}
        for line in self._checked(done).splitlines():
            if (listed := _LINE.fullmatch(line)) and listed[4] != ".":
                kind, size, modified, path = listed.groups()
                found[path.partition(" -> ")[0] if kind == "l" else path] = Found(
                    kind="folder" if kind == "d" else "file" if kind == "-" else "other",
                    size=int(size),
                    modified=calendar.timegm(time.strptime(modified, "%Y/%m/%d %H:%M:%S")),
                )
        return found

    def read(self, path: str) -> bytes:
        """Return the bytes of the file at *path*."""
        with tempfile.TemporaryDirectory() as scratch:
            self._checked(self._start("--", self._place + path, f"{scratch}/"))
            return Path(scratch, PurePosixPath(path).name).read_bytes()

    def changed(self, source: Path, paths: Sequence[str]) -> set[str]:
        """Return which of *paths* have other bytes than below *source*: what a run by checksums would transfer."""
        said = self._listed(paths, source, "--dry-run", "--checksum", "--out-format=%i %n")
        return {line.partition(" ")[2] for line in said.splitlines() if line[:2] in {"<f", ">f"}}

    def send(
        self, source: Path, paths: Sequence[str], progress: Callable[[int], None], digests: Mapping[str, str]
    ) -> None:
        """Put the files at *paths* below *source* there, in one run, each in one step."""
        before = {path: _facts(source / path) for path in paths}
        for path in paths:
            if path in digests and files.sha256_of(source / path) != digests[path]:
                raise other_bytes(source / path)
        self._listed(paths, source, "--checksum")
        # rsync has read each file again: one that changed meanwhile may be another there. No page names it yet.
        for path, facts in before.items():
            if _facts(source / path) != facts:
                raise other_bytes(source / path)
        progress(len(paths))

    def remove(self, paths: Sequence[str], folders: Collection[str] = ()) -> None:
        """Remove the files at *paths*, then the empty *folders*."""
        outermost = sorted(one for one in folders if PurePosixPath(one).parent.as_posix() not in folders)
        for gone, *force in ((paths,), (outermost, "--force")):
            with tempfile.TemporaryDirectory() as scratch:
                # A file that rsync is to send and does not find is removed at the destination; the directories around it must be here.
                for path in gone:
                    Path(scratch, path).parent.mkdir(parents=True, exist_ok=True)
                if gone:
                    self._listed(gone, Path(scratch), "--delete-missing-args", *force)

    def _listed(self, paths: Sequence[str], source: Path, *options: str) -> str:
        """Run rsync for *paths*, from *source* to the place; return what it said."""
        names = "".join(f"{path}\0" for path in paths)
        run = self._start(*_LISTED, *options, "--files-from=-", "--", f"{source.absolute()}/", self._place, given=names)
        return self._checked(run)

    def _start(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        program = shutil.which("rsync")
        if program is None:
            msg = f"{self.name}: rsync is not installed"
            raise DiskError(msg, next_step="install it, or name a directory")
        # Its words and times are read: in one language and one zone.
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        # -s (its long name has changed): no shell over there reads the names.
        command = [program, "-s", "--8-bit-output", *arguments]
        return subprocess.run(
            command, input=given, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
        )

    def _checked(self, done: subprocess.CompletedProcess[str]) -> str:
        if not done.returncode:
            return done.stdout
        lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("rsync error: ")]
        what = lines[0].strip() if lines else f"rsync ended with {done.returncode}"
        step = _STEPS.get(done.returncode, "mend that, and run the same command again")
        msg = f"{self.name}: {what}"
        raise DiskError(msg, next_step=step)
