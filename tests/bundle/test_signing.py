"""The key of a bundle: tried before any work, of Ed25519 alone, from a file or an agent, and checked by OpenSSH itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pypi_subset.bundle.document import NAMESPACE
from pypi_subset.bundle.signing import SIZE, signer_of
from pypi_subset.errors import MachineError, SubsetError
from tests.support.sites.signed import allow, ssh_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = b'{"schema": "1.0"}\n'
SECRET = "pass" + "phrase"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return a private key."""
    return ssh_key(tmp_path / "office")


@pytest.fixture
def locked(key: Path) -> Path:
    """Return a private key with a passphrase."""
    command = ["ssh-keygen", "-q", "-p", "-P", "", "-N", SECRET, "-f", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    return key


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test reach an agent of the user."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run an agent without a key."""
    socket = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL) as running:
        while not socket.exists():
            assert running.poll() is None
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        yield
        running.terminate()


def add(key: Path, tmp_path: Path) -> None:
    """Hand *key* to the agent; its passphrase comes from a program, as on a desktop."""
    asking = tmp_path / "ask"
    asking.write_text(f"#!/bin/sh\necho {SECRET}\n")
    asking.chmod(0o700)
    variables = {**os.environ, "SSH_ASKPASS": str(asking), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
    subprocess.run(["ssh-add", "-q", str(key)], check=True, env=variables, stdin=subprocess.DEVNULL)


def verified(signature: bytes, key: Path, tmp_path: Path) -> bool:
    """Whether OpenSSH takes *signature* for one of DATA by *key*."""
    path, allowed = tmp_path / "signature", allow(tmp_path / "allowed", namespaces=NAMESPACE, office=key)
    path.write_bytes(signature)
    command = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "office", "-n", NAMESPACE, "-s", str(path)]
    return subprocess.run(command, input=DATA, capture_output=True, check=False).returncode == 0


def refused(key: Path | None) -> str:
    """Return the line by which a key is refused."""
    with pytest.raises(SubsetError) as caught:
        signer_of(key)
    assert "\n" not in str(caught.value)
    assert caught.value.next_step
    return str(caught.value)


def test_a_key_without_a_passphrase(key: Path, tmp_path: Path) -> None:
    """Its signature is one that OpenSSH verifies, equal each time, and within the size that is kept free for it."""
    signer = signer_of(key)
    made = signer.sign(DATA)
    assert verified(made, key, tmp_path)
    assert made == signer_of(key).sign(DATA)
    assert len(made) <= SIZE
    assert key.with_suffix(".pub").read_text().startswith(signer.public)


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize("how", ["the agent alone", "its file", "its public key"])
def test_a_key_of_the_agent(locked: Path, tmp_path: Path, how: str) -> None:
    """A key with a passphrase signs when the agent has it, whether no file, its own or that of its public key is named."""
    add(locked, tmp_path)
    named = {"the agent alone": None, "its file": locked, "its public key": locked.with_suffix(".pub")}[how]
    assert verified(signer_of(named).sign(DATA), locked, tmp_path)


@pytest.mark.parametrize("public", [True, False])
def test_a_key_that_cannot_sign_alone(locked: Path, *, public: bool) -> None:
    """No question is asked at a terminal: a passphrase is the agent's business."""
    said = refused(locked.with_suffix(".pub") if public else locked)
    assert "no agent here has this key, which has a passphrase or is a public one" in said
    assert "ssh-add FILE" in said


@pytest.mark.usefixtures("agent")
def test_the_agent_has_no_key_or_several(tmp_path: Path) -> None:
    """Without a name, one key must be meant; keys of other kinds are none that could sign."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(tmp_path / "other")], check=True)
    subprocess.run(["ssh-add", "-q", str(tmp_path / "other")], check=True)
    assert "none is named, and no agent here has one of Ed25519" in refused(None)
    for name in ("one", "two"):
        subprocess.run(["ssh-add", "-q", str(ssh_key(tmp_path / name))], check=True)
    assert "the agent has 2 keys of Ed25519, and none is named" in refused(None)


def test_no_key_at_all() -> None:
    """The line says how to make one."""
    assert "a bundle is signed, and there is no key" in refused(None)


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
@pytest.mark.parametrize("form", ["OpenSSH", "PEM"])
def test_other_kinds(tmp_path: Path, kind: str, form: str) -> None:
    """The importer checks Ed25519 alone: each other kind is refused by its name."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(tmp_path / "key")]
    subprocess.run([*command, *(["-m", "PEM"] if form == "PEM" else [])], check=True)
    name = {"ecdsa": "ecdsa-sha2-nistp256", "rsa": "ssh-rsa"}[kind] if form == "OpenSSH" else "PEM"
    assert f"this key is of the kind {name}, and the importer checks ssh-ed25519 alone" in refused(tmp_path / "key")


def test_a_security_key_is_refused(tmp_path: Path) -> None:
    """A key on a token signs something else than the importer checks."""
    line = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA=="
    (tmp_path / "key.pub").write_text(line)
    assert "of the kind sk-ssh-ed25519@openssh.com" in refused(tmp_path / "key.pub")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "a b c",
        "ssh-ed25519 !!!",
        "ssh-ed25519 AAAA",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA/////w==\n-----END OPENSSH PRIVATE KEY-----\n",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==",
    ],
)
def test_files_that_are_no_key(tmp_path: Path, text: str) -> None:
    """Whatever the file holds, the line says that it is no key."""
    (tmp_path / "key").write_text(text)
    assert "this is no key of OpenSSH" in refused(tmp_path / "key")


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    """The line names the path, and how to make a key."""
    assert "there is no such key to sign with; make one: ssh-keygen -t ed25519" in refused(tmp_path / "none")


def test_a_key_that_others_can_read(key: Path) -> None:
    """ssh-keygen refuses it, and its words are in the line."""
    key.chmod(0o644)
    assert "ssh-keygen does not sign with this key: " in refused(key)


def test_no_ssh_keygen(key: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the program there is one line, also where an agent would have been asked first."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for named in (key, None):
        with pytest.raises(MachineError, match="there is no ssh-keygen here, which signs the bundle"):
            signer_of(named)


def test_an_old_ssh_keygen(key: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program that knows no -Y is named as too old."""
    old = tmp_path / "bin"
    old.mkdir()
    # As OpenSSH 7.9 answers.
    (old / "ssh-keygen").write_text(
        f"#!{shutil.which('sh')}\necho 'unknown option -- Y' >&2\necho 'usage: …' >&2\nexit 1\n"
    )
    (old / "ssh-keygen").chmod(0o755)
    monkeypatch.setenv("PATH", str(old))
    with pytest.raises(MachineError, match=r"ssh-keygen here is too old.*OpenSSH 8\.2 or newer"):
        signer_of(key)
