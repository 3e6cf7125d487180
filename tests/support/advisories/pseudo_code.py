"""
A second reading of the OSV schema: its pseudo-code as it is written, over JSON, with an order of versions of its own.

The order is written from PEP 440. Nothing here uses `packaging` or the tool, so that a mistake of theirs shows.
"""

from __future__ import annotations

import functools
import re
from typing import Any, TypeAlias

Key: TypeAlias = tuple[Any, ...]

_VERSION = re.compile(
    r"""\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)
    (?:[-_.]?(alpha|beta|preview|pre|a|b|c|rc)[-_.]?(\d*))?
    (?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?
    (?:[-_.]?(dev)[-_.]?(\d*))?
    (?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_PHASES = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
#: Before and behind every number.
_LOW, _HIGH = -1, float("inf")


@functools.cache
def key_of(text: str) -> Key | None:
    """Return what sorts *text* as PEP 440 does, ``None`` if it is no version."""
    found = _VERSION.fullmatch(text) if len(text) <= 200 else None
    if not found:
        return None
    epoch, release, phase, number, minus, post, posted, dev, developed, local = found.groups()
    numbers = [int(one) for one in release.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    before = (_HIGH, 0) if phase is None else (_PHASES[phase.lower()], int(number or 0))
    if phase is None and minus is None and post is None and dev is not None:
        before = (_LOW, 0)
    after = _LOW if minus is None and post is None else int(minus or posted or 0)
    under = _HIGH if dev is None else int(developed or 0)
    own = re.split("[-_.]", local.lower()) if local else []
    parts = tuple((1, int(one), "") if one.isdigit() else (0, 0, one) for one in own)
    return int(epoch or 0), tuple(numbers), before, after, under, parts


def edges(text: str) -> tuple[Key, Key] | None:
    """Return the first version of what *text* means and the first behind that; ``None`` without a release."""
    found = re.match(r"\s*v?((?:\d+!)?(?:\d+\.)*)(\d+)", text, re.IGNORECASE | re.ASCII) if len(text) <= 200 else None
    if not found:
        return None
    low, high = key_of(f"{found[1]}{found[2]}.dev0"), key_of(f"{found[1]}{int(found[2]) + 1}.dev0")
    assert low
    assert high
    return low, high


def is_vulnerable(package: str, version: str, osv: dict[str, Any]) -> bool:
    """Return what ``IsVulnerable`` returns, ``False`` for a record that was withdrawn."""
    if "withdrawn" in osv:
        return False
    for affected in osv["affected"]:
        named = affected["package"]
        if named["ecosystem"].split(":")[0] != "PyPI" or _name(named["name"]) != _name(package):
            continue
        if included_in_versions(version, affected.get("versions", [])):
            return True
        if included_in_ranges(version, affected.get("ranges", [])):
            return True
    return False


def included_in_versions(v: str, versions: list[str]) -> bool:
    """Return what ``IncludedInVersions`` returns; a local version is equal to its public version as well."""
    own = {key_of(v), _public(v)} - {None}
    return any(key_of(version) in own for version in versions)


def included_in_ranges(v: str, ranges: list[dict[str, Any]]) -> bool:
    """Return what ``IncludedInRanges`` returns of the ranges in PyPI's order."""
    for one in ranges:
        if one["type"] == "ECOSYSTEM" and before_limits(v, one):
            events = list(one["events"])
            if not any("introduced" in evt for evt in events):
                events.append({"introduced": "0"})
            vulnerable = False
            for evt in sorted(events, key=_place):
                if "introduced" in evt:
                    if evt["introduced"] == "0" or _is_from(v, evt["introduced"]):
                        vulnerable = True
                elif ("fixed" in evt and _is_behind(v, evt["fixed"], equal=True)) or (
                    "last_affected" in evt and _is_behind(v, evt["last_affected"], equal=False)
                ):
                    vulnerable = False
            if vulnerable:
                return True
    return False


def before_limits(v: str, one: dict[str, Any]) -> bool:
    """Return what ``BeforeLimits`` returns."""
    limits = [evt["limit"] for evt in one["events"] if "limit" in evt]
    return not limits or any("*" in limit or not _is_behind(v, limit, equal=True) for limit in limits)


def _is_from(v: str, introduced: str) -> bool:
    bound = key_of(introduced)
    if bound is None:
        sides = edges(introduced)
        return sides is None or _public(v) >= sides[0]
    return _own(v, bound) >= bound


def _is_behind(v: str, end: str, *, equal: bool) -> bool:
    bound = key_of(end)
    if bound is None:
        sides = edges(end)
        return sides is not None and _public(v) >= sides[1]
    return _own(v, bound) > bound or (equal and _own(v, bound) == bound)


def _place(evt: dict[str, str]) -> Key:
    """Return where an event sorts: by version; of one version a fix first, then a beginning, then the last affected."""
    ((kind, text),) = evt.items()
    known = key_of(text)
    if kind == "introduced":
        sides = edges(text)
        low = () if text == "0" else known or (sides[0] if sides else ())
        return low, 1
    if known is None:
        sides = edges(text)
        return (sides[1] if sides else ()), 0
    return known, 2 if kind == "last_affected" else 0


def _own(v: str, bound: Key) -> Key:
    """Return *v* as it is compared with *bound*: without its local part, unless the bound has one."""
    own = key_of(v) if bound[-1] else _public(v)
    assert own
    return own


def _public(v: str) -> Key:
    found = key_of(v.split("+", maxsplit=1)[0])
    assert found
    return found


def _name(name: str) -> str:
    """Return *name* as the simple repository API normalizes it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
