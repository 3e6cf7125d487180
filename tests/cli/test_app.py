"""The command ``pypi-subset``: help, wrong command lines, completion, and what it loads."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.cli import app
from pypi_subset.cli.app import PANELS, commands, name_of
from pypi_subset.cli.command import SHARED
from tests.support.programs.commands import run, subset

if TYPE_CHECKING:
    from pathlib import Path

    from typer.core import TyperCommand

COMMANDS = commands()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_help_says_what_it_does_and_the_defaults(command: TyperCommand) -> None:
    """Every parameter is explained; every command has a line and a paragraph."""
    if not command.hidden:
        assert len((command.help or "").split("\n\n")) >= 2
    for one in command.params:
        text = getattr(one, "help", "")
        assert text.endswith("."), one.name
        if getattr(one, "is_flag", False):
            assert one.default is False


def test_first_steps_come_first(tmp_path: Path) -> None:
    """Help is plain text: headings, and a line for each command; without a command it is help too."""
    shown = subset("--help", cwd=tmp_path).stdout
    assert subset(cwd=tmp_path).stdout == shown
    for panel, bodies in PANELS.items():
        section = shown.partition(f"\n{panel}:\n")[2].partition("\n\n")[0]
        assert re.findall(r"^  (\S+)", section, re.MULTILINE) == [name_of(body) for body in bodies]
    assert shown.index("First steps:") < min(shown.index(f"{panel}:") for panel in [*PANELS][1:])
    assert "hosts" not in re.findall(r"^  (\S+)", shown, re.MULTILINE)
    assert "\x1b" not in shown


def test_help_of_a_command_has_its_own_options_first(tmp_path: Path) -> None:
    """Options that all share are below a heading of their own, and so is ``--help``."""
    shown = subset("verify", "-h", cwd=tmp_path).stdout
    own, _, shared = shown.partition(f"{SHARED}:")
    assert ("--shard" in own, "--site" in own, "--site" in shared, "-h, --help" in shared) == (True, False, True, True)
    assert "[default: all targets]" in " ".join(own.split())
    assert "X.Y is served for every X.Y.z" in " ".join(subset("mirror", "-h", cwd=tmp_path).stdout.split())


def test_usage_says_what_may_be_repeated(tmp_path: Path) -> None:
    """Several projects have dots; a single one has none."""
    for name, usage in (("add", "[PROJECT]..."), ("why", "PROJECT [TARGET]")):
        assert subset(name, "--help", cwd=tmp_path).stdout.startswith(f"Usage: pypi-subset {name} [OPTIONS] {usage}\n")


def test_version(tmp_path: Path) -> None:
    """The version goes to standard output."""
    assert subset("--version", cwd=tmp_path).stdout == "pypi-subset 0.1.0\n"


@pytest.mark.parametrize("words", ["--help", "mirror --help", "--version"])
def test_help_loads_little(words: str, tmp_path: Path) -> None:
    """Neither Invoke, pip nor rich is imported for help."""
    code = f"import sys\nfrom pypi_subset.cli import app\ncode = app.run({words.split()!r})\n"
    code += "print(code, *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    done = run([sys.executable, "-c", code], tmp_path)
    code_said, *loaded = done.stderr.split()
    assert code_said == "0", done.stderr
    assert {"typer", "pypi_subset"} <= {*loaded}
    assert not {"invoke", "pip", "rich", "msgspec", "pydantic", "packaging", "jinja2"} & {*loaded}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mirrot"], "no such command 'mirrot'; did you mean 'mirror'?"),
        (["zzz"], "no such command 'zzz'; see `pypi-subset --help`"),
        (["mirror", "--zzz"], "no such option: --zzz; see `pypi-subset mirror --help`"),
        (["mirror", "--allow-downgrad"], "no such option: --allow-downgrad; did you mean --allow-downgrade?"),
        (["clean", "extra"], "got unexpected extra argument(s) (extra); see `pypi-subset clean --help`"),
        (["verify", "--all=yes"], "option '--all' does not take a value; see `pypi-subset verify --help`"),
        (["verify", "--shard"], "option '--shard' requires an argument; see `pypi-subset verify --help`"),
        (
            ["serve", "--port=abc"],
            "invalid value for '--port': 'abc' is not a whole number; see `pypi-subset serve --help`",
        ),
        (["mirror", "--fore"], "no such option: --fore; see `pypi-subset mirror --help`"),
        *(
            (
                [name, option, "x.txt"],
                f"no such option: {option}; copy that file to requirements/, where each *.txt is a set",
            )
            for name in ("init", "add", "mirror")
            for option in ("-r", "--requirement")
        ),
        (["verify", "-r", "x"], "no such option: -r; see `pypi-subset verify --help`"),
        (["update", "--dry-run"], "no such option: --dry-run; `pypi-subset plan --update` says what update would do"),
        (
            ["help", "mirror"],
            (
                "no such command 'help'; `pypi-subset --help` lists the commands, "
                "and `pypi-subset COMMAND --help` explains one"
            ),
        ),
        (["version"], "no such command 'version'; did you mean --version?"),
        (["why"], "missing argument 'PROJECT'; see `pypi-subset why --help`"),
    ],
)
def test_a_wrong_command_line_is_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    """Exit code 2, what is wrong, and the nearest name or where to read on."""
    done = subset(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {said}\n")


def test_numbers_are_not_negative(tmp_path: Path) -> None:
    """A count below zero is refused in one line."""
    done = subset("verify", "--processes=-1", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("error: invalid value for '--processes': -1 is not in the range x>=0")


def test_a_wrong_command_line_is_a_document_with_json(tmp_path: Path) -> None:
    """Programs get the same sentence."""
    done = subset("mirror", "--json", "--siet=x", cwd=tmp_path)
    assert json.loads(done.stdout)["error"] == done.stderr.removeprefix("error: ").rstrip("\n")
    assert done.returncode == 2


def test_a_former_name_says_the_new_one(tmp_path: Path) -> None:
    """``hosts`` does what ``servers`` does, after a notice."""
    old, new = (subset(name, "--site=nowhere", cwd=tmp_path) for name in ("hosts", "servers"))
    assert old.stderr == f"note: hosts is now called servers\n{new.stderr}"
    assert (old.returncode, old.stdout) == (new.returncode, new.stdout)


def test_completion_of_bash(tmp_path: Path) -> None:
    """The script of ``--show-completion`` completes commands, options and their values in a real bash."""
    targets = tmp_path / "requirements" / "subset.toml"
    targets.parent.mkdir()
    targets.write_text('[targets]\nlab = "rhel9"\nlaptop = "windows-11"\n', encoding="utf-8")
    program = tmp_path / "bin" / "pypi-subset"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pypi_subset "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = """
    PATH="$PWD/bin:$PATH"
    eval "$(_PYPI_SUBSET_COMPLETE=source_bash pypi-subset)"
    complete -p pypi-subset
    for line in 'pypi-subset me' 'pypi-subset verify --sh' 'pypi-subset init --on windows-1' \
        'pypi-subset verify --target lab,lap' 'pypi-subset why alpha la'; do
        COMP_WORDS=($line); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
        _pypi_subset_completion pypi-subset
        echo "${COMPREPLY[@]}"
    done
    """
    done = run(["bash", "--norc", "-c", script], tmp_path)
    assert done.stdout.splitlines()[-5:] == [
        *("merge-reports", "--shard", "windows-10 windows-11", "lab,laptop", "lab laptop"),
    ], done.stderr
    for shell in ("zsh", "fish", "powershell"):
        shown = run([program], tmp_path, _PYPI_SUBSET_COMPLETE=f"source_{shell}")
        assert (shown.returncode, "pypi-subset" in shown.stdout) == (0, True)


def test_an_error_of_the_program_itself_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What goes wrong before a command begins is one line too."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(app, "made", lambda: 1 / 0)
    assert app.run(["mirror"]) == 3
    said = capsys.readouterr().err
    assert said.startswith("error: unforeseen: ZeroDivisionError: division by zero; report it")
    assert (said.count("\n"), len([*(tmp_path / "state" / "pypi-subset").iterdir()])) == (1, 1)
