"""The answers to a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from pypi_subset.model.documents import Document

#: Whether the subset has it, or would; whether a rule of the policy refuses it; whether something else prevents it; whether its
#: marker is false on the target.
State: TypeAlias = Literal["present", "new", "refused", "unavailable", "inapplicable"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """
    What becomes of one requirement on one target.

    :param state: ``present``, ``new``, ``refused`` by the policy, ``unavailable``, or ``inapplicable``: for other machines.
    :param version: the release that the subset has or would take; empty for none.
    :param since: number of the first bundle since which each bundle has carried that file; null if the last did not.
    :param arrived: whether the last receipt names a site that has the file; null without a receipt.
    :param files: the files that the site does not have yet, with those of its dependencies.
    :param bytes: their size.
    :param rules: the rules of the policy that refuse it.
    :param why: the reason, if it is refused, not available, or does not apply.
    :param next_step: what to do about that.
    """

    requirement: str
    target: str
    state: State
    version: str = ""
    since: int | None = None
    arrived: bool | None = None
    files: int = 0
    bytes: int = 0
    rules: tuple[str, ...] = ()
    why: str = ""
    next_step: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestTarget:
    """
    A target that the request is about.

    :param tag: Python, ABI and platform tag.
    :param known: whether it is a target of the subset.
    """

    name: str
    tag: str
    known: bool


class RequestForecast(Document, frozen=True, kw_only=True):
    """
    What a request would add.

    :param schema: version of this form, major.minor.
    :param set: the set that would request it.
    :param machine: the tag of the machine; empty if the request does not describe it.
    :param targets: what the machine is; one that is not known if it is no target of the subset.
    :param next_step: how to add the machine, if it is no target; empty otherwise.
    :param last: number of the last bundle; null if none is known.
    :param answers: one for each requirement on each target, in the order of the request.
    :param warnings: sentences about what is probably a mistake.
    """

    name: ClassVar[str] = "the result of plan with a request"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"] = "1.1"
    set: str
    machine: str
    targets: tuple[RequestTarget, ...]
    next_step: str = ""
    last: int | None = None
    answers: tuple[Answer, ...]
    warnings: tuple[str, ...] = ()
