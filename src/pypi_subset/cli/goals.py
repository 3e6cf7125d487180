"""
The goals of Make: their help lines and variables, read from the text of commands and tasks with `ast`.

Nothing is installed yet when `bootstrap` asks, so that this module needs the standard library alone.
"""

from __future__ import annotations

import ast
import difflib
import re
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

#: Further names of variables: LOG was one, INTO and HOSTNAME are what people try first.
OTHER_NAMES = {"LOG": "LOG_FILE", "INTO": "SITE", "HOSTNAME": "HOST_NAMES"}

#: The heading of the goals for those who change the tool.
DEVELOPERS = "Work on pypi-subset"

#: What a variable of a switch may say.
ON, OFF = frozenset({"1", "yes", "true", "on"}), frozenset({"0", "no", "false", "off"})


@dataclass(frozen=True)
class Goal:
    """
    A task as the Makefile offers it.

    :param variables: Make variable → the task's flag.
    :param switches: the variables whose flag takes no value.
    :param heading: what ``make`` lists it below.
    :param former: whether this is a former name, which ``make`` does not list.
    :param about: the paragraphs of its help after the first line.
    :param required: the variables that must be given.
    :param meanings: Make variable → what it means.
    """

    name: str
    help: str
    variables: Mapping[str, str]
    switches: frozenset[str]
    developer: bool
    heading: str = ""
    former: bool = False
    about: str = ""
    required: tuple[str, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)


