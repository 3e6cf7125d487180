"""Completion of shells: ``--show-completion`` and ``--install-completion``, for a named shell or for the one that runs the command."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
from typing import TYPE_CHECKING, Any

import typer
from typer.completion import install_callback, show_callback

from pypi_subset.errors import MachineError, SubsetError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The shells that have a completion.
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
SHOW, INSTALL = "--show-completion", "--install-completion"
_NAMED = ", ".join(SHELLS[:-1]) + f" or {SHELLS[-1]}"
#: Name of the parameter → its help.
HELP = {
    "show_completion": f"Print the completion of this shell, or of the shell that follows: {_NAMED}.",
    "install_completion": f"Install the completion of this shell, or of the shell that follows: {_NAMED}.",
}


def answer(context: Any, arguments: Sequence[str]) -> None:
    """
    Print or install a completion and end the process, if *arguments* ask for one. Typer knows no option whose value may be absent.

    :raises SubsetError: there is no such shell, or none was found.
    """
    option, equals, value = arguments[0].partition("=") if arguments else ("", "", "")
    if option not in {SHOW, INSTALL}:
        return
    names = [value] * bool(equals) + [*arguments[1:]]
    if len(names) > 1 or not {*names} <= {*SHELLS}:
        msg = f"{option} takes one shell, not {' '.join(names)!r}"
        raise SubsetError(msg, next_step=f"name {_NAMED}, as in `pypi-subset {option} zsh`")
    shell = names[0] if names else ""
    if option == INSTALL and shell in SHELLS[3:] and shutil.which(shell) is None:
        msg = f"there is no program {shell} here, which knows the file of its profile"
        raise MachineError(msg, next_step=f"`pypi-subset {SHOW} {shell}` prints what that file needs")
    try:
        # What Typer prints about a shell that it does not know is no line of ours.
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()):
            (show_callback if option == SHOW else install_callback)(context, context.command, shell or True)
    except typer.Exit as error:
        msg = "no shell that has a completion runs this command"
        raise SubsetError(msg, next_step=f"name one: {_NAMED}, as in `pypi-subset {option} zsh`") from error
    except SystemExit:
        # It ends the process itself when it is done.
        sys.stdout.write(said.getvalue())
        raise
