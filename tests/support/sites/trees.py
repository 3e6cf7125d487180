"""What directories hold: by path, bytes or text; copied, and compared."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pypi_subset.packages import file_cache, gone_list
from pypi_subset.site import build_state

#: Files of the packages directory that differ from one directory to the next: their keys are inodes.
CACHES = frozenset({file_cache.FILE, build_state.FILE, gone_list.FILE})

#: Path → bytes of a file, target of a link, ``None`` for a directory.
Tree = dict[str, bytes | str | None]


def tree(root: Path) -> dict[str, bytes]:
    """Return the bytes of every file below *root* but `CACHES`; a link fails."""
    found = {}
    for path in sorted(root.rglob("*")):
        assert not path.is_symlink(), path
        if path.is_file() and path.name not in CACHES:
            found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


def facts(root: Path) -> dict[str, tuple[int, int]]:
    """Return inode and time of every file below *root*."""
    paths = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


def texts(root: Path) -> dict[str, str]:
    """Return the text of every file below *root*, by its path."""
    return {path: data.decode() for path, data in tree(root).items()}


def edit(path: Path, old: str = "", new: str = "") -> None:
    """Replace *old* in the file at *path*, which must have it, by *new*, once; without *old*, add one byte."""
    data = path.read_bytes()
    assert old.encode() in data
    path.write_bytes(data.replace(old.encode(), new.encode(), 1) if old else data + b" ")


def copy(source: Path, destination: Path) -> Path:
    """Return *destination*, now a copy of *source*; two names of one file are two names of one file again."""
    seen: dict[int, str] = {}

    def duplicate(one: str, other: str) -> None:
        number = os.stat(one).st_ino  # noqa: PTH116 - shutil hands strings on
        if number in seen:
            os.link(seen[number], other)
        else:
            seen[number] = other
            shutil.copy2(one, other)

    return Path(shutil.copytree(source, destination, symlinks=True, copy_function=duplicate))


def whole_tree(root: Path) -> Tree:
    """Return all that lies below *root*: bytes of files, targets of links, and which files are one with two names."""
    found: Tree = {}
    names: dict[int, list[str]] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.name in CACHES:
            continue
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_dir():
            found[name] = None
        else:
            found[name] = path.read_bytes()
            names.setdefault(path.stat().st_ino, []).append(name)
    return found | {f"one file: {group}": None for group in names.values() if len(group) > 1}


def below(found: Tree, folder: str) -> Tree:
    """Return the part of *found* that lies in *folder*."""
    return {name: value for name, value in found.items() if name.startswith(f"{folder}/")}


def difference(found: Tree, wanted: Tree) -> list[str]:
    """Return what differs, a line each."""
    lines = [f"missing: {name}" for name in wanted.keys() - found.keys()]
    lines += [f"left over: {name}" for name in found.keys() - wanted.keys()]
    both = found.keys() & wanted.keys()
    return sorted(lines + [f"{name}: {found[name]!r}" for name in both if found[name] != wanted[name]])
