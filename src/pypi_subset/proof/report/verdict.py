"""What a report comes to, in a few words: the same ones on its page and on its badge."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from pypi_subset.model.checks import Check, Proof, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


#: ``part``: nothing is red, but the run was restricted to some targets or a shard; ``none``: nothing was proven.
State = Literal["green", "red", "part", "stale", "none"]

#: Field of a result → its type, as it is written in the model.
_FIELDS = {field.name: str(field.type) for field in fields(Check)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One word for programs and style sheets, a few for people, and a sentence that says what follows."""

    state: State
    words: str
    meaning: str


NOTHING = Verdict(
    state="none",
    words="nothing proven yet",
    meaning="Nobody has proven yet that what lies here installs. make verify does, and writes its report in this place.",
)


#: A site in which nothing is asked for anywhere has all of its files: that is no proof that anything installs.
EMPTY = Verdict(
    state="none",
    words="nothing was proven",
    meaning="The files are there, but nothing was installed: no target asks for any request. See the markers of the requests.",
)


def verdict_of(document: Mapping[str, Any]) -> Verdict:
    """Return what *document*, a report as JSON's values, comes to; only a whole green report of these bytes is green."""
    counted = Counter(check.status for check in checks_in(document))
    # A second opinion that differs is no proof and no fault; what is not asked for on a target is neither.
    proven = f"{counted['passed']} of {counted['passed'] + counted['failed']}"
    if document["stale"]:
        meaning = "The site was rebuilt to other bytes since: this tells of what lay here before. Run make verify."
        return Verdict(state="stale", words="stale", meaning=meaning)
    if counted["failed"]:
        meaning = "What is red does not install there from these files. The reasons stand below."
        return Verdict(state="red", words=f"not proven: {counted['failed']} red", meaning=meaning)
    if not counted["passed"]:
        return NOTHING
    if part := part_of(document):
        meaning = f"Nothing is red, but only a part was tried: {part}."
        return Verdict(state="part", words=f"proven in part: {proven}", meaning=meaning)
    if not any(check.status == "passed" for check in cases_in(document)):
        return EMPTY
    meaning = "Every set and every request installs on every target, from the files of this site alone."
    return Verdict(state="green", words=f"proven: {proven}", meaning=meaning)


def part_of(document: Mapping[str, Any]) -> str:
    """Return what a run was restricted to, ``""`` if it was about everything: ``shard 2/8 of the targets linux, mac``."""
    # What an earlier version wrote says nothing of shards.
    shard, targets = document.get("shard", ""), ", ".join(document["targets"])
    words = [f"shard {shard}" * bool(shard), f"the targets {targets}" * bool(targets)]
    return " of ".join(filter(None, words))


def unasked(document: Mapping[str, Any]) -> list[str]:
    """
    Return a sentence for each request that was skipped on every target of its set, sorted: its marker may be a typo.

    None where only a part was tried: another part may ask for it.
    """
    if part_of(document):
        return []
    checks = cases_in(document)
    tried = {(check.set_name, check.request) for check in checks if check.status != "skipped"}
    skipped = {(check.set_name, check.request) for check in checks if check.request} - tried
    return [f"set {set_name}, {request}: no target of the set asks for it" for set_name, request in sorted(skipped)]


def cases_in(document: Mapping[str, Any]) -> tuple[Check, ...]:
    """Return the results of cases: all but those of the inventory, which installs nothing."""
    return tuple(check for check in checks_in(document) if check.proof != "inventory")


def checks_in(document: Mapping[str, Any]) -> tuple[Check, ...]:
    """
    Return the results of *document*, in its order.

    :raises ValueError: it has no list of them, or one of them is none.
    """
    checks = document["checks"]
    if not _is_list(checks):
        msg = "the results are no list"
        raise ValueError(msg)
    return tuple(map(read_check, checks))


def read_check(value: Mapping[str, Any]) -> Check:
    """
    Return a result from JSON's values; what a later version may have added is left out.

    :raises ValueError: it is none: something is missing, of another type, or no word that there is.
    """
    try:
        known: dict[str, Any] = {name: value[name] for name in _FIELDS.keys() & value.keys()}
        lists = {name: tuple(one) for name, one in known.items() if isinstance(one, list)}
        check = Check(**known | lists)
    except (AttributeError, TypeError) as error:
        msg = "this is no result"
        raise ValueError(msg) from error
    wrong = [name for name, one in known.items() if not _HELD_TO[_FIELDS[name]](one)]
    if wrong or (check.status == "differs" and check.proof != "second opinion"):
        msg = f"this is no result: {', '.join(sorted(wrong)) or 'only a second opinion differs'}"
        raise ValueError(msg)
    return check


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _are_texts(value: Any) -> bool:
    return _is_list(value) and all(map(_is_text, value))


def _is_time(value: Any) -> bool:
    # What is no number compares as false; true is an int.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


_HELD_TO: dict[str, Callable[[Any], bool]] = {
    "str": _is_text,
    "Proof": get_args(Proof).__contains__,
    "Status": get_args(Status).__contains__,
    "float": _is_time,
    "tuple[str, ...]": _are_texts,
    "bool": lambda value: isinstance(value, bool),
}
