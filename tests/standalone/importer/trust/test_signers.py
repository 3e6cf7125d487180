"""The file of allowed signers, compared with the real ssh-keygen."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Misused
from pypi_subset.standalone.importer.trust.signers import allowed, is_matched, moment
from pypi_subset.standalone.importer.trust.sshsig import signer_of
from tests.support.gap.bundles import NAMESPACE, Key

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    """A key that signed the file ``message`` beside it."""
    made = Key.made(tmp_path_factory.mktemp("keys"))
    message = made.path.with_name("message")
    message.write_bytes(b"text")
    made.sign(message)
    return made


@pytest.fixture(scope="module")
def raw(key: Key) -> bytes:
    """The 32 bytes of the key."""
    return signer_of(b"text", key.path.with_name("message.sig").read_bytes())


#: Options, and whether they allow a bundle today.
OPTIONS = [
    ("", True),
    (f'namespaces="{NAMESPACE}"', True),
    (f'namespaces="email,{NAMESPACE}"', True),
    ('namespaces="email"', False),
    ('namespaces="pypi-*"', True),
    ('namespaces="pypi-subset-bundl?"', True),
    ('namespaces="*,!pypi-*"', False),
    ('namespaces="!pypi-*,*"', False),
    (f'namespaces="!email,{NAMESPACE}"', True),
    ('namespaces="!email"', False),
    (f'NAMESPACES="{NAMESPACE}"', True),
    ('valid-after="20200101"', True),
    ('valid-after="29990101"', False),
    ('valid-before="29990101"', True),
    ('valid-before="20200101"', False),
    ('valid-after="202001011200"', True),
    ('valid-after="20200101120059Z"', True),
    ('valid-before="20200101Z"', False),
    ('valid-after="20200101",valid-before="29990101"', True),
    (f'namespaces="{NAMESPACE}",valid-after="20200101",valid-before="20210101"', False),
]


@pytest.mark.parametrize(("options", "verdict"), OPTIONS, ids=[one[0] or "none" for one in OPTIONS])
def test_ssh_keygen_agrees(key: Key, raw: bytes, options: str, verdict: bool) -> None:  # noqa: FBT001 - a table
    """An option allows a bundle here if ssh-keygen accepts the signature."""
    signers = key.path.with_name("allowed")
    signers.write_text(f"# a comment\n\n  {key.line(options)}")
    message = key.path.with_name("message")
    command = [
        "ssh-keygen",
        "-Y",
        "verify",
        "-f",
        str(signers),
        "-I",
        key.principal,
        "-n",
        NAMESPACE,
        "-s",
        f"{message}.sig",
    ]
    with message.open("rb") as stream:
        done = subprocess.run(command, stdin=stream, capture_output=True, check=False)
    assert (done.returncode == 0) is verdict
    principal, fault = allowed(signers.read_bytes(), raw, time.time())
    assert (principal, not fault) == (key.principal if verdict else "", verdict)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lab cert-authority KEY", "the option cert-authority is not supported"),
        ('lab namespaces="x",cert-authority KEY', "the option cert-authority is not supported"),
        ("lab verify-required KEY", "the option verify-required is not supported"),
        ("lab ssh-rsa AAAA", "keys of kind ssh-rsa are not supported"),
        ("lab sk-ssh-ed25519@openssh.com AAAA", "keys of kind sk-ssh-ed25519@openssh.com are not supported"),
        ("lab ecdsa-sha2-nistp256 AAAA", "keys of kind ecdsa-sha2-nistp256 are not supported"),
        ("lab ssh-ed25519 AAAA", "cut off"),
        ("lab ssh-ed25519 !!!!", "base64 is damaged"),
        ("lab ssh-ed25519", "it is no `PRINCIPALS"),
        ("lab", "it is no `PRINCIPALS"),
        ('lab namespaces="x KEY', "a quote is not closed"),
        ('lab namespaces="a",namespaces="b" KEY', "namespaces twice"),
        ('lab valid-after="tomorrow" KEY', "tomorrow is no time"),
        ('lab valid-after="20201301" KEY', "20201301 is no time"),
        ('lab valid-after="2020010112" KEY', "2020010112 is no time"),
        ('lab valid-after="20210101",valid-before="20200101" KEY', "valid-before is not after valid-after"),
        ("lab namespaces KEY", "the option namespaces has no value in double quotes"),
        ("lab namespaces=x KEY", "the option namespaces has no value in double quotes"),
        ("lab valid-after=20200101 KEY", "the option valid-after has no value in double quotes"),
        ('lab valid-after="20200101",, KEY', "its options are damaged"),
        ("lab \x1b[2J=1 KEY", "its options are damaged"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(key: Key, raw: bytes, line: str, message: str) -> None:
    """A line that says more than is understood is an error, though another line would allow the key."""
    text = key.line() + line.replace("KEY", key.public) + "\n"
    with pytest.raises(Misused, match="line 2 of the file of allowed signers: ") as caught:
        allowed(text.encode(), raw, time.time())
    assert message in str(caught.value)


def test_principals_may_be_quoted_and_commented(key: Key, raw: bytes) -> None:
    """The principals are shown as they are; a comment follows the key."""
    line = f'"lab@example.org,*@example.com" {key.public} the key of 2026 "with a quote\n'
    assert allowed(line.encode(), raw, 0) == ("lab@example.org,*@example.com", "")


def test_other_keys(key: Key, raw: bytes, tmp_path: Path) -> None:
    """Another key is none; the second line for a key may allow it."""
    other = Key.made(tmp_path)
    assert allowed(other.line().encode(), raw, 0) == ("", "no line of it has this key")
    lines = key.line('valid-before="20200101"') + key.line()
    assert allowed(lines.encode(), raw, time.time()) == (key.principal, "")


def test_a_file_of_an_editor_of_windows(key: Key, raw: bytes) -> None:
    """A mark of the encoding is no part of the first principal, and lines may end as there."""
    assert allowed(b"\xef\xbb\xbf" + key.line().replace("\n", "\r\n").encode(), raw, 0) == (key.principal, "")


def test_text_that_is_no_text(raw: bytes) -> None:
    """Bytes that are not UTF-8 are an error."""
    with pytest.raises(Misused, match="not UTF-8; save it"):
        allowed(b"\xff", raw, 0)


def test_moments() -> None:
    """A time with Z is in UTC, others are in the time zone of the machine, as for ssh-keygen."""
    assert moment("20260102030405Z", 1) == 1767323045
    local = time.mktime(time.strptime("2026-01-02 03:04", "%Y-%m-%d %H:%M"))
    assert moment("202601020304", 1) == local


def test_patterns() -> None:
    """A pattern matches the whole text; signs of regular expressions are plain."""
    assert is_matched("a.b", ["a.b"])
    assert not is_matched("axb", ["a.b"])
    assert not is_matched("pypi-subset-bundle-2", ["pypi-subset-bundle"])
    assert not is_matched("x", [])
