"""Starting the suite: pytest in a process of its own, with nothing of this machine's settings and no network."""

from __future__ import annotations

import logging
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import DiskError, SuiteFailed
from pypi_subset.model.door import read_manifest
from pypi_subset.model.report import read_report, report_path
from pypi_subset.pip import runner
from pypi_subset.proof.cases import shards
from pypi_subset.proof.evidence import key
from pypi_subset.proof.isolation.available import NAMESPACES, isolation
from pypi_subset.proof.machines import interpreters
from pypi_subset.proof.report.report import BROKEN, UNWRITTEN
from pypi_subset.proof.run import netns, room
from pypi_subset.proof.run.relay import receive
from pypi_subset.proof.run.scratch import scratch
from pypi_subset.support import files, staging
from pypi_subset.support.machine import memory
from pypi_subset.support.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.paths import Paths
    from pypi_subset.model.report import Report
    from pypi_subset.support.progress import Progress


logger = logging.getLogger(__name__)

#: Options of ``unshare``, the best first: as root; as oneself, with the rights to bring up loopback; as a root of one's own.
_SHUT = (
    ("--net",),
    ("--user", "--map-current-user", "--keep-caps", "--net"),
    ("--user", "--map-root-user", "--net"),
)

#: The suite, in a checkout or in an installed wheel.
_SUITE = str(resources("pypi_subset.verify"))

#: What is for a log file, and not for a screen: tracebacks, also as pytest shows them.
_TRACEBACK = re.compile(r'Traceback \(most recent call last\)|^INTERNALERROR>|^\s*File "|^_+ ERROR |^E   ')

#: pytest's exit codes (its documentation, "Exit codes").
_GREEN, _RED, _INTERRUPTED = 0, 1, 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """What keeps the network out: the words to put before a command, and a name for the report."""

    prefix: tuple[str, ...]
    name: str


def seal() -> Seal:
    """
    Return the strongest isolation that this system allows.

    Linux gives a process a network of its own, with loopback alone in it: at once to root, to others in a user
    namespace where that is allowed. Elsewhere that pip is sent to the site and nowhere else is all there is, and the
    report says so.
    """
    unshare = shutil.which("unshare") if sys.platform == "linux" else None
    for options in _SHUT if unshare else ():
        prefix = (str(unshare), *options, "--", sys.executable, "-I", netns.__file__)
        if _works([*prefix, sys.executable, "-I", "-c", ""]):
            return Seal(prefix=prefix, name="network namespace")
    return Seal(prefix=(), name="none: pip was sent to the site alone, but this system cannot shut the network")


def require_readable(site: Path) -> None:
    """
    Return if every user may read *site*: for root, boxes have another one.

    :raises FolderError: a file is closed to others.
    """
    if not hasattr(os, "geteuid") or os.geteuid():
        return
    names = [name for name, _ in files.walk(site)]
    for path in sorted({site, *((site / name) for name in names), *((site / name).parent for name in names)}):
        mode = path.lstat().st_mode
        if not mode & (stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH):
            msg = "other users cannot read this, and the proof of root runs as another user"
            raise DiskError(msg, path=path, next_step=f"run `chmod -R a+rX {site}`")


