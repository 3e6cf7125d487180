"""Wheels that are refused, each for one reason."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

from pypi_subset.support.bounds import LARGEST_METADATA
from tests.support.wheels import Wheel, make_wheel, record_lines

if TYPE_CHECKING:
    from collections.abc import Callable


NAME = "bad-1.0-py3-none-any.whl"


def packed(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive with these members; a name may stand there twice."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Duplicate name")
        for path, data in members:
            archive.writestr(path, data)
    return buffer.getvalue()


def true(name: str = "bad") -> str:
    """Return the METADATA of a wheel of *name* 1.0."""
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"


def wheel_of(*metadata: str, name: str = "bad", method: int = zipfile.ZIP_DEFLATED, size: int = 0) -> bytes:
    """Return a wheel of *name* 1.0 with each of these as METADATA, and *size* bytes more, which pack well."""
    info = f"{name}-1.0.dist-info"
    members = [(f"{info}/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"), ("zeros", bytes(size))]
    members += [(f"{info}/METADATA", text.encode()) for text in metadata]
    return packed([*members, (f"{info}/RECORD", record_lines(dict(members), info))], method)


def saying(before: str, after: str) -> Callable[[str], bytes]:
    """Return what makes a wheel whose METADATA has *after* where *before* should stand; ``@`` is its name."""
    return lambda name: wheel_of(true(name).replace(before.replace("@", name), after.replace("@", name)), name=name)


def of(name: str, *others: str, **info: bytes) -> bytes:
    """Return a wheel of *name* 1.0 with other members besides, and other bytes of METADATA or WHEEL."""
    usual = {"METADATA": true(name).encode(), "WHEEL": b"Wheel-Version: 1.0\n"} | info
    members = {f"{name}-1.0.dist-info/{path}": data for path, data in usual.items()} | dict.fromkeys(others, b"")
    record = record_lines(members, f"{name}-1.0.dist-info")
    return packed([*members.items(), (f"{name}-1.0.dist-info/RECORD", record)])


def bombed(name: str) -> bytes:
    """Return a wheel whose WHEEL is packed so that a piece of it unpacks to no end."""
    buffer = io.BytesIO(of(name))
    with zipfile.ZipFile(buffer) as opened:
        held = {one: opened.read(one) for one in opened.namelist()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in held.items():
            is_wheel = path.endswith("/WHEEL")
            archive.writestr(
                path, data + bytes(50_000_000) * is_wheel, zipfile.ZIP_LZMA if is_wheel else zipfile.ZIP_STORED
            )
    return buffer.getvalue()


def latin(name: str, version: str = "1.0") -> bytes:
    """Return METADATA as some wrote it before they knew UTF-8."""
    return f"{true(name)}Author: J\xe4ger\n".replace("1.0", version).encode("latin-1")


def lying(name: str, size: int = 4_000_000) -> bytes:
    """Return a wheel whose METADATA unpacks to more than its directory says."""
    honest = wheel_of(f"{true(name)}\n{'0' * size}", name=name)
    return honest.replace(struct.pack("<L", len(true(name)) + 1 + size), struct.pack("<L", 400_000))


GOOD = make_wheel("bad")


#: What is wrong → what makes a wheel of some name like that, and what is said of it.
BROKEN: dict[str, tuple[Callable[[str], bytes], str]] = {
    "truncated": (lambda name: make_wheel(name).data[:-40], "is a damaged wheel"),
    "no archive": (lambda _: b"<!DOCTYPE html>", "is a damaged wheel"),
    "empty": (lambda _: b"", "is a damaged wheel"),
    "another name": (saying("@", "good"), "is of the project 'good'"),
    "another version": (saying("1.0", "1.1"), "is of version '1.1'"),
    "two names": (saying("Version", "Name: good\nVersion"), "is of the project 'good'"),
    "an absolute path": (saying("@", "/etc/passwd"), "is of the project '/etc/passwd'"),
    "a path upwards": (saying("@", "../../@"), "is of the project '../../"),
    "HTML": (saying("@", "<script>"), "is of the project '<script>'"),
    "no name": (saying("Name", "Nome"), "has no Name"),
    "no version": (saying("\nVersion", "\nX"), "has no Version"),
    "no METADATA": (lambda name: wheel_of(name=name), "holds 0 METADATA files"),
    "no WHEEL": (lambda name: wheel_of(true(name), name=name).replace(b"/WHEEL", b"/WHEAT"), "holds no WHEEL"),
    "duplicate METADATA": (lambda name: wheel_of(true(name), true(name), name=name), "a name occurs twice"),
    "two METADATA": (
        lambda name: packed([(f"{name}-{one}.dist-info/METADATA", b"") for one in ("1.0", "2.0")]),
        "holds 2 METADATA files",
    ),
    "a bomb": (lambda name: wheel_of(true(name), name=name, size=65 << 20), "claims to unpack to"),
    "a large METADATA": (
        lambda name: wheel_of(true(name) + "X" * LARGEST_METADATA, name=name),
        "claims a METADATA of more than",
    ),
    "a size that lies": (lying, "holds other bytes than its size and its checksum say"),
    "another packing": (
        lambda name: wheel_of(true(name), name=name, method=zipfile.ZIP_BZIP2),
        "is neither stored nor deflated",
    ),
    "METADATA in another encoding": (
        lambda name: of(name, METADATA=latin(name)),
        "its METADATA is not UTF-8",
    ),
    "WHEEL in another encoding": (
        lambda name: of(name, WHEEL=b"Wheel-Version: 1.0\nGenerator: J\xe4ger\n"),
        "its WHEEL is not UTF-8",
    ),
    "a WHEEL in another packing": (bombed, "/WHEEL' is neither stored nor deflated"),
    "a later wheel": (lambda name: of(name, WHEEL=b"Wheel-Version: 2.0\n"), "its WHEEL has Wheel-Version '2.0', not 1"),
    "no Wheel-Version": (lambda name: of(name, WHEEL=b"Generator: x\n"), "its WHEEL has no Wheel-Version"),
    "another dist-info": (lambda name: of(name, "evil-1.0.dist-info/METADATA"), "holds 2 directories *.dist-info"),
    "another dist-info, empty": (lambda name: of(name, "evil-1.0.dist-info/"), "holds 2 directories *.dist-info"),
    "a member upwards": (lambda name: of(name, "a/../../evil.py"), "holds 'a/../../evil.py', which leads out"),
    "a member of the root": (lambda name: of(name, "/etc/evil.py"), "holds '/etc/evil.py', which leads out"),
    "a member upwards on Windows": (lambda name: of(name, "..\\evil.py"), "which leads out of where it is installed"),
    "a later major version": (saying("2.1", "3.0"), "has Metadata-Version '3.0'"),
    "no number of a version": (saying("2.1", "new"), "has Metadata-Version 'new'"),
}


#: Those that go through the whole pipeline: one for each row of the README's table.
ROWS = (
    *("truncated", "another name", "another version", "an absolute path", "HTML", "duplicate METADATA", "a bomb"),
    *("a size that lies", "a later major version"),
    *("WHEEL in another encoding", "a later wheel", "another dist-info", "a member upwards"),
)


def broken(kind: str) -> tuple[Wheel, str]:
    """Return a wheel with this wrong about it, of a project of its own, and what is said of it."""
    make, reason = BROKEN[kind]
    name = f"b{ROWS.index(kind)}"
    return replace(make_wheel(name), data=make(name)), reason
