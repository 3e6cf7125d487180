"""Wheels of the project ``bad`` 1.0 that readers of ZIP read differently, or that some system cannot hold."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.support.stages.archives import Part, deflated, pack_parts, parts_of_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "bad-1.0-py3-none-any.whl"
INFO = "bad-1.0.dist-info"
#: Members that are hidden from some readers.
EVIL = Part(name=b"evil.py", data=b"raise SystemExit('evil')\n")
_WIDE = 0xFFFFFFFF


def good(**files: bytes) -> list[Part]:
    """Return the parts of a good wheel; *files* are further members, ``__`` a slash and ``_dot_`` a dot in their names."""
    return parts_of_wheel("bad", {name.replace("__", "/").replace("_dot_", "."): data for name, data in files.items()})


def holding(*names: str) -> bytes:
    """Return a wheel with members of these *names*, all in its RECORD."""
    return pack_parts(parts_of_wheel("bad", dict.fromkeys(names, b"")))


def changed(name: str = "bad.py", **change: object) -> list[Part]:
    """Return the parts of a good wheel, of which the one called *name* is changed."""
    return [replace(part, **change) if part.name == name.encode() else part for part in good()]  # type: ignore[arg-type]


def entries(text: str) -> bytes:
    """Return a wheel with *text* as its entry points."""
    return pack_parts(parts_of_wheel("bad", {f"{INFO}/entry_points.txt": text.encode()}))


def link() -> bytes:
    """Return a wheel with a symbolic link, which its RECORD knows."""
    target = b"/etc/passwd"
    parts = parts_of_wheel("bad", {"link.py": target})
    return pack_parts([replace(one, mode=0o120777) if one.name == b"link.py" else one for one in parts])


def overlapping(size: int = 2_000_000, count: int = 48) -> bytes:
    """Return a small wheel whose *count* members share the same bytes, each of which unpacks to *size* bytes."""
    parts = parts_of_wheel("bad", {f"m{number}.bin": bytes(size) for number in range(count)})
    first = next(part for part in parts if part.name == b"m0.bin")
    offset = len(pack_parts(parts[: parts.index(first)])) - len(_directory(parts[: parts.index(first)])) - 22
    packed = {"packed": len(first.held)}
    held = [
        replace(one, packed=b"", entry={**packed, "place": offset}, header=packed)
        if one.name.endswith(b".bin") and one is not first
        else one
        for one in parts
    ]
    return pack_parts(held)


def _directory(parts: list[Part]) -> bytes:
    data = pack_parts(parts)
    length, start = struct.unpack_from("<2L", data, len(data) - 10)
    return data[start : start + length]


def two_names() -> bytes:
    """Return a wheel with two entries for one member, of which the first has another name; RECORD has both."""
    parts = parts_of_wheel("bad", {"evil.py": b"value = 1\n"})
    evil = next(part for part in parts if part.name == b"evil.py")
    entry = {"place": 0, "packed": len(evil.held), "size": len(evil.data)}
    ghost = replace(evil, packed=b"", entry=entry)
    data = pack_parts([part for part in parts if part is not evil])
    length, start = struct.unpack_from("<2L", data, len(data) - 10)
    directory = _directory([ghost])
    count = len(parts)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, length + len(directory), start, 0)
    return data[:start] + directory + data[start : start + length] + end


def two_archives() -> bytes:
    """Return two archives in one file: a reader from the front finds the first, one from the end the second."""
    return pack_parts([EVIL]) + pack_parts(good())


def another_end() -> bytes:
    """Return a wheel in whose comment a second end record stands, that of an archive with another member."""
    evil = pack_parts([EVIL])
    return pack_parts(good(), comment=evil)


def wide_end() -> bytes:
    """Return a wheel whose 64-bit end record names another directory than its end record does."""
    parts = good()
    data = pack_parts(parts)
    length, start = struct.unpack_from("<2L", data, len(data) - 10)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 0, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, start + length, 1)
    return pack_parts(parts, before_end=record + locator)


def described(data: bytes) -> bytes:
    """Return a wheel of which one member is followed by *data* where its sizes should stand."""
    part = next(part for part in good() if part.name == b"bad.py")
    header = {"crc": 0, "packed": 0, "size": 0}
    return pack_parts(changed(both={"flags": 8}, header=header, behind=data or part.descriptor))


def hidden_tail() -> bytes:
    """Return a wheel with a member behind whose packed data others are hidden."""
    part = next(part for part in good() if part.name == b"bad.py")
    return pack_parts(changed(packed=part.held + pack_parts([EVIL])))


def another_size() -> bytes:
    """Return a wheel with a member that unpacks to more than the directory says."""
    return pack_parts(changed(packed=deflated(b"value = 1\n" + b"evil()\n")))


def another_path() -> bytes:
    """Return a wheel of which one member has another name in an extra field, which some readers prefer."""
    other = b"evil.py"
    extra = struct.pack("<HHBL", 0x7075, 5 + len(other), 1, zlib.crc32(b"bad.py")) + other
    return pack_parts(changed(fields=(extra, extra)))


#: What is wrong, of the layout of the file → what makes such a wheel, and what is said of it.
LAYOUT: dict[str, tuple[Callable[[], bytes], str]] = {
    "bytes-before": (lambda: b"#!/bin/sh\n" + pack_parts(good()), "not directly before its end record"),
    "two-archives": (two_archives, "not directly before its end record"),
    "member-before-the-first": (lambda: pack_parts(changed(before=pack_parts([EVIL]))), "something before 'bad.py'"),
    "gap-between-members": (
        lambda: pack_parts(changed(f"{INFO}/WHEEL", before=b"\0" * 8)),
        f"something before '{INFO}/WHEEL'",
    ),
    "gap-before-the-directory": (
        lambda: pack_parts(good(), before_directory=pack_parts([EVIL])),
        "something between the last member and the directory",
    ),
    "gap-behind-the-directory": (lambda: pack_parts(good(), before_end=b"\0" * 8), "not directly before its end"),
    "bytes-behind": (lambda: pack_parts(good(), behind=b"\n"), "does not end with the end record"),
    "comment": (lambda: pack_parts(good(), comment=b"hello"), "does not end with the end record"),
    "another-end-in-the-comment": (another_end, "not directly before its end record"),
    "comment-of-a-member": (lambda: pack_parts(changed(comment=b"PK\5\6")), "its directory is damaged"),
    "another-64-bit-end": (wide_end, "contradict each other"),
    "64-bit-end-elsewhere": (
        lambda: pack_parts(good(), before_end=struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)),
        "its 64-bit end record is not beside its end record",
    ),
    "directory-with-a-tail": (
        lambda: pack_parts(good(), before_end=b"x" * 9, end={"length": len(_directory(good())) + 9}),
        "its directory is damaged",
    ),
    "damaged-data": (lambda: pack_parts(changed(packed=b"\xff" * 9)), "cannot be unpacked"),
    "damaged-sizes-before-the-member": (
        lambda: pack_parts(changed(fields=(b"\1\0\4\0abcd", b""))),
        "has damaged sizes in its own header",
    ),
    "fewer-members": (lambda: pack_parts(good(), end={"here": 3, "count": 3}), "has 4 members, and should have 3"),
    "another-disk": (lambda: pack_parts(good(), end={"disk": 1}), "not directly before its end record"),
    "overlapping-bomb": (overlapping, "claims to unpack to"),
    "overlapping-members": (lambda: overlapping(1000, 3), "or another member overlaps it"),
    "two-names-of-a-member": (two_names, "or another member overlaps it"),
    "twice-in-the-directory": (lambda: pack_parts([*good(), good()[0]]), "a name occurs twice"),
    "another-name-before-the-member": (lambda: pack_parts(changed(called=b"sys.py")), "another name in its own header"),
    "longer-name-before-the-member": (lambda: pack_parts(changed(called=b"bad.pyx")), "another name in its own header"),
    "another-size-before-the-member": (lambda: pack_parts(changed(header={"size": 4})), "other sizes in its own"),
    "another-checksum-before-the-member": (lambda: pack_parts(changed(header={"crc": 1})), "other sizes in its own"),
    "another-packing-before-the-member": (lambda: pack_parts(changed(header={"method": 0})), "other flags in its own"),
    "another-descriptor": (lambda: described(b"PK\7\x08" + bytes(12)), "not followed by its sizes"),
    "descriptor-of-a-stored-member": (
        lambda: pack_parts(changed(method=0, both={"flags": 8, "method": 0})),
        "has no certain size",
    ),
    "hidden-behind-the-data": (hidden_tail, "holds other bytes than its size"),
    "another-size": (another_size, "holds other bytes than its size"),
    "another-path-in-a-field": (another_path, "an extra field that is damaged, or that only some readers know"),
    "damaged-field": (lambda: pack_parts(changed(fields=(b"\1\0\xff", b"\1\0\xff"))), "an extra field that is damaged"),
    "damaged-sizes": (
        lambda: pack_parts(changed(fields=(b"", b"\1\0\4\0abcd"), entry={"size": _WIDE})),
        "has damaged sizes in the directory",
    ),
    "encrypted": (lambda: pack_parts(changed(both={"flags": 1})), "is encrypted"),
    "another-packing": (lambda: pack_parts(changed(both={"method": 12})), "is neither stored nor deflated"),
    "symbolic-link": (link, "is a link or another special file"),
    "device-file": (lambda: pack_parts(changed(mode=0o020666)), "is a link or another special file"),
    "set-user-id": (lambda: pack_parts(changed(mode=0o104755)), "sets the user that runs it"),
    "directory-with-content": (
        lambda: pack_parts([*good(), Part(name=b"folder/", data=b"evil", mode=0o040755)]),
        "is a directory with content",
    ),
    "name-without-its-encoding": (
        lambda: pack_parts(parts_of_wheel("bad", {"b\xe4d.py": b""})).replace(b"b\xc3\xa4d.py", b"b\xe4\xe4d.py"),
        "is not UTF-8",
    ),
    "name-in-no-certain-encoding": (
        lambda: pack_parts([*good(), replace(EVIL, name=b"b\xc3\xa4d.py", both={"flags": 0})]),
        "is not UTF-8",
    ),
}

#: Names that some system cannot hold, or takes for another one → what is said of it.
NAMES: dict[str, tuple[tuple[str, ...], str]] = {
    "upwards": (("a/../../evil.py",), "which leads out"),
    "absolute": (("/etc/evil.py",), "which leads out"),
    "backslash": (("..\\evil.py",), "which leads out"),
    "empty-part": (("a//evil.py",), "which leads out"),
    "dot-part": (("./evil.py",), "which leads out"),
    "drive": (("c:evil.py",), "that Windows reserves"),
    "stream": (("bad.py:evil",), "that Windows reserves"),
    "question-mark": (("what?.py",), "that Windows reserves"),
    "device": (("bad/NUL.py",), "a device on Windows"),
    "device-with-a-digit": (("bad/com1",), "a device on Windows"),
    "device-with-a-high-digit": (("bad/lpt\xb9.txt",), "a device on Windows"),
    "device-and-a-space": (("bad/aux .py",), "a device on Windows"),
    "dot-at-the-end": (("bad/evil.py.",), "dot or space at the end"),
    "space-at-the-end": (("bad/evil.py ",), "dot or space at the end"),
    "control": (("bad/e\x1b[2Jvil.py",), "cannot be shown"),
    "nul": (("bad/evil.py\0.txt",), "cannot be shown"),
    "new-line": (("bad/evil\n.py",), "cannot be shown"),
    "bidi": (("bad/evil\u202eyp.txt",), "cannot be shown"),
    "invisible": (("bad/ev\u200bil.py",), "cannot be shown"),
    "unseen-letter": (("bad/ev\u3164il.py",), "cannot be shown"),
    "unseen-blank": (("bad/ev\u2800il.py",), "cannot be shown"),
    "unseen-joiner": (("bad/ev\u034fil.py",), "cannot be shown"),
    "unseen-variant": (("bad/evil\ufe0f.py",), "cannot be shown"),
    "long-part": (("bad/" + "x" * 256,), "longer than 255 bytes"),
    "long-part-of-wide-characters": (("bad/" + "\u4e00" * 90,), "longer than 255 bytes"),
    "long": (("x/" * 256 + "evil.py",), "longer than 512 characters"),
    "case-twins": (("Evil.py", "evil.py"), "one file on some systems"),
    "composed-twins": (("\xe4.py", "a\u0308.py"), "one file on some systems"),
    "case-twins-of-directories": (("Evil/a.py", "evil/b.py"), "one on some systems"),
    "file-and-directory": (("evil", "evil/a.py"), "as a file and as a directory"),
}
