"""Real wheels, made in memory: what the tests mirror, install and break."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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
    ballast: int = 0,
) -> Wheel:
    """
    Return a wheel that installs one module named like the project.

    :param requires: ``Requires-Dist`` lines.
    :param extras: ``Provides-Extra`` lines.
    :param files: further archive members, or other contents for the module.
    :param metadata_name: ``Name:`` in METADATA where it is to differ from *name*.
    :param ballast: bytes of incompressible filling, placed first, to make the wheel as large as real ones.
    """
    stem = f"{name.replace('-', '_').replace('.', '_')}-{version}"
    module = name.lower().replace("-", "_").replace(".", "_")
    lines = ["Metadata-Version: 2.1", f"Name: {metadata_name or name}", f"Version: {version}"]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {line}" for line in requires]
    metadata = "\n".join([*lines, "", ""]).encode()
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
    record = "".join(f"{path},sha256={_record_hash(data)},{len(data)}\n" for path, data in members.items())
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    return Wheel(f"{stem}-{tag}.whl", _zip(members), metadata)


def _record_hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _zip(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            # A fixed date: the same arguments give the same bytes.
            archive.writestr(zipfile.ZipInfo(path, (2020, 2, 2, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
