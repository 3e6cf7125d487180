"""JSON that has one reading and a bounded size (RFC 8259), and its values by kind."""

import calendar
import json
import re
import time

from pypi_subset.standalone.errors import Refused, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Collection, Pattern

#: Digits of a number: a longer one takes Pythons before 3.11 time that grows with its square.
DIGITS = 20
SHA256, HEX_DIGITS = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]*")
MOMENT_OF_JSON = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,6})?Z", re.ASCII)


def parse_json(data: bytes, name: str, most: int) -> "dict[str, Any]":
    """
    Return the object in *data*.

    :param name: what messages call the document.
    :param most: values that it may have.
    :raises Refused: it is no JSON object, holds a key twice, or has more values.
    """
    # A value of two bytes takes a hundred in memory, so they are counted first.
    if data.count(b",") + data.count(b"[") + data.count(b"{") > most:
        raise Refused(f"{name} has more than {most} values")
    try:
        found = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=unique,
            parse_int=whole_number,
            parse_float=fraction,
            parse_constant=refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise Refused(f"{name} is damaged: {shown(error)}") from error
    if type(found) is not dict:
        raise Refused(f"{name} is no JSON object")
    return found


def unique(pairs: "list[tuple[str, Any]]") -> "dict[str, Any]":
    """Return *pairs* as an object; readers disagree about which of two equal keys counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a key twice")
    return found


def whole_number(text: str) -> int:
    """Return a whole number."""
    if len(text) > DIGITS:
        raise ValueError("a number is too long")
    return int(text)


def fraction(text: str) -> float:
    """Return a number with a fraction."""
    if len(text) > DIGITS:
        raise ValueError("a number is too long")
    return float(text)


def refuse_constant(text: str) -> float:
    """Refuse ``NaN`` and ``Infinity``, which Python reads and JSON does not know."""
    raise ValueError(f"{text} is not JSON")


class Fields:
    """
    The values of an object, each of the kind that is asked for.

    :param found: the object.
    :param where: what messages call it.
    """

    def __init__(self, found: "Any", where: str) -> None:
        self.where = where
        if type(found) is not dict:
            raise Refused(f"{where} is no object")
        self.found = found

    def only(self, *names: str) -> None:
        """Check that the object has no value of another name."""
        other = sorted(set(self.found) - set(names))
        if other:
            raise Refused(f"{self.where} has the unknown key {shown(other[0])}")

    def get(self, name: str, *kinds: type) -> "Any":
        """Return the value *name*, which is of one of *kinds*."""
        value = self.found.get(name)
        if type(value) not in kinds or (value is None and name not in self.found):
            raise Refused(f"{self.where}: {name} is missing or of another type")
        return value

    def text(self, name: str, pattern: "Pattern[str]") -> str:
        """Return the text *name*, all of which matches *pattern*."""
        value: str = self.get(name, str)
        if not pattern.fullmatch(value):
            raise Refused(f"{self.where}: {name} is {shown(value)}, which no site has")
        return value

    def number(self, name: str, low: int, high: int) -> int:
        """Return the whole number *name*."""
        value: int = self.get(name, int)
        if not low <= value <= high:
            raise Refused(f"{self.where}: {name} is {value}, outside of {low} to {high}")
        return value

    def digest(self, name: str) -> str:
        """Return the SHA-256 *name*."""
        value: str = self.get(name, str)
        if not SHA256.fullmatch(value):
            raise Refused(f"{self.where}: {name} is no SHA-256")
        return value

    def digest_or_none(self, name: str) -> str:
        """Return the SHA-256 *name*, ``""`` for null."""
        return "" if self.get(name, str, type(None)) is None else self.digest(name)

    def moment(self, name: str) -> int:
        """Return the time *name* as seconds since 1970."""
        text = self.get(name, str)
        match = MOMENT_OF_JSON.fullmatch(text)
        if match is None:
            raise Refused(f"{self.where}: {name} is {shown(text)}, no time in UTC")
        try:
            return calendar.timegm(time.strptime(match.group(1), "%Y-%m-%dT%H:%M:%S"))
        except ValueError:
            raise Refused(f"{self.where}: {name} is {shown(text)}, no time in UTC") from None


def digest_in(value: "Any", where: str) -> str:
    """Return *value*, which is a SHA-256 in lower case."""
    if type(value) is not str or not SHA256.fullmatch(value):
        raise Refused(f"{where} is no SHA-256")
    found: str = value
    return found


def digests_in(found: "dict[str, Any]", where: str) -> "dict[str, str]":
    """Return *found*, whose values all are SHA-256."""
    if not are_digests(found.values()):
        wrong = next(name for name, value in found.items() if not are_digests([value]))
        raise Refused(f"{where}: {shown(wrong)} is no SHA-256")
    return found


def are_digests(values: "Collection[Any]") -> bool:
    """Return whether all *values* are SHA-256 in lower case. It takes tens of thousands at once, which is faster."""
    return (
        set(map(type, values)) <= {str}
        and set(map(len, values)) <= {64}
        and bool(HEX_DIGITS.fullmatch("".join(values)))
    )


def moment_text(seconds: float) -> str:
    """Return a time since 1970 as documents have it: UTC, in seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
