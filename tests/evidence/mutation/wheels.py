"""Wheels with other tags, and wheels that nobody ever wrote: whole archives, whose RECORD agrees with them."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.distributions import Artifact, Distribution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def retagged(path: Path, tag: str, folder: Path) -> Path:
    """Return the wheel at *path* once more in *folder*, for *tag* by its name, by its WHEEL and by its RECORD."""
    stem = path.name.removesuffix(".whl").rsplit("-", 3)[0]
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    (name,) = (one for one in members if one.count("/") == 1 and one.endswith(".dist-info/WHEEL"))
    kept = [line for line in members[name].decode().splitlines() if line and not line.startswith("Tag:")]
    members[name] = "\n".join([*kept, f"Tag: {tag}", ""]).encode()
    return _write(folder / f"{stem}-{tag}.whl", members, name.removesuffix("/WHEEL"))


def invented(project: str, version: str, requires: Sequence[str], folder: Path) -> Path:
    """Return a wheel of *project* for every machine, with one empty module."""
    stem = f"{project.replace('-', '_')}-{version}"
    lines = ["Metadata-Version: 2.1", f"Name: {project}", f"Version: {version}"]
    members = {
        f"{stem.partition('-')[0]}.py": b"",
        f"{stem}.dist-info/METADATA": "\n".join(
            [*lines, *(f"Requires-Dist: {line}" for line in requires), ""]
        ).encode(),
        f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: mutation\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    return _write(folder / f"{stem}-py3-none-any.whl", members, f"{stem}.dist-info")


def artifact(path: Path, project: str, version: str, like: Distribution | None = None) -> Artifact:
    """Return the wheel at *path* as the stages know one; what its name and bytes do not say is as of *like*."""
    data = path.read_bytes()
    return Artifact(
        distribution=Distribution(
            filename=path.name,
            project=canonicalize_name(project),
            version=Version(version),
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            requires_python=like.requires_python if like else None,
        ),
        folder=path.parent,
    )


def _write(path: Path, members: Mapping[str, bytes], info: str) -> Path:
    record = f"{info}/RECORD"
    named = {name: data for name, data in members.items() if name != record and not name.startswith(f"{record}.")}
    lines = [f"{_quoted(name)},sha256={_digest(data)},{len(data)}" for name, data in named.items()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in {**named, record: "\n".join([*lines, f"{record},,", ""]).encode()}.items():
            # A fixed date: the same mutant has the same bytes in every run.
            archive.writestr(zipfile.ZipInfo(name, (2020, 2, 2, 0, 0, 0)), data)
    return path


def _quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
