"""Flags to values: the parameters that all tasks share, and the checks of each value."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import invoke
from invoke import Exit
from invoke.parser import Argument

from pypi_subset.cli.edge import foreseen, line_of
from pypi_subset.cli.logs import logging_to
from pypi_subset.errors import SubsetError
from pypi_subset.model.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


#: What a shell reports for a program that Ctrl-C ended: 128 + SIGINT.
INTERRUPTED = 130

#: The help of parameters that several tasks have.
SHARED = {
    "requirements": "folder with *.txt and subset.toml (default: requirements)",
    "packages": "folder for downloaded files (default: packages)",
    "site": "folder for the site (default: site)",
    "json": "print one JSON document on standard output, everything else on standard error (default: no)",
}


class ProductTask(invoke.Task[Any]):
    """A task of the product: it takes ``--verbose`` and ``--log``, and its errors are exit codes."""

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:  # noqa: FBT001 - Invoke's own
        """Return the parameters of the body, with the help of the shared ones, and the two flags."""
        own = super().get_arguments(ignore_unknown_help)
        for argument in own:
            argument.help = argument.help or SHARED.get(str(argument.name))
        verbose = "show on standard error what the tool does, and the output of pip (default: no)"
        log = "write the same to this file (default: none)"
        return [
            *own,
            Argument(names=("verbose", "v"), kind=bool, default=False, help=verbose),
            Argument(names=("log",), kind=str, default="", help=log),
        ]

    def __call__(self, *args: Any, verbose: bool = False, log: str = "", **kwargs: Any) -> None:
        """Run the body; an error becomes one line on standard error and an exit code."""
        try:
            with foreseen(), logging_to(verbose=verbose, file=log):
                super().__call__(*args, **kwargs)
        except SubsetError as error:
            raise Exit(line_of(error), code=1) from error
        except KeyboardInterrupt as error:
            msg = "interrupted: nothing is half done; run the same command again to continue"
            raise Exit(msg, code=INTERRUPTED) from error


#: The decorator of the product's tasks.
task = functools.partial(invoke.task, klass=ProductTask)


def words_after(name: str, arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the bare words that follow the task *name* on a command line, up to the next flag."""
    behind = list(arguments)[list(arguments).index(name) + 1 :] if name in arguments else []
    return tuple(itertools.takewhile(lambda word: not word.startswith("-"), behind))


def with_joined_words(arguments: Sequence[str], task: str, switches: Collection[str]) -> list[str]:
    """
    Return a command line in which the bare words of *task* are one word before its flags, each on a line of its own.

    :param switches: flags that take no value; all others take one.
    """
    given = list(arguments)
    if task not in given[1:2]:
        return given
    words, flags, rest = [], [], iter(given[2:])
    for one in rest:
        if not one.startswith("-"):
            words.append(one)
            continue
        flags.append(one)
        if one not in switches and "=" not in one:
            flags += itertools.islice(rest, 1)
    return [*given[:2], *(["\n".join(words)] if words else []), *flags]


def whole_number(name: str, text: str) -> int:
    """Return the whole number that a flag says; Invoke would show a traceback for anything else."""
    if not text.isdecimal():
        msg = f"{name} wants a whole number, not {text!r}"
        raise SubsetError(msg, next_step=f"as in --{name}=8")
    return int(text)


def choice_of(name: str, text: str, known: Sequence[str]) -> str:
    """Return the word that a flag says."""
    if text not in known:
        msg = f"{name} wants {' or '.join(known)}, not {text!r}"
        raise SubsetError(msg, next_step=f"as in --{name}={known[-1]}")
    return text


def check_place(*, away: bool, scheduler: str, far: bool, near: bool) -> None:
    """Raise if a flag about a cluster is given without one, one about this machine with one, or a cluster unnamed."""
    if far and not away:
        msg, next_step = "scheduler, url and insecure-cluster are about a cluster", "say --on=dask, or leave them out"
    elif away and near:
        msg = "processes and pythons are about this machine"
        next_step = "leave them out: workers have their own number of threads, and look for interpreters on their PATH"
    elif away and not scheduler:
        msg, next_step = "a cluster is known by its scheduler", "name it, as in --scheduler=tls://host:8786"
    else:
        return
    raise SubsetError(msg, next_step=next_step)


def paths_of(requirements: str, packages: str, site: str) -> Paths:
    """Return the three directories of a subset as the user spelt them."""
    return Paths(requirements=named(requirements), packages=named(packages), site=named(site))


def named(folder: str) -> Path:
    """Return a path with a name, since a stage stands beside the folder; "." has none."""
    path = Path(folder)
    return path if path.name else path.absolute()
