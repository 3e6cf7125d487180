"""The world around a proof: secrets, canaries, listeners and victims, and what an attack did to them."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import secrets
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.evidence.hostile.watching import Watch, marked_processes

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A process of the same user: it holds a secret in its environment, in its memory and in a file without a name.
_VICTIM = """
import ctypes, os, signal, sys
held = ctypes.create_string_buffer(os.environ["HOSTILE_TOKEN"].encode(), 64)
hidden = os.memfd_create("hidden")
os.write(hidden, os.environ["HOSTILE_TOKEN"].encode())
print(ctypes.addressof(held), hidden, flush=True)
signal.signal(signal.SIGUSR1, lambda *_: os._exit(9))
for line in sys.stdin:
    print(held.value.decode("latin-1"), flush=True)
"""
_ADD_KEY, _KEYCTL, _UNLINK = 248, 250, 9
#: The user's own keyring (keyctl(2)).
_USER_KEYRING = -4


@dataclass(kw_only=True)
class World:
    """
    Everything that an attack may reach for.

    :param root: its directory.
    :param work: the scratch directory of cases.
    :param token: a secret. It stands in the environment, in files of the home directory and in another process.
    """

    root: Path
    work: Path
    token: str = field(default_factory=lambda: os.environ.get("HOSTILE_TOKEN") or f"secret{secrets.token_hex(12)}")
    mark: str = field(default_factory=lambda: f"mark{secrets.token_hex(12)}")
    marker: str = field(default_factory=lambda: f"process{secrets.token_hex(12)}")
    facts: dict[str, Any] = field(default_factory=dict)
    watch: Watch = field(init=False)
    connections: list[str] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    #: What was found in an environment before it was removed.
    marks: list[str] = field(default_factory=list)
    victim: Any = None
    #: The other end of the judge's terminal.
    keyboard: int = -1

    def __post_init__(self) -> None:
        self.watch = Watch(marker=self.marker, work=self.work)

    @property
    def home(self) -> Path:
        """The home directory of the user who proves."""
        return self.root / "home"

    @property
    def canaries(self) -> Path:
        """A directory that every user of the machine may write."""
        return self.root / "canaries"

    @contextlib.contextmanager
    def running(self) -> Iterator[World]:
        """Yield the world while its listeners listen and its victim runs."""
        self._fill()
        with contextlib.ExitStack() as stack:
            self._listen(stack)
            self._start(stack)
            self._sit_down()
            self.facts |= {
                "kram": self.mark[::-1],
                "marker": self.marker,
                "judge": os.getpid(),
                "home": str(self.home),
                "canaries": str(self.canaries),
                "canary": str(self.canaries / "canary"),
                "site": str(self.root / "subset" / "site"),
                "packages": str(self.root / "subset" / "packages"),
                "requirements": str(self.root / "subset" / "requirements"),
                "venv": str(self.root / "venv"),
                "work": str(self.work),
            }
            before = signal.signal(signal.SIGUSR2, lambda number, _: self.signals.append(number))
            stack.callback(signal.signal, signal.SIGUSR2, before)
            yield self

    def found_marks(self) -> list[str]:
        """Return where the mark stands: in a file's bytes or in its name, or in a link."""
        places = [self.root, self.work]
        return [*self.marks, *(found for place in places for found in marks_below(place, self.mark))]

    def terminal_shows(self) -> bytes:
        """Return what was written to the judge's terminal, and what was typed there."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self.keyboard, 1 << 16)
        return b""

    def outlived(self) -> list[int]:
        """Return the processes of the attack that still run, and end them."""
        time.sleep(0.3)
        left = marked_processes(self.marker)
        for one in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(one, signal.SIGKILL)
        return left

    def victim_says(self) -> str:
        """Return what stands in the victim's memory, ``""`` if it does not answer or if its limits were changed."""
        try:
            self.victim.stdin.write("\n")
            self.victim.stdin.flush()
            limits = resource.prlimit(self.victim.pid, resource.RLIMIT_NPROC)
            return str(self.victim.stdout.readline()).strip() * (limits != (7, 7))
        except (BrokenPipeError, ProcessLookupError, ValueError):
            return ""

    def _end(self) -> None:
        self.victim.kill()
        self.victim.wait()
        with contextlib.suppress(BrokenPipeError):
            self.victim.stdin.close()
        self.victim.stdout.close()

    def _fill(self) -> None:
        hidden = os.memfd_create("hidden")
        os.write(hidden, self.token.encode())
        neighbour = self.work / "case-neighbour"
        (neighbour / "environment").mkdir(parents=True, exist_ok=True)
        self.facts |= {"open": hidden, "neighbour": str(neighbour / "environment")}
        files = {
            "home/.ssh/id_ed25519": self.token,
            "home/.netrc": f"machine example.org password {self.token}\n",
            "home/.pypirc": self.token,
            "home/.config/pypi-subset/key": self.token,
            "home/.config/pip/pip.conf": self.token,
            "home/.bash_history": self.token,
            "venv/lib/site-packages/tool.py": "",
            "canaries/canary": "",
            "subset/packages/other-1.0-py3-none-any.whl": "",
        }
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.canaries.chmod(0o777)
        (self.canaries / "canary").chmod(0o666)

    def _listen(self, stack: contextlib.ExitStack) -> None:
        sockets: dict[str, tuple[int, int, Any]] = {
            "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "tcp6": (socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self.marker}"),
            "datagrams": (socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{self.marker}-datagrams"),
            "x11": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0/tmp/.X11-unix/X{os.getpid()}"),
            "docker": (socket.AF_UNIX, socket.SOCK_STREAM, str(self.canaries / "docker.sock")),
            "dbus": (socket.AF_UNIX, socket.SOCK_STREAM, str(self.canaries / "bus")),
            "netlink": (socket.AF_NETLINK, socket.SOCK_RAW, (0, 0)),
        }
        for name, (family, kind, address) in sockets.items():
            with contextlib.suppress(OSError):
                one = stack.enter_context(socket.socket(family, kind, 2 if name == "netlink" else 0))
                one.bind(address)
                self.facts[name] = address if isinstance(address, str) else one.getsockname()
                if isinstance(address, str) and not address.startswith("\0"):
                    os.chmod(address, 0o777)  # noqa: PTH101, S103 - as of a server for all users
                threading.Thread(target=self._accept, args=(name, one), daemon=True).start()
        with contextlib.suppress(OSError):
            raw = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
            self.facts["raw"] = True
            threading.Thread(target=self._accept, args=("raw", raw), daemon=True).start()

    def _accept(self, name: str, one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if one.type == socket.SOCK_STREAM:
                one.listen()
                while True:
                    one.accept()[0].close()
                    self.connections.append(name)
            while data := one.recv(4096):
                # Other programs may send as well.
                self.connections += [name] * (self.mark.encode() in data)

    def _sit_down(self) -> None:
        """Give the judge a terminal, as a person at a shell has; what is typed there is echoed."""
        # Closed when the process ends: before, the kernel would hang up on it.
        self.keyboard, terminal = os.openpty()
        os.set_blocking(self.keyboard, False)
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        self.facts["terminal"] = os.ttyname(terminal)

    def _start(self, stack: contextlib.ExitStack) -> None:
        variables = {"HOSTILE_TOKEN": self.token, "PATH": os.environ.get("PATH", "")}
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        command = [sys.executable, "-I", "-S", "-c", _VICTIM]
        self.victim = subprocess.Popen(command, env=variables, cwd=self.home, text=True, **streams)  # type: ignore[call-overload]
        stack.callback(self._end)
        address, hidden = self.victim.stdout.readline().split()
        self.facts |= {"victim": self.victim.pid, "address": int(address), "hidden": int(hidden)}
        keys = ctypes.CDLL(None, use_errno=True).syscall
        key = keys(_ADD_KEY, b"user", self.marker.encode(), self.token.encode(), len(self.token), _USER_KEYRING)
        if key > 0:
            stack.callback(keys, _KEYCTL, _UNLINK, key, _USER_KEYRING)


def marks_below(place: Path, mark: str) -> list[str]:
    """Return the paths below *place* that have *mark* in their bytes, in their name or in where they lead."""
    found = []
    for folder, folders, names in os.walk(place):
        for name in [*folders, *names]:
            path = Path(folder, name)
            with contextlib.suppress(OSError):
                leads = str(path.readlink()) if path.is_symlink() else ""
                regular = not leads and path.is_file() and path.stat().st_size < 1 << 22
                if mark in name or mark in leads or (regular and mark.encode() in path.read_bytes()):
                    found.append(str(path))
    return found
