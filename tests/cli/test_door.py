"""Commands between backticks become goals of Make, and stay as they are for the command."""

from __future__ import annotations

import ast
import re
import shlex
from typing import TYPE_CHECKING

import pytest
from typer.core import TyperArgument

from pypi_subset.cli import door
from pypi_subset.cli.app import commands
from pypi_subset.cli.invoke_tasks import usage_of
from tests.support.checkout import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = commands()


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> None:
    """Come through Make."""
    monkeypatch.setattr(door, "_DOOR", door._Door())  # noqa: SLF001 - one for this test
    door.through_make({name: usage_of(command) for name, command in COMMANDS.items()})


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("run `pypi-subset mirror`", "run `make mirror`"),
        ("run `pypi-subset mirror` and `pypi-subset verify`, please", "run `make mirror` and `make verify`, please"),
        ("`pypi-subset update --forget a-1.whl`", "`make update FORGET=a-1.whl`"),
        ("`pypi-subset update --forget=a-1.whl --allow-downgrade`", "`make update FORGET=a-1.whl ALLOW_DOWNGRADE=yes`"),
        ("`pypi-subset fetch --sha256 …`", "`make fetch SHA256=…`"),
        ("`pypi-subset target macos-14 --python 3.12`", "`make target NAME=macos-14 PY=3.12`"),
        ("`pypi-subset why numpy linux`", "`make why PROJECT=numpy TARGET=linux`"),
        ("`pypi-subset add 'a b' c`", "`make add PROJECT=''\"'\"'a b'\"'\"' c'`"),
        ("`pypi-subset serve -q`", "`make serve QUIET=yes`"),
        ("or with `--unisolated`", "or with `UNISOLATED=yes`"),
        ("as in `--to /srv/www`", "as in `TO=/srv/www`"),
        ("`--pre` and `--hash=x` are pip's", "`--pre` and `--hash=x` are pip's"),
        ("`--to` has no value", "`TO=…` has no value"),
        ("install pypi-subset, or `pypi-subset`", "install pypi-subset, or `make`"),
        ("run `pip install 'pypi-subset[dask]'`", "run `pip install 'pypi-subset[dask]'`"),
    ],
)
@pytest.mark.usefixtures("make")
def test_goals_of_make(text: str, goal: str) -> None:
    """Options and arguments become variables; all else stays."""
    assert door.spoken(text) == goal


def test_the_command_speaks_its_own_language() -> None:
    """Nothing changes where the command was called."""
    assert door.spoken("run `pypi-subset mirror`") == "run `pypi-subset mirror`"


def texts() -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each string in the sources, an expression in it as ``X``."""
    for path in sorted(SOURCE.rglob("*.py")):
        if path.parent.name == "cli":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(SOURCE)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.JoinedStr):
                yield where, "".join(str(one.value) if isinstance(one, ast.Constant) else "X" for one in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield where, node.value


def test_no_text_names_a_goal() -> None:
    """What the sources say names the command, from which `spoken` makes goals: neither goals nor variables of Make."""
    goals = "|".join(COMMANDS)
    variables = {door.variable(str(one.name)) for command in COMMANDS.values() for one in command.params}
    wrong = re.compile(rf"\bmake (?:{goals})\b(?!-)|(?<![\w-])(?:{'|'.join(variables)})=(?:yes|1|…|[A-Z]+\b)")
    # English has "make" too, and NAME= is what a target of `add` begins with.
    kept = re.compile(r"make target|NAME=(?:SYSTEM|VALUE)")
    found = [f"{where}: {text}" for where, text in texts() if wrong.search(kept.sub("", text))]
    assert found == []


def test_every_command_that_a_text_names_exists() -> None:
    """Each ``pypi-subset NAME --option`` between backticks is a command with that option."""
    seen = 0
    for where, text in texts():
        for words in re.findall(r"`pypi-subset ([^`]+)`", text):
            name, *rest = shlex.split(words.replace("'", ""))
            # An option of the command itself, which prints or installs a completion.
            if name == "X" and "completion" in where:
                continue
            assert name in COMMANDS, where
            known = {flag for one in COMMANDS[name].params for flag in one.opts} | {"--help"}
            flags = {word.partition("=")[0] for word in rest if word.startswith("-")}
            assert flags <= known, f"{where}: {words}"
            has_arguments = any(isinstance(one, TyperArgument) for one in COMMANDS[name].params)
            assert has_arguments or not rest or rest[0].startswith("-"), f"{where}: {words}"
            seen += 1
    assert seen > 40
