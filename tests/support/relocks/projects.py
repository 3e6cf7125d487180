"""Projects with a lock: real uv and real pip over an index on loopback, and from a site alone."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from uv import find_uv_bin

from tests.support.programs.commands import run

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.support.servers.index import Index

#: A back-end (PEP 517) that a wheel of the site brings: it packs the one module of a project.
BACKEND = b"""
import base64, hashlib, pathlib, tomllib, zipfile


def _pack(folder):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    name, version = project["name"].replace("-", "_"), project["version"]
    info = f"{name}-{version}.dist-info"
    requires = "".join(f"Requires-Dist: {one}\\n" for one in project.get("dependencies", ()))
    members = {
        f"{name}.py": "BUILT = True\\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n{requires}\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = ""
    for path, text in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\\n"
    filename = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / filename, "w") as archive:
        for path, text in (members | {f"{info}/RECORD": f"{record}{info}/RECORD,,\\n"}).items():
            archive.writestr(path, text)
    return filename


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _pack(wheel_directory)


build_editable = build_wheel
"""


def write_project(folder: Path, *requires: str, more: str = "") -> Path:
    """Return *folder* with the ``pyproject.toml`` of a project ``app`` that requires *requires*; *more* follows it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ", ".join(f'"{one}"' for one in requires)
    text = f'[project]\nname = "app"\nversion = "1.0"\nrequires-python = ">=3.11"\ndependencies = [{lines}]\n{more}'
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def uv(*arguments: str, cwd: Path, config: Path | None = None) -> subprocess.CompletedProcess[str]:
    """
    Run uv in *cwd* with a cache beside it, and return its exit code and output.

    :param config: the directory of the user's settings, with ``uv/uv.toml``; ``None``: there are none.
    """
    own = {"XDG_CONFIG_HOME": str(config)} if config else {"UV_NO_CONFIG": "1"}
    variables = {"UV_CACHE_DIR": str(cwd.parent / f"{cwd.name}-cache"), "UV_PYTHON": sys.executable, **own}
    return run([find_uv_bin(), *arguments], cwd, **variables, NO_PROXY="127.0.0.1", UV_PYTHON_DOWNLOADS="never")


def lock(folder: Path, index: Index) -> Path:
    """Return the lock that uv writes for the project in *folder* over *index*."""
    done = uv("lock", "--default-index", index.url, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "uv.lock"


def configured(folder: Path, text: str) -> Path:
    """Return *folder* as a directory of a user's settings, with *text* as ``uv.toml``."""
    path = folder / "uv" / "uv.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return folder


def installed(folder: Path) -> set[str]:
    """Return name and version of all that is installed in the environment of the project in *folder*."""
    lib = folder / ".venv" / ("Lib" if os.name == "nt" else "lib")
    return {one.name.removesuffix(".dist-info") for one in lib.rglob("*.dist-info")}
