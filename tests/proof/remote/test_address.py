"""Addresses of schedulers and sites: which way a run may trust, and what is no address."""

from __future__ import annotations

import socket

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.proof.remote import address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("tcp://127.0.0.1:8786", "127.0.0.1", 8786),
        ("127.4.5.6:8786", "127.4.5.6", 8786),
        ("localhost:1", "localhost", 1),
        ("tcp://[::1]:8786", "::1", 8786),
        ("tls://cluster.example:8786", "cluster.example", 8786),
        ("tls://192.0.2.1:8786/", "192.0.2.1", 8786),
    ],
)
def test_ways_that_are_trusted(text: str, host: str, port: int) -> None:
    """Loopback, and TLS wherever it leads; the address goes on to Dask as it is."""
    assert address.scheduler_of(text) == address.Scheduler(address=text, host=host, port=port)


@pytest.mark.parametrize(
    "text",
    [
        "tcp://192.0.2.1:8786",
        "cluster.example:8786",
        "ws://cluster.example:8786",
        "tcp://0.0.0.0:8786",
        "tcp://127.1:8786",
        "tcp://localhost.example:8786",
        "tcp://[::ffff:192.0.2.1]:8786",
        "tlsx://cluster.example:8786",
    ],
)
def test_ways_that_anybody_can_change(text: str) -> None:
    """Anything else is refused with both ways out, unless the user accepts it."""
    with pytest.raises(SubsetError) as raised:
        address.scheduler_of(text)
    assert str(raised.value) == (
        f"each machine on the way to {text} can read and forge the answers of its workers; "
        "use tls://, or an address of loopback such as the end of an ssh tunnel, or accept it: `--insecure-cluster`"
    )
    assert address.scheduler_of(text, insecure=True).address == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "inproc://1/2/3",
        "tcp://127.0.0.1:8786@evil.example:1",
        "tcp://me:secret@127.0.0.1:8786",
        "tcp://127.0.0.1:8786,tcp://evil.example:1",
        "tcp://127.0.0.1:8786\ntcp://evil.example:1",
        "tcp://127.0.0.1",
        "scheduler.json",
    ],
)
@pytest.mark.parametrize("insecure", [False, True])
def test_what_is_no_address(text: str, *, insecure: bool) -> None:
    """What Dask and this check could read as two hosts is no address at all."""
    with pytest.raises(SubsetError, match="is no address of a Dask scheduler; name one that runs, as in `--scheduler "):
        address.scheduler_of(text, insecure=insecure)


def test_the_own_address_is_that_of_the_way() -> None:
    """Workers find this machine where the scheduler sees it; a scheduler that does not answer is one line."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        scheduler = address.scheduler_of(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        assert scheduler.own_address(5) == "127.0.0.1"
    with pytest.raises(SubsetError, match="no Dask scheduler answers at tcp://127"):
        scheduler.own_address(5)


def test_the_address_of_a_site() -> None:
    """A slash at its end goes; `test_dask` has the ones that are refused."""
    assert address.site_url("https://host/folder/") == "https://host/folder"
    assert address.site_url("") == ""
