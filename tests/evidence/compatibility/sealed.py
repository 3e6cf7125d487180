"""
The way into a network that holds nothing but loopback, where both servers and clients run.

``python -m tests.evidence.compatibility.sealed WHAT ORDER ANSWER`` is started by `cells` and `fetched`, with JSON documents before and after.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pypi_subset.errors import SubsetError
from pypi_subset.proof.run.suite import seal
from tests.evidence.compatibility import win
from tests.evidence.compatibility.equipment import IMPORTS
from tests.evidence.compatibility.run import Cell, Work, run
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def cells(work: Work) -> list[Cell]:
    """
    Return a cell for each client and host of *work*.

    :raises SubsetError: this system cannot shut the network, or the run did not come to its end.
    """
    return [Cell(**cell) for cell in _sealed("cells", asdict(work))]


def fetched(sites: Mapping[str, Path], programs: Mapping[str, Path], requests: Sequence[str]) -> list[win.Fetched]:
    """
    Return what `win.measure` does.

    :raises SubsetError: as above.
    """
    order = {"sites": _texts(sites), "programs": _texts(programs), "requests": [*requests]}
    return [
        win.Fetched(**{**one, "answers": tuple((path, size) for path, size in one["answers"])})
        for one in _sealed("fetched", order)
    ]


def main(what: str, order: Path, answer: Path) -> None:
    """Do *what* the order says; there is no other network than loopback here."""
    from tests.support.programs.offline_client import loopback_up  # noqa: PLC0415 - a script of the tests, found by those that are sealed

    loopback_up()
    if others := [name for _, name in socket.if_nameindex() if name != "lo"]:
        msg = f"the network is not shut: {', '.join(others)}"
        raise RuntimeError(msg)
    folder = answer.with_suffix("")
    folder.mkdir()
    done = _DEEDS[what](json.loads(order.read_text(encoding="utf-8")), folder)
    answer.write_text(json.dumps([asdict(one) for one in done]), encoding="utf-8")


def _sealed(what: str, order: Mapping[str, Any]) -> list[dict[str, Any]]:
    shut = seal()
    if not shut.prefix:
        msg = "the network cannot be shut here"
        raise SubsetError(msg, next_step="run this on Linux, where `unshare --net` is allowed")
    with tempfile.TemporaryDirectory(prefix="clients-") as folder:
        asked, answer = Path(folder, "order.json"), Path(folder, "answer.json")
        asked.write_text(json.dumps(order), encoding="utf-8")
        command = [
            *shut.prefix,
            sys.executable,
            "-m",
            "tests.evidence.compatibility.sealed",
            what,
            str(asked),
            str(answer),
        ]
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, IMPORTS))}
        if subprocess.run(command, env=variables, cwd=ROOT, check=False).returncode:
            msg = "the run did not come to its end"
            raise SubsetError(msg, next_step="see the lines above")
        found: list[dict[str, Any]] = json.loads(answer.read_text(encoding="utf-8"))
    return found


def _cells(order: dict[str, Any], folder: Path) -> list[Cell]:
    return run(Work(**order), folder, lambda line: print(line, flush=True))  # noqa: T201 - progress, as it goes


def _fetched(order: dict[str, Any], folder: Path) -> list[win.Fetched]:
    return win.measure(_paths(order["sites"]), _paths(order["programs"]), order["requests"], folder)


def _texts(paths: Mapping[str, Path]) -> dict[str, str]:
    return {name: str(path) for name, path in paths.items()}


def _paths(texts: Mapping[str, str]) -> dict[str, Path]:
    return {name: Path(text) for name, text in texts.items()}


_DEEDS: Mapping[str, Callable[[dict[str, Any], Path], Sequence[Cell] | Sequence[win.Fetched]]] = {
    "cells": _cells,
    "fetched": _fetched,
}

if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
