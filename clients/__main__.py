"""Installs with every client from every host, and writes README's table: ``python -m clients``, by ``make clients``."""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from clients import equipment, table
from clients.hosts import HOSTS
from clients.run import Cell, Work, run
from clients.ways import WAYS
from pypi_subset.proof.suite import seal

ROOT = Path(__file__).resolve().parents[1]

#: The small cut: the two that most people use, on what needs no server installed.
SMALL = (("pip", "uv pip"), ("http.server", "make serve", "file://"))


def main() -> int:
    """Return the exit code: 0 if every cell is as README says it is, or was written to say."""
    arguments = _arguments()
    if arguments.sealed:
        return _sealed(arguments.sealed)
    tools = equipment.set_up(ROOT / ".bench" / "clients")
    clients, hosts = SMALL if arguments.small else (tuple(WAYS), tuple(HOSTS))
    clients = _chosen(clients, arguments.only)
    hosts = _chosen(hosts, arguments.hosts)
    cells = outcome(equipment.work(tools, clients=clients, hosts=hosts))
    wrong = [f"{cell.client} from {cell.host}: {cell.fault}" for cell in cells if cell.fault]
    if not wrong and (clients, hosts) == (tuple(WAYS), tuple(HOSTS)):
        wrong += table.update(ROOT / "README.md", cells, tools.versions, write=not arguments.check)
    for line in wrong:
        sys.stderr.write(f"error: {line}\n")
    sys.stdout.write(f"{len(cells) - len(wrong)} of {len(cells)} cells as expected\n")
    return 1 if wrong else 0


def outcome(work: Work) -> list[Cell]:
    """
    Return the cells of *work*, done where the network is shut.

    :raises RuntimeError: this system cannot shut it, or the run did not come to its end.
    """
    shut = seal()
    if not shut.prefix:
        msg = "nothing can be shown here: installing with the network shut needs Linux and `unshare`"
        raise RuntimeError(msg)
    with tempfile.TemporaryDirectory(prefix="clients-") as folder:
        order, answer = Path(folder, "order.json"), Path(folder, "answer.json")
        order.write_text(json.dumps(asdict(work)), encoding="utf-8")
        # `python -m` puts the folder that it is started in first; the servers for tests lie beside the tests.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, equipment.IMPORTS)])}
        command = [*shut.prefix, sys.executable, "-m", "clients", "--sealed", str(order)]
        if subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode:
            msg = "the run did not come to its end; see the lines above"
            raise RuntimeError(msg)
        return [Cell(**cell) for cell in json.loads(answer.read_text(encoding="utf-8"))]


def _sealed(order: Path) -> int:
    """Do what *order* says and leave the cells beside it; there is no other network than loopback here."""
    from offline_client import loopback_up  # noqa: PLC0415 - a script of the tests, found by those that are sealed

    loopback_up()
    if others := [name for _, name in socket.if_nameindex() if name != "lo"]:
        msg = f"the network is not shut: {', '.join(others)}"
        raise RuntimeError(msg)
    work = Work(**json.loads(order.read_text(encoding="utf-8")))
    folder = order.parent / "cells"
    folder.mkdir()
    cells = run(work, folder, lambda line: print(line, flush=True))  # noqa: T201 - a program's progress
    order.with_name("answer.json").write_text(json.dumps([asdict(cell) for cell in cells]), encoding="utf-8")
    return 0


def _chosen(names: tuple[str, ...], wanted: str) -> tuple[str, ...]:
    return tuple(name for name in names if name in wanted.split(",")) if wanted else names


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="clients", description=__doc__)
    parser.add_argument("--small", action="store_true", help="pip and uv alone, on hosts that are always there")
    parser.add_argument("--only", default="", help="names of clients, separated by commas; README is left alone")
    parser.add_argument("--hosts", default="", help="likewise names of hosts")
    parser.add_argument("--check", action="store_true", help="do not write README's table, fail if it differs")
    parser.add_argument("--sealed", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
