"""Durations as people write them: ``"7 days"``, ``"36 hours"``, ``"P7D"``."""

from __future__ import annotations

import re

_SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_WORDS = re.compile(r"([0-9]{1,5}) *(minute|hour|day|week)s?", re.ASCII)
#: ISO 8601 without months and years, whose lengths differ.
_ISO = re.compile(r"P(?:([0-9]{1,5})W)?(?:([0-9]{1,5})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,5})M)?)?", re.ASCII)
#: What an error shows.
EXAMPLE = '"7 days"'


def seconds_of(text: object) -> int | None:
    """Return the seconds that *text* means, ``None`` if it is no duration."""
    if not isinstance(text, str):
        return None
    stated = text.strip()
    if match := _WORDS.fullmatch(stated.lower()):
        return int(match[1]) * _SECONDS[match[2]]
    match = _ISO.fullmatch(stated.upper())
    if match is None or not any(match.groups()) or stated.upper().endswith("T"):
        return None
    units = ("week", "day", "hour", "minute")
    return sum(int(number or 0) * _SECONDS[unit] for unit, number in zip(units, match.groups(), strict=True))


def in_words(seconds: int) -> str:
    """Return *seconds* as ``7 days``, in the largest unit that has no remainder."""
    for unit in ("day", "hour", "minute"):
        if seconds % _SECONDS[unit] == 0:
            count = seconds // _SECONDS[unit]
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
