"""The commands that write ``requirements/``: init, add and remove."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pypi_subset import api
from pypi_subset.cli.command import On, PythonOf, Run, command, names_in
from pypi_subset.cli.commands import returning
from pypi_subset.cli.commands.building import RequestOf
from pypi_subset.cli.terminal import values
from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.editing.changes import Wanted

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")]


@command(result=True)
def init(
    run: Run,
    *,
    project: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROJECT", help="Requirements, as lines of a requirements file have them."),
    ] = None,
    on: On = None,
    python: PythonOf = None,
    dry_run: DryRun = False,
) -> None:
    """
    Write a new requirements/ with targets and projects.

    init writes subset.toml with the targets and base.txt with the projects, with comments. Without --on, the target is
    this machine. Beside requirements files of your own, init writes subset.toml alone. If requirements/ has a
    subset.toml already, init changes nothing. `pypi-subset targets` lists the systems.
    """
    from pypi_subset.requirements.source import document_beside, table_of  # noqa: PLC0415 - help loads little

    done = api.init(
        run.requirements,
        projects=project or (),
        on=names_in(on, "--on"),
        pythons=names_in(python, "--python"),
        dry=dry_run,
    )
    has_set = project or any(run.requirements.glob("*.txt"))
    returning.show_edit(run, done, then="mirror" if has_set else "add PROJECT")
    found = document_beside(run.requirements)
    if found and not (has_set or run.json):
        heading, line = table_of(found)
        run.display.say(
            f"Or write {heading} and {line} below it in {run.requirements}/subset.toml: a set as in {found}"
        )


@command(result=True)
def add(  # noqa: PLR0913 - each is a flag, given by its name
    run: Run,
    *,
    project: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROJECT", help="Requirements, as lines of a requirements file have them."),
    ] = None,
    set_: Annotated[
        str,
        typer.Option("--set", metavar="SET", help="The set that requests them.", show_default="the only one, or base"),
    ] = "",
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="NAME=SYSTEM",
            autocompletion=values.pairs,
            help="Targets, each with a system or a tag; with --request, the name that its machine gets.",
        ),
    ] = None,
    python: Annotated[
        str,
        typer.Option(
            "--python", metavar="X.Y", help="The Python of these targets, as 3.12.", show_default="the system's own"
        ),
    ] = "",
    build: Annotated[
        list[str] | None, typer.Option("--build", metavar="PROJECT", help="Projects whose sdists are built.")
    ] = None,
    request: RequestOf = "",
    dry_run: DryRun = False,
) -> None:
    """
    Add projects, targets, or sdists to build, to requirements/.

    add edits requirements/ and keeps its comments. It replaces a line of the same project. If requirements/ would have
    a fault after it, add changes nothing. The next mirror takes what is new.

    With --request, add takes the lines that `request.py` of a disconnected machine wrote, or those of the projects that
    are named. --target NAME also writes the
    machine as a target. A receipt of `import_bundle.py` goes into the ledger of bundles: `pypi-subset bundle --since
    arrived` begins there.
    """
    if request:
        if build or python:
            msg = "--request says what is added"
            raise SubsetError(msg, next_step="leave `--build` and `--python` out")
        chosen = returning.Chosen(projects=project or (), set_name=set_, targets=names_in(target, "--target"))
        returning.add_of(run, Path(request), chosen, dry=dry_run)
        return
    wanted = _wanted(project, set_, names_in(target, "--target"), python, names_in(build, "--build"))
    returning.show_edit(run, api.add(run.requirements, wanted, dry=dry_run))


@command(result=True)
def remove(
    run: Run,
    *,
    project: Annotated[list[str] | None, typer.Argument(metavar="PROJECT", help="Names of projects.")] = None,
    set_: Annotated[
        str, typer.Option("--set", metavar="SET", help="The set that no longer requests them.", show_default="all")
    ] = "",
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="NAME", help="Names of targets.", autocompletion=values.targets),
    ] = None,
    build: Annotated[
        list[str] | None,
        typer.Option("--build", metavar="PROJECT", help="Projects whose sdists are no longer built."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """
    Remove projects, targets, or sdists to build, from requirements/.

    remove edits requirements/ and keeps its comments. If requirements/ would have a fault after it, remove changes
    nothing. The next mirror takes the files away that nothing else needs.
    """
    wanted = _wanted(project, set_, names_in(target, "--target"), "", names_in(build, "--build"))
    returning.show_edit(run, api.remove(run.requirements, wanted, dry=dry_run))


def _wanted(
    project: Sequence[str] | None, set_name: str, target: Sequence[str], python: str, build: Sequence[str]
) -> Wanted:
    from pypi_subset.editing.changes import Wanted  # noqa: PLC0415 - only these commands need tomlkit

    projects = [one for one in map(str.strip, project or ()) if one]
    if not (projects or target or build):
        msg = "there is nothing to do: no project, no target and nothing to build is named"
        raise SubsetError(msg, next_step="name a project, as in `pypi-subset add pandas`")
    return Wanted(projects=projects, set_name=set_name, targets=target, python=python, build=build)
