"""Leaving the box: rights, namespaces, other processes, devices and settings of the kernel."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any

from tests.evidence.hostile.attack import Attack
from tests.evidence.hostile.attacks.aims import leaked, marked, said, signalled, tampered, typed, used

if TYPE_CHECKING:
    from tests.evidence.hostile.world import World
    from tests.support.wheels import Wheel

_KIND = "escaping"

#: Changes of another process.
_TAMPER = {
    "write-into-memory": """
        def overwrite():
            with open(f"/proc/{W['victim']}/mem", "r+b", 0) as stream:
                stream.seek(W["address"])
                stream.write(b"changed\\0")
        tried(overwrite)
    """,
    "process-vm-writev": """
        data = ctypes.create_string_buffer(b"changed")
        ours = (ctypes.c_size_t * 2)(ctypes.addressof(data), 8)
        theirs = (ctypes.c_size_t * 2)(W["address"], 8)
        libc.process_vm_writev(W["victim"], ours, 1, theirs, 1, 0)
    """,
    "ptrace": """
        ATTACH, POKE, DETACH = 16, 4, 17
        if libc.ptrace(ATTACH, W["victim"], None, None) == 0:
            os.waitpid(W["victim"], 0x40000000)
            libc.ptrace(POKE, W["victim"], ctypes.c_void_p(W["address"]), ctypes.c_void_p(0x6465676e616863))
            libc.ptrace(DETACH, W["victim"], None, None)
    """,
    "signal-to-a-process": "tried(os.kill, W['victim'], signal.SIGTERM); time.sleep(0.3)",
    "signal-by-descriptor": """
        one = tried(os.pidfd_open, W["victim"])
        tried(signal.pidfd_send_signal, one, signal.SIGTERM)
        time.sleep(0.3)
    """,
    "limits-of-a-process": """
        import resource
        tried(resource.prlimit, W["victim"], resource.RLIMIT_NPROC, (7, 7))
    """,
}

#: Ways to the terminal of the judge. The first types a command there, which a shell runs afterwards.
_TERMINAL = {
    "typed-into-the-terminal": """
        import fcntl, termios
        for path in ("/dev/tty", W["terminal"], "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2"):
            terminal = tried(os.open, path, os.O_RDWR | os.O_NOCTTY)
            if isinstance(terminal, int):
                tried(fcntl.ioctl, terminal, termios.TIOCSCTTY, 0)
                for letter in MARK:
                    tried(fcntl.ioctl, terminal, termios.TIOCSTI, letter.encode())
    """,
    "written-on-the-terminal": """
        for path in ("/dev/tty", W["terminal"], *(f"/proc/{W['judge']}/fd/{one}" for one in range(64))):
            terminal = tried(os.open, path, os.O_RDWR | os.O_NOCTTY)
            if isinstance(terminal, int) and os.isatty(terminal):
                tried(os.write, terminal, MARK.encode())
    """,
}

#: Ways to rights: a child tries, and then waits to be looked at.
_RIGHTS = {
    "user-namespace": "libc.unshare(0x10000000); time.sleep(1)",
    "all-namespaces": "libc.unshare(0x10000000 | 0x20000 | 0x40000000); time.sleep(1)",
    "clone-into-namespace": """
number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
if libc.syscall(number, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0) == 0:
    time.sleep(1)
time.sleep(1)
""",
    "namespace-limit-raised": """
try:
    open("/proc/sys/user/max_user_namespaces", "w").write("100")
except OSError:
    pass
