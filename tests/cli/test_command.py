"""A function as a command: shared options, errors as one line and an exit code."""

from __future__ import annotations

import inspect
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from pypi_subset.cli.command import Run, command, named, names_in
from pypi_subset.cli.display import Display
from pypi_subset.errors import ProofFailed, SubsetError


def test_error_text_is_printed_literally(capsys: pytest.CaptureFixture[str]) -> None:
    """What looks like rich's markup is not read as such."""

    @command()
    def body(_run: Run) -> None:
        msg = "no project [bold]x[/nothing]"
        raise SubsetError(msg, next_step="see [red]")

    with pytest.raises(typer.Exit) as raised:
        body()
    assert raised.value.exit_code == 2
    assert capsys.readouterr().err == "error: no project [bold]x[/nothing]; see [red]\n"
    Display().say("[bold]x[/nothing]")
    assert capsys.readouterr().out == "[bold]x[/nothing]\n"


def test_interrupt_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C: one line, exit code 130."""

    @command()
    def body(_run: Run) -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as raised:
        body()
    assert raised.value.exit_code == 130
    said = capsys.readouterr().err
    assert (said.count("\n"), said.startswith("interrupted: ")) == (1, True)


def test_an_interrupted_answer_is_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    """A program that reads JSON gets JSON after Ctrl-C as well."""

    @command(result=True)
    def body(_run: Run) -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as raised:
        body(json=True)
    assert raised.value.exit_code == 130
    out, err = capsys.readouterr()
    assert json.loads(out) == {"schema": "1.0", "error": err.strip()}


def test_interrupt_while_the_command_loads(tmp_path: Path) -> None:
    """Ctrl-C before the command has begun is one line too."""
    (tmp_path / "typer").mkdir()
    (tmp_path / "typer" / "__init__.py").write_text("raise KeyboardInterrupt\n")
    python = [sys.executable, "-c", "import runpy; runpy.run_module('pypi_subset', run_name='__main__')"]
    paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    done = subprocess.run(
        python, env={**os.environ, "PYTHONPATH": paths}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "interrupted: nothing was done; run the same command again\n"


def test_shared_options_exist_once() -> None:
    """Every command has them; ``--json`` is one of those with a result."""

    @command()
    def plain(_run: Run, *, port: int = 1) -> None:
        """Have no result."""

    @command(result=True)
    def answering(_run: Run) -> None:
        """Have a result."""

    shared = ["requirements", "packages", "site", "quiet", "verbose", "log_file", "no_color"]
    assert [*inspect.signature(plain).parameters] == ["port", *shared]
    assert [*inspect.signature(answering).parameters] == [*shared, "json"]


def test_the_run_has_what_the_options_say(tmp_path: Path) -> None:
    """Directories are paths with a name, as a stage is beside them; the log goes where it was wanted."""
    runs = []

    @command(result=True)
    def body(run: Run, *, port: int) -> None:
        logging.getLogger("pypi_subset.test").info("port %s", port)
        runs.append(run)

    log = tmp_path / "run.log"
    body(port=8080, requirements="asked", packages="files", site=".", json=True, log_file=str(log))
    (run,) = runs
    assert (run.paths.requirements, run.paths.packages, run.paths.site) == (Path("asked"), Path("files"), Path.cwd())
    assert (run.json, run.quiet) == (True, False)
    assert log.read_text().endswith("pypi_subset.test: port 8080\n")
    assert (named("site"), named(".")) == (Path("site"), Path.cwd())


def test_quiet_keeps_warnings_and_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """What a run does is left out; a warning, an answer and an error are not."""

    @command()
    def body(run: Run) -> None:
        run.display.say("done")
        run.display.table(["a"], [[1]])
        run.display.warn("look")
        run.answer.say("because")
        msg = "it is over"
        raise SubsetError(msg)

    with pytest.raises(typer.Exit):
        body(quiet=True)
    assert capsys.readouterr() == ("warning: look\nbecause\n", "error: it is over\n")


def test_one_document_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """An error is a document, unless the result is one already: a red report is printed, then the line."""

    @command(result=True)
    def body(run: Run, *, late: bool) -> None:
        if late:
            run.write_json({"a": 1})
        run.display.say("in words")
        msg = "it is red"
        raise ProofFailed(msg)

    for late, document in ((True, '{\n "a": 1\n}\n'), (False, '{\n "schema": "1.0",\n "error": "it is red"\n}\n')):
        with pytest.raises(typer.Exit) as raised:
            body(late=late, json=True)
        assert raised.value.exit_code == 1
        assert capsys.readouterr() == (document, "in words\nerror: it is red\n")
    with pytest.raises(typer.Exit):
        body(late=False)
    assert capsys.readouterr() == ("in words\n", "error: it is red\n")


def test_names_of_an_option() -> None:
    """An option may be repeated, and have commas between names; an option without a name is an error."""
    assert names_in(["linux, mac", "win"], "--target") == ["linux", "mac", "win"]
    assert names_in(None, "--target") == []
    with pytest.raises(SubsetError, match=r"--target wants names, not ','; .* as in --target=one,two"):
        names_in([","], "--target")


def test_what_comes_before_mirror(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing site leads to mirror; without requirements, to init first."""

    @command()
    def body(run: Run) -> None:
        msg = "there is no site"
        raise SubsetError(msg, path=run.site, next_step="run `pypi-subset mirror`")

    monkeypatch.chdir(tmp_path)
    said = []
    for site in ("site", "stick", "site"):
        with pytest.raises(typer.Exit):
            body(site=site)
        said.append(capsys.readouterr().err.partition("; ")[2])
        if site == "stick":
            Path("requirements").mkdir()
    assert said == [
        "run `pypi-subset init`, then `pypi-subset mirror`\n",
        "run `pypi-subset init`, then `pypi-subset mirror --site stick`\n",
        "run `pypi-subset mirror`\n",
    ]
