"""
Starts commands in boxes: a script of its own, which needs the standard library alone, and is never imported.

It serves orders from a socket, one at a time, and forks for each. The child unshares its namespaces and forks again: that
grandchild is process 1 of the box. It builds a root of binds, moves into it, gives up all rights, and starts the command.
When process 1 ends, the kernel ends everything that the command left behind (pid_namespaces(7)).

Root does all mounting with its own rights, since an unprivileged user may not reach an interpreter below ``/root``. After
that it becomes a user that no account has, in a user namespace of its own.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
from typing import Any, NoReturn

# unshare(2)
NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
# mount(2)
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, NOATIME, NODIRATIME, BIND, REC = 1, 2, 4, 8, 32, 1024, 2048, 4096, 16384
PRIVATE, RELATIME, DETACH = 1 << 18, 1 << 21, 2
# prctl(2)
PDEATHSIG, DUMPABLE, SECCOMP, FILTER, CAPBSET_DROP, NO_NEW_PRIVS, CAP_AMBIENT, CLEAR_ALL = 1, 4, 22, 2, 24, 38, 47, 4
#: netdevice(7): set flags and address of an interface; it is up.
SET_FLAGS, SET_ADDRESS, UP = 0x8914, 0x8916, 0x1

INSIDE = 1000  #: the user and the group inside
#: Flags that a bind inherits and that a user namespace may not take away (mount_namespaces(7)).
LOCKED = (
    *((os.ST_NOSUID, NOSUID), (os.ST_NODEV, NODEV), (os.ST_NOEXEC, NOEXEC)),
    *((os.ST_NOATIME, NOATIME), (os.ST_NODIRATIME, NODIRATIME), (os.ST_RELATIME, RELATIME)),
)
DEVICES = ("null", "zero", "full", "random", "urandom")
_LIBC = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The system refuses a step of the way into the box."""


