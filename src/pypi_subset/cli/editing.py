"""The tasks that edit ``requirements/``: ``add`` and ``remove``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset import api
from pypi_subset.cli.arguments import task, with_joined_words, words_after
from pypi_subset.cli.present import display_for, json_errors, write_json
from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from invoke import Context

    from pypi_subset.cli.display import Display
    from pypi_subset.editing.changes import Edited, Wanted

#: Flags without a value.
SWITCHES = frozenset({"--dry-run", "--json", "--verbose", "-v", "--help", "-h"})
_DRY = "say what would change, and change nothing (default: no)"


def joined(arguments: list[str]) -> list[str]:
    """Return a command line whose words after ``add`` or ``remove`` are one: Invoke knows no list of words."""
    for name in ("add", "remove"):
        arguments = with_joined_words(arguments, name, SWITCHES)
    return arguments


def _positional(name: str) -> list[str]:
    # Invoke knows no optional positional parameter, so it is one only when it is there.
    return ["project"] if words_after(name, joined(sys.argv)) else []


@task(
    positional=_positional("add"),
    help={
        "project": "requirements, as lines of a requirements file have them (default: none)",
        "set": "the set that asks for them (default: the only one, or base)",
        "target": "targets NAME=SYSTEM or NAME=TAG, separated by commas (default: none)",
        "python": "the Python of these targets, as 3.12 (default: that of the system)",
        "build": "projects whose sdists are built, separated by commas (default: none)",
        "dry_run": _DRY,
    },
)
def add(  # noqa: PLR0913 - each is a flag, given by its name
    _context: Context,
    project: str | None = None,
    set: str = "",  # noqa: A002 - the name of the flag
    target: str = "",
    python: str = "",
    build: str = "",
    requirements: str = "requirements",
    *,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """
    Add projects, targets, or sdists to build, to requirements/.

    add PROJECT ... edits requirements/ and keeps its comments. A line of the same project is replaced. If requirements/ would have a
    fault after it, nothing is changed. The next mirror takes what is new.
    """
    wanted = _wanted(project, set, target, python, build)
    with json_errors(json=json):
        done = api.add(Path(requirements), wanted, dry=dry_run)
    _show(done, json=json)


@task(
    positional=_positional("remove"),
    help={
        "project": "names of projects (default: none)",
        "set": "the set that no longer asks for them (default: all)",
        "target": "names of targets, separated by commas (default: none)",
        "build": "projects whose sdists are no longer built, separated by commas (default: none)",
        "dry_run": _DRY,
    },
)
def remove(  # noqa: PLR0913 - each is a flag, given by its name
    _context: Context,
    project: str | None = None,
    set: str = "",  # noqa: A002 - the name of the flag
    target: str = "",
    build: str = "",
    requirements: str = "requirements",
    *,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """
    Remove projects, targets, or sdists to build, from requirements/.

    remove PROJECT ... edits requirements/ and keeps its comments. If requirements/ would have a fault after it, nothing is changed. The
    next mirror takes the files away that nothing else needs.
    """
    wanted = _wanted(project, set, target, "", build)
    with json_errors(json=json):
        done = api.remove(Path(requirements), wanted, dry=dry_run)
    _show(done, json=json)


def _wanted(project: str | None, set_name: str, target: str, python: str, build: str) -> Wanted:
    from pypi_subset.editing.changes import Wanted  # noqa: PLC0415 - only these tasks need tomlkit

    projects, targets, built = (project or "").split("\n"), target.split(","), build.split(",")
    wanted = Wanted(
        projects=[one for one in map(str.strip, projects) if one],
        set_name=set_name,
        targets=[one for one in map(str.strip, targets) if one],
        python=python,
        build=[one for one in map(str.strip, built) if one],
    )
    if not (wanted.projects or wanted.targets or wanted.build):
        msg = "there is nothing to do: no project, no target and nothing to build is named"
        raise SubsetError(msg, next_step="name a project, as in `pypi-subset add pandas`")
    return wanted


def _show(done: Edited, *, json: bool) -> None:
    if json:
        write_json(done.document())
        return
    display: Display = display_for(json=False)
    for change in done.changes:
        marked = [*(("-", line) for line in change.removed), *(("+", line) for line in change.added)]
        display.say(*(f"{change.path}: {mark} {line}" for mark, line in marked if line.strip()))
    if not done.changes:
        display.say("nothing changes: it is there already")
    elif done.written:
        display.say("next: pypi-subset mirror")
    else:
        display.say("nothing was changed (--dry-run)")
