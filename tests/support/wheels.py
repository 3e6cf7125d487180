"""Real wheels and sdists, made in memory: what the tests mirror, install and break."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Wheel:
    """A wheel's file name and bytes; *metadata* is its METADATA, byte for byte."""

    filename: str
    data: bytes = field(repr=False)
    metadata: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def save(self, folder: Path) -> Path:
        """Return the path of the wheel, written into *folder*."""
        path = folder / self.filename
        path.write_bytes(self.data)
        return path


def make_wheel(  # noqa: PLR0913 - one argument for each thing that a test may want to say
    name: str,
    version: str = "1.0",
    *,
    requires: Sequence[str] = (),
    extras: Sequence[str] = (),
    tag: str = "py3-none-any",
    requires_python: str | None = None,
    files: Mapping[str, bytes] | None = None,
    metadata_name: str | None = None,
    more: Sequence[str] = (),
    ballast: int = 0,
    readme: str = "",
) -> Wheel:
    """
    Return a wheel that installs one module named like the project.

    :param requires: ``Requires-Dist`` lines.
    :param extras: ``Provides-Extra`` lines.
    :param files: further archive members, or other contents for the module.
    :param metadata_name: ``Name:`` in METADATA where it is to differ from *name*.
    :param more: further lines of METADATA, which then is of version 2.5.
    :param readme: what follows the fields of METADATA.
    :param ballast: bytes of incompressible filling, placed first, to make the wheel as large as real ones.
    """
    stem = f"{name.replace('-', '_').replace('.', '_')}-{version}"
    module = name.lower().replace("-", "_").replace(".", "_")
    lines = [
        f"Metadata-Version: {'2.5' if more else '2.1'}",
        f"Name: {metadata_name or name}",
        f"Version: {version}",
        *more,
    ]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {line}" for line in requires]
    metadata = ("\n".join([*lines, "", ""]) + readme).encode()
    info = f"{stem}.dist-info"
    python, _, platform = tag.partition("-")
    pure = "true" if platform.endswith("any") else "false"
    tags = "".join(f"Tag: {one}-{platform}\n" for one in python.split("."))
    members = {f"{module}.py": f"__version__ = {version!r}\n".encode()}
    members |= dict(files or {})
    members |= {
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: {pure}\n{tags}".encode(),
    }
    if ballast:
        seed, filling = hashlib.sha256(stem.encode()).digest(), bytearray()
        while len(filling) < ballast:
            seed = hashlib.sha256(seed).digest()
            filling += seed
        members = {f"{module}_ballast.bin": bytes(filling[:ballast]), **members}
    return Wheel(f"{stem}-{tag}.whl", pack(members, info), metadata)


def retagged(path: Path, tag: str, folder: Path) -> Path:
    """Return the path of a copy of the wheel at *path* in *folder*, for *tag* by its name, its WHEEL and its RECORD."""
    stem = path.name.removesuffix(".whl").rsplit("-", 3)[0]
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    (name,) = (one for one in members if one.count("/") == 1 and one.endswith(".dist-info/WHEEL"))
    kept = [line for line in members[name].decode().splitlines() if line and not line.startswith("Tag:")]
    members[name] = "\n".join([*kept, f"Tag: {tag}", ""]).encode()
    made = folder / f"{stem}-{tag}.whl"
    # Stored: real wheels are large, and nobody downloads the copy.
    made.write_bytes(pack(members, name.removesuffix("/WHEEL"), zipfile.ZIP_STORED))
    return made


def pack(members: Mapping[str, bytes], info: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """
    Return an archive of *members* and a RECORD that agrees with them; a RECORD and signatures among them are left out.

    :param info: the name of the ``.dist-info`` directory.
    :param method: of compression, as `zipfile` has it.
    """
    record = f"{info}/RECORD"
    held = {name: data for name, data in members.items() if name != record and not name.startswith(f"{record}.")}
    held[record] = record_lines(held, info)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in held.items():
            # A fixed date: the same arguments give the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (2020, 2, 2, 0, 0, 0)), data, method)
    return buffer.getvalue()


def record_lines(members: Mapping[str, bytes], info: str) -> bytes:
    """Return a RECORD that agrees with *members*; *info* is the name of the ``.dist-info`` directory."""
    lines = [f"{_quoted(name)},sha256={_record_hash(data)},{len(data)}" for name, data in members.items()]
    return "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()


def record_of(wheel: Wheel) -> bytes:
    """Return the RECORD of *wheel*."""
    with zipfile.ZipFile(io.BytesIO(wheel.data)) as archive:
        return next(archive.read(name) for name in archive.namelist() if name.endswith("/RECORD"))


def rewritten(wheel: Wheel, record: bytes) -> Wheel:
    """Return *wheel* with another RECORD."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel.data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in dict.fromkeys(old.namelist()):
            new.writestr(name, record if name.endswith("/RECORD") else old.read(name))
    return replace(wheel, data=buffer.getvalue())


def without(wheel: Wheel, member: str) -> Wheel:
    """Return *wheel* without one of its members, which its RECORD still names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel.data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name != member:
                new.writestr(name, old.read(name))
    return replace(wheel, data=buffer.getvalue())


@dataclass(frozen=True)
class Sdist:
    """A source distribution's file name and bytes."""

    filename: str
    data: bytes = field(repr=False)
    metadata: bytes = field(repr=False)


def make_sdist(name: str, version: str = "1.0", *, requires: Sequence[str] = ()) -> Sdist:
    """Return an sdist that holds PKG-INFO, a ``setup.py`` that must never run, and one module."""
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata = "\n".join([*lines, *(f"Requires-Dist: {line}" for line in requires), "", ""]).encode()
    members = {
        "PKG-INFO": metadata,
        "setup.py": b"raise SystemExit('an sdist was built')\n",
        f"{canonicalize_name(name).replace('-', '_')}.py": b"",
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, data in members.items():
            info = tarfile.TarInfo(f"{stem}/{path}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return Sdist(f"{stem}.tar.gz", buffer.getvalue(), metadata)


def _quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name


def _record_hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
