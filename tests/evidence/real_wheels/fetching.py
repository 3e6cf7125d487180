"""The newest wheels of `projects.toml`, fetched by pip."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The Python whose wheels are fetched.
PYTHON = "3.12"
#: Projects that one run of pip fetches.
_TOGETHER = 12


def projects() -> tuple[list[str], list[str], dict[str, list[str]]]:
    """Return the projects with one wheel for all platforms, those with a wheel for each, and pip's tags by platform."""
    table = tomllib.loads(Path(__file__).with_name("projects.toml").read_text(encoding="utf-8"))
    return table["any"], table["platform"], table["platforms"]


def fetch(folder: Path) -> Iterator[str]:
    """Put the newest wheels into *folder*; yield a sentence for each project that has none for a platform."""
    folder.mkdir(parents=True, exist_ok=True)
    pure, binary, platforms = projects()
    yield from _fetch(pure, ["any"], folder)
    for tags in platforms.values():
        yield from _fetch(binary, tags, folder)


def _fetch(names: Sequence[str], tags: Sequence[str], folder: Path) -> Iterator[str]:
    for start in range(0, len(names), _TOGETHER):
        group = names[start : start + _TOGETHER]
        if not _downloaded(group, tags, folder):
            yield from (f"{name}: no wheel for {tags[0]}" for name in group if not _downloaded([name], tags, folder))


def _downloaded(names: Sequence[str], tags: Sequence[str], folder: Path) -> bool:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--no-cache-dir", "--python-version", PYTHON, "--dest", str(folder)]
    command += [word for tag in tags for word in ("--platform", tag)]
    return subprocess.run([*command, *names], capture_output=True, check=False).returncode == 0
