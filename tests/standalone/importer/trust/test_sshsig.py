"""Signatures of the real ssh-keygen, and others."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.trust.sshsig import Wire, fingerprint, packed, signer_of
from tests.support.gap.bundles import NAMESPACE, Key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MESSAGE = b"what is signed\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def key(folder: Path) -> Key:
    """A key of ssh-keygen."""
    return Key.made(folder)


def signature(key: Key, *options: str, namespace: str = NAMESPACE) -> bytes:
    """Return the signature of `MESSAGE`."""
    path = key.path.with_name("message")
    path.write_bytes(MESSAGE)
    key.sign(path, namespace, *options)
    return path.with_name("message.sig").read_bytes()


def rebuilt(armored: bytes, change: Callable[[list[bytes]], object], version: int = 1) -> bytes:
    """Return a signature whose five fields *change* changed."""
    raw = base64.b64decode(b"".join(armored.split(b"\n")[1:-2]))
    wire = Wire(raw)
    wire.expect(b"SSHSIG")
    assert wire.number() == 1
    fields = [wire.string() for _ in range(5)]
    change(fields)
    blob = b"SSHSIG" + version.to_bytes(4, "big") + b"".join(map(packed, fields))
    return armor(blob)


def armor(blob: bytes) -> bytes:
    """Return *blob* as a file of a signature."""
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]).encode()


@pytest.mark.parametrize("options", [[], ["-O", "hashalg=sha256"], ["-O", "hashalg=sha512"]])
def test_signature_of_ssh_keygen(key: Key, options: list[str]) -> None:
    """A signature with either hash gives the key, whose fingerprint is that of ``ssh-keygen -l``."""
    found = signer_of(MESSAGE, signature(key, *options))
    assert packed(b"ssh-ed25519") + packed(found) == base64.b64decode(key.public.split()[1])
    listed = subprocess.run(["ssh-keygen", "-l", "-f", key.path], capture_output=True, text=True, check=True)
    assert fingerprint(found) == listed.stdout.split()[1]


def test_other_message(key: Key) -> None:
    """One other byte is no signed message."""
    with pytest.raises(Refused, match=r"no signature of this bundle.json"):
        signer_of(MESSAGE + b" ", signature(key))


def test_other_namespace(key: Key) -> None:
    """A signature for e-mail is none of a bundle."""
    with pytest.raises(Refused, match="is for the namespace email, not pypi-subset-bundle"):
        signer_of(MESSAGE, signature(key, namespace="email"))


@pytest.mark.parametrize(("kind", "name"), [("rsa", "ssh-rsa"), ("ecdsa", "ecdsa-sha2-nistp256")])
def test_other_kinds_of_key_are_refused_by_name(folder: Path, kind: str, name: str) -> None:
    """RSA and ECDSA are named."""
    with pytest.raises(Refused, match=f"the key is of kind {name}, and only ssh-ed25519 is supported"):
        signer_of(MESSAGE, signature(Key.made(folder, kind, kind)))


CHANGES: list[tuple[str, Callable[[list[bytes]], object], str]] = [
    ("hash", lambda fields: fields.__setitem__(3, b"md5"), "uses the hash md5"),
    ("reserved", lambda fields: fields.__setitem__(2, b"x"), "reserved field"),
    (
        "kind of the signature",
        lambda fields: fields.__setitem__(4, packed(b"ssh-rsa") + packed(b"0" * 64)),
        "kind ssh-rsa",
    ),
    (
        "short signature",
        lambda fields: fields.__setitem__(4, packed(b"ssh-ed25519") + packed(b"0" * 63)),
        "no signature of",
    ),
    ("behind the signature", lambda fields: fields.__setitem__(4, fields[4] + b"0"), "bytes behind"),
    ("behind the key", lambda fields: fields.__setitem__(0, fields[0] + b"0"), "bytes behind"),
    ("short key", lambda fields: fields.__setitem__(0, packed(b"ssh-ed25519") + packed(b"0" * 31)), "31 bytes"),
    ("escape", lambda fields: fields.__setitem__(1, b"\x1b[2J"), r"namespace \\x1b\[2J"),
    ("one more field", lambda fields: fields.append(b""), "bytes behind"),
    ("one less field", lambda fields: fields.pop(), "cut off"),
]


@pytest.mark.parametrize(("change", "message"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES])
def test_changed_fields(key: Key, change: Callable[[list[bytes]], object], message: str) -> None:
    """Each field counts, and nothing follows the last one."""
    with pytest.raises(Refused, match=message):
        signer_of(MESSAGE, rebuilt(signature(key), change))


def test_other_version(key: Key) -> None:
    """A later version is refused."""
    with pytest.raises(Refused, match="unknown version"):
        signer_of(MESSAGE, rebuilt(signature(key), lambda _: None, version=2))
    assert signer_of(MESSAGE, rebuilt(signature(key), lambda _: None))


ARMORS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("before", lambda data: b"x\n" + data),
    ("behind", lambda data: data + b"x"),
    ("twice", lambda data: data + data),
    ("empty line", lambda data: data.replace(b"\n", b"\n\n", 1)),
    ("space", lambda data: data.replace(b"U1NI", b"U1 NI", 1)),
    ("other magic", lambda _: armor(b"SSHSIX" + b"\0" * 60)),
    ("not base64", lambda data: data.replace(b"U1NI", b"U1!I", 1)),
    ("padding inside", lambda data: data.replace(b"U1NI", b"U1==", 1)),
    ("loose bits", lambda data: data.replace(b"\n-----END", b"A\n-----END", 1)),
    ("nothing", lambda _: b""),
    ("too long", lambda _: armor(b"SSHSIG" + b"\0" * 4000)),
]


@pytest.mark.parametrize("change", [one[1] for one in ARMORS], ids=[one[0] for one in ARMORS])
def test_changed_armor(key: Key, change: Callable[[bytes], bytes]) -> None:
    """The armor has one form."""
    with pytest.raises(Refused, match=r"no signature of `ssh-keygen|base64|cut off"):
        signer_of(MESSAGE, change(signature(key)))


def test_armor_of_windows(key: Key) -> None:
    """Lines may end as on Windows."""
    assert signer_of(MESSAGE, signature(key).replace(b"\n", b"\r\n"))
