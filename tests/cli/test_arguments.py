"""Flags to values, and errors to one line and an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from invoke import Context, Exit

from pypi_subset.cli.arguments import check_place, choice_of, named, paths_of, task, whole_number, words_after
from pypi_subset.cli.display import Display
from pypi_subset.errors import SubsetError
from tests.support.programs.commands import subset

if TYPE_CHECKING:
    from collections.abc import Mapping


def test_error_text_is_printed_literally(capsys: pytest.CaptureFixture[str]) -> None:
    """What looks like rich's markup is not read as such."""

    @task
    def body(_context: Context) -> None:
        msg = "no project [bold]x[/nothing]"
        raise SubsetError(msg, next_step="see [red]")

    with pytest.raises(Exit) as raised:
        body(Context())
    assert (raised.value.message, raised.value.code) == ("error: no project [bold]x[/nothing]; see [red]", 1)
    Display().say("[bold]x[/nothing]")
    assert capsys.readouterr().out == "[bold]x[/nothing]\n"


def test_interrupt_is_one_line() -> None:
    """Ctrl-C: one line, exit code 130."""

    @task
    def body(_context: Context) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Exit) as raised:
        body(Context())
    assert raised.value.code == 130
    assert raised.value.message
    assert "\n" not in raised.value.message


@pytest.mark.parametrize("words", [["serve", "--port=abc"], ["verify", "--processes=-1"]])
def test_numbers_are_numbers(tmp_path: Path, words: list[str]) -> None:
    """A flag that wants a number says so in one line."""
    done = subset(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {words[1].split('=')[0][2:]} wants a whole number")
    assert len(done.stderr.splitlines()) == 1


def test_values_of_flags() -> None:
    """A flag's text becomes a number, one of the known words, or a path with a name."""
    assert whole_number("port", "8080") == 8080
    assert choice_of("form", "json", ("text", "json")) == "json"
    with pytest.raises(SubsetError, match=r"form wants text or json, not 'xml'; as in --form=json"):
        choice_of("form", "xml", ("text", "json"))
    assert named("site") == Path("site")
    assert named(".") == Path.cwd()
    paths = paths_of("asked", "files", ".")
    assert (paths.requirements, paths.packages, paths.site) == (Path("asked"), Path("files"), Path.cwd())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pypi-subset why numpy linux --site=x", ("numpy", "linux")),
        ("pypi-subset why --project=numpy linux", ()),
        ("pypi-subset plan", ()),
    ],
)
def test_bare_words_end_at_the_next_flag(line: str, words: tuple[str, ...]) -> None:
    """What follows the task up to a flag are its bare words."""
    assert words_after("why", line.split()) == words


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"away": False, "far": True}, "scheduler, url and insecure-cluster are about a cluster"),
        (
            {"away": True, "far": True, "scheduler": "tcp://x:1", "near": True},
            "processes and pythons are about this machine",
        ),
        ({"away": True}, "a cluster is known by its scheduler"),
    ],
)
def test_flags_about_another_place_are_refused(given: Mapping[str, bool | str], what: str) -> None:
    """A flag about a cluster goes with a cluster, one about this machine does not."""
    flags: dict[str, bool] = {name: bool(given.get(name)) for name in ("away", "far", "near")}
    with pytest.raises(SubsetError, match=what):
        check_place(scheduler=str(given.get("scheduler", "")), **flags)
    check_place(away=True, scheduler="tcp://x:1", far=True, near=False)
    check_place(away=False, scheduler="", far=False, near=True)
