"""
The Ed25519 key that signs a bundle: the file that the user names, or the one of an agent.

It is tried before any work begins. A key with a passphrase must be in an agent, since the signature is made last.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pypi_subset.bundle.document import NAMESPACE
from pypi_subset.errors import MachineError, SubsetError
from pypi_subset.support import files
from pypi_subset.support.machine import ssh_keygen

#: Bytes that a signature takes at most: one of Ed25519 has about 300.
SIZE = 512

_KIND = "ssh-ed25519"
_MAKE = "make one: ssh-keygen -t ed25519 -f FILE"
_NAME = "name its file with `--key FILE`"
#: Bytes of a key file; the largest of RSA have 13 kB.
_LARGEST = 1 << 16
_BEGIN, _END = b"-----BEGIN OPENSSH PRIVATE KEY-----", b"-----END OPENSSH PRIVATE KEY-----"
#: How the decoded text of a private key begins (OpenSSH, PROTOCOL.key).
_MAGIC = b"openssh-key-v1\0"
_PURPOSE = "signs the bundle"
_SECONDS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """
    A key that has signed once.

    :param path: the file of the private key, ``None`` if an agent has it.
    :param public: the public key, as in ``allowed_signers``: its kind and its base64.
    """

    path: Path | None
    public: str

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the key, as ``ssh-keygen -l`` and the importer print it."""
        digest = hashlib.sha256(base64.b64decode(self.public.split()[1])).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"

    def sign(self, data: bytes) -> bytes:
        """
        Return the signature of *data* (OpenSSH, PROTOCOL.sshsig), armored.

        :raises SubsetError: ssh-keygen does not sign.
        """
        if self.path is not None:
            return _signed(data, self.path)
        with tempfile.TemporaryDirectory(prefix="pypi-subset-key-") as folder:
            public = Path(folder, "key.pub")
            public.write_text(f"{self.public}\n", encoding="ascii")
            return _signed(data, public)


def signer_of(key: Path | None) -> Signer:
    """
    Return the key in the file *key*, or without one the only Ed25519 key of the agent. It has signed once.

    :param key: a private key of OpenSSH, or the public one of a key that the agent has.
    :raises SubsetError: there is no such key, it is no Ed25519 key, or it has a passphrase and the agent does not have it.
    :raises MachineError: there is no ssh-keygen, or it is too old.
    """
    ssh_keygen.require(purpose=_PURPOSE)
    found = _of_agent() if key is None else _of_file(key)
    found.sign(b"pypi-subset\n")
    return found


def _of_agent() -> Signer:
    """Return the only Ed25519 key that the agent has."""
    held = _held()
    if not held:
        msg = "a bundle is signed, and there is no key: none is named, and no agent here has one of Ed25519"
        raise SubsetError(msg, next_step=f"{_NAME}; {_MAKE}")
    if len(held) > 1:
        msg = f"the agent has {len(held)} keys of Ed25519, and none is named"
        raise SubsetError(msg, next_step="name the file of its public key with `--key FILE.pub`")
    return Signer(path=None, public=held[0])


def _of_file(key: Path) -> Signer:
    """Return the key in the file *key*."""
    if not key.is_file():
        msg = "there is no such key to sign with"
        raise SubsetError(msg, path=key, next_step=_MAKE)
    with files.folder_errors(key):
        data = files.read_input(key, _LARGEST)
    is_open, blob = _parts(data)
    if blob is None:
        msg = "this is no key of OpenSSH"
        raise SubsetError(msg, path=key, next_step=f"name a private key of OpenSSH; {_MAKE}")
    kind = _text(blob)
    if kind != _KIND:
        msg = f"this key is of the kind {kind}, and the importer checks {_KIND} alone"
        raise SubsetError(msg, path=key, next_step=_MAKE)
    public = f"{_KIND} {base64.b64encode(blob).decode()}"
    if is_open:
        return Signer(path=key.absolute(), public=public)
    if public not in _held():
        msg = "no agent here has this key, which has a passphrase or is a public one"
        raise SubsetError(msg, path=key, next_step="start an agent, and hand it over: eval $(ssh-agent); ssh-add FILE")
    return Signer(path=None, public=public)


def _parts(data: bytes) -> tuple[bool, bytes | None]:
    """Return whether *data* is a private key without a passphrase, and the public key in it, ``None`` if it is no key."""
    with contextlib.suppress(ValueError, binascii.Error, struct.error, IndexError):
        text = data.strip()
        if text.startswith(_BEGIN) and text.endswith(_END):
            raw = base64.b64decode(text[len(_BEGIN) : -len(_END)])
            if raw.startswith(_MAGIC):
                rest = raw[len(_MAGIC) :]
                cipher, rest = _string(rest)
                for _ in range(2):
                    _, rest = _string(rest)
                blob, _ = _string(rest[4:])
                return cipher == b"none", blob
        if not text.startswith(b"-----"):
            kind, encoded = text.split()[:2]
            blob = base64.b64decode(encoded, validate=True)
            return False, blob if _text(blob).encode() == kind else None
        if not text.startswith(_BEGIN) and text.startswith(b"-----BEGIN ") and b" PRIVATE KEY-----" in text:
            # The forms of RSA, DSA and EC before that of OpenSSH; none of them has a key of Ed25519.
            return True, struct.pack(">L", 3) + b"PEM"
    return False, None


def _string(data: bytes) -> tuple[bytes, bytes]:
    """Return the first string of *data* (RFC 4251, 5), and what follows it."""
    (length,) = struct.unpack_from(">L", data)
    if length > len(data) - 4:
        msg = "a string ends after its data"
        raise ValueError(msg)
    return data[4 : 4 + length], data[4 + length :]


def _text(blob: bytes) -> str:
    """Return the kind of a public key."""
    return _string(blob)[0].decode("ascii")


def _held() -> list[str]:
    """Return the Ed25519 keys of the agent, each as in ``allowed_signers``; none without an agent."""
    program = shutil.which("ssh-add")
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, "-L"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        msg = f"the agent for SSH keys did not answer within {_SECONDS} s"
        raise MachineError(msg, next_step=f"start it again, or {_NAME}") from error
    lines = (
        [line.split() for line in done.stdout.decode("utf-8", "replace").splitlines()] if not done.returncode else []
    )
    return [f"{_KIND} {words[1]}" for words in lines if len(words) > 1 and words[0] == _KIND]


def _signed(data: bytes, key: Path) -> bytes:
    """Return the signature of *data* by *key*."""
    done = ssh_keygen.run(["sign", "-n", NAMESPACE, "-f", str(key)], data, purpose=_PURPOSE)
    if done.returncode:
        msg = f"ssh-keygen does not sign with this key: {ssh_keygen.words(done)}"
        raise SubsetError(msg, path=key, next_step="name a private key of OpenSSH that only you can read")
    return done.stdout
