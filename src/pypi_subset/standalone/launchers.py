"""``install.py`` of a site, the scripts that start it, and ``request.py``."""

from __future__ import annotations

import functools

from pypi_subset.model import paths
from pypi_subset.standalone import joined
from pypi_subset.support.resources import shipped


@functools.cache
def render() -> dict[str, bytes]:
    """Return path below the site → bytes of the installer, of its launchers for Unix and Windows, and of the requester."""
    launcher = shipped("templates", "install.cmd")
    return {
        paths.INSTALLER: joined.install(),
        paths.INSTALLER_SH: shipped("templates", "install.sh"),
        # cmd.exe loses its place in a file whose lines have no carriage return.
        paths.INSTALLER_CMD: launcher.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
        paths.REQUESTER: joined.request(),
    }
