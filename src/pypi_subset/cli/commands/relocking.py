"""The command that lets a lock of uv or pip name a site."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pypi_subset import api
from pypi_subset.cli.command import Run, command, names_in
from pypi_subset.cli.terminal import values

if TYPE_CHECKING:
    from pypi_subset.relocking.relock import Relocked


@command(result=True)
def relock(  # noqa: PLR0913 - one for each option
    run: Run,
    *,
    lock: Annotated[
        str, typer.Argument(metavar="LOCK", help="A uv.lock, the lock of a script, or a pylock.toml.")
    ] = "uv.lock",
    url: Annotated[
        str,
        typer.Option(
            "--url",
            metavar="URL",
            help="The address of the front page of the site, or its directory.",
            show_default="none, it must be given",
        ),
    ] = "",
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The lock to write.", show_default="uv.relocked.lock beside it"
        ),
    ] = "",
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Write LOCK itself, and keep its bytes in LOCK.orig.")
    ] = False,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="NAME",
            help="The targets that must get all of the lock, with commas between.",
            show_default="all that it is for",
            autocompletion=values.targets,
        ),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Write the lock although the site lacks a part of it.")
    ] = False,
) -> None:
    """
    Let a lock of uv or pip name a site in place of PyPI.

    relock writes the index as the uv.toml of the site has it, and the address of each file. Hashes stay. It leaves out
    files that the site does not have, and replaces an sdist by the wheel that was built from it. Packages from git, a URL
    or a path outside of the project are an error. If the site lacks a package for a target, or what the project's own
    build requires, relock names it and writes nothing.

    What the site has is read from the manifest in --site. Without one there, it is read from URL.
    """
    done = api.relock(
        Path(lock),
        url,
        run.site,
        output=Path(output) if output else None,
        in_place=in_place,
        targets=names_in(target, "--target"),
        partial=partial,
    )
    for line in (*done.missing, *done.warnings):
        run.display.warn(line)
    if run.json:
        run.write_answer(done)
        return
    _say(run, done)


def _say(run: Run, done: Relocked) -> None:
    """Say what the new lock has, and what comes next."""
    from pypi_subset.site.pages.sizes import counted  # noqa: PLC0415

    parts = [f"{counted(done.kept, 'file')} kept", f"{done.dropped:,} left out"]
    if done.built:
        parts.append(f"{counted(done.built, 'wheel')} in place of sdists")
    run.display.say(f"{done.output} names {done.index}: {counted(done.packages, 'package')}, {', '.join(parts)}")
    run.display.say(f"compared with {done.manifest} for {', '.join(done.targets)}")
    if done.backup:
        run.display.say(f"{done.backup} is the lock as it was")
    if Path(done.output).name.startswith("pylock."):
        run.display.say(f"Next: `pip install -r {shlex.quote(done.output)}` on the disconnected side")
    else:
        copy = "" if done.lock == done.output else f"put it in the place of {Path(done.lock).name}, then "
        run.display.say(f"Next: {copy}`uv sync --frozen` on the disconnected side")
