"""Findings: one fact about this machine each, with its state and the next step."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from pypi_subset.errors import InputFaults, SubsetError
from pypi_subset.model.documents import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypi_subset.errors import Fault

#: ``error``: a command cannot do its work. ``warning``: it can, with less than it might.
State = Literal["ok", "warning", "error"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """
    One fact about this machine.

    :param name: what was examined, as in ``disk``; several findings may have one name.
    :param what: the fact, in one sentence without a full stop.
    :param next_step: what the user can do, ``""`` if nothing is to be done.
    """

    name: str
    state: State
    what: str
    next_step: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provable:
    """
    How verify would prove a target here.

    :param proof: ``installed``, ``emulated`` or ``unpacked``.
    :param interpreter: version and path of the interpreter that proves, ``""`` if there is none.
    """

    target: str
    tag: str
    proof: str
    interpreter: str = ""


class Diagnosis(Document, frozen=True, kw_only=True):
    """
    What was found on this machine.

    :param schema: version of this form, major.minor.
    :param findings: in the order in which a run needs what they are about.
    :param targets: how each target would be proven.
    """

    name: ClassVar[str] = "the result of doctor"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"] = "1.0"
    findings: tuple[Finding, ...]
    targets: tuple[Provable, ...] = ()

    @property
    def errors(self) -> int:
        """The number of findings that prevent a command."""
        return sum(one.state == "error" for one in self.findings)


@contextlib.contextmanager
def examined(name: str, into: list[Finding]) -> Iterator[None]:
    """Turn an error of the block into findings of *name*, one for each fault, appended to *into*."""
    try:
        yield
    except SubsetError as error:
        faults: Sequence[Fault | SubsetError] = error.faults if isinstance(error, InputFaults) else (error,)
        for one in faults:
            place = ":".join(str(part) for part in (one.path, one.line) if part is not None)
            what = ": ".join(filter(None, (place, one.what)))
            into.append(Finding(name=name, state="error", what=what, next_step=one.next_step))
