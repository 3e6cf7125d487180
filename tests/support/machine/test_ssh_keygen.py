"""OpenSSH's program: what is missing, old or slow is one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import MachineError
from pypi_subset.support.machine import ssh_keygen

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only program on PATH, which is still to be written."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "ssh-keygen"


def script(path: Path, text: str) -> None:
    """Make *path* a program."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_there_is_none(program: Path) -> None:
    """The line says what it is for, and what to install."""
    assert not program.exists()
    with pytest.raises(MachineError, match="there is no ssh-keygen here, which signs") as caught:
        ssh_keygen.run(["sign"], b"", purpose="signs")
    assert "install OpenSSH 8.2 or newer" in caught.value.next_step


@pytest.mark.parametrize("said", ["unknown option -- Y", "ssh-keygen: illegal option -- Y"])
def test_an_old_one(program: Path, said: str) -> None:
    """What the systems' libraries say of an unknown option is understood."""
    script(program, f"echo '{said}' >&2; exit 1")
    with pytest.raises(MachineError, match="too old, and knows no -Y, which signs"):
        ssh_keygen.run(["sign"], b"", purpose="signs")


def test_a_slow_one(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that waits for its user is ended."""
    monkeypatch.setattr(ssh_keygen, "_PATIENCE", 0.2)
    script(program, "exec /bin/sleep 60")
    with pytest.raises(MachineError, match=r"did not end within 0\.2 s"):
        ssh_keygen.run(["sign"], b"", purpose="signs")


def test_its_last_words(program: Path) -> None:
    """The last line that says something is the reason; without any it is the exit code."""
    script(program, 'if [ "$2" = sign ]; then echo first; echo "second." >&2; fi; exit 3')
    assert ssh_keygen.words(ssh_keygen.run(["sign"], b"", purpose="signs")) == "first"
    assert ssh_keygen.words(ssh_keygen.run(["verify"], b"", purpose="signs")) == "exit code 3"
