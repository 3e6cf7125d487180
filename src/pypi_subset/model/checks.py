"""The result of one case of the proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from pypi_subset.support.text import printable

Proof = Literal["inventory", "installed", "unpacked", "second opinion", "emulated"]
#: ``amber``: installed, and something is not as it should be that the metadata does not promise or the user accepts.
#: ``differs`` is for the second opinion alone: another valid version, which is never red.
#: ``accepted``: left out on the target, since it has no solution there and the user accepts that.
Status = Literal["passed", "amber", "failed", "skipped", "differs", "accepted"]
#: The results of a case that keep nothing from being published.
GOOD: tuple[Status, ...] = ("passed", "amber")

#: The routes to the files for an installer; the first one is tried first.
WAYS = ("find-links", "simple", "target")

#: Characters of the longest text in a result.
LONGEST = 10_000
#: What parts words and lines in the output of programs; each becomes a space.
_BLANKS = "\t\n\r\v\f"


def bounded(text: str) -> str:
    """
    Return *text* in one line, with visible escapes, and not too long.

    A package controls some text in a result, such as the message of an exception or the name of a file.
    """
    line = "".join(" " if sign in _BLANKS else sign for sign in text[: LONGEST + 1])
    plain = printable(line)
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]} …"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """
    What makes a result amber or accepted.

    :param rule: ``undeclared``, ``gap``, or ``import`` for a red result that the user accepts.
    :param project: normalized project name.
    :param what: one sentence.
    :param likely: the project that likely brings what is missing; empty if that is unknown.
    :param reason: why the user accepts it; empty if nothing in ``subset.toml`` does.
    :param until: the last day of the acceptance, ``YYYY-MM-DD``; empty without one.
    """

    rule: str
    project: str
    what: str
    likely: str = ""
    reason: str = ""
    until: Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$(?!\n)")] = ""

    def __str__(self) -> str:
        """Return the sentence, and the reason of who accepts it."""
        return f"{self.what} (accepted until {self.until}: {self.reason})" if self.until else self.what


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """
    The result of one case of the proof.

    :param target: target name; empty for the inventory, which concerns all.
    :param set_name: set name; empty for the inventory.
    :param request: the requested line; empty for the whole set jointly.
    :param proof: how it was proven.
    :param status: ``skipped``: a marker of the request is false for the target. ``differs``: never red.
    :param reason: for red, one sentence naming project, target and who requires it; for green, what is worth knowing.
    :param seconds: wall time.
    :param interpreter: path and version of the interpreter used; empty if none.
    :param notes: further facts, e.g. ``installed, needs libGL.so.1``.
    :param way: the route; empty for the inventory.
    :param command: the command that failed, without directories of this machine; empty if none did.
    :param versions: what was installed, each as ``name==version``, sorted.
    :param remembered: whether an earlier run proved it, for the same bytes by the same means.
    :param findings: what makes it amber or accepted.
    :raises ValueError: the status is ``differs``, and this is not a second opinion; or it has findings and is neither amber
        nor accepted, or the other way round.
    """

    target: str
    set_name: str
    request: str
    proof: Proof
    status: Status
    reason: str = ""
    seconds: Annotated[float, Meta(ge=0, lt=1e9)] = 0.0
    interpreter: str = ""
    notes: tuple[str, ...] = ()
    way: Annotated[str, Meta(pattern="^(find-links|simple|target)?$")] = ""
    command: str = ""
    versions: tuple[str, ...] = ()
    remembered: bool = False
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        if self.status == "differs" and self.proof != "second opinion":
            msg = "only a second opinion differs"
            raise ValueError(msg)
        if (self.status in {"amber", "accepted"}) != bool(self.findings):
            msg = "an amber or accepted result has findings, and no other has"
            raise ValueError(msg)
