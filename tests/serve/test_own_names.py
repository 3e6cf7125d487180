"""The names of the server: its own are answered, those of strangers are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.serve.own_names import OwnNames, names_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


async def nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Answer nothing."""


@pytest.mark.parametrize(
    ("host", "own"),
    [
        *(
            (host, True)
            for host in ("127.0.0.1", "127.0.0.1:8080", "localhost:8080", "LOCALHOST", "localhost.", "[::1]:80")
        ),
        *((host, True) for host in ("127.9.9.9", "pypi.lab", "Pypi.Lab:443", "127.0.0.1:")),
        *((host, False) for host in ("evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", "")),
        *((host, False) for host in ("127.0.0.1.evil.example", "localhost@evil.example", "[::2]", "[evil]", "::1")),
        *(
            (host, False)
            for host in ("evil.example/localhost", "localhost evil", "localhost:8080:8080", "localhost,evil")
        ),
        *((host, False) for host in ("2130706433", "0x7f.1", "127.1", "localhost\n", "[::1", "pypi.lab.evil.example")),
    ],
)
def test_names(host: str, *, own: bool) -> None:
    """An address is own if it is one of this machine, in the form that browsers send."""
    assert OwnNames(nothing, address="127.0.0.1", names=names_of(" Pypi.lab ,")).is_own([host]) is own


def test_one_name_alone() -> None:
    """No header, or two of them, is no name."""
    names = OwnNames(nothing, address="127.0.0.1", names=())
    assert not names.is_own([])
    assert not names.is_own(["localhost", "localhost"])


def test_the_address_that_it_listens_on() -> None:
    """If that is all addresses, each address is own, and no other name is."""
    one = OwnNames(nothing, address="10.0.0.1", names=())
    every = OwnNames(nothing, address="0.0.0.0", names=())  # noqa: S104 - no server
    assert [one.is_own([host]) for host in ("10.0.0.1:80", "10.0.0.2")] == [True, False]
    assert [every.is_own([host]) for host in ("10.0.0.1:80", "[fe80::1]", "evil.example")] == [True, True, False]


@pytest.mark.parametrize("text", ["http://pypi.lab", "pypi.lab:80", "*", "a b", "-a", "x" * 300])
def test_what_is_no_name(text: str) -> None:
    """One line says how names are given."""
    with pytest.raises(SubsetError, match=r"no name of a host: .*; as in `--host-names "):
        names_of(text)
