"""Places to publish to: a directory, a directory behind a remote shell, a directory behind a daemon of rsync."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.publishing.destinations.rsync import Rsync
from tests.support.servers.ports import free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pypi_subset.publishing.destinations.base import Destination


@dataclass(frozen=True)
class Place:
    """A destination, and the directory that is behind it; *to* is how a user names it."""

    destination: Destination
    folder: Path
    to: str


@contextlib.contextmanager
def folder(root: Path) -> Iterator[Place]:
    """Yield a place that is a directory."""
    yield Place(Folder(root / "public"), root / "public", str(root / "public"))


@contextlib.contextmanager
def rsync_shell(root: Path) -> Iterator[Place]:
    """Yield a directory "on another machine", with a stand-in for ssh: it gets a host, and words for a shell over there."""
    root.mkdir(exist_ok=True)
    shell = root / "remote-shell"
    shell.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')
    shell.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RSYNC_RSH", str(shell))
        to = f"far:{root / 'public'}"
        yield Place(Rsync(to), root / "public", to)


@contextlib.contextmanager
def rsync_daemon(root: Path, more: str = "") -> Iterator[Place]:
    """Yield a directory behind a daemon of rsync's on loopback."""
    root.mkdir(exist_ok=True)
    port = free_port()
    settings = root / "rsyncd.conf"
    # As root it would become nobody.
    who = "uid = 0\ngid = 0\n" if os.getuid() == 0 else ""
    settings.write_text(
        f"use chroot = no\naddress = 127.0.0.1\nport = {port}\n{who}[web]\npath = {root}\nread only = no\n{more}"
    )
    program = shutil.which("rsync") or "rsync"
    command = [program, "--daemon", "--no-detach", f"--config={settings}"]
    with running(command, port, root.with_name(f"{root.name}.log")) as process:
        to = f"rsync://127.0.0.1:{port}/web/public"
        yield Place(Rsync(to), root / "public", to)
        # If it is terminated, rsync waits 0.4 s before it ends.
        process.kill()


PLACES: dict[str, Callable[[Path], contextlib.AbstractContextManager[Place]]] = {
    "folder": folder,
    "rsync": rsync_shell,
    "daemon": rsync_daemon,
}
