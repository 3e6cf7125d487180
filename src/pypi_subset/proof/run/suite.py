"""Starting the suite: pytest in a process of its own, with nothing of this machine's settings and no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError, ProofFailed
from pypi_subset.model.manifest import read_manifest
from pypi_subset.model.report import report_path
from pypi_subset.pip import runner
from pypi_subset.proof.cases import shards
from pypi_subset.proof.machines import interpreters
from pypi_subset.proof.report.report import UNWRITTEN
from pypi_subset.proof.run import netns
from pypi_subset.proof.run.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.paths import Paths


#: What a terminal is known by; passed on, so that progress and colours look as they do elsewhere.
_TERMINAL = ("TERM", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")

#: What ``unshare`` is told, the best first: as root; as oneself, with the rights to bring up loopback; as a root of one's own.
NAMESPACES = (
    ("--net",),
    ("--user", "--map-current-user", "--keep-caps", "--net"),
    ("--user", "--map-root-user", "--net"),
)

#: pytest's exit codes (its documentation, "Exit codes").
_GREEN, _RED, _INTERRUPTED = 0, 1, 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """What keeps the network out: the words to put before a command, and a name for the report."""

    prefix: tuple[str, ...]
    name: str


def seal() -> Seal:
    """
    Return the tightest seal that this system allows.

    Linux gives a process a network of its own, with loopback alone in it: at once to root, to others in a user
    namespace where that is allowed. Elsewhere that pip is sent to the site and nowhere else is all there is, and the
    report says so.
    """
    unshare = shutil.which("unshare") if sys.platform == "linux" else None
    for options in NAMESPACES if unshare else ():
        prefix = (str(unshare), *options, "--", sys.executable, "-I", netns.__file__)
        if _works([*prefix, sys.executable, "-I", "-c", ""]):
            return Seal(prefix=prefix, name="network namespace")
    return Seal(prefix=(), name="none: pip was sent to the site alone, but this system cannot shut the network")


def run_suite(
    paths: Paths,
    *,
    processes: int = 0,
    pythons: str = "",
    targets: Sequence[str] = (),
    shard: str = "",
    anew: bool = False,
) -> int:
    """
    Prove the site at *paths*, show how it goes, and leave ``proof/report.json`` in it; return 0, the exit code of green.

    :param processes: how many cases are proven at a time, 0 for one on each core.
    :param pythons: interpreters, or folders of them, to be found besides those on PATH and pyenv's, separated as in PATH.
    :param targets: names of the targets to prove; none means all.
    :param shard: the part of the cases to prove, as in ``2/8``; ``""`` means all.
    :param anew: prove again what was proven before for the same bytes.
    :raises ProofFailed: at least one check is red, or the suite could not run.
    :raises SubsetError: there is no site yet, one of *pythons* is not there, or *shard* is none.
    """
    shards.parse(shard)
    read_manifest(paths.site)
    words = [word for word in pythons.split(os.pathsep) if word]
    found = interpreters.candidates(os.environ.get("PATH", ""), interpreters.pyenv_root(os.environ), words)
    shut = seal()
    processes = processes or os.cpu_count() or 1
    with scratch(paths.site, processes) as work:
        arguments = [f"--subset-{name}={path.absolute()}" for name, path in _folders(paths, work).items()]
        arguments += [f"--subset-python={file.absolute()}" for file in found]
        arguments += [*(f"--subset-target={name}" for name in targets), f"--subset-shard={shard}"]
        arguments += ["--subset-all"] * anew
        command = [*shut.prefix, *_pytest(processes), *arguments, f"--subset-seal={shut.name}", str(suite_folder())]
        code = _run(command, _environment(work))
    return conclude(code, paths)


def conclude(code: int, paths: Paths) -> int:
    """
    Return *code*, the exit code of a run, if it is that of green.

    :raises ProofFailed: at least one check is red, or the suite could not run.
    :raises FolderError: all is proven, and nobody else can know it.
    """
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    if code != _GREEN:
        if code == UNWRITTEN:
            msg = "all is proven, but the report cannot be written"
            raise FolderError(
                msg, path=report_path(paths.site), next_step="make the site writable, or prove a copy of it"
            )
        if code == _RED:
            msg = "the subset is not proven"
            raise ProofFailed(msg, next_step="see the lines above, and proof/report.json in the site")
        msg = f"nothing was proven: pytest ended with {code}"
        raise ProofFailed(msg, next_step="see the lines above")
    return code


def suite_folder() -> Path:
    """Return the folder of the suite, in a checkout or in an installed wheel."""
    return Path(str(files("pypi_subset.verify")))


def _folders(paths: Paths, work: Path) -> dict[str, Path]:
    return {"requirements": paths.requirements, "packages": paths.packages, "site": paths.site, "work": work}


def _pytest(processes: int) -> list[str]:
    """Return the command that starts pytest: this interpreter, no settings of any folder, no plugin but two."""
    start = [sys.executable, "-I", "-m", "pytest", "-c", os.devnull, f"--rootdir={suite_folder()}"]
    plugins = ["-p", "no:cacheprovider", "-p", "no:terminalreporter", "-p", "xdist.plugin"]
    # One process as well is a worker of its own: a crash there is one red case, not the end of the run.
    # xdist would stop after four crashes for each process, and leave cases unproven that crash nobody.
    spread = [f"--numprocesses={processes}", "--dist=worksteal", f"--max-worker-restart={sys.maxsize}"]
    return [*start, *plugins, *spread, "--import-mode=importlib"]


def _environment(work: Path) -> dict[str, str]:
    terminal = {name: os.environ[name] for name in _TERMINAL if name in os.environ}
    return runner.sealed_environment(work) | terminal | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    """Return the exit code of *command*; Ctrl-C reaches it too, and it is given the time to end."""
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise


def _works(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
