"""
A subset over a slow and limited line: time until all files are here, beside ``pip download`` and uv with pip in a loop.

A tool that fails is started again after a pause, as a user would start it, until it succeeds or `PATIENCE` is over. Caches
of pip and uv are those of their first start.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.evidence.bench.line.slow import Line, slow_line
from tests.support.servers.index import Index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pypi_subset.cli.display import Display
    from tests.evidence.bench.line.slow import Slow

#: 2 MB a second, 25 requests in 5 seconds, a cut every 10 seconds.
LINE = Line(speed=2e6, most=25, seconds=5.0, cut=10.0)
#: Small projects in a chain, and large ones with their bytes.
SMALL, LARGE, BALLAST = 60, 3, 24_000_000
#: Seconds after which a tool is given up, and between two starts of one.
PATIENCE, PAUSE = 600.0, LINE.seconds
COLUMNS = ("tool", "seconds", "starts", "requests refused", "MB on the line", "files")
TARGET = "cp312-manylinux_2_28_x86_64"


def run(display: Display, environment: Mapping[str, str]) -> None:
    """Print a row for each tool, and how many bytes the files have."""
    rows = []
    with Index(cache_headers=True) as index:
        wheels = [
            *(make_wheel(f"small{number}", requires=_next(number)) for number in range(SMALL)),
            *(make_wheel(f"large{number}", files=_ballast(number)) for number in range(LARGE)),
        ]
        index.add(*wheels)
        for name, tool in TOOLS.items():
            with tempfile.TemporaryDirectory() as folder, slow_line(index.port, LINE) as slow:
                url = f"http://127.0.0.1:{slow.server_address[1]}/simple/"
                variables = {**environment, "PIP_INDEX_URL": url, "UV_INDEX_URL": url, "HOME": folder}
                seconds, starts, files = _until_done(Path(folder), tool, variables)
                rows.append((name, *_row(seconds, starts, slow), f"{files} of {len(wheels)}"))
    megabytes = sum(len(wheel.data) for wheel in wheels) / 1e6
    title = f"{megabytes:.0f} MB over 2 MB/s, 25 requests in 5 s, a cut every 10 s; not done after {PATIENCE:.0f} s: -"
    display.table([*COLUMNS], rows, title=title)


def _row(seconds: float | None, starts: int, slow: Slow) -> tuple[str, ...]:
    return "-" if seconds is None else f"{seconds:.0f}", str(starts), str(slow.refused), f"{slow.sent / 1e6:.0f}"


def _next(number: int) -> list[str]:
    """Return what a small project requires: the next, and each of the large ones once."""
    return [
        *([f"small{number + 1}"] if number + 1 < SMALL else []),
        *([f"large{number}"] if number < LARGE else []),
    ]


def _ballast(number: int) -> dict[str, bytes]:
    return {f"large{number}/data.bin": random.Random(number).randbytes(BALLAST)}  # noqa: S311 - no secret


def _until_done(
    folder: Path, tool: Callable[[Path], Sequence[Sequence[str]]], variables: Mapping[str, str]
) -> tuple[float | None, int, int]:
    """Return the seconds until *tool* succeeds, ``None`` if it does not; how often it was started; and its files."""
    started, starts = time.monotonic(), 0
    commands = [*tool(folder)]
    while commands and time.monotonic() - started < PATIENCE:
        if starts:
            time.sleep(PAUSE)
        starts += 1
        left = PATIENCE - (time.monotonic() - started)
        try:
            done = subprocess.run(
                commands[0], cwd=folder, env=dict(variables), capture_output=True, timeout=left, check=False
            )
        except subprocess.TimeoutExpired:
            break
        if done.returncode == 0:
            del commands[0]
    seconds = None if commands else time.monotonic() - started
    return seconds, starts, sum(1 for _ in (folder / "packages").glob("*.whl"))


def ours(folder: Path) -> list[list[str]]:
    """Return the commands of this tool."""
    requirements = folder / "requirements"
    requirements.mkdir()
    (requirements / "base.txt").write_text("small0\n", encoding="utf-8")
    (requirements / "subset.toml").write_text(f'[targets]\nlinux = "{TARGET}"\n', encoding="utf-8")
    return [[sys.executable, "-m", "pypi_subset", "mirror"]]


def pip_alone(_folder: Path) -> list[list[str]]:
    """Return the command of pip."""
    return [[*_PIP, "small0"]]


def uv_and_pip(folder: Path) -> list[list[str]]:
    """Return the commands of uv, which resolves, and of pip, which downloads."""
    (folder / "requirements.in").write_text("small0\n", encoding="utf-8")
    compiled = ("--python-version", "3.12", "--python-platform", "x86_64-manylinux_2_28", "-o", "lock.txt")
    uv = [sys.executable, "-m", "uv", "pip", "compile", "requirements.in", "--no-header", *compiled]
    return [uv, [*_PIP, "--no-deps", "-r", "lock.txt"]]


_PIP = (
    *(sys.executable, "-m", "pip", "download", "--dest", "packages", "--only-binary", ":all:"),
    *("--python-version", "3.12", "--platform", "manylinux_2_28_x86_64", "--disable-pip-version-check"),
)

TOOLS: dict[str, Callable[[Path], Sequence[Sequence[str]]]] = {
    "pypi-subset": ours,
    "pip download": pip_alone,
    "uv, pip download": uv_and_pip,
}


if __name__ == "__main__":
    from pypi_subset.cli.display import Display

    run(Display(), {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ})