@staging.readable()
def run_suite(  # noqa: PLR0913 - the settings of a run
    paths: Paths,
    *,
    processes: int = 0,
    pythons: Sequence[str] = (),
    targets: Sequence[str] = (),
    shard: str = "",
    again: bool = False,
    unisolated: bool = False,
    progress: Progress = SILENT,
) -> Report:
    """
    Prove the site at *paths* and return the report, which is then in the site too.

    `pypi_subset.prove` explains the parameters.

    :raises SuiteFailed: the suite could not run.
    :raises FolderError: all is proven, but the report cannot be written.
    :raises SubsetError: there is no site yet, one of *pythons* is not there, *shard* is none, or the key is not usable.
    """
    shards.parse(shard)
    read_manifest(paths.site)
    found = interpreters.candidates(os.environ.get("PATH", ""), interpreters.pyenv_root(os.environ), pythons)
    if note := interpreters.unusable_root(os.environ):
        progress.warn(note)
    shut, isolated = seal(), isolation(unisolated=unisolated)
    if isolated == NAMESPACES:
        require_readable(paths.site)
    processes = processes or os.cpu_count() or 1
    with scratch(paths.site, processes) as work, tempfile.TemporaryDirectory(prefix="pypi-subset-key-") as spare:
        # Not in the scratch directory, of which boxes see parts.
        own, why = key.for_run(key.key_path(), Path(spare) / "key")
        if why:
            step = f"name a file for it by {key.VARIABLE}"
            progress.warn(f"{why}: a key of this run alone is used, and publish refuses the report; {step}")
        if (few := room.at_a_time(processes, room.installations(paths.site, targets), work)) < processes:
            progress.say(
                f"note: verify proves {few} of {processes} cases at the same time: {work.parent} has no room for more"
            )
            processes = few
        result = work / "result.json"
        folders = {"requirements": paths.requirements, "packages": paths.packages, "site": paths.site, "work": work}
        arguments = [f"--subset-{name}={path.absolute()}" for name, path in folders.items()]
        arguments += [f"--subset-python={file.absolute()}" for file in found]
        arguments += [*(f"--subset-target={name}" for name in targets), f"--subset-shard={shard}"]
        # The judge reads the key itself: what it starts sees neither its environment nor its descriptors.
        arguments += ["--subset-all"] * again + [f"--subset-key={own.path}"]
        command = [*shut.prefix, *_pytest(processes), *arguments, f"--subset-isolation={isolated}"]
        command += [f"--subset-result={result}", _SUITE]
        logger.info("%d processes prove, isolation: %s", processes, isolated)
        code, said = _run(command, runner.sealed_environment(work) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, progress)
        report = read_report(result) if result.is_file() else None
    return conclude(code, report, paths, said=said)


def conclude(code: int, report: Report | None, paths: Paths, *, said: Sequence[str] = ()) -> Report:
    """
    Return the report of a run that ended with *code*.

    :param said: the complaints of pytest.
    :raises SuiteFailed: the suite could not run.
    :raises FolderError: there is no room for the proof, or all is proven, but the report cannot be written.
    """
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    if code == UNWRITTEN:
        msg = "all is proven, but the report cannot be written"
        raise DiskError(msg, path=report_path(paths.site), next_step="make the site writable, or prove a copy of it")
    if code == room.NO_ROOM:
        raise room.received(said)
    if code == BROKEN:
        raise SuiteFailed(
            said[-1] if said else "a box failed", next_step='nothing is proven: see the manual, "Isolation"'
        )
    if why := memory.ran_out(code, ""):
        msg = f"nothing was proven: pytest {why}"
        raise SuiteFailed(msg, next_step=f"{memory.STEP}, such as `verify --processes 1`")
    if report is None or code not in {_GREEN, _RED}:
        msg = f"nothing was proven: pytest ended with {code}"
        if any(_TRACEBACK.search(line) for line in said):
            msg = f"{msg}: {_last(said)}"
            raise SuiteFailed(msg, next_step="report it", evidence="\n".join(said))
        raise SuiteFailed(msg, next_step="see the lines below", said=said)
    return report


def _last(said: Sequence[str]) -> str:
    """Return what the last line of a traceback of pytest says."""
    return said[-1].removeprefix("INTERNALERROR>").strip()[:300]


def _pytest(processes: int) -> list[str]:
    """Return the command that starts pytest: this interpreter, no settings of any directory, no plugin but two."""
    start = [sys.executable, "-I", "-m", "pytest", "-c", os.devnull, f"--rootdir={_SUITE}"]
    plugins = ["-p", "no:cacheprovider", "-p", "no:terminalreporter", "-p", "xdist.plugin"]
    # One process as well is a worker of its own: a crash there is one red case, not the end of the run.
    # xdist would stop after four crashes for each process, and leave cases unproven that crash no process.
    spread = [f"--numprocesses={processes}", "--dist=worksteal", f"--max-worker-restart={sys.maxsize}"]
    return [*start, *plugins, *spread, "--import-mode=importlib"]


def _run(command: Sequence[str], environment: dict[str, str], progress: Progress) -> tuple[int, list[str]]:
    """Return the exit code of *command* and its complaints; Ctrl-C reaches it too, and it is given the time to end."""
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    ) as process:  # fmt: skip
        try:
            said = receive(process.stdout or (), progress)
            return process.wait(), said
        except KeyboardInterrupt:
            process.communicate()
            raise


def _works(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
