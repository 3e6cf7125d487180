"""The two addresses of a run on a cluster: of its scheduler, and of the site that its workers read."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from pypi_subset.errors import MachineError, SubsetError

#: ``scheme://host:port``, as Dask reads it; without a scheme it is ``tcp``. Nothing else stands in it.
_SCHEDULER = re.compile(r"(?:([a-z][a-z0-9+.-]*)://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})/?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scheduler:
    """
    Where a scheduler listens.

    :param address: as Dask takes it.
    :param host: its name or IP address, without brackets.
    """

    address: str
    host: str
    port: int

    def own_address(self, timeout: float) -> str:
        """
        Return the IP address of this machine on its way to the scheduler.

        :param timeout: seconds.
        :raises SubsetError: it does not answer.
        """
        try:
            with socket.create_connection((self.host, self.port), timeout=timeout) as connection:
                return str(connection.getsockname()[0])
        except OSError as error:
            msg = f"no Dask scheduler answers at {self.address}: {error}"
            raise MachineError(msg, next_step=_NAME_ONE) from error


_NAME_ONE = "name one that runs, as in `--scheduler tcp://127.0.0.1:8786`"


def scheduler_of(address: str, *, insecure: bool = False) -> Scheduler:
    """
    Return the scheduler at *address*, if a run may trust the way to it.

    Cases and answers pass there as they are. On loopback no other user reads or changes them, and TLS prevents it.

    :param insecure: whether the user accepts any other way.
    :raises SubsetError: it is no address of a scheduler, or neither loopback nor ``tls://``.
    """
    found = _SCHEDULER.fullmatch(address)
    if found is None:
        msg = f"{address!r} is no address of a Dask scheduler"
        raise SubsetError(msg, next_step=_NAME_ONE)
    scheme, host, port = found[1] or "tcp", found[2].strip("[]"), int(found[3])
    if not (insecure or scheme == "tls" or _is_loopback(host)):
        msg = f"each machine on the way to {address} can read and forge the answers of its workers"
        step = (
            "use tls://, or an address of loopback such as the end of an ssh tunnel, or accept it: `--insecure-cluster`"
        )
        raise SubsetError(msg, next_step=step)
    return Scheduler(address=address, host=host, port=port)


def site_url(url: str) -> str:
    """
    Return *url* without a slash at its end.

    :raises SubsetError: it is not the address of a site, or it holds a password.
    """
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
        msg = f"{url} is not where a site is served"
        raise SubsetError(msg, next_step="name the directory that holds simple/, as in https://host/directory")
    if parts.username or parts.password:
        msg = "the site's address holds a user name or a password, and would be sent to all workers"
        raise SubsetError(msg, next_step="serve the site to the workers without one, or leave the address out")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    """Whether *host* is this machine for every resolver (RFC 6761, 6.3; RFC 1122, 3.2.1.3)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
