"""What a run needs from PyPI, fetched once: the clients, each in an environment of its own, and a real site."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uv import find_uv_bin

from pypi_subset.errors import SubsetError
from tests.evidence.bench.rivals import network_settings
from tests.evidence.bench.tools import shared_environment
from tests.evidence.compatibility.run import Work
from tests.support.checkout import ROOT
from tests.support.programs.commands import PYPI_SUBSET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HERE = Path(__file__).resolve().parent

#: Where the run finds modules: this package, ours, and the servers that lie beside the tests.
IMPORTS = (ROOT, ROOT / "src")

#: What is mirrored: projects with some steps of dependencies, a marker and an extra; and what builds ask for.
SETS = {
    "base": ("cattrs", "click", "httpx[http2]"),
    "tools": ("hatchling", "pip", "setuptools", "wheel"),
}

#: Host → program and Debian's package of it, where Python does not bring it along.
SERVERS = {"nginx": ("nginx", "nginx-light"), "Apache": ("apache2", "apache2")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Equipment:
    """
    What a run uses.

    :param programs: client's environment → directory of its programs.
    :param versions: client's environment → version.
    """

    site: Path
    lock: Path
    programs: Mapping[str, Path]
    versions: Mapping[str, str]


def set_up(cache: Path) -> Equipment:
    """
    Return what *cache* holds, after installing and mirroring what it lacks.

    :raises subprocess.CalledProcessError: PyPI does not give it; the command has said why.
    """
    wanted = tomllib.loads((_HERE / "versions.toml").read_text(encoding="utf-8"))
    programs = {name: _client(cache / name, requirements) for name, requirements in wanted.items()}
    versions = {name: requirements[0].partition("==")[2] for name, requirements in wanted.items()}
    subset = cache / "subset"
    lock = subset / "requirements" / "lock" / "pylock.base--here.toml"
    mirror(subset, SETS)
    return Equipment(site=subset / "site", lock=lock, programs=programs, versions=versions)


def mirror(folder: Path, sets: Mapping[str, Sequence[str]]) -> None:
    """Make *folder*``/site`` for this interpreter, by the command that users start."""
    requirements = folder / "requirements"
    requirements.mkdir(parents=True, exist_ok=True)
    (requirements / "subset.toml").write_text('[targets]\nhere = "host"\n', encoding="utf-8")
    for name, lines in sets.items():
        (requirements / f"{name}.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
    paths = os.pathsep.join(map(str, IMPORTS))
    subprocess.run([*PYPI_SUBSET, "mirror"], cwd=folder, env={**os.environ, "PYTHONPATH": paths}, check=True)


def check_hosts(hosts: Sequence[str]) -> None:
    """
    Come back if this machine has the servers for *hosts*.

    :raises SubsetError: one is missing.
    """
    places = f"{os.environ.get('PATH', '')}:/usr/sbin"
    for host in hosts:
        program, package = SERVERS.get(host, ("", ""))
        if program and shutil.which(program, path=places) is None:
            msg = f"there is no {program} here"
            raise SubsetError(msg, next_step=f"on Debian and Ubuntu: apt install {package}")


def work(tools: Equipment, *, clients: Sequence[str], hosts: Sequence[str]) -> Work:
    """Return what to do with *tools*: the set `base`, which must come out as it was locked."""
    return Work(
        site=str(tools.site),
        python=sys.executable,
        programs={name: str(path) for name, path in tools.programs.items()},
        requests=SETS["base"],
        expected=locked(tools.lock),
        clients=clients,
        hosts=hosts,
    )


def locked(lock: Path) -> dict[str, str]:
    """Return name → version of a lock, read without a line of ours."""
    document = tomllib.loads(lock.read_text(encoding="utf-8"))
    return {package["name"]: package["version"] for package in document["packages"]}


def _client(folder: Path, requirements: Sequence[str]) -> Path:
    """Return the directory of a client's programs; installed again if *requirements* are not what was."""
    stamp, wanted = folder / ".ready", json.dumps([*requirements, sys.version])
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        index, network = network_settings()
        uv = [find_uv_bin(), "--no-config", "--quiet"]
        subprocess.run([*uv, "venv", "--python", sys.executable, str(folder)], check=True)
        into = ["--python", str(folder / "bin" / "python"), *(["--default-index", index] if index else [])]
        environment = {**shared_environment(network), **_certificates(network)}
        subprocess.run([*uv, "pip", "install", *into, *requirements], env=environment, check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin"


def _certificates(network: Mapping[str, str]) -> dict[str, str]:
    """Return for uv what pip was told about certificates."""
    return {"SSL_CERT_FILE": network["PIP_CERT"]} if "PIP_CERT" in network else {}
