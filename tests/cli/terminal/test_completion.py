"""Completion for a named shell, and for the one that runs the command."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.cli.terminal.completion import SHELLS
from tests.support.programs.commands import run

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

#: What the script of a shell alone has.
SIGNS = {
    "bash": "complete -o default -F ",
    "zsh": "#compdef pypi-subset",
    "fish": "complete --command pypi-subset",
    "powershell": "Register-ArgumentCompleter",
    "pwsh": "Register-ArgumentCompleter",
}
#: Where the completion of a shell is installed, below the home directory.
PLACES = {
    "bash": ".bash_completions/pypi-subset.sh",
    "zsh": ".zfunc/_pypi-subset",
    "fish": ".config/fish/completions/pypi-subset.fish",
}


def asked(folder: Path, *arguments: str, inside: str = "") -> CompletedProcess[str]:
    """Run the command in *folder*, which is the home directory too, below a shell called *inside*."""
    command = [sys.executable, "-m", "pypi_subset", *arguments]
    if inside:
        command = [inside, "-c", f"{' '.join(command)}; exit $?"]
    return run(command, folder, HOME=str(folder), PATH="/usr/bin:/bin")


@pytest.mark.parametrize("form", [("--show-completion", "{}"), ("--show-completion={}",)], ids=["word", "equals"])
@pytest.mark.parametrize("shell", SHELLS)
def test_a_named_shell(shell: str, form: tuple[str, ...], tmp_path: Path) -> None:
    """The completion is that of the named shell, whichever shell runs the command."""
    done = asked(tmp_path, *(one.format(shell) for one in form), inside="bash")
    assert (done.returncode, done.stderr) == (0, "")
    assert [name for name, sign in SIGNS.items() if sign in done.stdout] == [
        name for name, sign in SIGNS.items() if sign == SIGNS[shell]
    ]


def test_the_shell_that_runs_the_command(tmp_path: Path) -> None:
    """Without a name, the completion is that of the shell above."""
    done = asked(tmp_path, "--show-completion", inside="bash")
    assert (done.returncode, SIGNS["bash"] in done.stdout) == (0, True)


@pytest.mark.parametrize("shell", PLACES)
def test_the_completion_is_installed(shell: str, tmp_path: Path) -> None:
    """The file of the named shell is written, and its path printed."""
    done = asked(tmp_path, "--install-completion", shell, inside="bash")
    path = tmp_path / PLACES[shell]
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{shell} completion installed in {path}" in done.stdout
    assert SIGNS[shell] in path.read_text()


@pytest.mark.parametrize("option", ["--show-completion", "--install-completion"])
@pytest.mark.parametrize("names", [("tcsh",), ("zsh", "fish"), ("mirror",)], ids=" ".join)
def test_no_such_shell(option: str, names: tuple[str, ...], tmp_path: Path) -> None:
    """One line names those that have a completion."""
    done = asked(tmp_path, option, *names)
    line = f"error: {option} takes one shell, not '{' '.join(names)}'; name bash, zsh, fish, powershell or pwsh, as in"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


def test_powershell_that_is_not_here(tmp_path: Path) -> None:
    """PowerShell itself knows the file of its profile: without it, the line says how to print the completion."""
    done = asked(tmp_path, "--install-completion", "pwsh")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "error: there is no program pwsh here, which knows the file of its profile; "
        "`pypi-subset --show-completion pwsh` prints what that file needs\n"
    )
