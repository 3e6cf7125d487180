"""What the tool itself needs of this machine: a Python, environments, room and rights, and isolation."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.doctor.findings import Finding
from pypi_subset.proof.isolation import available
from pypi_subset.support.machine.room import existing
from pypi_subset.support.machine.sizes import readable_size
from pypi_subset.support.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pypi_subset.model.paths import Paths

#: The oldest Python that runs the tool.
OLDEST = (3, 11)
#: Free bytes below which a small subset may not find room.
LITTLE = 1 << 30
#: Seconds in which an environment must have been made.
PATIENCE = 120
#: What works for the tool, and is worth its version in a report.
_PARTS = ("pip", "uv", "virtualenv", "packaging", "invoke", "pip2pi")


def python() -> Finding:
    """Return which Python runs the tool."""
    shown = f"{platform.python_implementation()} {platform.python_version()} on {platform.platform()}"
    if sys.version_info[:2] < OLDEST:
        step = f"use Python {'.'.join(map(str, OLDEST))} or newer"
        return Finding(name="python", state="error", what=f"{shown} is too old", next_step=step)
    return Finding(name="python", state="ok", what=shown)


def tool() -> Finding:
    """Return the versions of the tool and of the projects that it works with."""
    parts = ", ".join(f"{name} {version(name)}" for name in _PARTS)
    return Finding(name="tool", state="ok", what=f"pypi-subset {__version__} with {parts}")


def environments() -> Finding:
    """Return whether this Python makes a virtual environment that runs: it makes one."""
    with tempfile.TemporaryDirectory(prefix="pypi-subset-") as folder:
        command = [sys.executable, "-I", "-m", "venv", "--without-pip", folder]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)
        except (OSError, subprocess.SubprocessError) as error:
            return _no_environment(str(error))
        if done.returncode:
            lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
            return _no_environment(lines[-1] if lines else f"exit code {done.returncode}")
    return Finding(name="venv", state="ok", what="virtual environments can be made")


def _no_environment(why: str) -> Finding:
    what = f"no virtual environment can be made: {why}"
    return Finding(name="venv", state="error", what=what, next_step="on Debian and Ubuntu: apt install python3-venv")


def isolation() -> Finding:
    """Return whether the code of packages can be isolated here: a box is started."""
    why = available.refusal()
    if not why:
        return Finding(name="isolation", state="ok", what="proofs run in namespaces")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    step = "use Linux with user namespaces, or a machine that holds nothing else (see the threat model)"
    if root:
        step = "run verify as an ordinary user, or with `--unisolated` on a machine that holds nothing else"
    what = f"no isolation here: {why}"
    return Finding(name="isolation", state="error" if root else "warning", what=what, next_step=step)


def room(paths: Paths, needed: int) -> Iterable[Finding]:
    """
    Yield the free room of each file system that a run writes to.

    :param needed: bytes of the locked files that are not in the packages directory yet.
    """
    places = {
        "packages": (existing(paths.packages), needed),
        # The files of the site are hard links where it is on the file system of the packages directory.
        "site": (existing(paths.site), 0),
        "temporary files": (Path(tempfile.gettempdir()), 0),
    }
    joined: dict[int, tuple[list[str], Path, int]] = {}
    for name, (place, bytes_) in places.items():
        names, first, more = joined.get(place.stat().st_dev, ([], place, 0))
        joined[place.stat().st_dev] = ([*names, name], first, more + bytes_)
    for names, place, more in joined.values():
        yield _room_of(" and ".join(names), shutil.disk_usage(place).free, more)


def _room_of(names: str, free: int, needed: int) -> Finding:
    what = f"{readable_size(free)} free for {names}"
    if needed:
        what += f", {readable_size(needed)} to fetch"
    if free < needed:
        return Finding(name="disk", state="error", what=what, next_step="free some room, or name other directories")
    if free - needed < LITTLE:
        return Finding(name="disk", state="warning", what=what, next_step="free some room")
    return Finding(name="disk", state="ok", what=what)


def rights(paths: Paths) -> Iterable[Finding]:
    """Yield each directory that a run writes to and this user may not write."""
    for name, path in (("packages", paths.packages), ("site", paths.site.parent), ("requirements", paths.requirements)):
        place = existing(path)
        if not os.access(place, os.W_OK | os.X_OK):
            what = f"{place} cannot be written by this user, for {name}"
            yield Finding(
                name="rights", state="error", what=what, next_step="change its mode, or name another directory"
            )


def variables(environment: Mapping[str, str]) -> Iterable[Finding]:
    """Yield the variables that change what Python finds: a proof ignores them, the tool itself does not."""
    for name in ("PYTHONPATH", "PYTHONHOME"):
        if environment.get(name):
            what = f"{name} is set: Python may import other modules than those that were installed"
            yield Finding(name="environment", state="warning", what=what, next_step=f"unset {name}")
