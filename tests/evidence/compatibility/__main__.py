"""Installs with every client from every host, and writes the tables of docs/reference/clients.md: ``python -m tests.evidence.compatibility``, by ``make clients``."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError
from tests.evidence.compatibility import equipment, sealed, table, win
from tests.evidence.compatibility.hosts import HOSTS
from tests.evidence.compatibility.ways import WAYS
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from tests.evidence.compatibility.equipment import Equipment

CACHE = ROOT / ".bench" / "clients"
PAGE = ROOT / "docs" / "reference" / "clients.md"

#: The small cut: the two that most people use, on what needs no server installed.
SMALL = (("pip", "uv pip"), ("http.server", "make serve", "file://"))


def main() -> int:
    """Return the exit code: 0 if every cell is as it should be, and the page says so or was written to say so."""
    arguments = _arguments()
    try:
        tools = equipment.set_up(CACHE)
        wrong = _win(tools) if arguments.win else _cells(tools, arguments)
    except SubsetError as error:
        wrong = [str(error)]
    for line in wrong:
        sys.stderr.write(f"error: {line}\n")
    return 1 if wrong else 0


def _cells(tools: Equipment, arguments: argparse.Namespace) -> list[str]:
    """Return what is wrong with the cells that were asked for, or with the page's table of all."""
    clients, hosts = SMALL if arguments.small else (tuple(WAYS), tuple(HOSTS))
    clients, hosts = _chosen(clients, arguments.only), _chosen(hosts, arguments.hosts)
    equipment.check_hosts(hosts)
    cells = sealed.cells(equipment.work(tools, clients=clients, hosts=hosts))
    wrong = [f"{cell.client} from {cell.host}: {cell.fault}" for cell in cells if cell.fault]
    sys.stdout.write(f"{len(cells) - len(wrong)} of {len(cells)} cells as expected\n")
    if wrong or (clients, hosts) != (tuple(WAYS), tuple(HOSTS)):
        return wrong
    return table.update(PAGE, table.MARKS, table.render(cells, tools.versions), write=not arguments.check)


def _win(tools: Equipment) -> list[str]:
    """Return what is wrong with resolving from our site; write what it takes into the page."""
    folder = CACHE / "win"
    equipment.mirror(folder / "ours", {"base": win.REQUESTS})
    shutil.rmtree(folder / "bare", ignore_errors=True)
    sites = {win.OURS: folder / "ours" / "site", win.BARE: win.bare(folder / "ours" / "site", folder / "bare")}
    found = sealed.fetched(sites, tools.programs, win.REQUESTS)
    text = win.render(found, tools.versions)
    sys.stdout.write(text)
    return win.faults(found) or table.update(PAGE, win.MARKS, text, write=True)


def _chosen(names: tuple[str, ...], wanted: str) -> tuple[str, ...]:
    return tuple(name for name in names if name in wanted.split(",")) if wanted else names


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="clients", description=__doc__)
    parser.add_argument("--small", action="store_true", help="pip and uv alone, on hosts that are always there")
    parser.add_argument("--only", default="", help="names of clients, separated by commas; the page is left alone")
    parser.add_argument("--hosts", default="", help="likewise names of hosts")
    parser.add_argument("--check", action="store_true", help="do not write the page's table, fail if it differs")
    parser.add_argument("--win", action="store_true", help="count what it takes to resolve, beside a dir2pi site")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
