"""Keys of OpenSSH and the file that allows them, for parts that were proven on other machines."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def ssh_key(path: Path) -> Path:
    """Return *path*, now a private key of OpenSSH without a passphrase; the public one is beside it."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def allow(path: Path, *, namespaces: str = "pypi-subset", **keys: Path) -> Path:
    """
    Return *path*, now a file of allowed signers.

    :param namespaces: what they may sign.
    :param keys: identity → private key.
    """
    lines = [f'{name} namespaces="{namespaces}" {key.with_suffix(".pub").read_text()}' for name, key in keys.items()]
    path.write_text("".join(lines))
    return path
