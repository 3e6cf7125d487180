"""The launcher of boxes, as a script: what it refuses, and what it leaves to nobody."""

from __future__ import annotations

import os
import runpy
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.proof.isolation import launching
from pypi_subset.proof.isolation.outcome import outcome
from tests.support.sites.cases import OWN, box_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")


@pytest.fixture(scope="module")
def launcher() -> dict[str, Any]:
    """Return the names of the script, which is not started."""
    return runpy.run_path(str(launching.SCRIPT), run_name="launcher")


@pytest.mark.parametrize("kept", [set(), {0}, {0, 1, 2}, {1, 5}, {63}])
def test_closing_all_but_some(launcher: dict[str, Any], kept: set[int]) -> None:
    """Exactly the descriptors that are to stay stay, also where none lies between two of them."""
    child = os.fork()
    if child == 0:
        source = os.open(os.devnull, os.O_RDWR)
        for number in range(64):
            os.dup2(source, number)
        launcher["close_all_but"](kept)
        opened = set()
        for number in range(64):
            try:
                os.fstat(number)
            except OSError:
                continue
            opened.add(number)
        os._exit(0 if opened == kept else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_mounts_below_a_place(launcher: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names with blanks are read as they are; a directory whose name only begins alike is none."""
    table = tmp_path / "mountinfo"
    lines = [
        rf"1 2 0:1 / {point} rw - tmpfs tmpfs rw" for point in ("/a", r"/a/b\040c", "/ab", r"/a/\134040", "/a/b/d")
    ]
    table.write_text("\n".join(lines) + "\n")
    function = launcher["mounts_below"]
    monkeypatch.setitem(function.__globals__, "open", lambda _, **options: table.open(**options))
    assert function("/a") == ["/a/b c", "/a/\\040", "/a/b/d"]


def test_a_call_that_fails(launcher: dict[str, Any]) -> None:
    """The refusal names the call and the reason."""
    with pytest.raises(launcher["Refused"], match="umount2: ENOENT"):
        launcher["call"]("umount2", b"/absent/place", 0)
    with pytest.raises(launcher["Refused"], match=r"mount: E[A-Z]+ \(bind at /absent/place\)"):
        launcher["mount"]("/absent", "/absent/place", None, launcher["BIND"])


def test_ids_that_a_namespace_knows(launcher: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container with few ids, one beyond them is none."""
    table = tmp_path / "uid_map"
    table.write_text("         0     100000      65536\n    70000      1000          1\n")
    function = launcher["is_mapped"]
    monkeypatch.setitem(function.__globals__, "open", lambda _: table.open())
    assert [function(uid) for uid in (0, 65_535, 65_536, 70_000, 1_900_000_000)] == [True, True, False, True, False]


def run(folder: Path, code: str) -> tuple[int | None, str]:
    """Return how *code* ended in a box, and what it wrote to standard error."""
    done = outcome(box_of(folder), [OWN[0].path, "-I", "-B", "-c", code], 30)
    return done.code, done.stderr.decode()


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "libc.unshare(0x10000000)",  # a user namespace
        "libc.unshare(0x20000)",  # mounts
        "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "libc.umount2(b'/tmp', 2)",
        "libc.mount(b'none', b'/', None, 32 | 4096, None)",  # remounted writable
        "libc.sethostname(b'x', 1)",
        "libc.chroot(b'/tmp')",
        "libc.ptrace(16, 1, 0, 0)",  # PTRACE_ATTACH to process 1
        "libc.setuid(0)",
        "libc.mknod(b'device', 0o60666, 0x800)",
    ],
)
def test_no_right_is_left(tmp_path: Path, code: str) -> None:
    """Each of these calls needs a right, and fails."""
    assert run(tmp_path, f"import ctypes; libc = ctypes.CDLL(None); raise SystemExit(10 + {code})") == (9, "")


def test_process_1_cannot_be_looked_into(tmp_path: Path) -> None:
    """Neither its memory nor its descriptors are the command's, and signals do not reach it."""
    code = """
import os, signal
for path in ("/proc/1/mem", "/proc/1/fd", "/proc/1/environ", "/proc/1/root/etc"):
    try:
        os.listdir(path) if path.endswith(("fd", "etc")) else open(path, "rb").read(1)
    except OSError:
        continue
    raise SystemExit(path)
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
    os.kill(1, number)
"""
    assert run(tmp_path, code) == (0, "")
