"""System calls that a box refuses: namespaces hold neither keys of the kernel nor every kind of socket."""

from __future__ import annotations

import platform
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: BPF (bpf(4)): load a word of the call, compare, compare for at least, return; by seccomp(2) with an error or to go on.
_LOAD, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_ENOSYS, _EAFNOSUPPORT = 38, 97
#: Places in ``struct seccomp_data``: number, processor, low half of the first argument.
_NUMBER, _PROCESSOR, _FIRST = 0, 4, 16
#: Sockets that network namespaces hold. Those to a hypervisor, for one, they do not.
_FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK
#: The bit of calls by x86_64's second convention, x32, which no interpreter uses.
_X32 = 0x40000000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Calls:
    """
    The calls of one kind of processor.

    :param processor: ``AUDIT_ARCH_…`` (linux/audit.h).
    :param refused: add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd, syslog and those of io_uring.
    :param socket: the number of socket(2).
    :param multiplexed: the number of socketcall(2), whose arguments no filter can see.
    """

    processor: int
    refused: tuple[int, ...]
    socket: int
    multiplexed: int | None = None


_RING = (425, 426, 427)
_X86_64 = _Calls(processor=0xC000003E, refused=(248, 249, 250, 321, 298, 323, 103, *_RING), socket=41)
_I386 = _Calls(processor=0x40000003, refused=(286, 287, 288, 357, 336, 374, 103, *_RING), socket=359, multiplexed=102)
_AARCH64 = _Calls(processor=0xC00000B7, refused=(217, 218, 219, 280, 241, 282, 116, *_RING), socket=198)
_ARM = _Calls(processor=0x40000028, refused=(309, 310, 311, 386, 364, 388, 103, *_RING), socket=281)

#: Processor → the calls of its programs, those of 64 bits first.
_BY_PROCESSOR = {"x86_64": (_X86_64, _I386), "aarch64": (_AARCH64, _ARM), "i686": (_I386,), "armv7l": (_ARM,)}


def program(*, wide: bool) -> bytes:
    """
    Return the filter for this processor as an array of ``struct sock_filter``, empty for one that is not known here.

    :param wide: whether the command is a program of 64 bits: then 32-bit calls for sockets are refused as a whole.
    """
    known = _BY_PROCESSOR.get(platform.machine(), ())
    steps: list[bytes] = []
    for calls in known:
        section = b"".join(_section(calls, wide=wide))
        steps += [_step(_LOAD, _PROCESSOR), _step(_EQUALS, calls.processor, no=len(section) // 8), section]
    # Calls of another kind than the processor has.
    return b"".join([*steps, _step(_RETURN, _ERROR | _ENOSYS)]) if known else b""


def is_wide(command: str) -> bool:
    """Return whether the file *command*, or the interpreter that its first line names, is a program of 64 bits."""
    for _ in range(2):
        try:
            with open(command, "rb") as stream:  # noqa: PTH123 - a path as text
                start = stream.read(256)
        except OSError:
            return True
        words = start.partition(b"\n")[0].removeprefix(b"#!").split()
        if not start.startswith(b"#!") or not words:
            break
        command = words[0].decode(errors="replace")
    # Its class (elf(5)).
    return start[:4] != b"\x7fELF" or start[4] == 2  # noqa: PLR2004 - ELFCLASS64


def _section(calls: _Calls, *, wide: bool) -> Iterable[bytes]:
    """Yield what decides about a call of one kind."""
    yield _step(_LOAD, _NUMBER)
    yield from _refused(_AT_LEAST, _X32)
    for number in calls.refused:
        yield from _refused(_EQUALS, number)
    if wide and calls.multiplexed is not None:
        yield from _refused(_EQUALS, calls.multiplexed)
    # Other calls go on behind the five steps for families.
    yield _step(_EQUALS, calls.socket, no=len(_FAMILIES) + 2)
    yield _step(_LOAD, _FIRST)
    for place, family in enumerate(_FAMILIES):
        yield _step(_EQUALS, family, yes=len(_FAMILIES) - place)
    yield _step(_RETURN, _ERROR | _EAFNOSUPPORT)
    yield _step(_RETURN, _ALLOW)


def _refused(compare: int, number: int) -> tuple[bytes, bytes]:
    return _step(compare, number, no=1), _step(_RETURN, _ERROR | _ENOSYS)


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)
