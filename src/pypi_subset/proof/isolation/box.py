"""A box for the code of strangers: what it sees, what it may use, and how a command is started in it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pypi_subset.pip.runner import sealed_environment
from pypi_subset.proof.isolation import cgroups, syscalls, views
from pypi_subset.proof.isolation.launching import LAUNCHER
from pypi_subset.proof.isolation.running import InBox, InTheOpen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.proof.isolation.running import Running

#: User ids that neither accounts nor containers use (systemd, "Users, Groups, UIDs and GIDs").
_FIRST_UID, _UIDS = 1_900_000_000, 90_000_000
_GIB = 1 << 30
_GIVING = threading.Lock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """
    What one box may use.

    :param memory: bytes of all its processes, where a cgroup can be made.
    :param address_space: bytes of address space of each process, where none can. Programs reserve more than they use.
    :param file: bytes of the largest file.
    :param scratch: bytes of ``/tmp`` and of ``/dev/shm``, each.
    :param processes: number of processes and threads.
    :param descriptors: number of open files of each process.
    :param cpu: seconds of processor time of each process.
    :param written: bytes on disk below the writable directories; ``None`` for no limit.
    """

    memory: int = 8 * _GIB
    address_space: int = 64 * _GIB
    file: int = 4 * _GIB
    scratch: int = _GIB // 2
    processes: int = 512
    descriptors: int = 4096
    cpu: int = 600
    written: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """
    What a command sees of this machine: programs and libraries of the system, and what is named here.

    :param shown: paths that it sees read-only, at their own place.
    :param writable: directories that it may write, at their own place. They exist.
    :param mounted: further directories that it may write, each with the place where it sees them.
    :param placed: paths that it sees read-only, each with the place where it sees them.
    :param folder: directory for home and temporary files where there is no isolation.
    :param isolated: whether the command gets namespaces of its own.
    :param uid: the user that it runs as where root starts it; 0 for one that no other box has.
    :param listen: address and port for a socket that listens in the box.
    :param hosts: names that mean its loopback address.
    :param bytecode: directory in which its interpreters keep bytecode, as they see it; they keep none without.
    """

    shown: tuple[str, ...]
    folder: Path
    writable: tuple[str, ...] = ()
    mounted: tuple[tuple[str, str], ...] = ()
    placed: tuple[tuple[str, str], ...] = ()
    limits: Limits = field(default_factory=Limits)
    isolated: bool = True
    uid: int = 0
    listen: tuple[str, int] | None = None
    hosts: tuple[str, ...] = ()
    bytecode: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """The options for an interpreter that ignores its environment: where bytecode goes."""
        return ("-X", f"pycache_prefix={self.bytecode}") if self.bytecode else ("-B",)

    def variables(self) -> dict[str, str]:
        """Return the environment of a command, all of it."""
        kept = {"PYTHONPYCACHEPREFIX": self.bytecode} if self.bytecode else {"PYTHONDONTWRITEBYTECODE": "1"}
        made = sealed_environment(self.folder) | kept
        if not self.isolated:
            return made
        shown = [folder for folder in made.get("LD_LIBRARY_PATH", "").split(os.pathsep) if self._shows(folder)]
        plain = {name: value for name, value in made.items() if name not in {"USERPROFILE", "LD_LIBRARY_PATH"}}
        own = {**dict.fromkeys(("TMPDIR", "TEMP", "TMP"), views.TMP), "HOME": views.HOME, "PATH": views.PATH}
        libraries = {"LD_LIBRARY_PATH": os.pathsep.join(shown)} if shown else {}
        return {**plain, **own, **libraries, "USER": "user", "LOGNAME": "user"}

    @contextlib.contextmanager
    def started(
        self,
        command: Sequence[str | Path],
        streams: tuple[int, int, int],
        *,
        variables: Mapping[str, str] | None = None,
        cwd: str = "",
    ) -> Iterator[Running]:
        """
        Start *command*; when the ``with`` block ends, everything that it started has ended.

        :param streams: descriptors of standard input, output and error.
        :param variables: its environment, `variables` if there is none.
        :param cwd: the directory that it starts in, as it sees it; HOME if there is none.
        :raises BoxFailed: the box cannot be made.
        :raises OSError: without isolation, the command cannot be started.
        """
        words, given = [*map(str, command)], self.variables() if variables is None else variables
        with contextlib.ExitStack() as stack:
            if self.isolated:
                group = cgroups.make(self.limits.memory, self.limits.processes)
                stack.callback(cgroups.remove, group)
                running: Running = self._boxed(words, given, streams, cwd, group)
            else:
                running = self._open(words, given, streams, cwd)
            stack.callback(running.close)
            stack.callback(running.end)
            yield running

    def _open(
        self, command: Sequence[str], variables: Mapping[str, str], streams: tuple[int, int, int], cwd: str
    ) -> InTheOpen:
        stdin, stdout, stderr = streams
        return InTheOpen(
            process=subprocess.Popen(
                command,
                env=dict(variables),
                cwd=cwd or self.folder,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        )

    def _boxed(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        streams: tuple[int, int, int],
        cwd: str,
        group: Path | None,
    ) -> InBox:
        uid = self.uid or new_uid()
        if os.geteuid() == 0:
            # One at a time: the box of the first may write where another one still gives away.
            with _GIVING:
                for folder in self._written:
                    hand_over(folder, uid)
        described = {
            **self._described(uid, bounded=group is not None),
            "cgroup": str(group / "cgroup.procs") if group else "",
            "cwd": cwd or views.HOME,
            "command": command,
            "refused": syscalls.program(wide=syscalls.is_wide(command[0])).hex(),
            "environment": dict(variables),
        }
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.ExitStack() as failing:
            failing.callback(ours.close)
            with theirs, open(os.memfd_create("box"), "wb") as description:  # noqa: PTH123 - no path
                description.write(json.dumps(described).encode())
                description.flush()
                launched = LAUNCHER.order([description.fileno(), *streams, theirs.fileno()])
            failing.pop_all()
        watched = self.limits.written is not None
        return InBox(channel=ours, launched=launched, excess=self.excess if watched else None)

    def _described(self, uid: int, *, bounded: bool) -> dict[str, object]:
        """Return what the launcher needs to know; *bounded*, a cgroup limits memory."""
        paths, links = views.of_system()
        seen = [(path, path, False) for path in views.outermost({*paths, *self.shown})]
        seen += [(*one, False) for one in self.placed]
        seen += [(path, path, True) for path in self.writable] + [(*one, True) for one in self.mounted]
        limits = self.limits
        space = {} if bounded else {"RLIMIT_AS": limits.address_space}
        return {
            "uid": uid,
            # A path below another one is mounted after it.
            "views": sorted(seen, key=lambda view: view[1].count("/")),
            "links": {**views.LINKS, **links},
            "files": views.accounts(self.hosts),
            "home": views.HOME,
            "place": tempfile.gettempdir(),
            "scratch": limits.scratch,
            "limits": _held(
                space
                | {
                    # 0 would not keep a crash from the machine's own handler of crashes, 1 does (core(5)).
                    "RLIMIT_CORE": 1,
                    "RLIMIT_CPU": limits.cpu,
                    "RLIMIT_FSIZE": limits.file,
                    "RLIMIT_NPROC": limits.processes,
                    "RLIMIT_NOFILE": limits.descriptors,
                }
            ),
            "listen": self.listen,
        }

    def excess(self) -> str:
        """Return why a command must end for what was written, ``""`` if it may run on."""
        written = sum(map(size_of, self._written))
        return (
            f"wrote more than {self.limits.written} bytes"
            if self.limits.written is not None and written > self.limits.written
            else ""
        )

    @property
    def _written(self) -> list[str]:
        return [*self.writable, *(source for source, _ in self.mounted)]

    def _shows(self, path: str) -> bool:
        """Whether the box shows *path*."""
        inside = (*views.of_system()[0], *self.shown)
        return path.startswith("/") and any(path == one or path.startswith(f"{one}/") for one in inside)


def _held(limits: Mapping[str, int]) -> dict[str, int]:
    """Return *limits*, none above what this process itself is held to."""
    import resource  # noqa: PLC0415 - of Linux, as boxes are

    most = {name: resource.getrlimit(getattr(resource, name))[1] for name in limits}
    return {
        name: limit if most[name] == resource.RLIM_INFINITY else min(limit, most[name])
        for name, limit in limits.items()
    }


def new_uid() -> int:
    """Return the id of a user that has no account and no other process."""
    return _FIRST_UID + secrets.randbelow(_UIDS)


def size_of(folder: str) -> int:
    """
    Return how many bytes the files below *folder* hold, and a kibibyte for each name: empty files need memory too.

    A file that vanishes meanwhile and a hole count nothing.
    """
    total, waiting = 0, [folder]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    facts = entry.stat(follow_symlinks=False)
                    # A block is not counted as full, since wheels hold many small files.
                    total += min(facts.st_size, facts.st_blocks * 512) + 1024
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return total


def hand_over(folder: str, uid: int) -> None:
    """
    Give *folder* and everything in it to *uid*, unless it has it already; no link is followed, at no step of a path.

    Another box of the same user may write there meanwhile: what it makes is its own, and what root would give it by path
    could be a file of this machine, behind a directory that became a link.
    """
    if os.lstat(folder).st_uid == uid:
        return
    for _, folders, names, here in os.fwalk(folder):
        for name in (*folders, *names):
            os.chown(name, uid, uid, dir_fd=here, follow_symlinks=False)
    os.chown(folder, uid, uid, follow_symlinks=False)
