"""Results in words, or as JSON."""

from __future__ import annotations

import itertools
import json
import sys
from typing import TYPE_CHECKING, Any

# A stage is imported by the task that needs it: `--help` and a run with nothing to do load neither pip nor a server.

if TYPE_CHECKING:
    from typing import ParamSpec

    from pypi_subset.cli.display import Display
    from pypi_subset.pipeline.plan import Forecast

    P = ParamSpec("P")


#: So many projects of a pair are listed one by one even where nothing was locked before.
FEW = 20


def write_json(document: dict[str, Any]) -> None:
    """Write a document, and nothing else, to standard output."""
    sys.stdout.write(f"{json.dumps(document, indent=1, ensure_ascii=False)}\n")


def show_plan(found: Forecast, display: Display) -> None:
    """Print what a run would do: changes, then what is held back, then how much there is to fetch."""
    for name, group in itertools.groupby(found.changes, key=lambda one: f"{one.set}--{one.target}"):
        own = list(group)
        if name in found.removed:
            continue
        if len(own) > FEW and not any(one.before for one in own):
            display.say(f"+ {name}: {len(own)} projects, none were locked before")
            continue
        for one in own:
            sign = "~" if one.before and one.after else "+" if one.after else "-"
            display.say(f"{sign} {name}: {one.project} {' -> '.join(filter(None, (one.before, one.after)))}")
    for name in found.removed:
        count = sum(name == f"{one.set}--{one.target}" for one in found.changes)
        display.say(f"- {name}: its lock goes, no set asks for this target any more (projects: {count})")
    places: dict[str, list[str]] = {}
    for held in found.held:
        sentence = f"{held.project} {held.version}, not {held.newest}: {held.why}"
        places.setdefault(sentence, []).append(f"{held.set}--{held.target}")
    for early in found.early:
        newest = f", not {early.newest}" if early.newest else ""
        sentence = f"{early.project} {early.version} (a pre-release){newest}: {early.why}"
        places.setdefault(sentence, []).append(f"{early.set}--{early.target}")
    for sentence, where in sorted(places.items()):
        display.say(f"{sentence} ({', '.join(where)})")
    display.table(
        ["target", "files", "bytes", "to fetch", "bytes to fetch"],
        [(row.target, row.files, row.bytes, row.fetch_files, row.fetch_bytes) for row in found.rows],
    )
