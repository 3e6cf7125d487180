"""An ordinary user for the attacks: where root starts the suite, with an interpreter that this user may read."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A user that has no account and no process.
_UID = 1_800_000_000
_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


class NoInterpreterError(Exception):
    """No interpreter of this version can be started by another user."""


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """
    Who runs an attack.

    :param name: ``root`` or ``user``.
    :param uid: user and group, ``None`` for the one who runs the suite.
    :param python: the interpreter.
    :param checkout: the directory in which the suite can be imported.
    """

    name: str
    uid: int | None
    python: Path
    checkout: Path

    def start(self, arguments: list[str], variables: dict[str, str]) -> subprocess.Popen[str]:
        """Start a module of the suite as this user, in a session of its own."""
        return subprocess.Popen(
            [str(self.python), "-m", *arguments],
            cwd=self.checkout,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            user=self.uid,
            group=self.uid,
            extra_groups=None if self.uid is None else [],
        )

    def own(self, path: Path) -> Path:
        """Return *path*, a new directory that belongs to the user and that others may read."""
        path.mkdir(parents=True)
        path.chmod(0o755)
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)
        return path


def current() -> User:
    """Return the user who runs the suite."""
    name = "root" if os.geteuid() == 0 else "user"
    return User(name=name, uid=None, python=Path(sys.executable), checkout=ROOT)


@contextlib.contextmanager
def ordinary() -> Iterator[User]:
    """
    Yield an ordinary user; root makes an environment for it, of an interpreter that everybody may start.

    :raises NoInterpreterError: there is none of this version.
    """
    if os.geteuid():
        yield current()
        return
    with tempfile.TemporaryDirectory(prefix="hostile-user-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        python = _environment(folder / "environment")
        checkout = folder / "checkout"
        ignored = shutil.ignore_patterns("__pycache__", ".bench", "*.egg-info")
        for part in ("src", "tests", "verify"):
            shutil.copytree(ROOT / part, checkout / part, ignore=ignored)
        # What an installation maps by its metadata.
        shutil.copytree(ROOT / "verify", checkout / "src" / "pypi_subset" / "verify", ignore=ignored)
        for path in checkout.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield User(name="user", uid=_UID, python=python, checkout=checkout)


def _environment(folder: Path) -> Path:
    """Return the interpreter of a new environment with the packages of this one."""
    for found in (Path("/usr/bin"), Path("/usr/local/bin"), *map(Path, os.get_exec_path())):
        python = found / f"python{_VERSION}"
        if python.is_file() and _starts(python):
            break
    else:
        msg = f"no python{_VERSION} on PATH can be started by another user"
        raise NoInterpreterError(msg)
    subprocess.run([python, "-m", "venv", "--without-pip", "--copies", folder], check=True)
    library = folder / "lib" / f"python{_VERSION}" / "site-packages"
    shutil.copytree(
        sysconfig.get_path("purelib"), library, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__editable__*")
    )
    (library / "checkout.pth").write_text(f"{folder.parent / 'checkout' / 'src'}\n")
    return folder / "bin" / "python"


def _starts(python: Path) -> bool:
    try:
        done = subprocess.run([python, "-c", ""], user=_UID, group=_UID, extra_groups=[], cwd="/", env={}, check=False)
    except OSError:
        return False
    return done.returncode == 0
