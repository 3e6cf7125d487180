"""One command on a bare machine, from a stick, without a network; its log is the evidence."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.evidence.bare.roots import OPT
from tests.support.programs.commands import PYPI_SUBSET
from tests.support.sites.workspace import ORIGINAL

if TYPE_CHECKING:
    from pathlib import Path

#: The project that is installed.
PROJECT = "pandas"
#: Where the stick is on the machine.
STICK = "media/stick"
#: What is typed there. The lines before the command show that the machine is bare.
SCRIPT = f"""
exec 2>&1
for module in pip ensurepip; do
    python3 -c "import $module" 2>/dev/null && echo "this machine has $module" && exit 9
    echo "python3 has no module $module"
done
python3 -c 'import socket
try: socket.create_connection(("192.0.2.1", 80), 5)
except OSError as error: print(error)
else: raise SystemExit("there is a network")' || exit 9
set -ex
cd /root
sh /{STICK}/install.sh lab
lab/bin/python -c "import sys, PROJECT; print('imported', PROJECT.__version__, 'by', sys.version.split()[0])"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """
    How the command ended on one machine.

    :param name: of the machine.
    :param log: everything that was printed there.
    :param seconds: the time of the command and the import.
    """

    name: str
    code: int
    log: str
    seconds: float

    @property
    def imported(self) -> str:
        """The version that was imported there and that of the Python, ``""`` if the command failed."""
        last = self.log.strip().splitlines()[-1] if self.log.strip() else ""
        return last.removeprefix("imported ") if not self.code and last.startswith("imported ") else ""


def made(folder: Path, targets: dict[str, str]) -> Path:
    """
    Return a proven site with `PROJECT` and pip for *targets*, mirrored from PyPI.

    :param targets: name of a machine → the name of a system or a tag.
    """
    requirements = folder / "requirements"
    requirements.mkdir(parents=True)
    lines = [
        "[targets]",
        *(f'{name.replace(".", "-")} = "{value}"' for name, value in targets.items()),
        "",
        "[bootstrap]",
        "pip = true",
    ]
    (requirements / "subset.toml").write_text("\n".join([*lines, ""]), encoding="utf-8")
    (requirements / "base.txt").write_text(f"{PROJECT}\n", encoding="utf-8")
    for command in ("mirror", "verify"):
        subprocess.run([*PYPI_SUBSET, command], cwd=folder, check=True, env=ORIGINAL)
    return folder / "site"


def bring(site: Path, root: Path) -> Path:
    """Return *root* with *site* on a stick."""
    shutil.copytree(site, root / STICK, symlinks=True)
    return root


def install(name: str, root: Path, project: str = PROJECT) -> Outcome:
    """Return how the command ended on the machine *root*, which has a stick and no network."""
    # A file of the user's may be no device; the machine's own is bound over it.
    enter = f'mount --bind /dev/null "{root}/dev/null" && exec chroot "{root}" /bin/sh -c "$0"'
    variables = {"PATH": f"/{OPT}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
    command = ["unshare", "--map-root-user", "--net", "--mount", "--", "/bin/sh", "-c", enter]
    started = time.monotonic()
    done = subprocess.run(
        [*command, SCRIPT.replace("PROJECT", project)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=variables,
    )
    return Outcome(name=name, code=done.returncode, log=done.stdout, seconds=time.monotonic() - started)
