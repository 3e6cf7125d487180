"""
``files/python/downloads.json``: the CPython archives among the other files, as uv reads such a list.

uv takes its address as ``--python-downloads-json-url``. Each entry has the address of the release that the archive is from.
With ``--mirror``, uv fetches the same path from another place; with another address in the list it would refuse that
option. So a site needs no address of its own in it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pypi_subset.model.paths import OTHERS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where the archives are, below the site, in the layout of their releases: ``<date>/<name>``.
FOLDER = f"{OTHERS}/python"
#: What uv replaces by the address of a mirror.
_RELEASES = "https://github.com/astral-sh/python-build-standalone/releases/download"
_ARCHIVE = re.compile(
    r"(?P<build>[0-9]{8})/cpython-(?P<major>[0-9]{1,2})\.(?P<minor>[0-9]{1,3})\.(?P<patch>[0-9]{1,3})"
    r"(?P<prerelease>(?:a|b|rc)[0-9]{1,3})?\+(?P=build)-(?P<arch>x86_64|[a-z0-9]+)(?:_(?P<level>v[234]))?-"
    r"(?P<system>unknown-linux-gnu|unknown-linux-gnueabi|unknown-linux-gnueabihf|unknown-linux-musl|apple-darwin|pc-windows-msvc)"
    r"(?:-shared)?(?:-(?P<variant>freethreaded|debug)(?:\+[a-z+]+)?)?"
    r"-(?P<flavor>install_only_stripped|install_only|full)\.tar\.(?:gz|zst)"
)
#: Which of two archives of one interpreter uv takes: the smaller one.
_FLAVORS = ("install_only_stripped", "install_only", "full")
_SYSTEMS = {"apple-darwin": ("darwin", "none"), "pc-windows-msvc": ("windows", "none")}
#: Longer names of architectures in the keys of the list.
_ARCHES = {"ppc64le": "powerpc64le", "riscv64": "riscv64gc"}


def downloads_of(hashes: Mapping[str, str]) -> bytes:
    """
    Return the list of the CPython archives in *hashes*, empty bytes if there is none.

    :param hashes: path below the site → SHA-256.
    """
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for path, sha256 in sorted(hashes.items()):
        if (match := archive_in(path)) is None:
            continue
        key, entry = _entry(match, path.removeprefix(f"{FOLDER}/"), sha256)
        rank = _FLAVORS.index(match["flavor"])
        if key not in found or rank < found[key][0]:
            found[key] = rank, entry
    if not found:
        return b""
    return f"{json.dumps({key: entry for key, (_, entry) in sorted(found.items())}, indent=1)}\n".encode()


def archive_in(path: str) -> re.Match[str] | None:
    """Return what the path of a CPython archive says of it, ``None`` if *path* is not that of one."""
    folder, _, rest = path.partition(f"{FOLDER}/")
    return None if folder else _ARCHIVE.fullmatch(rest)


def _entry(match: re.Match[str], place: str, sha256: str) -> tuple[str, dict[str, Any]]:
    """Return the key and the entry of one archive."""
    system, libc = _SYSTEMS.get(match["system"]) or ("linux", match["system"].rpartition("-")[2])
    version = f"{match['major']}.{match['minor']}.{match['patch']}{match['prerelease'] or ''}"
    family = _ARCHES.get(match["arch"], match["arch"])
    arch = f"{family}_{match['level']}" if match["level"] else family
    variant = f"+{match['variant']}" if match["variant"] else ""
    entry = {
        "name": "cpython",
        "arch": {"family": family, "variant": match["level"]},
        "os": system,
        "libc": libc,
        "major": int(match["major"]),
        "minor": int(match["minor"]),
        "patch": int(match["patch"]),
        "prerelease": match["prerelease"] or "",
        "url": f"{_RELEASES}/{quote(place)}",
        "sha256": sha256,
        "variant": match["variant"],
        "build": match["build"],
    }
    return f"cpython-{version}{variant}-{system}-{arch}-{libc}", entry
