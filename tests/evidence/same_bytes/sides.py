"""The two programs that are compared, and the directories that each of them works in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: pip's settings that say how PyPI is reached. Others could change a lock.
NETWORK = frozenset(
    {
        *("PIP_INDEX_URL", "PIP_PROXY", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_TRUSTED_HOST"),
        *("PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES"),
    }
)
#: No server listens on the discard port: a run that needs an index fails.
NOWHERE = "http://127.0.0.1:9/simple"


class SideError(Exception):
    """A command failed, or a site cannot be compared; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Work:
    """The three directories that ``pypi-subset mirror`` takes, below *root*."""

    root: Path

    @property
    def requirements(self) -> Path:
        """The sets, ``subset.toml`` and ``lock/``."""
        return self.root / "requirements"

    @property
    def packages(self) -> Path:
        """Wheels."""
        return self.root / "packages"

    @property
    def site(self) -> Path:
        """What is compared."""
        return self.root / "site"

    def locks(self) -> dict[str, str]:
        """Return the locks by file name."""
        found = sorted((self.requirements / "lock").glob("pylock.*.toml"))
        return {path.name: path.read_text(encoding="utf-8") for path in found}

    def ask(self, texts: Mapping[str, str], locks: Mapping[str, str]) -> None:
        """Write *texts* and *locks*; requirements files of another state are removed, their locks stay."""
        (self.requirements / "lock").mkdir(parents=True, exist_ok=True)
        for path in [*self.requirements.glob("*.txt"), *self.requirements.glob("*.toml")]:
            if path.name not in texts:
                path.unlink()
        for name, text in texts.items():
            (self.requirements / name).write_text(text, encoding="utf-8")
        for name, text in locks.items():
            (self.requirements / "lock" / name).write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Side:
    """
    One of the two programs.

    :param name: ``before`` or ``after``.
    :param program: its ``pypi-subset`` command.
    """

    name: str
    program: Path

    def mirror(self, work: Work, *, network: bool) -> str:
        """
        Run ``pypi-subset mirror`` and return its output.

        :param network: whether it may reach PyPI; otherwise its index is one that does not answer.
        :raises SideError: it fails.
        """
        folders = {"requirements": work.requirements, "packages": work.packages, "site": work.site}
        flags = [f"--{name}={path}" for name, path in folders.items()]
        return _run([str(self.program), "mirror", *flags], work.root, _environment(network=network))


def checkout() -> Side:
    """Return the side of the checkout and the environment that this script runs in."""
    return Side("after", _command(sys.executable))


def commit(name: str, folder: Path) -> Side:
    """
    Return the side of the commit *name*, cloned into *folder* once, with an environment made by its own Makefile.

    :raises SideError: this repository lacks the commit, or its environment cannot be made.
    """
    full = _run(["git", "rev-parse", "--verify", f"{name}^{{commit}}"], ROOT, dict(os.environ)).strip()
    place = folder / full
    if not (place / "Makefile").exists():
        shutil.rmtree(place, ignore_errors=True)
        _run(["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(place)], ROOT, dict(os.environ))
        _run(["git", "checkout", "--quiet", "--detach", full], place, dict(os.environ))
    # The same interpreter on both sides: the target `here` describes it.
    python = f"PYTHON={getattr(sys, '_base_executable', sys.executable)}"
    _run(["make", "targets", python], place, {**os.environ, "MAKEFLAGS": "", "MAKEOVERRIDES": ""})
    return Side("before", _command(str(place / ".venv" / "bin" / "python")))


def _command(python: str) -> Path:
    """Return the ``pypi-subset`` command that is installed beside *python*."""
    return ROOT.joinpath(python).with_name("pypi-subset")


def _environment(*, network: bool) -> dict[str, str]:
    """Return this process's environment without settings that could change a lock or a page."""
    ours = re.compile("(PIP|UV|PYTHON)", re.IGNORECASE)
    proxies = re.compile("(https?|all)_proxy", re.IGNORECASE)
    kept = {
        name: value
        for name, value in os.environ.items()
        if (network and name in NETWORK) or not (ours.match(name) or (proxies.fullmatch(name) and not network))
    }
    return {**kept, "PIP_CONFIG_FILE": os.devnull} | ({} if network else {"PIP_INDEX_URL": NOWHERE, "PIP_RETRIES": "0"})


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        msg = f"{' '.join(command)} ended with exit code {done.returncode}:\n{done.stdout}{done.stderr}"
        raise SideError(msg)
    return done.stdout
