"""Sdists that build without the network: their back-end stands in them, and needs no requirement."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from tests.support.wheels import Sdist

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: A back-end (PEP 517) that writes a wheel of one module; `%(...)s` is filled in.
BACKEND = """
import base64, hashlib, os, sys, time, zipfile

NAME, VERSION, TAG, REQUIRES, HOOK = %(name)r, %(version)r, %(tag)r, %(requires)r, %(hook)r
MODULE = NAME.replace("-", "_")


def get_requires_for_build_wheel(config_settings=None):
    return HOOK


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    body = ""
%(code)s
    info = f"{MODULE}-{VERSION}.dist-info"
    metadata = [f"Metadata-Version: 2.1", f"Name: {NAME}", f"Version: {VERSION}", *(f"Requires-Dist: {one}" for one in REQUIRES)]
    pure = "true" if TAG.endswith("-any") else "false"
    python, _, platform = TAG.partition("-")
    tags = "".join(f"Tag: {one}-{platform}\\n" for one in python.split("."))
    members = {
        f"{MODULE}.py": f"__version__ = {VERSION!r}\\n" + body,
        f"{info}/METADATA": "\\n".join([*metadata, "", ""]),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: {pure}\\n{tags}",
    }
    record = []
    for name, text in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record.append(f"{name},sha256={digest},{len(text.encode())}")
    members[f"{info}/RECORD"] = "\\n".join([*record, f"{info}/RECORD,,", ""])
    date = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", "315532800")))[:6]
    filename = f"{MODULE}-{VERSION}-{TAG}.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name, date), text)
    return filename
"""


def make_buildable(  # noqa: PLR0913 - one argument for each thing that a test may want to say
    name: str,
    version: str = "1.0",
    *,
    requires: Sequence[str] = (),
    tag: str = "py3-none-any",
    build_requires: Sequence[str] = (),
    hook_requires: Sequence[str] = (),
    code: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
) -> Sdist:
    """
    Return an sdist of one module, which builds with any Python.

    :param requires: ``Requires-Dist`` lines of the wheel.
    :param tag: of the wheel.
    :param build_requires: what the sdist says that its build requires.
    :param hook_requires: what ``get_requires_for_build_wheel`` adds.
    :param code: lines that ``build_wheel`` runs first; ``body`` is added to the module.
    :param files: further files, or others in the place of those.
    """
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    filled = {
        "name": name,
        "version": version,
        "tag": tag,
        "requires": [*requires],
        "hook": [*hook_requires],
        "code": "\n".join(f"    {line}" for line in code),
    }
    members = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n",
        "pyproject.toml": f'[build-system]\nrequires = {[*build_requires]}\nbuild-backend = "own"\nbackend-path = ["."]\n',
        "own.py": BACKEND % filled,
        **(files or {}),
    }
    data = packed({f"{stem}/{path}": text.encode() for path, text in members.items()})
    return Sdist(f"{stem}.tar.gz", data, members["PKG-INFO"].encode())


def packed(members: Mapping[str, bytes]) -> bytes:
    """Return an archive of *members*; the same members give the same bytes."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w") as archive,
    ):
        for path, data in members.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()
