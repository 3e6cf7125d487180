"""OpenSSH's ``ssh-keygen -Y``, which makes and checks signatures."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from pypi_subset.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

logger = logging.getLogger(__name__)

#: Seconds for a signature: a key with a passphrase or on a token waits for its user.
_PATIENCE = 120
_INSTALL = "install OpenSSH 8.2 or newer, as in `apt install openssh-client`"


def require(*, purpose: str) -> str:
    """
    Return the path of the program.

    :param purpose: as in `run`.
    :raises MachineError: there is none.
    """
    program = shutil.which("ssh-keygen")
    if program is None:
        msg = f"there is no ssh-keygen here, which {purpose}"
        raise MachineError(msg, next_step=_INSTALL)
    return program


def run(
    arguments: Sequence[str], data: bytes, *, purpose: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """
    Return how ``ssh-keygen -Y`` ended with *arguments* and *data* on its standard input.

    :param purpose: what it is for, as the end of "there is no ssh-keygen here, which …".
    :param environment: variables that it gets beside those of this process.
    :raises MachineError: there is none, it is too old, or it did not end in time.
    """
    program = require(purpose=purpose)
    try:
        done = subprocess.run(
            [program, "-Y", *arguments],
            input=data,
            env={**os.environ, "LC_ALL": "C", **(environment or {})},
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        msg = f"ssh-keygen did not end within {_PATIENCE} s"
        raise MachineError(msg, next_step="use a key without a passphrase, or an agent") from error
    logger.debug("ssh-keygen -Y %s ended with %d\n%s", " ".join(arguments), done.returncode, words(done))
    said = done.stderr.lower()
    if done.returncode and (b"option" in said and b"-- y" in said):
        msg = f"ssh-keygen here is too old, and knows no -Y, which {purpose}"
        raise MachineError(msg, next_step=_INSTALL)
    return done


def words(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the last line that says why it failed."""
    said = done.stderr.decode("utf-8", "replace") + done.stdout.decode("utf-8", "replace")
    lines = [line.strip() for line in said.splitlines() if line.strip(" @")]
    return lines[-1].rstrip(".") if lines else f"exit code {done.returncode}"
