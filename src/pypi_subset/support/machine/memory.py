"""What a process shows when this machine, or its control group, has no memory left for it."""

from __future__ import annotations

import signal

#: What is said of a process that ended by itself, and of one that was ended. Only a user or the kernel sends that signal.
SHORT, KILLED = "ran out of memory", "was killed, as the kernel does where memory runs out"
STEP = "give this machine or its container more memory or swap, or run less at the same time; then run the same command again"

#: Exit codes of a process that SIGKILL ended: as its parent sees it, and as a shell or another process between says it.
_CODES = frozenset({-getattr(signal, "SIGKILL", 9), 128 + getattr(signal, "SIGKILL", 9)})
#: How a line begins, or what it has, if a program had no memory: Python, C++, Rust, and the C library.
_BEGINNINGS = ("MemoryError", "memory allocation of ")
_WORDS = ("std::bad_alloc", "Cannot allocate memory", "out of memory allocating", "Killed signal terminated program")
#: Lines at the end of an output that are looked at.
_LAST = 30


def ran_out(code: int | None, said: str) -> str:
    """
    Return that a process had too little memory, as a predicate of it; ``""`` if nothing says so.

    :param code: its exit code, negative for a signal; ``None`` if it was ended by the tool.
    :param said: what it wrote.
    """
    if not code:
        return ""
    if code in _CODES:
        return KILLED
    lines = [line.strip() for line in said.splitlines()[-_LAST:]]
    short = any(line.startswith(_BEGINNINGS) or any(word in line for word in _WORDS) for line in lines)
    return SHORT if short else ""