def refusal(goal: Goal, named: Collection[str], given: Mapping[str, str]) -> str:
    """Return what is wrong with the variables *named* on Make's command line, ``""`` if *goal* takes all of them."""
    if strange := sorted({*named} - goal.variables.keys() - {"PYTHON", *_others(goal)}):
        known = f"{', '.join(goal.variables)} and PYTHON" if goal.variables else "PYTHON alone"
        near = difflib.get_close_matches(strange[0], goal.variables, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"`make {goal.name}` takes no {strange[0]}; it takes {known}{hint}"
    if missing := [name for name in goal.required if not given.get(name)]:
        name = missing[0]
        return f"`make {goal.name}` needs {name}; say `make {goal.name} {name}=…` (`make help GOAL={goal.name}`)"
    for name in sorted(goal.switches & given.keys()):
        if given[name] and given[name].lower() not in ON | OFF:
            return f"{name} is a switch, and takes no {given[name]!r}; say {name}=yes, or leave it out"
    return ""


def _others(goal: Goal) -> set[str]:
    """Return the former names of variables that *goal* takes."""
    return {other for other, name in OTHER_NAMES.items() if name in goal.variables}


def read_goals(root: Path) -> tuple[Goal, ...]:
    """Return every task: those of the product as `app.PANELS` has them, then those of the checkout's file."""
    folder = root / "src" / "pypi_subset" / "cli"
    common, with_result = (_functions(folder / "command.py")[name] for name in ("shared", "with_result"))
    texts = [_texts(path) for path in (folder / "command.py", *sorted((folder / "commands").glob("*.py")))]
    aliases = {name: text for one in texts for name, text in one.items()}
    bodies = {
        name.rstrip("_").replace("_", "-"): node
        for path in sorted((folder / "commands").glob("*.py"))
        for name, node in _functions(path).items()
        if _decorator(node).startswith("command(")
    }

    def goal(name: str, heading: str, *, former: bool = False) -> Goal:
        node = bodies[name]
        extra = [common, *([with_result] if "result=True" in _decorator(node) else [])]
        return _goal(node, extra=extra, developer=False, heading=heading, former=former, aliases=aliases)

    product = [goal(name, heading) for heading, names in _panels(folder / "app.py").items() for name in names]
    former = [goal(name, "", former=True) for name in _names(_assigned(folder / "app.py", "FORMER"))]
    own = _functions(root / "tasks.py").values()
    developers = [_goal(node, developer=True, heading=DEVELOPERS) for node in own if _decorator(node)[:4] == "task"]
    return (*product, *former, *developers)


def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    """Return the functions of the module at *path*, by their names."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef)}


def _texts(path: Path) -> dict[str, str]:
    """Return name → help of each annotation that the module at *path* gives a name."""
    found = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign)]
    return {ast.unparse(node.targets[0]): text for node in found if (text := _help(node.value))}


def _help(node: ast.AST) -> str:
    """Return the help that a call in *node* states, with its default if that is stated in words."""
    said = {
        one.arg: str(one.value.value)
        for each in ast.walk(node)
        if isinstance(each, ast.Call)
        for one in each.keywords
        if one.arg in {"help", "show_default"} and isinstance(one.value, ast.Constant)
    }
    default = f" (default: {said['show_default']})" if said.get("show_default") else ""
    return f"{said.get('help', '')}{default}"


def _decorator(node: ast.FunctionDef) -> str:
    return " ".join(ast.unparse(each) for each in node.decorator_list)


def _assigned(path: Path, name: str) -> ast.expr:
    """Return what the module at *path* assigns to *name*."""
    found = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign)]
    return next(node.value for node in found if ast.unparse(node.targets[0]) == name)


def _panels(path: Path) -> dict[str, list[str]]:
    """Return heading → names of the commands below it."""
    table = _assigned(path, "PANELS")
    pairs = zip(table.keys, table.values, strict=True) if isinstance(table, ast.Dict) else ()
    return {str(ast.literal_eval(heading)): _names(names) for heading, names in pairs if heading}


def _names(node: ast.expr) -> list[str]:
    """Return the names of the commands in a tuple of ``module.function``."""
    found = [each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)]
    return [name.rstrip("_").replace("_", "-") for name in found]


def listing(goals: Sequence[Goal]) -> str:
    """Return what ``make`` alone prints: a line for each goal, below headings."""
    headings = dict.fromkeys(goal.heading for goal in goals if not goal.former)
    lines = []
    for heading in headings:
        own = [goal for goal in goals if goal.heading == heading and not goal.former]
        lines += [f"{heading}:\n", *(f"  make {goal.name:<15} {goal.help}\n" for goal in own), "\n"]
    return "".join(
        [*lines, "What a goal takes: make help GOAL=mirror. Variables stand behind the goal: make serve PORT=8081.\n"]
    )


def help_of(goal: Goal) -> str:
    """Return what ``make help GOAL=…`` prints: what *goal* does, and the variables that it takes."""
    paragraphs = [textwrap.fill(" ".join(text.split()), 98) for text in goal.about.split("\n\n") if text.strip()]
    width = max(map(len, goal.variables), default=0) + 2
    rows = []
    for name, meaning in goal.meanings.items():
        text = f"{'yes: ' * (name in goal.switches)}{meaning}"
        lines = textwrap.wrap(text, 96 - width) or [""]
        rows += [f"  {name:<{width}}{lines[0]}", *(f"  {'':<{width}}{line}" for line in lines[1:])]
    parts = [f"make {goal.name}: {goal.help}", *paragraphs, "\n".join(rows)]
    return "\n\n".join(filter(None, map(_for_make, parts))) + "\n"


def _for_make(text: str) -> str:
    """Return a text about options as one about variables."""
    text = re.sub(r"\bpypi-subset (?=[a-z])", "make ", text)
    return re.sub(r"(?<![\w-])--([a-z][a-z-]+)", lambda found: _variable(found[1].replace("-", "_")), text)


def flags(goal: Goal, environment: Mapping[str, str]) -> list[str]:
    """Return the flags for *environment*: the variables of Make's command line, which it hands on in the environment."""
    given = {name: (flag, environment[name]) for name, flag in goal.variables.items() if environment.get(name)}
    for other, name in OTHER_NAMES.items():
        if name in goal.variables and environment.get(other):
            given[name] = (goal.variables[name], environment[other])
    values = [f"{flag}={value}" for name, (flag, value) in given.items() if name not in goal.switches]
    return [*values, *(flag for name, (flag, value) in given.items() if name in goal.switches and value.lower() in ON)]


def _goal(
    node: ast.FunctionDef,
    *,
    developer: bool,
    heading: str,
    extra: Sequence[ast.FunctionDef] = (),
    former: bool = False,
    aliases: Mapping[str, str] | None = None,
) -> Goal:
    """Return the goal of *node*, whose first parameter is the run or Invoke's context; *extra* have more parameters."""
    own = [*node.args.args[1:], *node.args.kwonlyargs, *(one for each in extra for one in each.args.kwonlyargs)]
    defaults = {
        one.arg: ast.unparse(value)
        for each in (node, *extra)
        for one, value in zip(each.args.kwonlyargs, each.args.kw_defaults, strict=True)
        if value
    }
    names = [argument.arg.rstrip("_") for argument in own]
    pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    first, _, about = (ast.get_docstring(node) or "").partition("\n")
    said = _said(node) if developer else {}
    meanings = {
        _variable(one.arg.rstrip("_")): said.get(one.arg)
        or (one.annotation and ((aliases or {}).get(ast.unparse(one.annotation)) or _help(one.annotation)))
        or ""
        for one in own
    }
    return Goal(
        name=node.name.rstrip("_").replace("_", "-"),
        help=first,
        about=about,
        required=tuple(_variable(one.arg.rstrip("_")) for one, value in pairs if value is None),
        meanings=meanings,
        variables={_variable(name): f"--{name.replace('_', '-')}" for name in names},
        switches=frozenset(_variable(name.rstrip("_")) for name, value in defaults.items() if value == "False"),
        developer=developer,
        heading=heading,
        former=former,
    )


def _said(node: ast.FunctionDef) -> dict[str, str]:
    """Return parameter → help that the decorator of a developer's task states."""
    calls = [each for each in node.decorator_list if isinstance(each, ast.Call)]
    tables = [one.value for each in calls for one in each.keywords if one.arg == "help"]
    return {name: text for table in tables for name, text in ast.literal_eval(table).items()}


def _variable(parameter: str) -> str:
    """Return the variable of Make for *parameter*: PYTHON is the interpreter that makes .venv."""
    return "PY" if parameter == "python" else parameter.upper()
