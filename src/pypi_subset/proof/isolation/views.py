"""What a box shows of this machine: an interpreter, wherever it is installed, and the libraries of the system."""

from __future__ import annotations

import contextlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Directories of the system that hold programs and libraries, and no user's data.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
#: Files that the dynamic linker, TLS, locales and clocks need.
_SETTINGS = (
    *(
        "/etc/ld.so.cache",
        "/etc/ld.so.conf",
        "/etc/ld.so.conf.d",
        "/etc/alternatives",
        "/etc/localtime",
        "/etc/timezone",
    ),
    # Certificates and settings, and not the private keys beside them.
    *("/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/crypto-policies"),
    *("/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust"),
    *("/etc/fonts", "/etc/mime.types", "/etc/os-release", "/etc/debian_version", "/etc/protocols", "/etc/services"),
)

#: The directories of an installation that a prefix may have beside a user's own files.
_INSTALLED = ("bin", "lib", "lib64", "libexec", "DLLs", "Lib")

#: Where programs are found in a box.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Directories of a box, whose ``/tmp`` is its own.
TMP = "/tmp"  # noqa: S108
HOME = f"{TMP}/home"

LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
    "/etc/mtab": "/proc/self/mounts",
}


def accounts(hosts: Iterable[str] = ()) -> dict[str, str]:
    """
    Return path and text of the files that name accounts, hosts and name services: a box has one user, and ``lo`` alone.

    :param hosts: further names of the loopback address.
    """
    return {
        "/etc/passwd": f"user:x:1000:1000:user:{HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
        "/etc/group": "user:x:1000:\nnogroup:x:65534:\n",
        "/etc/hosts": f"127.0.0.1 {' '.join(('localhost', 'box', *hosts))}\n::1 localhost\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "/etc/resolv.conf": "",
    }


@cache
def of_system() -> tuple[tuple[str, ...], dict[str, str]]:
    """Return paths to bind, and links to make as they are here: ``/bin`` is a link to ``usr/bin`` on most systems."""
    links = {path: str(Path(path).readlink()) for path in _SYSTEM if Path(path).is_symlink()}
    paths = [path for path in _SYSTEM if path not in links and Path(path).is_dir()]
    return (*paths, *(path for path in _SETTINGS if Path(path).exists())), links


def of_interpreter(python: Path, prefixes: Iterable[str]) -> tuple[str, ...]:
    """
    Return the directories that an interpreter needs, outermost first.

    :param python: its program, perhaps a link into another installation.
    :param prefixes: what it says of itself: ``sys.prefix``, ``sys.base_prefix``, directories of its standard library.
    """
    # Each step of a chain of links: pyenv, uv and Homebrew put links between an environment and its interpreter.
    steps, seen = [python], {python}
    while steps[-1].is_symlink():
        further = Path(os.path.normpath(steps[-1].parent / steps[-1].readlink()))
        if further in seen:
            break
        seen.add(further)
        steps.append(further)
    homes = {str(step.parent.parent) if step.parent.name in {"bin", "Scripts"} else str(step.parent) for step in steps}
    named = {*homes, *filter(None, prefixes)}
    wanted = {os.path.realpath(path) for path in named} | named
    return outermost(part for path in wanted for part in _parts(path))


def _parts(path: str) -> Iterator[str]:
    """Yield what is shown of the prefix *path*: all of it, or the usual directories where user data stands beside them."""
    # Not Path.home, which raises where an account has none.
    private = [os.path.realpath(home) for home in (os.path.expanduser("~"), "/home", "/root", *_account())]  # noqa: PTH111
    # The root of the file system is no installation; its parts are shown by `of_system`.
    if path == "/":
        return
    shared = any(home == path or home.startswith(f"{path.rstrip('/')}/") for home in private)
    # uv and pipx put links there, beside a user's keyrings and other data.
    shared = shared or path.endswith("/.local")
    for part in [f"{path}/{name}" for name in _INSTALLED] if shared and not path.startswith("/usr") else [path]:
        # Not Path.is_dir, which raises where a directory is closed to this user.
        if os.path.isdir(part):  # noqa: PTH112
            yield part


def _account() -> Iterator[str]:
    """Yield the home directory of this user's account, whatever ``$HOME`` says."""
    import pwd  # noqa: PLC0415 - of Linux, as boxes are; Windows has none

    with contextlib.suppress(KeyError):
        yield pwd.getpwuid(os.getuid()).pw_dir


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Return *paths* without those that are in another one, sorted."""
    kept: list[str] = []
    for path in sorted(paths):
        if not any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in kept):
            kept.append(path)
    return tuple(kept)
