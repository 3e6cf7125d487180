"""
The door that the user came through: the command ``pypi-subset``, or ``make``.

Errors and results name commands as ``pypi-subset`` has them, between backticks: ```pypi-subset update --forget NAME```.
Through Make, `spoken` turns each into the goal: ```make update FORGET=NAME```. Files that stay keep the first form.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: A command, or an option with or without a value, between backticks.
_MARKED = re.compile(r"`(?:pypi-subset(?P<words>(?: [^`]*)?)|(?P<option>--[a-z][a-z-]*)(?:[= ](?P<value>[^`]*))?)`")


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """
    How a command is used.

    :param arguments: names of its positional arguments, in order.
    :param options: its options, with their dashes.
    :param switches: each option that takes no value, with its dashes, short forms included → its long form.
    """

    arguments: Sequence[str] = ()
    options: frozenset[str] = frozenset()
    switches: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Door:
    """What this process was started by; no command means ``pypi-subset`` itself."""

    usages: Mapping[str, Usage] = field(default_factory=dict)


_DOOR = _Door()


def through_make(usages: Mapping[str, Usage]) -> None:
    """Let `spoken` name goals of Make from now on; *usages* has each command by its name."""
    _DOOR.usages = usages


def spoken(text: str) -> str:
    """Return *text* with each command and option between backticks in the form of the door."""
    return _MARKED.sub(_goal, text) if _DOOR.usages else text


def variable(option: str) -> str:
    """Return the variable of Make for an option or an argument: PYTHON is the interpreter that makes ``.venv``."""
    name = option.lstrip("-").rstrip("_").replace("-", "_").upper()
    return "PY" if name == "PYTHON" else name


def _goal(found: re.Match[str]) -> str:
    if option := found["option"]:
        if not any(option in usage.options for usage in _DOOR.usages.values()):
            # It is pip's, or another program's.
            return found[0]
        return f"`{variable(option)}={found['value'] or _nothing_given(option)}`"
    name, *words = found["words"].split(" ", 2)[1:] or [""]
    usage = _DOOR.usages.get(name, Usage())
    return f"`{' '.join(['make', name, *_variables(words[0] if words else '', usage)]).rstrip()}`"


def _nothing_given(option: str) -> str:
    is_switch = any(option in usage.switches for usage in _DOOR.usages.values())
    return "yes" if is_switch else "…"


def _variables(text: str, usage: Usage) -> list[str]:
    """Return ``NAME=value`` for each option and argument in *text*, the rest of a command line."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    given: dict[str, list[str]] = {}
    arguments, rest = [*usage.arguments], iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if option in usage.switches:
            given[variable(usage.switches[option])] = ["yes"]
        elif option.startswith("--"):
            given.setdefault(variable(option), []).append(value if equals else next(rest, "…"))
        elif arguments:
            # The last argument takes all that follows.
            name = arguments.pop(0) if len(arguments) > 1 else arguments[0]
            given.setdefault(variable(name), []).append(word)
    return [f"{name}={_quoted(values)}" for name, values in given.items()]


def _quoted(values: Sequence[str]) -> str:
    text = " ".join(shlex.quote(one) for one in values) if len(values) > 1 else values[0]
    return text if text == "…" else shlex.quote(text)
