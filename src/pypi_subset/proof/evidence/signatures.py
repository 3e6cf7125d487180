"""Signatures of parts that were proven on other machines, made and checked by OpenSSH's ``ssh-keygen -Y``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError
from pypi_subset.support import files
from pypi_subset.support.machine import ssh_keygen

if TYPE_CHECKING:
    import subprocess

#: What a signature is for: one that a key made for a commit or a file is none for a part (ssh-keygen(1), ``-n``).
NAMESPACE = "pypi-subset"
#: The file beside the requirements that names who may sign parts (ssh-keygen(1), "ALLOWED SIGNERS").
ALLOWED = "allowed-signers"


def signature_of(data: bytes, key: Path) -> bytes:
    """
    Return the signature of *data*, as PEM-like text.

    :param key: a private key of OpenSSH, or the public one of a key that the agent holds.
    :raises SubsetError: there is no ssh-keygen, or the key cannot sign.
    """
    if not key.is_file():
        msg = "there is no such key to sign with"
        raise SubsetError(msg, path=key, next_step="make one: ssh-keygen -t ed25519 -f FILE")
    done = _run("sign", "-n", NAMESPACE, "-f", str(key.absolute()), data=data)
    if done.returncode:
        msg = f"ssh-keygen does not sign with this key: {ssh_keygen.words(done)}"
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
        found = _run("find-principals", *common)
        done = found
        for identity in found.stdout.decode("utf-8", "replace").splitlines() if not found.returncode else ():
            done = _run("verify", *common, "-n", NAMESPACE, "-I", identity, data=data)
            if not done.returncode:
                return identity
    msg = f"no identity in {ALLOWED} signed this part: {ssh_keygen.words(done)}"
    raise SubsetError(msg, path=signature, next_step="take report and signature as the machine left them")


def _run(*arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return ssh_keygen.run(arguments, data, purpose="makes and checks the signatures of parts")
