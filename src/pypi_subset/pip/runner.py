"""
The one door to pip: argument lists in, typed results out, an environment made from nothing.

pip runs as a child process and sees no configuration at all: no ``PIP_*`` variable, no file, no cache, no home. What the
user configured for pip's network is read in `network` and used by the loopback index of `upstream`, the only place
that a pip started here can reach.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import PipFailed
from pypi_subset.support.files import folder_errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


logger = logging.getLogger(__name__)

#: Options of every run of pip.
GENERAL = ("--isolated", "--disable-pip-version-check", "--no-input", "--no-color", "--no-cache-dir")

#: Variables without which a process cannot start or find its temporary directory; nothing else is passed on.
_VITAL = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

#: pip would ask a Rust compiler for its version, to tell the index: no program is found here that would outlive it.
ALONE = {"PATH": ""}

SCRIPT = Path(__file__).with_name("_child.py")


#: The token in a URL of the loopback index, as `upstream.gateway` makes it.
_TOKEN = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?=/(?:simple|newest|locked|files)/)")


#: How one run of pip ended: exit code and what it wrote.
PipResult = subprocess.CompletedProcess[str]


def sealed_environment(work: Path) -> dict[str, str]:
    """
    Return the variables that pip and what it starts may see.

    :param work: a directory for this run alone; home and temporary files go below it.
    """
    home, temporary = work / "home", work / "tmp"
    with folder_errors(work):
        for folder in (home, temporary):
            folder.mkdir(parents=True, exist_ok=True)
    vital = {name: os.environ[name] for name in _VITAL if name in os.environ}
    return vital | {
        **dict.fromkeys(("HOME", "USERPROFILE"), str(home)),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)),
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONNOUSERSITE": "1",
        # os.devnull switches every configuration file off, machine-wide ones included; --isolated alone does not.
        "PIP_CONFIG_FILE": os.devnull,
    }


def run(
    arguments: Sequence[str],
    *,
    work: Path,
    environment: Mapping[str, str] | None = None,
    installed: Mapping[str, str] | None = None,
    python: Path | None = None,
    timeout: float | None = None,
) -> PipResult:
    """
    Return what pip did; an exit code other than 0 is a result, not an error.

    :param arguments: pip's command and its options.
    :param work: a directory for this run alone.
    :param environment: the marker environment to evaluate under; ``None`` means the running interpreter's own.
    :param installed: project → version that pip treats as installed. It has no effect if *python* is given.
    :param python: an interpreter with a pip of its own, as in a fresh virtual environment; ``None`` means ours.
    :param timeout: seconds after which pip is killed.
    :raises PipFailed: pip did not end in time.
    """
    if python is None:
        # Not as arguments: every user of this machine may read those, and an index URL holds a token.
        order = {
            "environment": environment and dict(environment),
            "installed": dict(installed or {}),
            "arguments": [*arguments, *GENERAL],
        }
        command, sent = [sys.executable, "-I", str(SCRIPT), "--once", str(os.getpid())], json.dumps(order)
    else:
        command, sent = [str(python), "-I", "-m", "pip", *arguments, *GENERAL], ""
    try:
        done = subprocess.run(
            command,
            env=sealed_environment(work),
            input=sent,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise late(arguments[0], error.timeout, str(error.stderr or "")) from error
    return logged(done, arguments)


def logged(result: PipResult, arguments: Sequence[str]) -> PipResult:
    """Return *result* without tokens of the loopback index, after writing it, with all that pip said, to the log."""
    stdout, stderr = hidden(result.stdout), hidden(result.stderr)
    logger.debug("pip %s ended with %d\n%s%s", hidden(" ".join(arguments)), result.returncode, stdout, stderr)
    return PipResult(result.args, result.returncode, stdout, stderr)


def hidden(text: str) -> str:
    """Return *text* without tokens of the loopback index."""
    return _TOKEN.sub("…", text)


def late(command: str, timeout: float | None, said: str = "") -> PipFailed:
    """Return the error for a pip that did not end in time."""
    return PipFailed(f"pip {command} did not end within {timeout or 0:.0f} s", output=said)


def complaint(result: PipResult) -> str:
    """Return what pip gave as its reason, in one line: its ``ERROR:`` lines, or the last line it wrote."""
    lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    if errors == ["Exception:"]:
        # Below it stands where in pip that happened, and last what.
        errors = lines[-1:]
    return "; ".join(errors) or (lines[-1] if lines else f"exit code {result.returncode}")
