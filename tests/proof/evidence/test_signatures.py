"""Signatures of parts, by the real ssh-keygen: whose count, and what each refusal says."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.proof.evidence.signatures import signature_of, signer
from tests.support.sites.signed import allow, ssh_key

if TYPE_CHECKING:
    from pathlib import Path

DATA = b'{"schema": "1.1"}\n'


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return a private key."""
    return ssh_key(tmp_path / "lab")


@pytest.fixture
def signature(key: Path, tmp_path: Path) -> Path:
    """Return the signature of DATA by *key*."""
    path = tmp_path / "report.json.sig"
    path.write_bytes(signature_of(DATA, key))
    return path


def refused(data: bytes, signature: Path, allowed: Path) -> str:
    """Return the line by which a signature is refused."""
    with pytest.raises(SubsetError) as caught:
        signer(data, signature, allowed)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_identity_is_known(key: Path, signature: Path, tmp_path: Path) -> None:
    """Whoever of the allowed signers has the key that signed is the one; the file may name many, and comments."""
    allowed = allow(tmp_path / "allowed-signers", other=ssh_key(tmp_path / "other"), lab=key)
    allowed.write_text(f"# machines that prove\n\n{allowed.read_text()}")
    assert signer(DATA, signature, allowed) == "lab"


def test_a_stranger(signature: Path, tmp_path: Path) -> None:
    """A key that the file does not name is nobody's."""
    allowed = allow(tmp_path / "allowed-signers", other=ssh_key(tmp_path / "other"))
    assert "no identity in allowed-signers signed this part: " in refused(DATA, signature, allowed)


def test_other_bytes(key: Path, signature: Path, tmp_path: Path) -> None:
    """A signature is one of these bytes alone."""
    allowed = allow(tmp_path / "allowed-signers", lab=key)
    assert "no identity in allowed-signers signed this part" in refused(DATA + b" ", signature, allowed)


def test_another_namespace(key: Path, signature: Path, tmp_path: Path) -> None:
    """What the same key signed for a commit or a file is no signature of a part."""
    allowed = allow(tmp_path / "allowed-signers", namespaces="*", lab=key)
    assert signer(DATA, signature, allowed) == "lab"
    command = ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", str(key)]
    signature.write_bytes(subprocess.run(command, input=DATA, capture_output=True, check=True).stdout)
    assert "no identity in allowed-signers signed this part" in refused(DATA, signature, allowed)


def test_a_signer_of_another_namespace(key: Path, signature: Path, tmp_path: Path) -> None:
    """A key that the file allows for commits alone signs no parts."""
    allowed = allow(tmp_path / "allowed-signers", namespaces="git", lab=key)
    assert "no identity in allowed-signers signed this part" in refused(DATA, signature, allowed)


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN SSH SIGNATURE-----\n"])
def test_what_is_no_signature(key: Path, signature: Path, tmp_path: Path, text: str) -> None:
    """Anything else in its place is refused."""
    signature.write_text(text)
    allowed = allow(tmp_path / "allowed-signers", lab=key)
    assert "no identity in allowed-signers signed this part" in refused(DATA, signature, allowed)


def test_nobody_is_allowed(signature: Path, tmp_path: Path) -> None:
    """Without the file nobody is; the line says how to write one. An empty file names nobody either."""
    allowed = tmp_path / "allowed-signers"
    said = refused(DATA, signature, allowed)
    assert said.startswith(f"{allowed}: no file names who may sign parts")
    assert 'NAME namespaces="pypi-subset" ssh-ed25519 AAAA…' in said
    allowed.write_text("")
    assert "no identity in allowed-signers signed this part" in refused(DATA, signature, allowed)


def test_no_ssh_keygen(key: Path, signature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OpenSSH is missing, that is one line, to sign as to check."""
    allowed = allow(tmp_path / "allowed-signers", lab=key)
    monkeypatch.setenv("PATH", str(tmp_path))
    words = "there is no ssh-keygen here, which makes and checks the signatures of parts; install OpenSSH 8.2 or newer"
    assert words in refused(DATA, signature, allowed)
    with pytest.raises(SubsetError, match=words):
        signature_of(DATA, key)


def test_a_key_that_cannot_sign(key: Path, tmp_path: Path) -> None:
    """No such file, a file that is no key, and a key that others can read, are each one line."""
    with pytest.raises(SubsetError, match="there is no such key to sign with; make one: ssh-keygen -t ed25519 -f FILE"):
        signature_of(DATA, tmp_path / "nowhere")
    (tmp_path / "none").write_text("hello")
    key.chmod(0o644)
    for path in (tmp_path / "none", key):
        with pytest.raises(SubsetError, match="ssh-keygen does not sign with this key: ") as caught:
            signature_of(DATA, path)
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="a program of the shell")
def test_an_old_ssh_keygen(key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that knows no signatures is one line that names it as too old."""
    program = tmp_path / "bin" / "ssh-keygen"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\ncat >/dev/null\necho unknown option -- Y >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(SubsetError, match=r"too old, and knows no -Y.*; install OpenSSH 8\.2 or newer"):
        signature_of(DATA, key)
