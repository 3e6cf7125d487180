"""Processes that had too little memory: what they show."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from pypi_subset.support.machine.memory import KILLED, SHORT, ran_out


@pytest.mark.parametrize(
    ("code", "said", "why"),
    [
        (0, "MemoryError", ""),
        (None, "MemoryError", ""),
        (1, "ValueError: no", ""),
        (-6, "", ""),
        (-9, "", KILLED),
        (137, "", KILLED),
        (2, "Traceback\n  File x\nMemoryError\n", SHORT),
        (2, "MemoryError: Unable to allocate 8.00 GiB", SHORT),
        (-6, "terminate called after throwing an instance of 'std::bad_alloc'", SHORT),
        (-6, "memory allocation of 1024 bytes failed", SHORT),
        (1, "OSError: [Errno 12] Cannot allocate memory", SHORT),
        (1, "g++: fatal error: Killed signal terminated program cc1plus\ncompilation terminated.", SHORT),
        (1, "the class MemoryError is caught", ""),
        (1, "MemoryError\n" + "then all went well\n" * 40, ""),
    ],
)
def test_what_says_so(code: int | None, said: str, why: str) -> None:
    """A signal that only a user or the kernel sends, or the words of a program that failed."""
    assert ran_out(code, said) == why


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import resource as r; r.setrlimit(r.RLIMIT_AS, (1 << 28, 1 << 28)); bytes(1 << 30)", SHORT),
        (f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})", KILLED),
        ("raise SystemExit(3)", ""),
    ],
)
def test_real_processes(code: str, why: str) -> None:
    """A limit of the process, and the signal of the kernel."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran_out(done.returncode, done.stderr) == why
