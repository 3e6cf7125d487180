"""Signatures of parts that were proven on other machines, made and checked by OpenSSH's ``ssh-keygen -Y``."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import MachineError, SubsetError
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Sequence


logger = logging.getLogger(__name__)

#: What a signature is for: one that a key made for a commit or a file is none for a part (ssh-keygen(1), ``-n``).
NAMESPACE = "pypi-subset"
#: The file beside the requirements that names who may sign parts (ssh-keygen(1), "ALLOWED SIGNERS").
ALLOWED = "allowed-signers"

#: Seconds for a signature: a key with a passphrase or on a token waits for its user.
_PATIENCE = 120


def signature_of(data: bytes, key: Path) -> bytes:
    """
    Return the signature of *data*, as PEM-like text.

    :param key: a private key of OpenSSH, or the public one of a key that the agent holds.
    :raises SubsetError: there is no ssh-keygen, or the key cannot sign.
    """
    if not key.is_file():
        msg = "there is no such key to sign with"
        raise SubsetError(msg, path=key, next_step="make one: ssh-keygen -t ed25519 -f FILE")
    done = _run(["sign", "-n", NAMESPACE, "-f", str(key.absolute())], data)
    if done.returncode:
        msg = f"ssh-keygen does not sign with this key: {_words(done)}"
        raise SubsetError(msg, path=key, next_step="name a private key of OpenSSH that only you can read")
    return done.stdout


def signer(data: bytes, signature: Path, allowed: Path) -> str:
    """
    Return the identity that signed *data*.

    :param signature: the file with the signature.
    :param allowed: the file that names who may sign, and with which key.
    :raises SubsetError: there is no ssh-keygen or no such file, or no identity in it made the signature.
    """
    if not allowed.is_file():
        msg = f"no file names who may sign parts, and {signature.name} is the signature of one"
        line = f'NAME namespaces="{NAMESPACE}" ssh-ed25519 AAAA…'
        raise SubsetError(msg, path=allowed, next_step=f"write it with a line for each machine: {line}")
    with tempfile.TemporaryDirectory(prefix="pypi-subset-signature-") as folder:
        # Both files as they are now, whatever happens to them meanwhile.
        held = [Path(folder, name) for name in ("signature", "allowed")]
        for source, copy in zip((signature, allowed), held, strict=True):
            with files.folder_errors(source):
                copy.write_bytes(source.read_bytes())
        common = ["-s", str(held[0]), "-f", str(held[1])]
        found = _run(["find-principals", *common], b"")
        done = found
        for identity in found.stdout.decode("utf-8", "replace").splitlines() if not found.returncode else ():
            done = _run(["verify", *common, "-n", NAMESPACE, "-I", identity], data)
            if not done.returncode:
                return identity
    msg = f"no identity in {ALLOWED} signed this part: {_words(done)}"
    raise SubsetError(msg, path=signature, next_step="take report and signature as the machine left them")


def _run(arguments: Sequence[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("ssh-keygen")
    if program is None:
        msg = "there is no ssh-keygen here, which makes and checks the signatures of parts"
        raise MachineError(msg, next_step="install OpenSSH 8.2 or newer, as in `apt install openssh-client`")
    try:
        done = subprocess.run(
            [program, "-Y", *arguments],
            input=data,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        msg = f"ssh-keygen did not end within {_PATIENCE} s"
        raise MachineError(msg, next_step="use a key without a passphrase, or an agent") from error
    logger.debug("ssh-keygen -Y %s ended with %d\n%s", " ".join(arguments), done.returncode, _words(done))
    return done


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the last line that says why it failed."""
    said = done.stderr.decode("utf-8", "replace") + done.stdout.decode("utf-8", "replace")
    lines = [line.strip() for line in said.splitlines() if line.strip(" @")]
    return lines[-1].rstrip(".") if lines else f"exit code {done.returncode}"
