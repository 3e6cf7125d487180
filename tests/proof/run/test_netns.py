"""Behind the seal: loopback is up, and rights are those of the user."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from pypi_subset.proof.run import suite as suite_module
from pypi_subset.proof.run.suite import _SHUT, seal


@pytest.mark.slow
@pytest.mark.skipif(not seal().prefix, reason="this system cannot shut the network")
def test_seal_shuts_the_network() -> None:
    """Behind the seal no server of this machine answers, and no other machine is there; the report names the seal."""
    assert seal().name == "network namespace"
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = connecting("127.0.0.1", server.getsockname()[1])
        assert subprocess.run(here, check=False).returncode == 0
        refused = behind_the_seal(here)
    assert (refused.returncode, "refused" in refused.stderr) == (1, True)
    # An address that is kept for documentation (RFC 5737): with a network, nobody would answer before the time is up.
    nowhere = behind_the_seal(connecting("192.0.2.1", 80))
    assert (nowhere.returncode, "unreachable" in nowhere.stderr) == (1, True)


@pytest.mark.slow
@pytest.mark.skipif(not seal().prefix, reason="this system cannot shut the network")
@pytest.mark.parametrize("options", _SHUT, ids=" ".join)
def test_seal_leaves_loopback(monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]) -> None:
    """Behind each kind of seal a process reaches its own server, and has no more rights than its user."""
    monkeypatch.setattr(suite_module, "_SHUT", (options,))
    if not seal().prefix:
        pytest.skip("not allowed here")
    code = (
        "import os, socket; server = socket.create_server(('127.0.0.1', 0)); socket.create_connection(server.getsockname());"
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('CapAmb')])"
    )
    done = behind_the_seal([sys.executable, "-I", "-c", code])
    assert (done.stdout, done.stderr) == ("['0000000000000000']\n", "")


def connecting(host: str, port: int) -> list[str]:
    """Return a command that connects there, or fails within two seconds."""
    return [sys.executable, "-I", "-c", f"import socket; socket.create_connection(({host!r}, {port}), 2)"]


def behind_the_seal(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Return how *command* ended behind the seal."""
    return subprocess.run([*seal().prefix, *command], capture_output=True, text=True, check=False)
