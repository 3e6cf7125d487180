"""The commands that build a subset: mirror, update, plan, prune, clean."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pypi_subset import api
from pypi_subset.cli.command import PLACES, On, PythonOf, Run, command, names_in
from pypi_subset.cli.commands import returning
from pypi_subset.errors import SubsetError
from pypi_subset.model.paths import MANIFEST, one_shot

if TYPE_CHECKING:
    from collections.abc import Sequence

# A stage is imported by the command that needs it: `--help` and a run with nothing to do load neither pip nor a server.

Downgrade = Annotated[
    bool,
    typer.Option(
        "--allow-downgrade", help="Accept a lower version than the lock has, though the newer one is offered."
    ),
]
RequestOf = Annotated[
    str,
    typer.Option(
        "--request", metavar="FILE", help="A request or a receipt of a disconnected machine.", show_default="none"
    ),
]
Unisolated = Annotated[bool, typer.Option("--unisolated", help="Build sdists without isolation.")]


@command(result=True)
def mirror(  # noqa: PLR0913 - each is a flag, given by its name
    run: Run,
    *,
    project: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROJECT", help="Requirements, in place of requirements/; they need --into."),
    ] = None,
    on: On = None,
    python: PythonOf = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Drop what an earlier call with the same --into requested.")
    ] = False,
    allow_downgrade: Downgrade = False,
    unisolated: Unisolated = False,
) -> None:
    """
    Build site/ from requirements/; a lock that still fits is kept.

    mirror resolves each set for each target, locks, downloads and writes the site. If a lock matches its inputs, mirror
    keeps it and fetches exactly what it names. After any error the old site stays as it is. A target that names
    Python as X.Y is served for every X.Y.z.

    With projects, mirror needs no requirements/: it builds what the command line requests, in the directory --into.
    Later commands find that subset by --site. Requirements and packages are beside that directory, in the hidden
    .NAME.subset. A second call with the same --into may name more. It drops projects or targets of the first only
    with --replace.
    """
    if project or on or python:
        run = _one_shot(run, project or [], names_in(on, "--on"), names_in(python, "--python"), replace=replace)
    elif replace:
        msg = "--replace is about projects on the command line"
        raise SubsetError(
            msg, next_step="name them, as in `pypi-subset mirror pandas --on rhel8 --into stick --replace`"
        )
    _mirror(run, update=False, allow_downgrade=allow_downgrade, unisolated=unisolated)


@command(result=True)
def update(
    run: Run,
    *,
    forget: Annotated[
        list[str] | None,
        typer.Option(
            "--forget",
            metavar="FILE",
            help="Accept other bytes than the locked ones for these files, with commas between.",
        ),
    ] = None,
    allow_downgrade: Downgrade = False,
    unisolated: Unisolated = False,
) -> None:
    """
    Resolve again, print what changed, and mirror.

    update chooses the newest versions that requirements/ allows, whatever the locks have. A file that has other bytes
    than when it was locked is an error. --forget accepts it, and prints both hashes. A locked release that vanished
    from its index is an error until the policy decides about it.
    """
    forgotten = names_in(forget, "--forget")
    _mirror(run, update=True, forget=forgotten, allow_downgrade=allow_downgrade, unisolated=unisolated)


def _one_shot(run: Run, projects: Sequence[str], on: Sequence[str], pythons: Sequence[str], *, replace: bool) -> Run:
    """
    Return the run of a subset that the command line asks for: its requirements are written beside the site.

    :raises SubsetError: no project or no directory for the site is named, or one of requirements as well.
    """
    own = one_shot(run.site)
    if not projects:
        msg = "--on and --python are about projects on the command line"
        raise SubsetError(msg, next_step="name some, as in `pypi-subset mirror pandas --on rhel8 --into stick`")
    if run.site == Path(PLACES[2]):
        msg = "projects on the command line need a directory of their own"
        raise SubsetError(msg, next_step="add `--into stick`, or write requirements/ with `pypi-subset init`")
    if run.requirements not in {Path(PLACES[0]), own / PLACES[0]}:
        msg = "projects on the command line take the place of a directory of requirements"
        raise SubsetError(msg, next_step="leave one of them out")
    if not own.is_dir() and (run.site / MANIFEST).is_file():
        msg = "there is a site that another directory of requirements asks for"
        raise SubsetError(msg, path=run.site, next_step="name another directory, or remove this one")
    from pypi_subset.editing import beginning  # noqa: PLC0415

    run = dataclasses.replace(run, requirements=own / PLACES[0], packages=own / PLACES[1])
    held = _held(run.site)
    edited = beginning.one_shot(run.requirements, projects=projects, on=on, pythons=pythons, replace=replace, held=held)
    run.display.say(*edited.notes)
    return run


def _held(site: Path) -> frozenset[str] | None:
    """Return the names of the projects and targets of *site*, none if it was never built, ``None`` if they are not known."""
    from pypi_subset.model.door import read_manifest  # noqa: PLC0415

    if not (site / MANIFEST).is_file():
        return frozenset()
    try:
        found = read_manifest(site)
    except SubsetError:
        return None
    return frozenset({one.project for one in found.files} | {one.name for one in found.targets})


def _mirror(run: Run, *, update: bool, allow_downgrade: bool, unisolated: bool, forget: Sequence[str] = ()) -> None:
    """Run the pipeline and print its result."""
    result = api.mirror(
        run.paths,
        update=update,
        forget=forget,
        allow_downgrade=allow_downgrade,
        unisolated=unisolated,
        progress=run.display,
    )
    if run.json:
        run.write_answer(result)
    else:
        from pypi_subset.cli.present import show_mirror  # noqa: PLC0415

        show_mirror(result, run.paths, run.display, update=update, prune=run.spelt("prune"))
        run.say_next("verify")


@command(result=True)
def plan(
    run: Run,
    *,
    update: Annotated[bool, typer.Option("--update", help="Say what update would do, not mirror.")] = False,
    request: RequestOf = "",
    unisolated: Unisolated = False,
) -> None:
    """
    Say what mirror would add, remove and change, and what is held back.

    plan resolves, fetches no files and writes nothing. It lists each project that is older than its newest release,
    with the reason: a tag, a Requires-Python or a requirement. It names locked releases that an index does not offer
    any more. A gap of a target is printed, in JSON too.

    With --request, plan answers what `request.py` of a disconnected machine wrote. For each line it says whether the
    subset has it, what it would add, which rule refuses it, or why it is not available. With a receipt of
    `import_bundle.py`, plan says what has arrived.
    """
    if request:
        if update:
            msg = "--update and --request exclude each other"
            raise SubsetError(msg, next_step="leave one of them out")
        returning.plan_of(run, Path(request), unisolated=unisolated)
        return
    found = api.plan(run.paths, update=update, unisolated=unisolated, progress=run.display)
    if run.json:
        run.write_answer(found)
    else:
        from pypi_subset.cli.present import show_plan  # noqa: PLC0415

        show_plan(found, run.answer)
        if found.changes or any(row.fetch_files for row in found.rows):
            run.say_next("update" if update else "mirror")


@command(result=True)
def prune(
    run: Run,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove them; without it they are listed alone.")] = False,
) -> None:
    """
    List the files in packages/ that nothing needs; --yes removes them.

    These are older releases, files with a wrong hash and what a failed run fetched. Each file that a lock in
    requirements/lock, a snapshot or the last bundle has stays. prune names the reason for each file. The site keeps its
    files.
    """
    found = api.prune(run.paths, remove=yes)
    if run.json:
        run.write_answer(found)
    else:
        from pypi_subset.cli.present import show_pruned  # noqa: PLC0415

        show_pruned(found, run.packages, run.answer)
        if found.files and not found.removed:
            run.say_next("prune --yes")


@command(result=True)
def clean(run: Run) -> None:
    """
    Empty packages/ and site/; READMEs, locks and snapshots stay.

    The next mirror fetches the same files again. If a directory holds anything that mirror did not put there, clean
    removes nothing.
    """
    from pypi_subset.pipeline import clean as pipeline  # noqa: PLC0415

    found = pipeline.clean(run.packages, run.site)
    if run.json:
        run.write_answer(found)
    else:
        from pypi_subset.cli.present import show_cleaned  # noqa: PLC0415

        show_cleaned(found, run.display)
        run.say_next("mirror")