def call(name: str, *arguments: object) -> None:
    """
    Call a function of the C library.

    :raises Refused: it fails; names the function and the reason.
    """
    if getattr(_LIBC, name)(*arguments) < 0:
        code = ctypes.get_errno()
        raise Refused(f"{name}: {errno.errorcode.get(code, code)}")


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Mount *source* at *target*; *data* are the options of the file system."""
    try:
        call("mount", os.fsencode(source), os.fsencode(target), kind and kind.encode(), flags, data.encode())
    except Refused as error:
        raise Refused(f"{error} ({kind or 'bind'} at {target})") from None


def serve(orders: socket.socket) -> None:
    """Fork for each order, and answer with the process id; return when the socket is closed."""
    # The kernel reaps the children: their exit codes are not needed. No command may interrupt process 1 of its box.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    while True:
        word, descriptors, _, _ = socket.recv_fds(orders, 1, 5)
        if not word:
            return
        server = os.getpid()
        child = os.fork()
        if child == 0:
            orders.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            enter(server, *descriptors)
        for one in descriptors:
            os.close(one)
        orders.send(str(child).encode())


def enter(server: int, description: int, stdin: int, stdout: int, stderr: int, status: int) -> NoReturn:
    """Be a box, as the JSON document behind the descriptor *description* says; never returns."""
    channel = socket.socket(fileno=status)
    try:
        end_with(server)
        box = json.loads(os.pread(description, 1 << 24, 0))
        os.umask(0o022)
        for number, one in enumerate((stdin, stdout, stderr)):
            os.dup2(one, number)
        become_a_box(box, channel)
    except BaseException as error:  # noqa: BLE001 - the other side gets every error
        text = f"{error}" if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        channel.send(f"refused {text}".encode()[:4000])
    finally:
        os._exit(1)


def become_a_box(box: dict[str, Any], channel: socket.socket) -> None:
    """Unshare and fork; the parent waits for process 1, which never comes back from here."""
    uid, gid, mounts_as_root = os.getuid(), os.getgid(), os.geteuid() == 0 and is_mapped(int(box["uid"]))
    if box["cgroup"]:
        with open(box["cgroup"], "w") as stream:
            stream.write("0")
    spaces = NEWNS | NEWPID | NEWIPC | NEWUTS | NEWNET
    if mounts_as_root:
        try:
            call("unshare", spaces)
        except Refused:
            # Root of a container that may not mount: as a plain user it may have namespaces all the same.
            mounts_as_root, uid, gid = False, int(box["uid"]), int(box["uid"])
            change_user(uid)
    if not mounts_as_root:
        call("unshare", spaces | NEWUSER)
        map_user(uid, gid)
    launcher = os.getpid()
    first = os.fork()
    if first:
        channel.close()
        os.waitpid(first, 0)
        os._exit(0)
    end_with(launcher, inside=True)
    loopback_up()
    if box["listen"]:
        address, port = box["listen"]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        if not address.startswith("127.") and address != "::1":
            add_address(address)
        listener = socket.create_server((address, port), family=kind, backlog=64)
        socket.send_fds(channel, [b"listening"], [listener.fileno()])
        listener.close()
    build(box)
    if mounts_as_root:
        change_user(int(box["uid"]))
        call("unshare", NEWUSER)
        map_user(int(box["uid"]), int(box["uid"]))
        call("prctl", PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    run(box, channel)


def is_mapped(uid: int) -> bool:
    """Whether the user namespace of this process knows *uid*: root of a container may have a few ids alone."""
    with open("/proc/self/uid_map") as stream:
        ranges = [[int(word) for word in line.split()] for line in stream]
    return any(first <= uid < first + count for first, _, count in ranges)


def map_user(uid: int, gid: int) -> None:
    """Be user and group 1000 inside (user_namespaces(7))."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{INSIDE} {uid} 1"), ("gid_map", f"{INSIDE} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as stream:
            stream.write(text)


def change_user(uid: int) -> None:
    """Become *uid*, which no account has, for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # Otherwise what is below /proc/self belongs to root, and no namespace could be mapped.
    call("prctl", DUMPABLE, 1, 0, 0, 0)


def loopback_up() -> None:
    """Bring up ``lo``, the only interface of a new network namespace; it begins down."""
    with socket.socket() as plain:
        fcntl.ioctl(plain, SET_FLAGS, struct.pack("16sH22x", b"lo", UP))


def add_address(address: str) -> None:
    """Give ``lo`` the IPv4 *address* too: a site that is named by a number is reached by that number."""
    with socket.socket() as plain:
        fcntl.ioctl(plain, SET_ADDRESS, struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(address)))
        fcntl.ioctl(plain, SET_FLAGS, struct.pack("16sH22x", b"lo:1", UP))


def build(box: dict[str, Any]) -> None:
    """Build the root of the box, and move into it."""
    mount("none", "/", None, REC | PRIVATE)
    # Opened before anything is mounted over them: an input may lie below the place where the new root is built.
    views = [(place, os.open(source, os.O_PATH), writable) for source, place, writable in box["views"]]
    devices = [(name, os.open(f"/dev/{name}", os.O_PATH)) for name in DEVICES]
    root, small = box["place"], NOSUID | NODEV
    mount("tmpfs", root, "tmpfs", small, "size=16m,mode=755")
    for folder in ("dev/shm", "etc", "proc", "tmp", "old"):
        os.makedirs(f"{root}/{folder}")
    # Before the views, some of which may lie below them.
    mount("tmpfs", f"{root}/tmp", "tmpfs", small, f"size={box['scratch']},mode=1777")
    mount("tmpfs", f"{root}/dev/shm", "tmpfs", small | NOEXEC, f"size={box['scratch']},mode=1777")
    for path, text in box["files"].items():
        with open(f"{root}{path}", "w") as stream:
            stream.write(text)
    for path, source, writable in views:
        bind(source, f"{root}{path}", writable=writable)
    for name, source in devices:
        bind(source, f"{root}/dev/{name}", writable=True)
    for path, leads_to in box["links"].items():
        if not os.path.lexists(f"{root}{path}"):
            os.symlink(leads_to, f"{root}{path}")
    os.mkdir(f"{root}{box['home']}")
    os.chmod(f"{root}{box['home']}", 0o777)
    mount("proc", f"{root}/proc", "proc", small | NOEXEC)
    call("pivot_root", os.fsencode(root), os.fsencode(f"{root}/old"))
    os.chdir("/")
    call("umount2", b"/old", DETACH)
    os.rmdir("/old")
    mount("none", "/", None, BIND | REMOUNT | RDONLY | small)
    call("sethostname", b"box", 3)


def bind(source: int, place: str, *, writable: bool) -> None:
    """Bind what the descriptor *source* names at *place*; unless *writable*, with all mounts below it read-only."""
    if os.path.isdir(f"/proc/self/fd/{source}"):
        os.makedirs(place, exist_ok=True)
    elif not os.path.lexists(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.close(os.open(place, os.O_CREAT, 0o600))
    mount(f"/proc/self/fd/{source}", place, None, BIND | REC)
    os.close(source)
    for one in () if writable else (place, *mounts_below(place)):
        flags = os.statvfs(one).f_flag
        keep = sum(flag for stated, flag in LOCKED if flags & stated)
        mount("none", one, None, BIND | REMOUNT | RDONLY | NOSUID | keep)


def mounts_below(place: str) -> list[str]:
    """Return where something is mounted below *place* (proc(5), mountinfo): a bind brings those along, writable."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        points = [line.split(" ")[4] for line in stream]
    for code in (40, 11, 12, 134):
        points = [point.replace(f"\\{code:03}", chr(int(str(code), 8))) for point in points]
    return [point for point in points if point.startswith(f"{place}/")]


def run(box: dict[str, Any], channel: socket.socket) -> NoReturn:
    """Give up all rights, start the command as process 2, and end with it."""
    # No further namespace: in one of its own the command would have rights again.
    with open("/proc/sys/user/max_user_namespaces", "w") as stream:
        stream.write("0")
    for name, most in box["limits"].items():
        resource.setrlimit(getattr(resource, name), (most, most))
    for capability in range(64):
        _LIBC.prctl(CAPBSET_DROP, capability, 0, 0, 0)
    call("prctl", CAP_AMBIENT, CLEAR_ALL, 0, 0, 0)
    call("prctl", NO_NEW_PRIVS, 1, 0, 0, 0)
    if box["refused"]:
        steps = ctypes.create_string_buffer(bytes.fromhex(box["refused"]))
        # struct sock_fprog (seccomp(2))
        call("prctl", SECCOMP, FILTER, struct.pack("HP", len(steps) // 8, ctypes.addressof(steps)), 0, 0)
    # From here on it is the command's fault if this process ends: the kernel may choose it when memory is short.
    channel.send(b"begun")
    command = os.fork()
    if command == 0:
        os.setsid()
        os.chdir(box["cwd"])
        # This one closes when the command has started.
        os.set_inheritable(channel.fileno(), False)
        close_all_but({0, 1, 2, channel.fileno()})
        try:
            os.execve(box["command"][0], box["command"], box["environment"])
        except OSError as error:
            channel.send(f"unstarted {error.strerror}: {box['command'][0]}".encode()[:4000])
        os._exit(127)
    # No other process of the box may look into this one, or write into it.
    call("prctl", DUMPABLE, 0, 0, 0, 0)
    close_all_but({channel.fileno()})
    process = status = 0
    while process != command:
        process, status = os.wait()
    channel.send(f"ended {os.waitstatus_to_exitcode(status)}".encode())
    os._exit(0)


def close_all_but(kept: set[int]) -> None:
    """Close every descriptor but those in *kept*."""
    start = 0
    for number in sorted(kept):
        # CPython hands an empty range on as one without an end.
        if start < number:
            os.closerange(start, number)
        start = number + 1
    os.closerange(start, 1 << 16)


def end_with(parent: int, *, inside: bool = False) -> None:
    """End when *parent* does; *inside* a new pid namespace it is process 0."""
    call("prctl", PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != (0 if inside else parent):
        os._exit(1)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
