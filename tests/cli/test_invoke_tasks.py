"""Invoke's tasks are made of the commands, and Invoke's program reads no configuration."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from invoke import Collection, Context, Exit

from pypi_subset.cli import invoke_tasks
from pypi_subset.cli.app import commands
from pypi_subset.cli.invoke_tasks import Program, Settings, tasks
from tests.support.checkout import ROOT
from tests.support.programs.commands import run

if TYPE_CHECKING:
    from pathlib import Path


def program(namespace: Collection | None = None) -> Program:
    """Return Invoke's program for *namespace*, or for the ``tasks.py`` of the current directory."""
    return Program(name="inv", binary="inv", config_class=Settings, namespace=namespace)


def test_a_task_has_what_its_command_has() -> None:
    """Names, options and help are those of the command."""
    made = tasks()
    assert made.keys() == commands().keys()
    for name, command in commands().items():
        flags = {argument.names[0]: argument for argument in made[name].get_arguments()}
        assert len(flags) == len(command.params)
        for one in command.params:
            flag = flags[max((option.lstrip("-") for option in one.opts), key=len).replace("_", "-")]
            assert str(flag.help).startswith(str(getattr(one, "help", None)))
            assert (flag.kind is bool) == getattr(one, "is_flag", False)
        assert made[name].__doc__ == command.help


def test_a_task_runs_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values, switches and words with blanks reach it; its exit code is that of the task."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "subset.toml").write_text('targets.lab = "rhel-10"\n')
    add = tasks()["add"]
    add(Context(), project="'six >= 1' rich", dry_run=True, quiet=False)
    assert capsys.readouterr().out.splitlines()[:2] == [
        "requirements/base.txt: + six>=1",
        "requirements/base.txt: + rich",
    ]
    with pytest.raises(Exit) as raised:
        add(Context(), project="--wrong")
    assert raised.value.code == 2
    assert capsys.readouterr().err.startswith("error: '--wrong' is no requirement")
    with pytest.raises(Exit):
        add(Context(), project="six 'open")
    assert capsys.readouterr().err.startswith('error: "six \'open" has a quote that does not end; ')


def test_required_words_are_positional(tmp_path: Path) -> None:
    """``inv why PROJECT`` works as ``inv why --project PROJECT`` does."""
    inv = [sys.executable, "-m", "invoke", "--search-root", str(ROOT)]
    first, second = (
        run([*inv, "why", *words, "--site", str(tmp_path)], ROOT) for words in (["six"], ["--project", "six"])
    )
    assert (first.returncode, first.stderr) == (second.returncode, second.stderr)
    assert (
        f"error: {tmp_path}/manifest.json: the site has no manifest; run `pypi-subset mirror --site {tmp_path}`"
        in first.stderr
    )


def test_an_error_of_the_program_itself_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What goes wrong before a task begins is one line too."""
    state = tmp_path / "state" / "pypi-subset"
    monkeypatch.setenv("XDG_STATE_HOME", str(state.parent))
    monkeypatch.setattr(invoke_tasks.Program, "parse_collection", lambda _: 1 / 0)
    with pytest.raises(SystemExit) as raised:
        program(Collection()).run(["inv", "--list"])
    assert raised.value.code == 3
    said = capsys.readouterr().err
    assert said.startswith("error: unforeseen: ZeroDivisionError: division by zero; report it")
    assert (said.count("\n"), len([*state.iterdir()])) == (1, 1)


def test_configuration_of_invoke_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the home directory, beside the tasks, in the environment, or a variable changes nothing, and runs nothing."""
    ran = tmp_path / "ran"
    bad = f"import pathlib\npathlib.Path({str(ran)!r}).write_text('ran')\nrun = {{'shell': '/bin/owned'}}\n"
    for place in (tmp_path / ".invoke.py", tmp_path / "invoke.py", tmp_path / "runtime.py"):
        place.write_text(bad)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("INVOKE_RUNTIME_CONFIG", str(tmp_path / "runtime.py"))
    monkeypatch.setenv("INVOKE_RUN_SHELL", "/bin/owned")
    monkeypatch.chdir(tmp_path)
    body = "import pathlib, invoke\n@invoke.task\ndef body(context):\n"
    (tmp_path / "tasks.py").write_text(f"{body}    pathlib.Path('shell').write_text(context.config.run.shell)\n")
    program().run(["inv", "body"], exit=False)
    assert ("owned" in (tmp_path / "shell").read_text(), ran.exists()) == (False, False)
