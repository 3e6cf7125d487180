"""
The key of who proves here: 32 random bytes in a file of the user's own, made by the first proof.

The command and the judge of a proof read it. No program that they start is given it, in whatever way.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import hmac
import os
import secrets
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from pypi_subset.errors import MachineError, SubsetError
from pypi_subset.errors.tree import INPUT
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Mapping


#: The environment variable that names another key file.
VARIABLE = "PYPI_SUBSET_KEY_FILE"
#: Bytes of a key. The file has them as hexadecimal digits, which can be pasted as a secret of a build server.
SIZE = 32

#: What a code is for: one that was made for one purpose is none for another.
Purpose: TypeAlias = Literal["report", "green results", "newest reports"]

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_OTHERS_READ, _OTHERS_WRITE = 0o077, 0o022


class KeyMissing(SubsetError):
    """There is no key file."""

    exit_code = INPUT


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """
    A key, and the file that it was read from.

    :param secret: never shown, logged or passed on.
    """

    path: Path
    secret: bytes = field(repr=False)

    def mac(self, purpose: Purpose, data: bytes) -> str:
        """Return the HMAC-SHA256 (RFC 2104) of *data*, bound to *purpose*, in hexadecimal."""
        return hmac.new(self.secret, f"pypi-subset {purpose}\0".encode() + data, hashlib.sha256).hexdigest()

    def made(self, mac: str, purpose: Purpose, data: bytes) -> bool:
        """Whether *mac* is that of *data* under this key."""
        return hmac.compare_digest(mac.encode(), self.mac(purpose, data).encode())


def key_path(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """
    Return the path of the key file.

    :param environment: names another file, or where this user's configuration is.
    :param system: as in `sys.platform`.
    :raises SubsetError: this user has no home directory.
    """
    if named := environment.get(VARIABLE):
        return Path(named).absolute()
    if system == "win32" and environment.get("APPDATA"):
        return Path(environment["APPDATA"], "pypi-subset", "key")
    # A relative path in it is invalid and ignored (XDG Base Directory Specification).
    if system not in {"win32", "darwin"} and (given := Path(environment.get("XDG_CONFIG_HOME", ""))).is_absolute():
        return given / "pypi-subset" / "key"
    try:
        home = Path(environment.get("HOME") or Path.home())
    except RuntimeError as error:
        msg = "this user has no home directory for the key of reports"
        raise MachineError(msg, next_step=f"name a file for it by {VARIABLE}") from error
    inside = {"win32": "AppData/Roaming", "darwin": "Library/Application Support"}.get(system, ".config")
    return home / inside / "pypi-subset" / "key"


def read(path: Path) -> Key:
    """
    Return the key in the file at *path*.

    :raises KeyMissing: there is no such file.
    :raises SubsetError: it is a link, belongs to or can be read by others, or holds no key.
    """
    try:
        data = _content(path)
    except FileNotFoundError as error:
        msg = "there is no key of reports here"
        raise KeyMissing(msg, path=path, next_step="run `pypi-subset verify`, which makes one") from error
    except OSError as error:
        raise _unusable(error, path) from error
    text = data.decode("ascii", "replace").strip()
    if len(text) != 2 * SIZE or set(text) - set("0123456789abcdef"):
        msg = f"this is no key of reports, which is {SIZE} bytes as {2 * SIZE} hexadecimal digits"
        raise SubsetError(
            msg, path=path, next_step="put the key there again; or remove it and run `pypi-subset verify`"
        )
    return Key(path=path, secret=bytes.fromhex(text))


def made(path: Path) -> Key:
    """
    Return the key in the file at *path*, which is made if it is not there.

    :raises SubsetError: as `read`, or it cannot be written.
    """
    with contextlib.suppress(KeyMissing):
        return read(path)
    try:
        if _is_ours(path.parent):
            path.parent.parent.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            _write(path, f"{secrets.token_hex(SIZE)}\n".encode())
    except OSError as error:
        raise _unusable(error, path) from error
    return read(path)


def for_run(path: Path, spare: Path) -> tuple[Key, str]:
    """
    Return the key in the file at *path*, and ``""``; or, if the system closes that place, a new one in *spare*, and why.

    A report with the new one has no known author later: publish refuses it.

    :raises SubsetError: as `made`, but for a place that this user has no access to.
    """
    try:
        return made(path), ""
    except SubsetError as error:
        if getattr(error.__cause__, "errno", None) not in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise
        return made(spare), f"{path}: {error.what}"


def _is_ours(folder: Path) -> bool:
    """Whether *folder* is the directory of the key, and not one that the user named."""
    return folder.name == "pypi-subset"


def _content(path: Path) -> bytes:
    """Return what the file at *path* holds; neither it nor the directory of ours around it may be a link."""
    for place in (path.parent, path) if _is_ours(path.parent) else (path,):
        if stat.S_ISLNK(place.lstat().st_mode):
            msg = "this is a link, and the key of reports is not read through one"
            raise SubsetError(msg, path=place, next_step=f"put a file there, or name another by {VARIABLE}")
    if _is_ours(path.parent):
        _require_own(path.parent.lstat(), path.parent, _OTHERS_WRITE)
    # O_NONBLOCK: a pipe in its place is refused, and not waited for.
    file = os.open(path, os.O_RDONLY | _NOFOLLOW | files.BINARY | getattr(os, "O_NONBLOCK", 0))
    try:
        facts = os.fstat(file)
        if not stat.S_ISREG(facts.st_mode):
            msg = "the key of reports is no plain file"
            raise SubsetError(msg, path=path, next_step=f"put a file there, or name another by {VARIABLE}")
        _require_own(facts, path, _OTHERS_READ)
        return os.read(file, 1024)
    finally:
        os.close(file)


def _require_own(facts: os.stat_result, path: Path, others: int) -> None:
    """Return if *path* is this user's, and others have none of the rights *others*."""
    if os.name == "nt":
        # Rights are no part of the mode there; a profile is its user's own.
        return
    if facts.st_uid not in {os.geteuid(), 0}:
        msg, step = "the key of reports belongs to another user", f"name a file of your own by {VARIABLE}"
    elif facts.st_mode & others:
        msg = f"others can {'read' if others == _OTHERS_READ else 'replace'} the key of reports"
        step = f"run `chmod go= '{path}'`, or remove it if others may have it: `pypi-subset verify` makes another"
    else:
        return
    raise SubsetError(msg, path=path, next_step=step)


def _write(path: Path, data: bytes) -> None:
    """Make the file at *path*, for this user alone; an existing one is never touched."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | files.BINARY, 0o600)
    try:
        os.write(file, data)
        os.fsync(file)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(file)


def _unusable(error: OSError, path: Path) -> SubsetError:
    """Return what the system says about *path* as one line."""
    what = f"the key of reports cannot be used: {error.strerror or error}"
    return MachineError(what, path=path, next_step=f"name a file for it by {VARIABLE}")
