"""The rivals' own environments in ``.bench/``, each made from a lock, and everybody's versions."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.upstream.pip_config import read_network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: Distributions whose versions matter, by the program that asks for them.
RIVALS = ("nab", "pex", "uv", "pip")
GENERATORS = ("pip2pi", "python-pypi-mirror", "piprepo", "dumb-pypi", "simple503")


def network_settings() -> tuple[str | None, dict[str, str]]:
    """Return the index that pip was told to use, if it was, and how to reach it, as variables for pip."""
    from pip._internal.models.index import PyPI  # noqa: PLC0415 - pip's commands are slow to import

    network = read_network()
    options = network.options
    index = options.index_url if options.index_url != PyPI.simple_url else None
    settings = {
        "PIP_INDEX_URL": index,
        "PIP_TRUSTED_HOST": " ".join(options.trusted_hosts),
        "PIP_PROXY": options.proxy,
        "PIP_CERT": options.cert,
        "PIP_CLIENT_CERT": options.client_cert,
    }
    return index, {name: value for name, value in settings.items() if value}


def set_up(cache: Path, lock: Path, environment: Mapping[str, str]) -> Path:
    """
    Return the directory of the rivals' programs, made again if the lock has changed.

    :param cache: a directory that outlives the run.
    :raises subprocess.CalledProcessError: pip cannot install them; it has said why.
    """
    venv, stamp = cache / "venv", cache / "venv" / ".ready"
    programs = venv / "bin"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-I", "-m", "venv", str(venv)], check=True)
        install = [str(programs / "python"), "-I", "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
        subprocess.run([*install, "--requirement", str(lock)], env=dict(environment), check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return programs


def versions(programs: Path, rivals: Sequence[str] = RIVALS) -> dict[str, str]:
    """Return the versions of ours and of *rivals*."""
    command = [str(programs / "python"), "-I", "-m", "pip", "list", "--format", "json"]
    listed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    found = {canonicalize_name(one["name"]): one["version"] for one in listed}
    return {
        "pypi-subset": f"{version('pypi-subset')} with pip {version('pip')}",
        **{name: found[canonicalize_name(name)] for name in rivals},
    }
