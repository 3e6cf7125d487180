"""The table of docs/reference/clients.md: a row for each client, a column for each host, between two marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.evidence.compatibility.hosts import HOSTS
from tests.evidence.compatibility.ways import WAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.evidence.compatibility.run import Cell

MARKS = ("<!-- clients: begin -->", "<!-- clients: end -->")

#: Row → the environment that its version is that of, where it has another name.
_ENVIRONMENTS = {"pip 24": "pip-24", "pip 23": "pip-23", "uv pip": "uv", "uv sync": "uv", "hatch with uv": "hatch"}


def render(cells: Iterable[Cell], versions: Mapping[str, str]) -> str:
    """Return the table in Markdown."""
    shown = {(cell.client, cell.host): cell.shown for cell in cells}
    rows = [["", *HOSTS], ["---"] * (len(HOSTS) + 1)]
    rows += [[title(client, versions), *(shown[client, host] for host in HOSTS)] for client in WAYS]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def title(client: str, versions: Mapping[str, str]) -> str:
    """Return how a row is headed: the client's name and version, and what of it is used."""
    environment = _ENVIRONMENTS.get(client, client)
    name, _, more = client.partition(" ")
    return f"{name} {versions[environment]}" + ("" if more.isdigit() or not more else f", {more}")


def update(readme: Path, marks: tuple[str, str], content: str, *, write: bool) -> list[str]:
    """Put *content* between *marks* in *readme*; if not to *write*, return what is wrong with what stands there."""
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(marks[0])
    new = f"{before}{marks[0]}\n{content}{marks[1]}{rest.partition(marks[1])[2]}"
    if write:
        readme.write_text(new, encoding="utf-8")
    return ["the table of clients is not what was found; `make clients` writes it"] if new != text and not write else []


def shown(text: str) -> list[list[str]]:
    """Return the cells of the table in *text*, row by row, without the line of dashes."""
    lines = text.partition(MARKS[0])[2].partition(MARKS[1])[0].strip().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if set(row[0]) != {"-"}]