libc.unshare(0x10000000); time.sleep(1)
""",
}


def _handle(path: str) -> bytes:
    """Return the handle of the file at *path*, by which root may open it without a path (name_to_handle_at(2))."""
    held = ctypes.create_string_buffer(136)
    ctypes.memmove(held, (128).to_bytes(4, "little"), 4)
    mount = ctypes.c_int()
    if ctypes.CDLL(None).name_to_handle_at(-100, os.fsencode(path), held, ctypes.byref(mount), 0):
        return b""
    return held.raw[: 8 + int.from_bytes(held.raw[:4], "little")]


def _by_handle(world: World) -> list[Wheel]:
    from tests.evidence.hostile.attack import evil  # noqa: PLC0415 - used once

    world.facts["handle"] = _handle(str(world.home / ".netrc")).hex()
    return [evil(_OPEN_BY_HANDLE.source(world))]


_OPEN_BY_HANDLE = Attack(
    name="open-by-handle",
    kind=_KIND,
    code="""
        handle, found = bytes.fromhex(W["handle"]), []
        for place in ("/", "/usr", sys.prefix, "/tmp", os.path.dirname(os.__file__)):
            at = tried(os.open, place, os.O_RDONLY)
            one = libc.open_by_handle_at(at, handle, os.O_RDONLY) if isinstance(at, int) else -1
            found += [os.read(one, 200)] if one >= 0 else []
        say(found)
    """,
    succeeded=leaked,
)


def _opened(path: str, flags: str = "os.O_WRONLY") -> str:
    """Return code that opens a file of the machine, does nothing with it, and says so."""
    return f"say(['opened'] * isinstance(tried(os.open, {path!r}, {flags}), int))"


def _made(call: str) -> str:
    """Return code that says whether the descriptor of a system call was made."""
    return f"say(['opened'] * ({call} >= 0))"


_ROOT: dict[str, dict[str, Any]] = {
    "judge-root": {"code": "tried(mark, f\"/proc/{W['judge']}/root{W['canary']}\")", "succeeded": marked},
    "device-node": {
        "code": "for path in (W['canaries'], '/tmp'): tried(os.mknod, path + '/' + MARK, 0o20666, os.makedev(1, 3))",
        "succeeded": marked,
    },
    "chroot-and-back": {
        "code": """
            here = os.open("/", os.O_RDONLY)
            jail = (sys.pycache_prefix or W["canaries"]) + "/jail"
            os.makedirs(jail, exist_ok=True)
            if libc.chroot(jail.encode()) == 0:
                os.fchdir(here)
                for _ in range(64):
                    os.chdir("..")
                libc.chroot(b".")
                tried(mark, W["canary"])
        """,
        "succeeded": marked,
    },
    "mount-namespace-of-the-judge": {
        "code": """
            space = tried(os.open, f"/proc/{W['judge']}/ns/mnt", os.O_RDONLY)
            libc.unshare(0x20000)
            if isinstance(space, int) and libc.setns(space, 0) == 0:
                tried(mark, W["canary"])
        """,
        "succeeded": marked,
    },
    "remount-writable": {
        "code": """
            libc.unshare(0x20000)
            done = [libc.mount(b"none", b"/usr", None, 32 | 4096, None), libc.mount(b"/", b"/mnt", None, 4096, None)]
            say(["opened"] * (0 in done))
        """,
        "succeeded": said("['opened']"),
    },
    "core-pattern": {"code": _opened("/proc/sys/kernel/core_pattern"), "succeeded": said("['opened']")},
    "kernel-log": {"code": _opened("/dev/kmsg"), "succeeded": said("['opened']")},
    "other-account-password": {"code": _opened("/etc/shadow", "os.O_RDONLY"), "succeeded": said("['opened']")},
    "host-name": {
        "code": "say(['opened'] * (libc.sethostname(*(lambda n: (n, len(n)))(os.uname().nodename.encode())) == 0))",
        "succeeded": said("['opened']"),
    },
    "performance-events": {
        # PERF_TYPE_SOFTWARE, of the whole machine: processor 0, any process.
        "code": _made("call(298, struct.pack('IIQ', 1, 112, 0) + bytes(96), -1, 0, -1, 0)"),
        "succeeded": said("['opened']"),
    },
    "bpf": {
        "code": _made("call(321, 0, struct.pack('IIII', 2, 4, 8, 1) + bytes(56), 72)"),
        "succeeded": said("['opened']"),
    },
}

#: Parts of the kernel with a history of faults; no package needs them to be imported.
_KERNEL = {
    "userfaultfd": _made("call(323, 1)"),
    "io-uring": _made("call(425, 4, ctypes.create_string_buffer(120))"),
    "key-added": _made("call(248, b'user', b'evil', b'x', 1, -4)"),
}

ATTACKS = (
    *(Attack(name=name, kind=_KIND, code=code, succeeded=tampered) for name, code in _TAMPER.items()),
    *(Attack(name=name, kind=_KIND, code=code, succeeded=typed) for name, code in _TERMINAL.items()),
    *(
        Attack(
            name=name,
            kind=_KIND,
            # As a user, who begins without rights.
            code=f"spawn({code!r}, stderr=subprocess.DEVNULL).wait()",
            succeeded=used("capabilities", 0),
        )
        for name, code in _RIGHTS.items()
    ),
    *(Attack(name=name, kind=_KIND, users=("root",), **how) for name, how in _ROOT.items()),
    *(Attack(name=name, kind=_KIND, code=code, succeeded=said("['opened']")) for name, code in _KERNEL.items()),
    Attack(name="open-by-handle", kind=_KIND, wheels=_by_handle, succeeded=leaked, users=("root",)),
    Attack(
        name="signal-to-the-judge",
        kind=_KIND,
        code="""
            tried(os.kill, W["judge"], signal.SIGUSR2)
            tried(os.kill, os.getppid(), signal.SIGUSR2)
            time.sleep(0.3)
        """,
        succeeded=signalled,
    ),
    Attack(
        name="setuid-program",
        kind=_KIND,
        # It waits for a password while it is looked at.
        code="""
            one = subprocess.Popen(["/usr/bin/su", "root", "-c", W["marker"]], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            time.sleep(0.5)
            one.kill()
        """,
        succeeded=used("capabilities", 0),
        users=("user",),
    ),
)
