"""System calls that a box refuses."""

from __future__ import annotations

import json
import platform
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.proof.isolation import syscalls
from pypi_subset.proof.isolation.outcome import outcome
from tests.support.sites.cases import OWN, box_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="the numbers are those of Linux on x86_64"
)

ENOSYS, EAFNOSUPPORT = 38, 97


def said(folder: Path, code: str) -> Any:
    """Return what *code* prints as JSON in a box."""
    head = "import ctypes, json, mmap, os, socket\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    done = outcome(box_of(folder), [OWN[0].path, "-I", "-B", "-c", head + code], 30)
    assert done.code == 0, done
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("number", [248, 249, 250, 298, 321, 323, 425, 426, 427, 103, 0x40000000 | 39])
def test_calls_that_are_not_there(tmp_path: Path, number: int) -> None:
    """Keys of the kernel, its log, bpf, performance events, userfaultfd, io_uring and x32 are as in a kernel without them."""
    code = f"libc.syscall({number}, 0, 0, 0, 0, 0); print(json.dumps(ctypes.get_errno()))"
    assert said(tmp_path, code) == ENOSYS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "error"), [(1, 0), (2, 0), (10, 0), (16, 0), (40, EAFNOSUPPORT), (38, EAFNOSUPPORT)]
)
def test_sockets_that_no_namespace_holds(tmp_path: Path, family: int, error: int) -> None:
    """A socket is local, of IP or of the kernel: one to a hypervisor would leave the network namespace."""
    code = f"libc.socket({family}, {3 if family == 16 else 1}, 0); print(json.dumps(ctypes.get_errno()))"
    assert said(tmp_path, code) == error


def test_calls_of_32_bits(tmp_path: Path) -> None:
    """A program of 64 bits makes no socket by the call of 32 bits whose arguments no filter can see."""
    # mov eax, 102; int 0x80; ret
    code = """
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes([0xB8, 102, 0, 0, 0, 0xCD, 0x80, 0xC3]))
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print(json.dumps(-call()))
"""
    assert said(tmp_path, code) == ENOSYS


def test_other_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor whose numbers are not known has no filter; each that is known has one."""
    for name, kinds in syscalls._BY_PROCESSOR.items():  # noqa: SLF001 - there is no list elsewhere
        monkeypatch.setattr(platform, "machine", lambda name=name: name)
        assert len(syscalls.program(wide=True)) // 8 > 30 * len(kinds)
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert syscalls.program(wide=True) == b""


def test_programs_of_64_bits(tmp_path: Path) -> None:
    """It is seen in the file, or in that of the interpreter that a script names; what cannot be read counts as wide."""
    narrow, script = tmp_path / "narrow", tmp_path / "script"
    narrow.write_bytes(b"\x7fELF\x01")
    script.write_bytes(f"#!{narrow} -x\n".encode())
    assert [syscalls.is_wide(str(path)) for path in (narrow, script, OWN[0].path, tmp_path)] == [
        False,
        False,
        True,
        True,
    ]
