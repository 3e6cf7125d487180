"""Versions of pip and Python: what a choice among the pips of a site needs (version specifiers)."""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

CLAUSE = re.compile(r"(===|==|!=|~=|<=|>=|<|>)\s*([0-9]+(?:\.[0-9]+)*)(\.\*)?")
RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*")
#: What each operator compares; the longer version has zeros in the other one.
COMPARED: "dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]]" = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def numbers_of(version: str) -> "tuple[int, ...]":
    """Return the numbers of a final release; none of any other version, such as ``26.0b1``."""
    return tuple(map(int, version.split("."))) if RELEASE.fullmatch(version) else ()


def admits(specifier: str, python: "tuple[int, ...]") -> bool:
    """
    Return whether *specifier*, the Requires-Python of a wheel, admits the release *python*.

    A clause that cannot be read admits nothing.
    """
    return all(admits_clause(one.strip(), python) for one in specifier.split(",") if one.strip())


def admits_clause(clause: str, python: "tuple[int, ...]") -> bool:
    """Return whether one clause admits *python*."""
    match = CLAUSE.fullmatch(clause)
    if match is None:
        return False
    operator, numbers, star = match.group(1), numbers_of(match.group(2)), match.group(3)
    if star and operator not in ("==", "!="):
        return False
    if operator == "~=":
        return len(numbers) > 1 and python >= numbers and python[: len(numbers) - 1] == numbers[:-1]
    if operator in COMPARED:
        length = max(len(numbers), len(python))
        return COMPARED[operator](padded(python, length), padded(numbers, length))
    length = len(numbers) if star else max(len(numbers), len(python))
    return (padded(python, length)[:length] == padded(numbers, length)) is not (operator == "!=")


def padded(numbers: "tuple[int, ...]", length: int) -> "tuple[int, ...]":
    """Return *numbers* with zeros up to *length*."""
    return numbers + (0,) * (length - len(numbers))
