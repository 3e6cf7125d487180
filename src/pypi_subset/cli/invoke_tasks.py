"""
The Invoke tasks of the product, each made from the command of its name, and Invoke's program without its configuration.

A task has the options of its command as flags, and its arguments too: ``inv why --project=numpy``. It hands them to the
command in the same process.
"""

from __future__ import annotations

import shlex
import sys
from typing import Any

import invoke
import typer
from invoke import Context, Exit, Failure, ParseError
from invoke.parser import Argument
from typer.core import TyperArgument, TyperCommand, TyperOption

from pypi_subset.cli import app
from pypi_subset.cli.door import Usage, spoken, through_make
from pypi_subset.cli.edge import line_of, program
from pypi_subset.cli.terminal import interrupts
from pypi_subset.errors import SubsetError


class Settings(invoke.Config):
    """Invoke's defaults alone: files of this machine, of its user or of a directory may name programs to run."""

    def load_system(self, merge: bool = True) -> None:  # noqa: FBT001, FBT002 - Invoke's own
        """Read no ``/etc/invoke.*``."""

    def load_user(self, merge: bool = True) -> None:  # noqa: FBT001, FBT002 - Invoke's own
        """Read no ``~/.invoke.*``."""

    def load_project(self, merge: bool = True) -> None:  # noqa: FBT001, FBT002 - Invoke's own
        """Read no ``invoke.*`` beside the tasks."""

    def load_runtime(self, merge: bool = True) -> None:  # noqa: FBT001, FBT002 - Invoke's own
        """Read no file that ``INVOKE_RUNTIME_CONFIG`` names."""

    def load_shell_env(self) -> None:
        """Read no variable ``INVOKE_*``."""


class Program(invoke.Program):
    """Invoke's program with `Settings`; an unforeseen error is one line there too."""

    def run(self, argv: list[str] | None = None, exit: bool = True) -> None:  # noqa: A002, FBT001, FBT002 - Invoke's own
        """Run the tasks that *argv* names."""
        try:
            with program(Exit, Failure, ParseError):
                super().run(argv, exit)
        except SubsetError as error:
            sys.stderr.write(f"{line_of(error)}\n")
            sys.exit(error.exit_code)
        except typer.Exit as error:
            sys.exit(error.exit_code)
        except Exit as error:
            sys.exit(error.code)


class CommandTask(invoke.Task[Any]):
    """The task of a command: its flags are the options and arguments of that."""

    def __init__(self, name: str, command: TyperCommand) -> None:
        def body(_context: Context) -> None:
            """Do nothing: `CommandTask.__call__` is the body."""

        body.__doc__ = spoken(command.help or "")
        super().__init__(body, name=name)
        self._command = command

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:  # noqa: FBT001 - Invoke's own
        """Return a flag for each option and argument of the command."""
        del ignore_unknown_help
        found = [_argument(one) for one in self._command.params if isinstance(one, TyperOption | TyperArgument)]
        # Invoke knows a positional argument by its place.
        return sorted(found, key=lambda one: not one.positional)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Run the command with the flags that were given."""
        del args
        try:
            words = _words(self._command, kwargs)
        except SubsetError as error:
            sys.stderr.write(f"{line_of(error)}\n")
            raise Exit(code=error.exit_code) from error
        if code := app.run([str(self.name), *words]):
            raise Exit(code=code)


def tasks() -> dict[str, CommandTask]:
    """Return the task of each command, by its name."""
    return {name: CommandTask(name, command) for name, command in app.commands().items()}


def goals() -> None:
    """Be the program of a checkout behind Make: it finds the tasks in ``tasks.py``, and names goals where it names commands."""
    interrupts.listen()
    through_make({name: usage_of(command) for name, command in app.commands().items()})
    Program(name="inv", binary="inv", config_class=Settings).run()


def usage_of(command: TyperCommand) -> Usage:
    """Return how *command* is used."""
    arguments = [str(one.name) for one in command.params if isinstance(one, TyperArgument)]
    flags = [one for one in command.params if isinstance(one, TyperOption) and one.is_flag]
    switches = {name: max(one.opts, key=len) for one in flags for name in one.opts}
    options = frozenset(name for one in command.params if isinstance(one, TyperOption) for name in one.opts)
    return Usage(arguments=arguments, options=options, switches=switches)


def _argument(one: TyperOption | TyperArgument) -> Argument:
    """Return Invoke's form of a parameter; what may be given several times is one text here."""
    is_switch = isinstance(one, TyperOption) and one.is_flag
    names = [name.lstrip("-") for name in sorted(one.opts, key=len, reverse=True)]
    names = [_flag(str(one.name))] if isinstance(one, TyperArgument) else names
    return Argument(
        names=names,
        # An alias of itself would never end.
        attr_name=None if names[0] == one.name else str(one.name),
        kind=bool if is_switch else str,
        default=False if is_switch else None,
        help=spoken(_help(one)),
        positional=isinstance(one, TyperArgument) and one.required,
    )


def _help(one: TyperOption | TyperArgument) -> str:
    """Return what the command's own help says of a parameter, with its default."""
    default = one.show_default if isinstance(one.show_default, str) else one.default
    return f"{one.help} (default: {default})" if default else str(one.help)


def _flag(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _words(command: TyperCommand, given: dict[str, Any]) -> list[str]:
    """Return the command line of *command* for the flags of its task: options, then the arguments."""
    options: list[str] = []
    arguments: list[str] = []
    for one in command.params:
        value = given.get(str(one.name))
        if value in {None, False}:
            continue
        if isinstance(one, TyperArgument):
            arguments += _split(str(value)) if one.nargs != 1 else [str(value)]
        else:
            name = max(one.opts, key=len)
            options += [name] if value is True else [f"{name}={value}"]
    return [*options, "--", *arguments]


def _split(text: str) -> list[str]:
    """
    Return the words of a variable that holds several, as a shell reads them.

    :raises SubsetError: a quote is open.
    """
    try:
        return shlex.split(text)
    except ValueError as error:
        msg = f"{text!r} has a quote that does not end"
        raise SubsetError(msg, next_step="put each word that holds blanks between quotes") from error
